//! The one connection that writes, and the transaction it shares among many.
//!
//! Each member of the batch runs inside its own savepoint in one outer transaction. A member
//! that released its savepoint leaves a sender behind and learns its verdict from [`settle`]. An
//! [`Errand`] of one statement needs no savepoint: SQLite undoes a statement that fails by itself,
//! and nothing comes after it. Refuses to know who comes next: that is the turnstile.
//!
//! [`settle`]: Writer::settle

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{connection, failure, statement};
use crate::value::Statement;
use crate::{Error, Figures, Stopwatch};

/// Learns whether the shared commit took place.
pub(super) type Verdict = oneshot::Sender<Result<(), Error>>;

/// Learns how many rows each statement touched, once that is durable; `None` when they were not
/// run, because another process writes.
pub(super) type Touched = oneshot::Sender<Result<Option<Vec<u64>>, Error>>;

/// A transaction whose statements are known beforehand, run by whoever has the writer when its turn
/// comes.
pub(super) struct Errand {
    pub(super) statements: Arc<Vec<Statement>>,
    pub(super) done: Touched,
}

/// Who waits for the shared commit.
enum Member {
    Transaction(Verdict),
    Errand(Touched, Vec<u64>),
}

impl Member {
    /// A member that went away does not need to know.
    fn tell(self, committed: Result<(), Error>) {
        let _ = match self {
            Member::Transaction(verdict) => verdict.send(committed).is_ok(),
            Member::Errand(done, touched) => done.send(committed.map(|()| Some(touched))).is_ok(),
        };
    }
}

/// The write connection and the state of its batch.
pub(super) struct Writer {
    place: connection::Place,
    /// `None` when it has to be opened anew, after a rollback that failed.
    connection: Option<Connection>,
    /// The outer transaction is open.
    batch: bool,
    /// A member's savepoint is open.
    savepoint: bool,
    /// Members that are done and wait for the shared commit.
    members: Vec<Member>,
    /// The last commit with something in it failed, and none has succeeded since.
    suspect: bool,
    figures: Figures,
}

impl Writer {
    pub(super) fn open(place: connection::Place, figures: Figures) -> Result<Writer, Error> {
        let connection = Some(connection::for_writing(&place)?);
        Ok(Writer {
            place,
            connection,
            batch: false,
            savepoint: false,
            members: Vec::new(),
            suspect: false,
            figures,
        })
    }

    /// Opens a savepoint, and the outer transaction if need be. `false`: another process writes.
    pub(super) fn begin(&mut self) -> Result<bool, Error> {
        if !self.open_batch()? {
            return Ok(false);
        }
        let connection = self.connection()?;
        run(connection, "SAVEPOINT member")
            .map_err(|error| failure::explain(connection, &error))?;
        self.savepoint = true;
        Ok(true)
    }

    /// Runs an errand as a member of the batch.
    pub(super) fn perform(&mut self, errand: Errand) {
        let Errand { statements, done } = errand;
        if done.is_closed() {
            return;
        }
        let touched = match statements.as_slice() {
            [alone] => self.execute_alone(alone),
            several => self.execute_all(several),
        };
        match touched {
            Ok(Some(touched)) => self.members.push(Member::Errand(done, touched)),
            other => {
                if let Err(error) = &other {
                    self.notice_loss(error);
                }
                let _ = done.send(other);
            }
        }
    }

    fn execute_alone(&mut self, alone: &Statement) -> Result<Option<Vec<u64>>, Error> {
        if !self.open_batch()? {
            return Ok(None);
        }
        let touched = statement::execute(self.connection()?, alone.sql, &alone.params())?;
        Ok(Some(vec![touched]))
    }

    /// All of them or none: inside a savepoint, as a member that is a task.
    fn execute_all(&mut self, statements: &[Statement]) -> Result<Option<Vec<u64>>, Error> {
        if !self.begin()? {
            return Ok(None);
        }
        let touched = self.apply(|connection| {
            let touched = statements
                .iter()
                .map(|one| statement::execute(connection, one.sql, &one.params()))
                .collect::<Result<_, _>>()?;
            run(connection, "RELEASE member")
                .map_err(|error| failure::explain(connection, &error))?;
            Ok(touched)
        });
        match touched {
            Ok(touched) => {
                self.savepoint = false;
                Ok(Some(touched))
            }
            Err(error) => {
                self.undo();
                Err(error)
            }
        }
    }

