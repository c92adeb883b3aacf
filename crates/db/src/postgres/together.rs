//! Transactions of one statement, sent together: while some are on their way, those that come
//! meanwhile wait in line, and then go as one transaction in one round trip.
//!
//! Where one of them fails, nothing of the shared transaction stays, and each is run again by
//! itself, so that everybody gets their own answer. Refuses to know what the statements say.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use deadpool_postgres::{Object, Pool};
use tokio::sync::oneshot;

use super::{failure, in_time, statement};
use crate::value::Owned;
use crate::{Error, Figures, Stopwatch, Value};

/// Carriers under way at most: one gathers while the others wait for their commit.
const CARRIERS: usize = 3;
/// Statements in one transaction at most.
const MOST: usize = 64;

type Touched = Result<u64, Error>;

/// A transaction of one statement, and who waits for it.
struct Errand {
    sql: String,
    params: Vec<Owned>,
    since: Stopwatch,
    done: oneshot::Sender<Touched>,
}

/// Those who wait, and how many carriers there are.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Errand>,
    carriers: usize,
}

/// Where transactions of one statement are brought. Cloning shares the line.
#[derive(Clone)]
pub(super) struct Together {
    line: Arc<Mutex<Line>>,
    pool: Pool,
    figures: Figures,
}

impl Together {
    pub(super) fn new(pool: Pool, figures: Figures) -> Together {
        Together { line: Arc::default(), pool, figures }
    }

    /// Runs a statement as if it were alone. Who gives up before it is sent leaves the line; after
    /// that it runs to its end.
    pub(super) async fn perform(&self, sql: &str, params: &[Value<'_>]) -> Touched {
        let (done, touched) = oneshot::channel();
        let params = params.iter().map(|value| Owned::new(*value)).collect();
        let errand = Errand { sql: sql.to_owned(), params, since: Stopwatch::start(), done };
        if self.join(errand) {
            let carrier = self.clone();
            tokio::spawn(async move { carrier.carry().await });
        }
        touched.await.unwrap_or_else(|_| Err(Error::unavailable("the server is stopping")))
    }

    /// Stands in line. Is another carrier wanted?
    fn join(&self, errand: Errand) -> bool {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.waiting.push_back(errand);
        let wanted = line.carriers < CARRIERS;
        line.carriers += usize::from(wanted);
        wanted
    }

    /// The next to go; none ends the carrier.
    fn next(&self) -> Vec<Errand> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let count = line.waiting.len().min(MOST);
        let next: Vec<Errand> = line.waiting.drain(..count).collect();
        line.carriers -= usize::from(next.is_empty());
        next
    }

    async fn carry(&self) {
        loop {
            let mut errands = self.next();
            if errands.is_empty() {
                return;
            }
            errands.retain(|errand| !errand.done.is_closed());
            match self.pool.get().await {
                Ok(connection) => self.deliver(connection, errands).await,
                Err(error) => tell_all(errands, &failure::of_pool(&error)),
            }
        }
    }

    async fn deliver(&self, connection: Object, errands: Vec<Errand>) {
        for errand in &errands {
            self.figures.waits.observe(errand.since.seconds());
        }
        let watch = Stopwatch::start();
        match in_time(shared(&connection, &errands)).await {
            Ok(Some(touched)) => {
                self.figures.committed(watch, errands.len());
                for (errand, touched) in errands.into_iter().zip(touched) {
                    let _ = errand.done.send(Ok(touched));
                }
            }
            Ok(None) => self.one_by_one(connection, errands).await,
            Err(error) => {
                // What it does now is unknown.
                drop(Object::take(connection));
                tell_all(errands, &error);
            }
        }
    }

    async fn one_by_one(&self, connection: Object, errands: Vec<Errand>) {
        for errand in errands {
            let Errand { sql, params, done, .. } = errand;
            let params: Vec<Value<'_>> = params.iter().map(Owned::borrow).collect();
            let watch = Stopwatch::start();
            let touched = in_time(statement::perform(&connection, &sql, &params)).await;
            if touched.is_ok() {
                self.figures.committed(watch, 1);
            }
            let _ = done.send(touched);
        }
        if connection.is_closed() {
            drop(Object::take(connection));
        }
    }
}

fn tell_all(errands: Vec<Errand>, error: &Error) {
    for errand in errands {
        let _ = errand.done.send(Err(error.clone()));
    }
}

/// Runs all in one transaction, sent at once. `None`: one of them failed, and nothing was kept.
async fn shared(connection: &Object, errands: &[Errand]) -> Result<Option<Vec<u64>>, Error> {
    let mut prepared = Vec::with_capacity(errands.len());
    for errand in errands {
        let Ok(statement) = connection.prepare_cached(&errand.sql).await else {
            return Ok(None);
        };
        let params: Vec<Value<'_>> = errand.params.iter().map(Owned::borrow).collect();
        prepared.push((statement, params));
    }
    let all = prepared.iter().map(|(statement, params)| async move {
        connection.execute(statement, &statement::pointers(params)).await
    });
    // Polled in this order, and so sent in this order.
    let (begun, touched, committed) = tokio::join!(
        biased;
        connection.batch_execute("BEGIN READ WRITE"),
        in_order(all),
        connection.batch_execute("COMMIT"),
    );
    begun.map_err(Error::unavailable)?;
    // After a statement that failed, the server answers `COMMIT` by rolling back.
    let failed = touched.iter().any(Result::is_err);
    match committed {
        Ok(()) if failed => Ok(None),
        Ok(()) => Ok(Some(touched.into_iter().flatten().collect())),
        Err(error) => Err(failure::of_commit(&error)),
    }
}

/// Waits for all. The first poll of each comes in their order.
async fn in_order<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in pending.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
