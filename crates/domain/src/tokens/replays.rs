//! Spent refresh tokens that came again: *retries* inside the overlap, *suspected theft* outside.
//!
//! One row of each kind for a client, with how often, when and from where last. It refuses to
//! decide which of the two it was.

use crate::clients::Client;
use crate::{Call, Fault, Work};

pub(super) const RETRY: &str = "retry";
pub(super) const THEFT: &str = "theft";

/// How often one kind happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How often.
    pub seen: i64,
    /// When last, seconds since 1970.
    pub last_at: i64,
    /// From where last.
    pub last_address: String,
}

/// Both kinds; `None` where it never happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replays {
    /// The same answer again: a lost answer, a second tab.
    pub retries: Option<Replayed>,
    /// The family ended: somebody has a copy.
    pub thefts: Option<Replayed>,
}

/// What happened to the refresh tokens of a client.
///
/// # Errors
/// When the database cannot answer.
pub async fn replays(work: &mut Work, client: &Client) -> Result<Replays, Fault> {
    let sql = "SELECT kind, seen, last_at, last_address FROM refresh_replays
               WHERE client_number = $1";
    let mut replays = Replays::default();
    for row in work.tx.query(sql, db::params![client.number]).await? {
        let replayed =
            Replayed { seen: row.get(1)?, last_at: row.get(2)?, last_address: row.get(3)? };
        match row.get::<String>(0)?.as_str() {
            RETRY => replays.retries = Some(replayed),
            _ => replays.thefts = Some(replayed),
        }
    }
    Ok(replays)
}

/// Counts one.
pub(super) async fn note(
    work: &mut Work,
    call: &Call,
    client: &Client,
    kind: &str,
) -> Result<(), Fault> {
    let sql = "INSERT INTO refresh_replays (client_number, kind, seen, last_at, last_address)
               VALUES ($1, $2, 1, $3, $4)
               ON CONFLICT (client_number, kind) DO UPDATE SET seen = refresh_replays.seen + 1,
                 last_at = excluded.last_at, last_address = excluded.last_address";
    let address = call.address_text();
    let params = db::params![client.number, kind, call.now, address];
    work.tx.execute(sql, params).await?;
    Ok(())
}
