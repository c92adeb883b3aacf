//! The one connection that writes, and the transaction it shares among many.
//!
//! Each member of the batch runs inside its own savepoint in one outer transaction. A member
//! that released its savepoint leaves a sender behind and learns its verdict from [`settle`].
//! Refuses to know who comes next: that is the turnstile.
//!
//! [`settle`]: Writer::settle

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{connection, failure, statement};
use crate::{Error, Figures, Stopwatch};

/// Learns whether the shared commit took place.
pub(super) type Verdict = oneshot::Sender<Result<(), Error>>;

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
    members: Vec<Verdict>,
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
        let connection = self.connection()?;
        run(connection, "SAVEPOINT member")
            .map_err(|error| failure::explain(connection, &error))?;
        self.savepoint = true;
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
        self.members.push(verdict);
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
                for member in self.members.drain(..) {
                    // A member that went away does not need to know.
                    let _ = member.send(Ok(()));
                }
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
        for member in self.members.drain(..) {
            let _ = member.send(Err(verdict.clone()));
        }
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
