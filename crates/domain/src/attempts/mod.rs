//! Durable counters of failed attempts, and how long the next one has to wait.
//!
//! A counter has a subject, any text its owner chose. A few failures are free; after them each
//! one doubles the wait, up to a cap, so that nobody is ever shut out for good. [`claim`] counts
//! an attempt *before* its outcome is known, by one statement: parallel attempts cannot outrun
//! it. An attempt that was told to wait is not counted. This room refuses to know what a subject
//! stands for.

mod ladder;

use crate::{Fault, Work};

pub use ladder::Ladder;

/// The verdict on an attempt that is about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It may be made, and is counted as a failure until [`refund`] or [`forget`] says otherwise.
    Counted {
        /// Failures of this subject, this one included.
        failures: i64,
    },
    /// It may not be made for this many seconds, at least one.
    Wait {
        /// Seconds.
        seconds: i64,
    },
}

/// A last attempt that lies further in the future, seconds, was made before the clock was set back.
/// It makes nobody wait: otherwise everybody would, until the clock is where it was.
const SET_BACK: i64 = 300;

/// Counts an attempt unless the subject has to wait. One atomic statement.
///
/// # Errors
/// When the database cannot take it.
pub async fn claim(
    work: &mut Work,
    subject: &str,
    now: i64,
    ladder: &Ladder,
) -> Result<Claim, Fault> {
    let sql = format!(
        "INSERT INTO attempts (subject, failures, last_at, expires_at) VALUES ($1, 1, $2, $3)
         ON CONFLICT (subject) DO UPDATE SET
           failures = CASE WHEN attempts.expires_at <= excluded.last_at THEN 1 ELSE attempts.failures + 1 END,
           last_at = excluded.last_at,
           expires_at = CASE WHEN attempts.expires_at > excluded.expires_at
                             THEN attempts.expires_at ELSE excluded.expires_at END
         WHERE attempts.expires_at <= excluded.last_at OR attempts.last_at + ({}) <= excluded.last_at
           OR attempts.last_at > excluded.last_at + {SET_BACK}
         RETURNING failures",
        ladder.as_sql("attempts.failures")
    );
    let row = work.tx.query_one(&sql, db::params![subject, now, now + ladder.window]).await?;
    if let Some(row) = row {
        return Ok(Claim::Counted { failures: row.get(0)? });
    }
    let seconds = wait(work, subject, now, ladder).await?.unwrap_or(1);
    Ok(Claim::Wait { seconds })
}

/// Seconds that the subject has to wait now, if any. Counts nothing.
///
/// # Errors
/// When the database cannot answer.
pub async fn wait(
    work: &mut Work,
    subject: &str,
    now: i64,
    ladder: &Ladder,
) -> Result<Option<i64>, Fault> {
    let sql = "SELECT failures, last_at FROM attempts WHERE subject = $1 AND expires_at > $2";
    let Some(row) = work.tx.query_one(sql, db::params![subject, now]).await? else {
        return Ok(None);
    };
    let last_at: i64 = row.get(1)?;
    let free_at = last_at + ladder.wait(row.get(0)?);
    Ok((free_at > now && last_at <= now + SET_BACK).then_some(free_at - now))
}

/// Waits for whoever else writes of this subject, until `work` is done. Changes nothing.
///
/// # Errors
/// When the database cannot take it.
pub async fn hold(work: &mut Work, subject: &str) -> Result<(), Fault> {
    let sql = "UPDATE attempts SET failures = failures WHERE subject = $1";
    work.tx.execute(sql, db::params![subject]).await?;
    Ok(())
}

/// Takes one claimed attempt back: it did not fail.
///
/// # Errors
/// When the database cannot take it.
pub async fn refund(work: &mut Work, subject: &str) -> Result<(), Fault> {
    let sql = "UPDATE attempts SET failures = failures - 1 WHERE subject = $1 AND failures > 0";
    work.tx.execute(sql, db::params![subject]).await?;
    Ok(())
}

/// Forgets the subject: its next failure is its first.
///
/// # Errors
/// When the database cannot take it.
pub async fn forget(work: &mut Work, subject: &str) -> Result<(), Fault> {
    work.tx.execute("DELETE FROM attempts WHERE subject = $1", db::params![subject]).await?;
    Ok(())
}

/// Remembers the subject, without a failure, until `expires_at`.
///
/// # Errors
/// When the database cannot take it.
pub async fn remember(
    work: &mut Work,
    subject: &str,
    now: i64,
    expires_at: i64,
) -> Result<(), Fault> {
    let sql = "INSERT INTO attempts (subject, failures, last_at, expires_at) VALUES ($1, 0, $2, $3)
               ON CONFLICT (subject) DO UPDATE SET
                 failures = 0, last_at = excluded.last_at, expires_at = excluded.expires_at";
    work.tx.execute(sql, db::params![subject, now, expires_at]).await?;
    Ok(())
}

/// Is the subject remembered, with or without failures?
///
/// # Errors
/// When the database cannot answer.
pub async fn is_remembered(work: &mut Work, subject: &str, now: i64) -> Result<bool, Fault> {
    let sql = "SELECT failures FROM attempts WHERE subject = $1 AND expires_at > $2";
    Ok(work.tx.query_one(sql, db::params![subject, now]).await?.is_some())
}

/// Removes some counters that are over, at most `limit`, and says how many; call again while it
/// removes any.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM attempts WHERE subject IN
                 (SELECT subject FROM attempts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, limit]).await?)
}
