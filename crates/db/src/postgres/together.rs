//! Transactions of one statement, sent together: while some are on their way, those that come
//! meanwhile wait in line, and then go as one transaction in one round trip.
//!
//! Where one of them fails, nothing of the shared transaction stays, and each is run again by
//! itself, so that everybody gets their own answer. Refuses to know what the statements say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::Pool;
use tokio::sync::oneshot;

use super::{failure, in_time, keep, statement};
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

impl Errand {
    fn borrow(&self) -> (&str, Vec<Value<'_>>) {
        (&self.sql, self.params.iter().map(Owned::borrow).collect())
    }
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
            for errand in &errands {
                self.figures.waits.observe(errand.since.seconds());
            }
            for alone in self.deliver(errands).await {
                self.deliver(vec![alone]).await;
            }
        }
    }

    /// Sends some together and tells each what became of it; or, where one of several failed, gives
    /// them back to be sent alone, since nothing of what was sent was kept.
    async fn deliver(&self, errands: Vec<Errand>) -> Vec<Errand> {
        if errands.is_empty() {
            return errands;
        }
        let connection = match self.pool.get().await {
            Ok(connection) => connection,
            Err(error) => return tell_all(errands, &failure::of_pool(&error)),
        };
        let statements: Vec<_> = errands.iter().map(Errand::borrow).collect();
        let watch = Stopwatch::start();
        let answer = in_time(statement::perform(&connection, &statements)).await;
        match keep(connection, answer) {
            Ok(touched) => {
                self.figures.committed(watch, errands.len());
                for (errand, touched) in errands.into_iter().zip(touched) {
                    let _ = errand.done.send(Ok(touched));
                }
                Vec::new()
            }
            Err(Error::Unavailable(reason)) => tell_all(errands, &Error::Unavailable(reason)),
            Err(error) if errands.len() == 1 => tell_all(errands, &error),
            Err(_) => errands,
        }
    }
}

fn tell_all(errands: Vec<Errand>, error: &Error) -> Vec<Errand> {
    for errand in errands {
        let _ = errand.done.send(Err(error.clone()));
    }
    Vec::new()
}
