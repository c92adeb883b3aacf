//! How many rows there are of each kind, and how many have expired and wait for the sweep.
//!
//! Reads across rooms and changes nothing. Counting reads an index from end to end, so it is for a
//! job now and then, never for a request. Refuses to know who looks at the numbers.

use crate::{Fault, Work};

/// Kinds of rows that end by themselves, by `expires_at`.
const EXPIRING: [&str; 9] = [
    "access_tokens",
    "attempts",
    "authorizations",
    "grants",
    "idempotency_keys",
    "links",
    "refresh_families",
    "reused_tokens",
    "sessions",
];
/// Kinds of rows that stay until somebody ends them.
const LASTING: [&str; 3] = ["clients", "consents", "users"];

/// The rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The table.
    pub kind: &'static str,
    /// Rows that have not expired.
    pub live: i64,
    /// Rows that have, and are still there.
    pub expired: i64,
}

/// Counts the rows of every kind at `now`, seconds since 1970.
///
/// # Errors
/// When the database cannot be read.
pub async fn take(work: &mut Work, now: i64) -> Result<Vec<Count>, Fault> {
    let mut counts = Vec::with_capacity(EXPIRING.len() + LASTING.len());
    for kind in EXPIRING {
        let all = count(work, &format!("SELECT count(*) FROM {kind}"), &[]).await?;
        let sql = format!("SELECT count(*) FROM {kind} WHERE expires_at <= $1");
        let expired = count(work, &sql, db::params![now]).await?;
        counts.push(Count { kind, live: all - expired, expired });
    }
    for kind in LASTING {
        let live = count(work, &format!("SELECT count(*) FROM {kind}"), &[]).await?;
        counts.push(Count { kind, live, expired: 0 });
    }
    Ok(counts)
}

async fn count(work: &mut Work, sql: &str, params: &[db::Value<'_>]) -> Result<i64, Fault> {
    let row = work.tx.query_one(sql, params).await?;
    Ok(row.map_or(Ok(0), |row| row.get(0))?)
}
