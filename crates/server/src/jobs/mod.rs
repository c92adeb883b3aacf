//! Work nobody waits for: writing gathered marks, sweeping what has expired, assessing risks anew,
//! counting what is there.
//!
//! Every node runs every job; each is a few small statements that do no harm twice.

mod review;

use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Call, Fault, Stopwatch, Work, audit, census, settings};
use tokio::sync::watch;

use crate::app::App;

pub use review::Review;

/// How often the trail is sealed.
const ROUND: Duration = Duration::from_secs(1);
/// Rounds between two writings of gathered marks.
const FLUSH_EVERY: u32 = 2;
/// Rounds between two sweeps.
const SWEEP_EVERY: u32 = 30;
/// Rounds between two renewals of the node's number; well within its lease.
const KEEP_EVERY: u32 = 20;
/// Rounds between two counts of the rows, where somebody collects the numbers.
const COUNT_EVERY: u32 = 60;
/// Seconds of a day: the trail loses whole days, so that saying so is one entry a day.
const DAY: i64 = 86_400;
/// Rows of each kind a sweep begins with in one transaction.
const SWEEP_ROWS: i64 = 200;
/// The fewest, however slow the database.
const SWEEP_ROWS_LEAST: i64 = 10;
/// The most, however quick.
const SWEEP_ROWS_MOST: i64 = 2_000;
/// For as long a transaction of the sweep may hold up others.
const SWEEP_BUDGET: Duration = Duration::from_millis(20);

/// Runs until `stop`, then writes what is still gathered.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut round = 0_u32;
    let mut review = Review::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
        round = round.wrapping_add(1);
        attend(&app, "seal", seal(&app)).await;
        if round.is_multiple_of(FLUSH_EVERY) {
            attend(&app, "marks", flush(&app)).await;
        }
        if round.is_multiple_of(KEEP_EVERY) {
            attend(&app, "node_number", app.instance.keep_number()).await;
        }
        if round.is_multiple_of(SWEEP_EVERY) {
            attend(&app, "sweep", sweep(&app)).await;
            attend(&app, "review", review.go_on(&app)).await;
        }
        if app.figures.is_some() && round % COUNT_EVERY == 1 {
            attend(&app, "count", count(&app)).await;
        }
    }
    attend(&app, "marks", flush(&app)).await;
    attend(&app, "seal", seal(&app)).await;
    attend(&app, "node_number", app.instance.give_number_back()).await;
}

/// Runs one job, and says how it went.
async fn attend(app: &App, job: &'static str, work: impl Future<Output = Result<(), Fault>>) {
    let watch = Stopwatch::start();
    let result = work.await;
    let success_at = result.is_ok().then(|| app.instance.clock().now());
    app.count(|figures| figures.ran(job, watch, success_at));
    if let Err(fault) = result {
        tracing::error!(%fault, job, "a job failed; it is tried again");
    }
}

/// Counts the rows, on a thread that nobody else waits for.
///
/// # Errors
/// When the database cannot be read.
pub async fn count(app: &Arc<App>) -> Result<(), Fault> {
    let (own, runtime) = (Arc::clone(app), tokio::runtime::Handle::current());
    let counting = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            let now = own.instance.clock().now();
            let counts = census::take(&mut own.instance.read(), now).await?;
            Ok::<_, Fault>((counts, own.instance.database_size().await?))
        })
    });
    let (counts, bytes) = counting.await.map_err(|error| Fault::Broken(error.to_string()))??;
    app.count(|figures| figures.counted(&counts, bytes));
    Ok(())
}

/// A call of the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call {
        now: app.instance.clock().now(),
        actor: Actor::operator("mandate"),
        address: None,
        via: None,
        request_id: "job".into(),
    }
}

/// Writes marks and refusals gathered since the last time.
///
/// # Errors
/// When the database cannot take them.
pub async fn flush(app: &App) -> Result<(), Fault> {
    domain::refusals::flush(&app.instance).await?;
    domain::clients::flush(&app.instance).await?;
    domain::clients::flush_observed(&app.instance).await?;
    domain::sessions::flush(&app.instance).await?;
    domain::tokens::flush_marks(&app.instance).await
}

/// Seals what the trail has gathered since the last time, if this node leads.
///
/// # Errors
/// When the database cannot take it.
pub async fn seal(app: &App) -> Result<(), Fault> {
    audit::seal(&app.instance).await.map(|_| ())
}

/// Removes what has expired, one kind after the other, in batches until nothing is left. A batch
/// that held the database for longer than its budget is followed by a smaller one.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(app: &App) -> Result<(), Fault> {
    let call = call(app);
    let (mut kind, mut rows) = (0, SWEEP_ROWS);
    while kind < KINDS {
        let mut work = app.instance.begin().await?;
        let watch = Stopwatch::start();
        let gone = sweep_kind(&mut work, &call, (kind, rows)).await?;
        work.commit().await?;
        rows = next_batch(rows, Duration::from_secs_f64(watch.seconds()));
        if gone == 0 {
            kind += 1;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// What is swept, in this order.
const KINDS: usize = 10;

async fn sweep_kind(
    work: &mut Work,
    call: &Call,
    (kind, rows): (usize, i64),
) -> Result<u64, Fault> {
    let now = call.now;
    match kind {
        0 => domain::tokens::sweep(work, call, rows).await,
        1 => domain::sessions::sweep(work, now).await,
        2 => domain::accounts::sweep_links(work, now).await,
        3 => domain::attempts::sweep(work, now).await,
        4 => domain::clients::secrets::sweep(work, now, rows).await,
        5 => domain::clients::sweep_observed(work, now, rows).await,
        6 => domain::clients::sweep_idempotency_keys(work, now, rows).await,
        7 => domain::refusals::sweep(work, now).await,
        8 => domain::keys::sweep(work, now).await,
        _ => expire_trail(work, call).await,
    }
}

/// Entries older than the settings say, whole segments of them.
async fn expire_trail(work: &mut Work, call: &Call) -> Result<u64, Fault> {
    let days = settings::run_time(work).await?.get(&settings::AUDIT_RETENTION_DAYS);
    audit::expire(work, call, (call.now / DAY - days) * DAY).await
}

/// How many rows the next batch may have: half as many after one that took too long, a quarter more
/// after one that took less than half of what it might.
fn next_batch(rows: i64, took: Duration) -> i64 {
    if took > SWEEP_BUDGET {
        (rows / 2).max(SWEEP_ROWS_LEAST)
    } else if took < SWEEP_BUDGET / 2 {
        (rows + rows / 4).min(SWEEP_ROWS_MOST)
    } else {
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_took_too_long_is_followed_by_a_smaller_one() {
        let slow = SWEEP_BUDGET + Duration::from_millis(1);
        let fast = Duration::from_millis(1);
        let mut rows = SWEEP_ROWS;
        for _ in 0..20 {
            rows = next_batch(rows, slow);
        }
        assert_eq!(rows, SWEEP_ROWS_LEAST, "never none");
        for _ in 0..40 {
            rows = next_batch(rows, fast);
        }
        assert_eq!(rows, SWEEP_ROWS_MOST, "never endless");
        assert_eq!(next_batch(rows, SWEEP_BUDGET), rows, "as it should be");
    }
}
