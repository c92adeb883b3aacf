//! The turnstile of the group commit under a model checker: its very code, with the threads, locks
//! and channels of shuttle, over thousands of interleavings.
//!
//! What must hold in each: a task that was told "durable" is in a batch that was committed; one
//! that was told otherwise is in none; everybody is told, whoever gives up meanwhile. And of a value
//! that is good for one use and wanted by all of them, each by a compare-and-set in its transaction:
//! one at most is told that it got it, it is the one the disk names, and whoever is told that it was
//! too late was so because of a use that is durable. A wake-up that is lost is a deadlock, which
//! shuttle reports with the interleaving that shows it.
#![expect(clippy::unwrap_used, reason = "a model that cannot go on has failed")]

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Arc, Mutex};

use primitives::oneshot;
use turnstile::Turnstile;
use writer::{Disk, Errand, Kept, Writer};

/// The errors that the turnstile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Try again.
    Unavailable(String),
    /// A mistake.
    Broken(String),
}

impl Error {
    fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }

    fn broken(reason: impl std::fmt::Display) -> Self {
        Self::Broken(reason.to_string())
    }
}

mod primitives {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;

    use shuttle::rand::{Rng, thread_rng};
    pub use shuttle::sync::mpsc::{Receiver, Sender, channel};
    pub use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub use shuttle::thread::Builder;
    pub use std::sync::PoisonError;
    pub use std::sync::mpsc::SendError;
    pub use tokio::sync::oneshot;

    /// Somebody else may run.
    pub async fn yield_now() {
        shuttle::future::yield_now().await;
    }

    /// Gives up at any moment: time passes as the checker likes.
    pub async fn timeout<F: Future>(_: Duration, work: F) -> Result<F::Output, ()> {
        let (mut work, mut gives_up) = (pin!(work), false);
        poll_fn(|context| {
            // Perhaps with the turn already on its way.
            if gives_up {
                return Poll::Ready(Err(()));
            }
            let polled = work.as_mut().poll(context).map(Ok);
            gives_up = polled.is_pending() && thread_rng().gen_range(0..4) == 0;
            if gives_up {
                context.waker().wake_by_ref();
            }
            polled
        })
        .await
    }
}

mod writer {
    use std::collections::BTreeSet;

    use shuttle::rand::{Rng, thread_rng};
    use shuttle::sync::{Arc, Mutex};

    use super::primitives::oneshot;
    use crate::Error;

    type Verdict = oneshot::Sender<Result<(), Error>>;
    pub type Touched = oneshot::Sender<Result<Option<Vec<u64>>, Error>>;

    /// A transaction of one statement.
    pub struct Errand {
        pub task: usize,
        pub done: Touched,
    }

    enum Member {
        Transaction(Verdict),
        Errand(Touched, u64),
    }

    impl Member {
        fn tell(self, committed: Result<(), Error>) {
            match self {
                Self::Transaction(verdict) => drop(verdict.send(committed)),
                Self::Errand(done, spent) => {
                    drop(done.send(committed.map(|()| Some(vec![spent]))));
                }
            }
        }
    }

    /// What is durable.
    #[derive(Default)]
    pub struct Kept {
        /// Who committed, by the number of the task.
        pub tasks: BTreeSet<usize>,
        /// Who got the value that is good for one use.
        pub spent_by: Option<usize>,
    }

    pub type Disk = Arc<Mutex<Kept>>;

    /// A writer that keeps a batch in memory and commits it to the disk, or fails.
    pub struct Writer {
        disk: Disk,
        is_open: bool,
        /// Who is inside, and who had the value before.
        savepoint: Option<(usize, Option<usize>)>,
        /// Who has the value, as the open transaction sees it.
        spent_by: Option<usize>,
        members: Vec<(usize, Member)>,
    }

    impl Writer {
        pub fn new(disk: Disk) -> Self {
            Self { disk, is_open: false, savepoint: None, spent_by: None, members: Vec::new() }
        }

        pub fn begin(&mut self, task: usize) {
            assert_eq!(self.savepoint, None, "somebody else is inside");
            self.open();
            self.savepoint = Some((task, self.spent_by));
        }

        fn open(&mut self) {
            if !self.is_open {
                self.is_open = true;
                self.spent_by = self.disk.lock().unwrap().spent_by;
            }
        }

        /// `UPDATE … SET spent_by = task WHERE spent_by IS NULL`: how many rows it touched.
        pub fn spend(&mut self, task: usize) -> u64 {
            u64::from(*self.spent_by.get_or_insert(task) == task)
        }

        pub fn release(&mut self, verdict: Verdict) {
            let (task, _) = self.savepoint.take().unwrap();
            self.members.push((task, Member::Transaction(verdict)));
        }

