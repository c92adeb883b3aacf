//! Who may write next, and when the shared transaction is committed.
//!
//! One task at a time holds the [`Turn`], and with it the writer. It comes back by being dropped,
//! whatever happened, and is passed to the next in line; with nobody in line, or with a full
//! batch, it first goes to a thread that commits, so that a slow disk stops no other task. No
//! member waits for a commit that nobody makes: a task that gave up waiting is passed over, and a
//! turn that was on its way to it returns.

use std::collections::VecDeque;
use std::time::Duration;

use super::primitives::{
    Arc, Builder, Mutex, MutexGuard, PoisonError, Receiver, SendError, Sender, channel, oneshot,
    timeout, yield_now,
};
use super::writer::Writer;
use crate::Error;

/// How many transactions share one commit at most, so that the first does not wait for ever.
const MEMBERS: usize = 1024;
/// How long a task waits for its turn before it is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The line in front of the one writer. First come, first served.
pub(super) struct Turnstile {
    line: Mutex<Line>,
    commits: Sender<Commit>,
}

struct Line {
    /// The writer, when nobody has it. Then nobody waits either.
    free: Option<Writer>,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A batch on its way to the thread that commits.
struct Commit {
    writer: Writer,
    turnstile: Arc<Turnstile>,
}

impl Turnstile {
    pub(super) fn new(writer: Writer) -> Result<Arc<Turnstile>, Error> {
        let (commits, batches) = channel();
        Builder::new()
            .name("commit".to_owned())
            .spawn(move || commit_each(&batches))
            .map_err(Error::unavailable)?;
        let line = Mutex::new(Line { free: Some(writer), waiting: VecDeque::new() });
        Ok(Arc::new(Turnstile { line, commits }))
    }

    /// Waits for the turn. Safe to cancel.
    pub(super) async fn enter(self: &Arc<Self>) -> Result<Turn, Error> {
        let turn = {
            let mut line = self.line();
            if let Some(writer) = line.free.take() {
                return Ok(Turn { writer: Some(writer), turnstile: self.clone() });
            }
            let (sender, turn) = oneshot::channel();
            line.waiting.push_back(sender);
            turn
        };
        match timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::unavailable("too many writers, or one that does not end")),
        }
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
    fn pass_on(self: Arc<Self>, mut writer: Writer) {
        loop {
            let next = {
                let mut line = self.line();
                let next = if writer.members() < MEMBERS { line.waiting.pop_front() } else { None };
                if next.is_none() && !writer.is_open() {
                    line.free = Some(writer);
                    return;
                }
                next
            };
            let Some(next) = next else {
                if writer.members() > 0 {
                    return self.commit(writer);
                }
                writer.settle();
                continue;
            };
            match next.send(Turn { writer: Some(writer), turnstile: self.clone() }) {
                Ok(()) => return,
                Err(mut unwanted) => match unwanted.writer.take() {
                    Some(back) => writer = back,
                    None => return,
                },
            }
        }
    }

    fn commit(self: Arc<Self>, writer: Writer) {
        let commits = self.commits.clone();
        if let Err(SendError(mut batch)) = commits.send(Commit { writer, turnstile: self }) {
            // The thread is gone, which must not leave the members without a verdict.
            batch.writer.settle();
            batch.turnstile.pass_on(batch.writer);
        }
    }
}

/// Ends when the database is closed.
fn commit_each(batches: &Receiver<Commit>) {
    for mut batch in batches {
        batch.writer.settle();
        batch.turnstile.pass_on(batch.writer);
    }
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
            self.turnstile.clone().pass_on(writer);
        }
    }
}
