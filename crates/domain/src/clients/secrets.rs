//! The secrets of a client: generated, shown once, kept as a keyed hash.
//!
//! `mcs_`, 256 random bits and a checksum, so that scanners find one and a mistyped one is refused
//! without a look at any hash. Living or not, nothing between: what has ended is kept for 90 days
//! only to say "that is the one you retired".

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::{Client, ceiling, rules, store};
use crate::access::{May, ReadClients, RotateSecrets};
use crate::audit::{self, Change};
use crate::text::free_text;
use crate::{Call, ClientId, Fault, FieldError, Plain, Refusal, ShownOnce, Work, id};

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

/// The secrets of a client, the newest first.
///
/// # Errors
/// `NotFound` where there is no such client or the proof does not reach it.
pub async fn list(work: &mut Work, may: &May<ReadClients>, client: &str) -> Result<Vec<Secret>, Refusal> {
    rules::show(work, may, client).await?;
    Ok(list_of(work, client).await?)
}

/// Adds a secret and ends the others as asked.
///
/// # Errors
/// Fields that do not fit; a conflict for a public client and for an eleventh living secret;
/// `Forbidden` where the client may do more than the actor.
pub async fn rotate(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    id: &str,
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    let client = rules::held(work, may, id, None).await?;
    ceiling::allows(may.authority(), Some(&client), &client)?;
    if rotation.confirm_name != client.name {
        let message = "Type the name of the client exactly as it is.";
        return Err(Refusal::field("confirm_name", message));
    }
    add(work, call, client, rotation).await
}

/// The same by the client itself, which proved one of its living secrets a moment ago. It cannot
/// be mistaken about who it is, so no name is asked for.
///
/// # Errors
/// As [`rotate`].
pub async fn rotate_own(
    work: &mut Work,
    call: &Call,
    client: &ClientId,
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    if !store::lock(work, client.as_str()).await? {
        return Err(Refusal::NotFound);
    }
    let client = store::find(work, client.as_str()).await?.ok_or(Refusal::NotFound)?;
    if !client.enabled {
        return Err(Refusal::conflict("The client is paused."));
    }
    add(work, call, client, rotation).await
}

async fn add(
    work: &mut Work,
    call: &Call,
    mut client: Client,
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    if !client.confidential {
        return Err(Refusal::conflict("A public client has no secret."));
    }
    let label = checked(&rotation, call.now)?;
    let mut made = generate(work, call, label)?;
    (made.stored.expires_at, made.secret.expires_at) = (rotation.expires_at, rotation.expires_at);
    if let Some(after) = rotation.retire_previous_after {
        retire_others(work, &mut client, call.now, after).await?;
    }
    if client.secrets.iter().filter(|s| s.is_alive(call.now)).count() >= MAX_ALIVE {
        let message = format!("A client has at most {MAX_ALIVE} living secrets. Retire one first.");
        return Err(Refusal::conflict(message));
    }
    client.secrets.push(made.stored.clone());
    client.epoch += i64::from(rotation.revoke_tokens);
    rules::touch(work, call, &mut client).await?;
    insert(work, &client.id, &made).await?;
    let changes = [
        told("secrets", &Value::Null, &described(&made.secret)),
        told("retire_previous_after", &Value::Null, &json!(rotation.retire_previous_after)),
        told("revoke_tokens", &Value::Null, &json!(rotation.revoke_tokens)),
    ];
    audit::record(work, call, "client.secret_rotated", &client.audited(), &changes).await?;
    Ok(ShownOnce { object: made.secret, secret: Some(made.plain) })
}

/// Ends one secret for good.
///
/// # Errors
/// `NotFound`; a conflict for the last living one.
pub async fn retire(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    client: &str,
    secret_id: &str,
) -> Result<Secret, Refusal> {
    let mut client = rules::held(work, may, client, None).await?;
    let mut secret =
        list_of(work, client.id.as_str()).await?.into_iter().find(|s| s.id == secret_id).ok_or(Refusal::NotFound)?;
    if secret.state(call.now) != State::Alive {
        return Ok(secret);
    }
    if client.secrets.iter().filter(|s| s.is_alive(call.now)).count() <= 1 {
        let message = "This is the last living secret. Rotate instead, or pause the client.";
        return Err(Refusal::conflict(message));
    }
    let before = described(&secret);
    secret.retired_at = Some(call.now);
    set_retired(work, &mut client, secret_id, call.now).await?;
    rules::touch(work, call, &mut client).await?;
    let changes = [told("secrets", &before, &described(&secret))];
    audit::record(work, call, "client.secret_retired", &client.audited(), &changes).await?;
    Ok(secret)
}

