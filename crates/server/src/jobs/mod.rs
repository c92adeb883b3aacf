//! Work nobody waits for: writing gathered marks, sweeping what has expired, assessing risks anew.
//!
//! Every node runs every job; each is a few small statements that do no harm twice.

use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Call, Fault};
use tokio::sync::watch;

use crate::app::App;

/// How often gathered marks are written.
const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// Flushes between two sweeps.
const SWEEP_EVERY: u32 = 15;
/// Flushes between two renewals of the node's number; well within its lease.
const KEEP_EVERY: u32 = 10;
/// Clients looked at together when their risks are assessed again, and how many such looks there are
/// between two sweeps: 100,000 clients take a quarter of an hour.
const REVIEWED: (i64, usize) = (200, 20);
/// Seconds between two looks at the same client.
const REVIEW_EVERY: i64 = 86_400;
/// Rows of each kind a sweep removes in one transaction.
const SWEEP_ROWS: i64 = 200;

/// Runs until `stop`, then writes what is still gathered.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut round = 0_u32;
    let mut review = Review::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(FLUSH_EVERY) => {}
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
        report("writing marks", flush(&app).await);
        round = round.wrapping_add(1);
        if round.is_multiple_of(KEEP_EVERY) {
            report("keeping the node's number", app.instance.keep_number().await);
        }
        if round.is_multiple_of(SWEEP_EVERY) {
            report("sweeping", sweep(&app).await);
            report("assessing risks", review.go_on(&app).await);
        }
    }
    report("writing the last marks", flush(&app).await);
    report("giving the node's number back", app.instance.give_number_back().await);
}

fn report(what: &str, result: Result<(), Fault>) {
    if let Err(fault) = result {
        tracing::error!(%fault, "{what} failed; it is tried again");
    }
}

/// How far this node is with its daily look at the risk of every client.
#[derive(Debug, Default)]
pub struct Review {
    /// The last client that was looked at.
    after: String,
    /// When the next look begins, seconds since 1970.
    begins_at: i64,
}

impl Review {
    /// Looks at some more clients, if it is time.
    ///
    /// # Errors
    /// When the database cannot answer; it goes on where it was.
    pub async fn go_on(&mut self, app: &App) -> Result<(), Fault> {
        let now = app.instance.clock().now();
        if self.after.is_empty() && now < self.begins_at {
            return Ok(());
        }
        let (at_once, looks) = REVIEWED;
        for _ in 0..looks {
            let next =
                domain::clients::review_risks(&app.instance, now, &self.after, at_once).await?;
            let Some(next) = next else {
                *self = Self { after: String::new(), begins_at: now + REVIEW_EVERY };
                return Ok(());
            };
            self.after = next;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// A call of the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call {
        now: app.instance.clock().now(),
        actor: Actor::operator("mandate"),
        address: None,
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

/// Removes what has expired, in small batches until nothing is left.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(app: &App) -> Result<(), Fault> {
    let call = call(app);
    loop {
        let mut work = app.instance.begin().await?;
        let mut gone = domain::tokens::sweep(&mut work, &call, SWEEP_ROWS).await?;
        gone += domain::sessions::sweep(&mut work, call.now).await?;
        gone += domain::accounts::sweep_links(&mut work, call.now).await?;
        gone += domain::attempts::sweep(&mut work, call.now).await?;
        gone += domain::clients::secrets::sweep(&mut work, call.now, SWEEP_ROWS).await?;
        gone += domain::clients::sweep_observed(&mut work, call.now, SWEEP_ROWS).await?;
        gone += domain::refusals::sweep(&mut work, call.now).await?;
        gone += domain::keys::sweep(&mut work, call.now).await?;
        work.commit().await?;
        if gone == 0 {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
