//! Transactions whose statements are known beforehand, sent together: while some are on their way,
//! those that come meanwhile wait in line, and then go as one transaction in one round trip.
//!
//! Where one of them fails, nothing of the shared transaction stays, and each is run again by
//! itself, so that everybody gets their own answer. Refuses to know what the statements say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::Pool;
use tokio::sync::oneshot;

use super::{failure, in_time, keep, statement};
use crate::value::Statement;
use crate::{Error, Figures, Stopwatch};

/// Carriers under way at most: one gathers while the others wait for their commit.
const CARRIERS: usize = 3;
/// Errands in one transaction at most.
const MOST: usize = 64;

type Touched = Result<Vec<u64>, Error>;

/// A transaction, and who waits for it.
struct Errand {
    statements: Vec<Statement>,
    since: Stopwatch,
    done: oneshot::Sender<Touched>,
}

/// Those who wait, and how many carriers there are.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Errand>,
    carriers: usize,
}

/// Where errands are brought. Cloning shares the line.
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

    /// Runs statements as if they were alone. Who gives up before they are sent leaves the line;
    /// after that they run to their end.
    pub(super) async fn perform(&self, statements: Vec<Statement>) -> Touched {
        let (done, touched) = oneshot::channel();
        let errand = Errand { statements, since: Stopwatch::start(), done };
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
        let statements: Vec<_> = errands.iter().flat_map(|errand| &errand.statements).collect();
        let watch = Stopwatch::start();
        let answer = in_time(statement::perform(&connection, &statements)).await;
        match keep(connection, answer) {
            Ok(touched) => {
                self.figures.committed(watch, errands.len());
                let mut touched = touched.into_iter();
                for errand in errands {
                    let own = touched.by_ref().take(errand.statements.len()).collect();
                    let _ = errand.done.send(Ok(own));
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