/// Is `candidate` a secret of this client? In constant time for each; no statement is run.
pub fn verify(work: &Work, client: &Client, candidate: &str, now: i64) -> Verdict {
    if candidate.is_empty() || (candidate.starts_with(PREFIX) && !is_well_formed(candidate)) {
        return Verdict::Wrong;
    }
    let matching = |s: &&Stored| work.instance.vault.secret_matches(candidate, &s.hash, &s.key_id);
    let (alive, ended): (Vec<&Stored>, Vec<&Stored>) = client.secrets.iter().partition(|s| s.is_alive(now));
    if let Some(found) = alive.into_iter().find(matching) {
        return Verdict::Living { secret_id: found.id.clone() };
    }
    let since = |s: &Stored| s.retired_at.into_iter().chain(s.expires_at).min().unwrap_or(now);
    let found = ended.into_iter().find(matching);
    found.map_or(Verdict::Wrong, |s| Verdict::Retired { secret_id: s.id.clone(), since: since(s) })
}

/// Deletes secrets that ended more than 90 days ago, at most `limit`; returns how many.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM client_secrets WHERE id IN (
                 SELECT id FROM client_secrets WHERE retired_at < $1 OR expires_at < $1 LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now - REMEMBERED, limit]).await?)
}

/// What is wrong with a secret that the operator brought.
pub(super) fn given_error(client: &Client, given: Option<&Plain>) -> Option<FieldError> {
    let refuse = |message: &str| Some(FieldError { field: "client_secret".into(), message: message.into() });
    let secret = given?.reveal();
    if !client.confidential {
        return refuse("A public client has no secret.");
    }
    if !(32..=512).contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("A secret of your own has 32 to 512 visible ASCII characters.");
    }
    if secret.starts_with(PREFIX) && !is_well_formed(secret) {
        return refuse("It begins like a secret of this server, `mcs_`, and is none: its checksum does not fit.");
    }
    None
}

/// Makes the first secret of a client.
pub(super) fn prepare(work: &Work, call: &Call, new: NewSecret) -> Result<Option<Made>, Fault> {
    match new {
        NewSecret::None => Ok(None),
        NewSecret::Generated => generate(work, call, "First secret".into()).map(Some),
        NewSecret::Given(plain) => {
            let end = plain.reveal().len().saturating_sub(4);
            let hint = format!("…{}", plain.reveal().get(end..).unwrap_or_default());
            made(work, call, plain, "First secret".into(), hint).map(Some)
        }
    }
}

/// Ends every living secret now: the client becomes public.
pub(super) async fn retire_all(work: &mut Work, call: &Call, client: &mut Client) -> Result<(), Fault> {
    retire_others(work, client, call.now, 0).await
}

fn generate(work: &Work, call: &Call, label: String) -> Result<Made, Fault> {
    let random = work.instance.chance.bytes::<32>()?;
    let mut body = [0; 36];
    body[..32].copy_from_slice(&random);
    body[32..].copy_from_slice(&checksum(&random));
    let text = format!("{PREFIX}{}", BASE64.encode(body));
    let hint = format!("{PREFIX}…{}", &text[text.len() - 4..]);
    made(work, call, Plain::new(text), label, hint)
}

fn made(work: &Work, call: &Call, plain: Plain, label: String, hint: String) -> Result<Made, Fault> {
    let id = id::text(&work.instance.chance, "sec_")?;
    let (hash, key_id) = work.instance.vault.hash_secret(plain.reveal());
    let stored = Stored {
        id: id.clone(),
        created_at: call.now,
        expires_at: None,
        retired_at: None,
        hash,
        key_id: key_id.to_owned(),
    };
    let secret = Secret {
        id,
        label,
        hint,
        created_at: call.now,
        created_by: call.actor.name(),
        expires_at: None,
        retired_at: None,
        last_used_at: None,
        last_used_address: None,
        late_used_at: None,
        late_used_address: None,
    };
    Ok(Made { stored, secret, plain })
}

fn checksum(random: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(PREFIX.as_bytes());
    hasher.update(random);
    hasher.finalize().to_be_bytes()
}

/// Does it have the shape and checksum of a secret that a server like this one made?
fn is_well_formed(text: &str) -> bool {
    let body = text.strip_prefix(PREFIX).filter(|body| body.len() == 48);
    let bytes = body.and_then(|body| BASE64.decode(body).ok());
    bytes.is_some_and(|bytes| bytes.len() == 36 && checksum(&bytes[..32]) == bytes[32..])
}

