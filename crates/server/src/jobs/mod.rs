//! Work nobody waits for: writing gathered marks, sweeping what has expired, assessing risks anew,
//! counting what is there.
//!
//! Every node runs every job; each is a few small statements that do no harm twice. A server on a
//! standby of the database runs none.

mod review;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Call, Fault, Number, Stopwatch, audit, census};
use tokio::sync::watch;

use crate::app::App;

pub use review::Review;
pub use sweep::{KINDS, Kind, Swept, sweep, sweep_some};

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
        if app.heartbeat || round.is_multiple_of(KEEP_EVERY) {
            attend(&app, "node_number", keep_number(&app)).await;
        }
        if round.is_multiple_of(SWEEP_EVERY) {
            attend(&app, "sweep", async { sweep(&app).await.map(|_| ()) }).await;
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

/// Renews the lease of this node's number.
async fn keep_number(app: &App) -> Result<(), Fault> {
    match app.instance.keep_number().await? {
        Number::Held => Ok(()),
        Number::AllTaken { seconds } => Err(Fault::Unavailable(format!(
            "this node lost its number and every other is leased; the first is free in {seconds} seconds"
        ))),
    }
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
