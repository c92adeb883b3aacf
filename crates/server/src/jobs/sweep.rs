//! The sweep: what has expired goes, one kind of row after the other, a few rows in each transaction,
//! so that nobody who writes meanwhile waits for it longer than a moment.

use std::time::Duration;

use domain::tokens::Remains;
use domain::{Call, Fault, Stopwatch, Work, audit, settings};

use super::call;
use crate::app::App;

/// Seconds of a day: the trail loses what is older than whole days.
const DAY: i64 = 86_400;
/// Rows of a kind that the sweep begins with in one transaction.
const ROWS: i64 = 50;
/// The fewest, however slow the database.
const ROWS_LEAST: i64 = 10;
/// The most, however quick.
const ROWS_MOST: i64 = 2_000;
/// For as long a transaction of the sweep may hold up others.
const BUDGET: Duration = Duration::from_millis(20);

/// A kind of row whose time ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What tokens leave behind.
    Token(Remains),
    /// Browser sessions.
    Sessions,
    /// One-time links.
    Links,
    /// Counters of attempts.
    Attempts,
    /// Secrets that ended long ago.
    Secrets,
    /// Addresses seen while the trusted ones are only observed.
    ObservedAddresses,
    /// The same of people who signed in.
    ObservedSignIns,
    /// Idempotency keys.
    IdempotencyKeys,
    /// Refusals.
    Refusals,
    /// Signing keys: a handful.
    SigningKeys,
    /// Entries of the trail, a segment at least.
    Trail,
}

/// What is swept, in this order.
pub const KINDS: [Kind; 15] = [
    Kind::Token(Remains::AccessTokens),
    Kind::Token(Remains::RefreshFamilies),
    Kind::Token(Remains::Authorizations),
    Kind::Token(Remains::Grants),
    Kind::Token(Remains::ReusedTokens),
    Kind::Sessions,
    Kind::Links,
    Kind::Attempts,
    Kind::Secrets,
    Kind::ObservedAddresses,
    Kind::ObservedSignIns,
    Kind::IdempotencyKeys,
    Kind::Refusals,
    Kind::SigningKeys,
    Kind::Trail,
];

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many rows went.
    pub rows: u64,
    /// For how long one of its transactions held up others, at most.
    pub longest: Duration,
}

/// Removes what has expired, one kind after the other, in batches until nothing is left. A batch
/// that held the database for longer than its budget is followed by a smaller one.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(app: &App) -> Result<Swept, Fault> {
    let call = call(app);
    let mut swept = Swept::default();
    for kind in KINDS {
        let mut rows = ROWS;
        loop {
            let mut work = app.instance.begin().await?;
            let watch = Stopwatch::start();
            let gone = sweep_some(&mut work, &call, kind, rows).await?;
            work.commit().await?;
            let took = Duration::from_secs_f64(watch.seconds());
            swept = Swept { rows: swept.rows + gone, longest: swept.longest.max(took) };
            rows = next_batch(rows, took);
            tokio::task::yield_now().await;
            if gone == 0 {
                break;
            }
        }
    }
    Ok(swept)
}

/// Removes at most so many rows of one kind; of the trail, whole segments up to the one with which it
/// is enough. Returns how many.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep_some(work: &mut Work, call: &Call, kind: Kind, rows: i64) -> Result<u64, Fault> {
    let now = call.now;
    match kind {
        Kind::Token(remains) => domain::tokens::sweep(work, remains, now, rows).await,
        Kind::Sessions => domain::sessions::sweep(work, now, rows).await,
        Kind::Links => domain::accounts::sweep_links(work, now, rows).await,
        Kind::Attempts => domain::attempts::sweep(work, now, rows).await,
        Kind::Secrets => domain::clients::secrets::sweep(work, now, rows).await,
        Kind::ObservedAddresses => domain::clients::sweep_observed(work, now, rows).await,
        Kind::ObservedSignIns => domain::accounts::sweep_observed_sign_ins(work, now, rows).await,
        Kind::IdempotencyKeys => domain::clients::sweep_idempotency_keys(work, now, rows).await,
        Kind::Refusals => domain::refusals::sweep(work, now, rows).await,
        Kind::SigningKeys => domain::keys::sweep(work, now).await,
        Kind::Trail => expire_trail(work, call, rows).await,
    }
}

/// Entries older than the settings say, whole segments of them.
async fn expire_trail(work: &mut Work, call: &Call, rows: i64) -> Result<u64, Fault> {
    let days = settings::run_time(work).await?.get(&settings::AUDIT_RETENTION_DAYS);
    audit::expire(work, call, (call.now / DAY - days) * DAY, rows).await
}

/// How many rows the next batch may have: half as many after one that took too long, a quarter more
/// after one that took less than half of what it might.
fn next_batch(rows: i64, took: Duration) -> i64 {
    if took > BUDGET {
        (rows / 2).max(ROWS_LEAST)
    } else if took < BUDGET / 2 {
        (rows + rows / 4).min(ROWS_MOST)
    } else {
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_took_too_long_is_followed_by_a_smaller_one() {
        let slow = BUDGET + Duration::from_millis(1);
        let fast = Duration::from_millis(1);
        let mut rows = ROWS;
        for _ in 0..20 {
            rows = next_batch(rows, slow);
        }
        assert_eq!(rows, ROWS_LEAST, "never none");
        for _ in 0..40 {
            rows = next_batch(rows, fast);
        }
        assert_eq!(rows, ROWS_MOST, "never endless");
        assert_eq!(next_batch(rows, BUDGET), rows, "as it should be");
    }
}