/// The label, if the rotation makes sense.
fn checked(rotation: &Rotation, now: i64) -> Result<String, Refusal> {
    let mut errors = Vec::new();
    let mut refuse =
        |field: &str, message: &str| errors.push(FieldError { field: field.into(), message: message.into() });
    if rotation.expires_at.is_some_and(|end| end <= now) {
        refuse("expires_at", "A new secret cannot end in the past.");
    }
    if rotation.retire_previous_after.is_some_and(|after| !(0..=31_536_000).contains(&after)) {
        refuse("retire_previous_after", "0 (now) to 31,536,000 seconds (365 days), or nothing at all.");
    }
    let label = free_text("label", &rotation.label, 100);
    if let Err(error) = &label {
        errors.push(error.clone());
    }
    label.ok().filter(|_| errors.is_empty()).ok_or(Refusal::Invalid(errors))
}

fn described(secret: &Secret) -> Value {
    json!({
        "id": secret.id, "label": secret.label, "hint": secret.hint,
        "expires_at": secret.expires_at, "retired_at": secret.retired_at,
    })
}

fn told(field: &str, before: &Value, after: &Value) -> Change {
    Change { field: field.into(), before: before.clone(), after: after.clone() }
}

pub(super) async fn insert(work: &mut Work, client: &ClientId, made: &Made) -> Result<(), Fault> {
    let (stored, secret) = (&made.stored, &made.secret);
    let sql = "INSERT INTO client_secrets (id, client_id, label, hint, hash, key_id, created_at, created_by, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = db::params![
        stored.id, client, secret.label, secret.hint, stored.hash, stored.key_id, stored.created_at,
        secret.created_by, stored.expires_at
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

async fn set_retired(work: &mut Work, client: &mut Client, secret_id: &str, now: i64) -> Result<(), Fault> {
    for stored in client.secrets.iter_mut().filter(|s| s.id == secret_id) {
        stored.retired_at = Some(now);
    }
    let sql = "UPDATE client_secrets SET retired_at = $3 WHERE client_id = $1 AND id = $2";
    work.tx.execute(sql, db::params![client.id, secret_id, now]).await?;
    Ok(())
}

/// The end of every living secret becomes the earlier of its own and `now + after`.
async fn retire_others(work: &mut Work, client: &mut Client, now: i64, after: i64) -> Result<(), Fault> {
    let end = now + after;
    for stored in client.secrets.iter_mut().filter(|s| s.is_alive(now)) {
        stored.expires_at = Some(stored.expires_at.map_or(end, |own| own.min(end)));
        stored.retired_at = (after == 0).then_some(now);
        let sql = "UPDATE client_secrets SET expires_at = $3, retired_at = $4 WHERE client_id = $1 AND id = $2";
        let params = db::params![client.id, stored.id, stored.expires_at, stored.retired_at];
        work.tx.execute(sql, params).await?;
    }
    Ok(())
}

/// What candidates are checked against: the living, and as many of the ended as are likely to be
/// tried again.
pub(super) async fn list_stored(work: &mut Work, client: &str) -> Result<Vec<Stored>, Fault> {
    let sql = "SELECT id, created_at, expires_at, retired_at, hash, key_id FROM client_secrets WHERE client_id = $1
               ORDER BY CASE WHEN retired_at IS NULL AND expires_at IS NULL THEN 0
                             WHEN retired_at IS NULL THEN 1 ELSE 2 END,
                        COALESCE(retired_at, expires_at, created_at) DESC, id LIMIT 64";
    let rows = work.tx.query(sql, db::params![client]).await?;
    rows.iter()
        .map(|row| {
            Ok(Stored {
                id: row.get(0)?,
                created_at: row.get(1)?,
                expires_at: row.get(2)?,
                retired_at: row.get(3)?,
                hash: row.get(4)?,
                key_id: row.get(5)?,
            })
        })
        .collect()
}

async fn list_of(work: &mut Work, client: &str) -> Result<Vec<Secret>, Fault> {
    let sql = "SELECT id, label, hint, created_at, created_by, expires_at, retired_at, last_used_at,
                 last_used_address, late_used_at, late_used_address
               FROM client_secrets WHERE client_id = $1 ORDER BY created_at DESC, id";
    let rows = work.tx.query(sql, db::params![client]).await?;
    rows.iter()
        .map(|row| {
            Ok(Secret {
                id: row.get(0)?,
                label: row.get(1)?,
                hint: row.get(2)?,
                created_at: row.get(3)?,
                created_by: row.get(4)?,
                expires_at: row.get(5)?,
                retired_at: row.get(6)?,
                last_used_at: row.get(7)?,
                last_used_address: row.get(8)?,
                late_used_at: row.get(9)?,
                late_used_address: row.get(10)?,
            })
        })
        .collect()
}
