//! The secrets of a client: generated, shown once, kept as a keyed hash.
//!
//! `mcs_`, 256 random bits and a checksum, so that scanners find one and a mistyped one is refused
//! without a look at any hash. Living or not, nothing between: what has ended is kept for 90 days
//! only to say "that is the one you retired".

mod making;
mod rules;
mod store;

use std::fmt;

use super::Client;
use crate::{FieldError, Plain, Work};

pub(super) use making::prepare;
pub(super) use rules::retire_all;
pub use rules::{list, retire, retire_at, rotate, rotate_at, rotate_given, rotate_own};
pub use store::sweep;
pub(super) use store::{insert, list_stored, list_stored_of};

const PREFIX: &str = "mcs_";
/// More living secrets than this no client has.
pub const MAX_ALIVE: usize = 10;
/// Seconds an ended secret is remembered.
const REMEMBERED: i64 = 90 * 86_400;

/// What may be known of a secret once it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// `sec_…`
    pub id: String,
    /// What somebody called it.
    pub label: String,
    /// How it begins and ends: enough to recognise it.
    pub hint: String,
    /// When it was made.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// When it ends, or ended, by itself.
    pub expires_at: Option<i64>,
    /// When somebody ended it.
    pub retired_at: Option<i64>,
    /// When it last opened the door; a few seconds late.
    pub last_used_at: Option<i64>,
    /// From where.
    pub last_used_address: Option<String>,
    /// When somebody last tried it after its end.
    pub late_used_at: Option<i64>,
    /// From where.
    pub late_used_address: Option<String>,
}

/// Living or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It opens the door.
    Alive,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Retired,
}

impl Secret {
    /// What it is at `now`.
    pub fn state(&self, now: i64) -> State {
        match (self.retired_at, self.expires_at) {
            (Some(_), _) => State::Retired,
            (None, Some(end)) if end <= now => State::Expired,
            (None, _) => State::Alive,
        }
    }
}

/// What a candidate is checked against. Travels with the client.
#[derive(Clone)]
pub(crate) struct Stored {
    pub id: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub retired_at: Option<i64>,
    hash: Vec<u8>,
    key_id: String,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Stored {
    pub fn is_alive(&self, now: i64) -> bool {
        self.retired_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// What a presented secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// One of the living.
    Living {
        /// Which.
        secret_id: String,
    },
    /// One that has ended: as wrong as any other, but worth telling the operator.
    Retired {
        /// Which.
        secret_id: String,
        /// Since when.
        since: i64,
    },
    /// None of this client's.
    Wrong,
}

/// How a secret is added, and what becomes of the others.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// The client's name, typed exactly.
    pub confirm_name: String,
    /// What to call the new one.
    pub label: String,
    /// When the new one ends by itself.
    pub expires_at: Option<i64>,
    /// Seconds until every other living secret ends at the latest; 0: now; `None`: they stay.
    pub retire_previous_after: Option<i64>,
    /// Do the client's tokens end, too?
    pub revoke_tokens: bool,
}

/// Where a first secret comes from.
pub(super) enum NewSecret {
    /// There is none.
    None,
    /// This server makes it.
    Generated,
    /// The operator brought it.
    Given(Plain),
}

/// A secret that is not stored yet.
pub(super) struct Made {
    pub stored: Stored,
    pub secret: Secret,
    pub plain: Plain,
}

/// Is `candidate` a secret of this client? In constant time for each; no statement is run.
pub fn verify(work: &Work, client: &Client, candidate: &str, now: i64) -> Verdict {
    if candidate.is_empty() || (candidate.starts_with(PREFIX) && !making::is_well_formed(candidate))
    {
        return Verdict::Wrong;
    }
    let matching = |s: &&Stored| work.instance.vault.secret_matches(candidate, &s.hash, &s.key_id);
    let (alive, ended): (Vec<&Stored>, Vec<&Stored>) =
        client.secrets.iter().partition(|s| s.is_alive(now));
    if let Some(found) = alive.into_iter().find(matching) {
        return Verdict::Living { secret_id: found.id.clone() };
    }
    let since = |s: &Stored| s.retired_at.into_iter().chain(s.expires_at).min().unwrap_or(now);
    let found = ended.into_iter().find(matching);
    found.map_or(Verdict::Wrong, |s| Verdict::Retired { secret_id: s.id.clone(), since: since(s) })
}

/// What is wrong with a secret that the operator brought.
pub(super) fn given_error(client: &Client, given: Option<&Plain>) -> Option<FieldError> {
    let refuse =
        |message: &str| Some(FieldError { field: "client_secret".into(), message: message.into() });
    let secret = given?.reveal();
    if !client.confidential {
        return refuse("A public client has no secret.");
    }
    if !(32..=512).contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("A secret of your own has 32 to 512 visible ASCII characters.");
    }
    if secret.starts_with(PREFIX) && !making::is_well_formed(secret) {
        return refuse(
            "It begins like a secret of this server, `mcs_`, and is none: its checksum does not fit.",
        );
    }
    None
}