    /// Opens the outer transaction if need be. `false`: another process writes.
    fn open_batch(&mut self) -> Result<bool, Error> {
        if self.connection.is_none() {
            self.connection = Some(connection::for_writing(&self.place)?);
        }
        let connection = self.connection()?;
        if !self.batch {
            match run(connection, "BEGIN IMMEDIATE") {
                Ok(()) => {}
                Err(error) if failure::is_busy(&error) => return Ok(false),
                Err(error) => return Err(failure::explain(connection, &error)),
            }
            self.batch = true;
        }
        Ok(true)
    }

    /// Runs something on the connection, inside the savepoint.
    pub(super) fn apply<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if !self.savepoint {
            return Err(Error::broken("the transaction is over"));
        }
        let result = work(self.connection()?);
        if let Err(error) = &result {
            self.notice_loss(error);
        }
        result
    }

    /// Ends the savepoint well; `verdict` hears of the shared commit.
    pub(super) fn release(&mut self, verdict: Verdict) -> Result<(), Error> {
        self.apply(|connection| {
            run(connection, "RELEASE member").map_err(|error| failure::explain(connection, &error))
        })?;
        self.savepoint = false;
        self.members.push(Member::Transaction(verdict));
        Ok(())
    }

    /// Undoes what the member did, if its savepoint is still open, and nothing else.
    pub(super) fn undo(&mut self) {
        if !std::mem::take(&mut self.savepoint) {
            return;
        }
        let undone = self.connection().and_then(|connection| {
            statement::batch(connection, "ROLLBACK TO member; RELEASE member")
        });
        if let Err(error) = undone {
            self.lose(&error);
        }
    }

    /// How many members wait for the commit.
    pub(super) fn members(&self) -> usize {
        self.members.len()
    }

    /// Whether an outer transaction is open, with or without members.
    pub(super) fn is_open(&self) -> bool {
        self.batch
    }

    /// Whether writing failed of late, so that only a write can tell if it works again.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// Commits for all members and tells them. Blocks for as long as the disk takes.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.batch) {
            return;
        }
        if self.members.is_empty() {
            // Everything in it was undone; there is nothing that could be kept.
            self.clear();
            return;
        }
        let watch = Stopwatch::start();
        let committed = self.connection().and_then(|connection| {
            run(connection, "COMMIT").map_err(|error| failure::explain(connection, &error))
        });
        match committed {
            Ok(()) => {
                self.suspect = false;
                self.figures.committed(watch, self.members.len());
                self.members.drain(..).for_each(|member| member.tell(Ok(())));
            }
            Err(error) => self.lose(&error),
        }
    }

    /// Sets a pragma outside of any transaction, to provoke errors in tests.
    #[cfg(feature = "testing")]
    pub(super) fn pragma(&self, text: &str) -> Result<(), Error> {
        statement::query(self.connection()?, &format!("PRAGMA {text}"), &[], 1).map(drop)
    }

    /// SQLite rolls back the whole transaction on some errors (disk full, I/O). Then the members
    /// before this one have lost their work, too.
    fn notice_loss(&mut self, error: &Error) {
        if self.connection.as_ref().is_none_or(Connection::is_autocommit) {
            self.lose(error);
        }
    }

    /// Tells all members that their work is lost, and leaves the connection clean.
    fn lose(&mut self, error: &Error) {
        tracing::warn!(%error, members = self.members.len(), "a shared transaction was lost");
        self.figures.lost.inc_by(self.members.len() as u64);
        let reason = match error {
            Error::Unavailable(reason) | Error::Broken(reason) => reason.clone(),
            other => other.to_string(),
        };
        let verdict = Error::Unavailable(format!("the shared commit failed: {reason}"));
        self.members.drain(..).for_each(|member| member.tell(Err(verdict.clone())));
        self.suspect = true;
        self.savepoint = false;
        self.batch = false;
        self.clear();
    }

    /// Rolls back whatever is open; a connection that can't is closed, to be opened anew.
    fn clear(&mut self) {
        if let Some(connection) = &self.connection
            && !connection.is_autocommit()
            && run(connection, "ROLLBACK").is_err()
            && !connection.is_autocommit()
        {
            self.connection = None;
        }
    }

    fn connection(&self) -> Result<&Connection, Error> {
        self.connection.as_ref().ok_or_else(|| Error::unavailable("the connection was lost"))
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
