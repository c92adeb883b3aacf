//! Who may write next, and when the shared transaction is committed.
//!
//! One task at a time holds the [`Turn`], and with it the writer. It comes back by being dropped,
//! whatever happened, and is passed to the next in line; with nobody in line, or with a full
//! batch, it first goes to a thread that commits, so that a slow disk stops no other task. No
//! member waits for a commit that nobody makes: a task that gave up waiting is passed over, and a
//! turn that was on its way to it returns.
//!
//! A transaction whose statements are known beforehand stands in the same line as an [`Errand`].
//! Nobody is woken to run it: the thread that commits does, on its way to the next commit.

use std::collections::VecDeque;
use std::time::Duration;

use super::primitives::{
    Arc, Builder, Mutex, MutexGuard, PoisonError, Receiver, SendError, Sender, channel, oneshot,
    timeout, yield_now,
};
use super::writer::{Errand, Touched, Writer};
use crate::Error;

/// How many transactions share one commit at most, so that the first does not wait for ever.
const MEMBERS: usize = 1024;
/// How long a task waits for its turn before it is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The line in front of the one writer. First come, first served.
pub(super) struct Turnstile {
    line: Mutex<Line>,
    batches: Sender<Batch>,
}

struct Line {
    /// The writer, when nobody has it. Then nobody waits either.
    free: Option<Writer>,
    waiting: VecDeque<Waiting>,
}

/// Who stands in line.
enum Waiting {
    Task(oneshot::Sender<Turn>),
    Errand(Errand),
}

/// A batch on its way to the thread that commits.
struct Batch {
    writer: Writer,
    turnstile: Arc<Turnstile>,
    /// Nobody else joins it.
    is_full: bool,
}

/// Where the writer is passed on: what takes long is left to the thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Task,
    Thread,
}

impl Turnstile {
    pub(super) fn new(writer: Writer) -> Result<Arc<Turnstile>, Error> {
        let (sender, batches) = channel();
        Builder::new()
            .name("commit".to_owned())
            .spawn(move || commit_each(&batches))
            .map_err(Error::unavailable)?;
        let line = Mutex::new(Line { free: Some(writer), waiting: VecDeque::new() });
        Ok(Arc::new(Turnstile { line, batches: sender }))
    }

    /// Waits for the turn. Safe to cancel.
    pub(super) async fn enter(self: &Arc<Self>) -> Result<Turn, Error> {
        let turn = {
            let mut line = self.line();
            if let Some(writer) = line.free.take() {
                return Ok(Turn { writer: Some(writer), turnstile: self.clone() });
            }
            let (sender, turn) = oneshot::channel();
            line.waiting.push_back(Waiting::Task(sender));
            turn
        };
        match timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(too_many()),
        }
    }

    /// Runs an errand, which is told where to answer, and says how many rows each statement
    /// touched, once that is durable. `None`: it was not run, because another process writes.
    /// One that is given up may still take place.
    pub(super) async fn perform(
        self: &Arc<Self>,
        errand: impl FnOnce(Touched) -> Errand,
    ) -> Result<Option<Vec<u64>>, Error> {
        let (done, answer) = oneshot::channel();
        self.take_or_queue(errand(done));
        match timeout(PATIENCE, answer).await {
            Ok(Ok(touched)) => touched,
            _ => Err(too_many()),
        }
    }

    fn take_or_queue(self: &Arc<Self>, errand: Errand) {
        let mut line = self.line();
        let Some(mut writer) = line.free.take() else {
            line.waiting.push_back(Waiting::Errand(errand));
            return;
        };
        drop(line);
        writer.perform(errand);
        self.clone().pass_on(writer, On::Task);
    }

    /// Whether somebody has the writer, 0 or 1, and how many wait for it.
    pub(super) fn load(&self) -> (usize, usize) {
        let line = self.line();
        (usize::from(line.free.is_none()), line.waiting.len())
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the writer to the next in line, or to the commit when the batch ends here.
    fn pass_on(self: Arc<Self>, mut writer: Writer, on: On) {
        loop {
            let next = {
                let mut line = self.line();
                let errand = matches!(line.waiting.front(), Some(Waiting::Errand(_)));
                if errand && on == On::Task {
                    drop(line);
                    return self.hand_over(writer, false);
                }
                let next = if writer.members() < MEMBERS { line.waiting.pop_front() } else { None };
                if next.is_none() && !writer.is_open() {
                    line.free = Some(writer);
                    return;
                }
                next
            };
            match next {
                Some(Waiting::Errand(errand)) => writer.perform(errand),
                Some(Waiting::Task(task)) => {
                    match task.send(Turn { writer: Some(writer), turnstile: self.clone() }) {
                        Ok(()) => return,
                        Err(mut unwanted) => match unwanted.writer.take() {
                            Some(back) => writer = back,
                            None => return,
                        },
                    }
                }
                None if writer.members() > 0 && on == On::Task => {
                    return self.hand_over(writer, true);
                }
                None => writer.settle(),
            }
        }
    }

    fn hand_over(self: Arc<Self>, writer: Writer, is_full: bool) {
        let batches = self.batches.clone();
        let batch = Batch { writer, turnstile: self, is_full };
        if let Err(SendError(batch)) = batches.send(batch) {
            // The thread is gone, which must not leave the members without a verdict.
            batch.end();
        }
    }
}

impl Batch {
    fn end(mut self) {
        if self.is_full {
            self.writer.settle();
        }
        self.turnstile.pass_on(self.writer, On::Thread);
    }
}

/// Ends when the database is closed.
fn commit_each(batches: &Receiver<Batch>) {
    batches.iter().for_each(Batch::end);
}

fn too_many() -> Error {
    Error::unavailable("too many writers, or one that does not end")
}

/// The right to write. Dropping it undoes what was not released and passes it on.
pub(super) struct Turn {
    writer: Option<Writer>,
    turnstile: Arc<Turnstile>,
}

impl Turn {
    pub(super) fn writer(&mut self) -> Result<&mut Writer, Error> {
        self.writer.as_mut().ok_or_else(|| Error::broken("the turn is over"))
    }

    /// Lets the tasks that the last commit woke get in line before a batch ends without them.
    pub(super) async fn linger(&mut self) {
        if self.turnstile.line().waiting.is_empty() {
            yield_now().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.undo();
            self.turnstile.clone().pass_on(writer, On::Task);
        }
    }
}
