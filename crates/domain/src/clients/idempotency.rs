//! Idempotency keys: the same create asked twice makes one client.
//!
//! A key belongs to its actor and is kept for a day. It refuses to know what was asked: the
//! repetition is answered with the object that the first one made.

use crate::{Call, Fault, Refusal, Work};

/// Seconds a key is kept.
const LIFETIME: i64 = 86_400;

/// Claims the key for the object about to be made. `Some`: it is taken, by that object. Two
/// callers at once are told apart by the row: the second waits for the first and reads its object.
pub(super) async fn claim(
    work: &mut Work,
    call: &Call,
    key: &str,
    object: &str,
) -> Result<Option<String>, Refusal> {
    if key.is_empty() || key.len() > 200 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "An idempotency key is 1 to 200 visible ASCII characters.";
        return Err(Refusal::field("Idempotency-Key", message));
    }
    let actor = call.actor.name();
    let sql = "INSERT INTO idempotency_keys (actor, key, object_id, expires_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (actor, key) DO UPDATE SET object_id = excluded.object_id, expires_at = excluded.expires_at
               WHERE idempotency_keys.expires_at <= $5";
    let expires_at = call.now + LIFETIME;
    if work.tx.execute(sql, db::params![actor, key, object, expires_at, call.now]).await? == 1 {
        return Ok(None);
    }
    let sql = "SELECT object_id FROM idempotency_keys WHERE actor = $1 AND key = $2";
    let row = work.tx.query_one(sql, db::params![actor, key]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Removes keys whose time is over; at most `limit` rows.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM idempotency_keys WHERE (actor, key) IN
                 (SELECT actor, key FROM idempotency_keys WHERE expires_at <= $1
                  ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, limit]).await?)
}