        /// Refused at times, as a constraint or another process would.
        pub fn perform(&mut self, errand: Errand) {
            assert_eq!(self.savepoint, None, "somebody is inside");
            if errand.done.is_closed() {
                return;
            }
            self.open();
            match thread_rng().gen_range(0..6) {
                0 => drop(errand.done.send(Ok(None))),
                1 => drop(errand.done.send(Err(Error::Broken("a constraint".into())))),
                _ => {
                    let spent = self.spend(errand.task);
                    self.members.push((errand.task, Member::Errand(errand.done, spent)));
                }
            }
        }

        pub fn undo(&mut self) {
            if let Some((_, before)) = self.savepoint.take() {
                self.spent_by = before;
            }
        }

        pub fn members(&self) -> usize {
            self.members.len()
        }

        pub fn is_open(&self) -> bool {
            self.is_open
        }

        pub fn settle(&mut self) {
            assert_eq!(self.savepoint, None, "somebody is inside");
            self.is_open = false;
            let fails = thread_rng().gen_range(0..4) == 0;
            if !fails {
                self.disk.lock().unwrap().spent_by = self.spent_by;
            }
            for (task, member) in self.members.drain(..) {
                let told = if fails {
                    Err(Error::Unavailable("full".into()))
                } else {
                    assert!(self.disk.lock().unwrap().tasks.insert(task), "committed twice");
                    Ok(())
                };
                member.tell(told);
            }
        }
    }
}

/// The production file, between models of its neighbours.
#[path = "../src/sqlite/turnstile.rs"]
#[expect(dead_code, reason = "nobody asks for its load here")]
mod turnstile;

/// What a task was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// With how many values it got: one or none.
    Durable(u64),
    NotDurable,
    /// It gave up, or threw away what it did.
    Nothing,
}

async fn write(turnstile: Arc<Turnstile>, task: usize) -> Told {
    let Ok(mut turn) = turnstile.enter().await else { return Told::Nothing };
    turn.writer().unwrap().begin(task);
    shuttle::future::yield_now().await;
    let spent = turn.writer().unwrap().spend(task);
    if thread_rng().gen_range(0..5) == 0 {
        return Told::Nothing;
    }
    let (verdict, answer) = oneshot::channel();
    turn.writer().unwrap().release(verdict);
    turn.linger().await;
    drop(turn);
    // A sender that is dropped without a word fails the model here.
    if answer.await.unwrap().is_ok() { Told::Durable(spent) } else { Told::NotDurable }
}

/// A transaction of one statement; whoever gives up waiting learns nothing.
async fn perform(turnstile: Arc<Turnstile>, task: usize) -> Option<Told> {
    match turnstile.perform(|done| Errand { task, done }).await {
        Ok(Some(spent)) => Some(Told::Durable(spent.iter().sum())),
        Ok(None) | Err(Error::Broken(_)) => Some(Told::Nothing),
        Err(Error::Unavailable(reason)) if reason == "full" => Some(Told::NotDurable),
        Err(Error::Unavailable(_)) => None,
    }
}

async fn either(turnstile: Arc<Turnstile>, task: usize) -> Option<Told> {
    if task.is_multiple_of(2) {
        Some(write(turnstile, task).await)
    } else {
        perform(turnstile, task).await
    }
}

fn every_task_is_told_the_truth() {
    let disk: Disk = Arc::new(Mutex::new(Kept::default()));
    let turnstile = Turnstile::new(Writer::new(disk.clone())).unwrap();
    let tasks: Vec<_> =
        (0..5).map(|task| shuttle::future::spawn(either(turnstile.clone(), task))).collect();
    drop(turnstile);
    for (task, handle) in tasks.into_iter().enumerate() {
        let told = shuttle::future::block_on(handle).unwrap();
        let Some(told) = told else { continue };
        let kept = disk.lock().unwrap();
        let is_there = kept.tasks.contains(&task);
        assert_eq!(is_there, matches!(told, Told::Durable(_)), "task {task} was told {told:?}");
        match told {
            Told::Durable(0) => assert_ne!(kept.spent_by, None, "too late for nobody's use"),
            Told::Durable(_) => assert_eq!(kept.spent_by, Some(task), "two got the value"),
            _ => assert_ne!(kept.spent_by, Some(task), "{task} has it and was told {told:?}"),
        }
    }
}

#[test]
fn every_task_is_told_the_truth_in_any_order() {
    shuttle::check_random(every_task_is_told_the_truth, 5_000);
}

#[test]
fn every_task_is_told_the_truth_when_few_threads_are_interrupted() {
    shuttle::check_pct(every_task_is_told_the_truth, 2_000, 3);
}
