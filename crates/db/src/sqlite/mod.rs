//! SQLite: one connection that writes for everybody, one that reads for each thread.
//!
//! Write transactions share their commits (`turnstile`, `writer`); reads run on the calling
//! thread (`reader`). Refuses to know what the tables mean.

mod backup;
mod connection;
mod failure;
mod primitives;
mod reader;
mod statement;
mod turnstile;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use self::connection::Place;
use self::turnstile::{Turn, Turnstile};
use self::writer::{Errand, Writer};
use crate::value::Statement;
use crate::{Error, Figures, Load, Row, Stopwatch, Value};

/// How often, and after which pause, to look whether another process has finished writing: for
/// five seconds.
const LOOKS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// An open SQLite database.
pub(crate) struct Database {
    place: Arc<Place>,
    turnstile: Arc<Turnstile>,
    figures: Figures,
}

impl Database {
    /// Opens the file, making it if need be. Refuses one that can't be written.
    pub(crate) async fn open(rest: &str) -> Result<Database, Error> {
        let (place, figures) = (Place::parse(rest)?, Figures::default());
        let opened = tokio::task::spawn_blocking({
            let (place, figures) = (place.clone(), figures.clone());
            move || {
                connection::create(&place)?;
                Writer::open(place, figures)
            }
        });
        let writer = opened.await.map_err(Error::broken)??;
        let turnstile = Turnstile::new(writer)?;
        let database = Database { place: Arc::new(place), turnstile, figures };
        database.ping().await?;
        Ok(database)
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// One connection writes; those that read belong to their threads and are not counted.
    pub(crate) fn load(&self) -> Load {
        let (busy, waiting) = self.turnstile.load();
        Load { open: 1, busy, most: 1, waiting }
    }

    /// Runs a reading statement on the calling thread.
    pub(crate) fn read(
        &self,
        sql: &str,
        params: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<Row>, Error> {
        reader::with(&self.place, |connection| statement::query_only(connection, sql, params, most))
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let watch = Stopwatch::start();
        let mut turn = self.turnstile.enter().await?;
        for _ in 0..LOOKS {
            if turn.writer()?.begin()? {
                self.figures.waits.observe(watch.seconds());
                return Ok(Transaction { turn });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Unavailable(format!(
            "another process holds the write lock of {}",
            self.path().display()
        )))
    }

    /// Runs statements as one transaction and says how many rows each touched.
    pub(crate) async fn perform(&self, statements: Vec<Statement>) -> Result<Vec<u64>, Error> {
        let statements = Arc::new(statements);
        let errand = |done| Errand { statements: Arc::clone(&statements), done };
        if let Some(touched) = self.turnstile.perform(errand).await? {
            return Ok(touched);
        }
        // Another process writes: this waits for it.
        let mut transaction = self.begin().await?;
        let touched = statements
            .iter()
            .map(|statement| transaction.execute(statement.sql, &statement.params()))
            .collect::<Result<_, _>>()?;
        transaction.commit().await?;
        Ok(touched)
    }

    /// Takes the write lock. After a failed commit it also writes, since only that can tell
    /// whether there is room on the disk again.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        if !transaction.turn.writer()?.is_suspect() {
            return Ok(());
        }
        let version = transaction.query("PRAGMA user_version", &[], 1)?;
        let version: i64 = version.first().map_or(Ok(0), |row| row.get(0))?;
        transaction.batch(&format!("PRAGMA user_version = {version}"))?;
        transaction.commit().await
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (place, to) = (self.place.clone(), to.to_owned());
        tokio::task::spawn_blocking(move || backup::write(&place, &to))
            .await
            .map_err(Error::broken)?
    }

    /// Sets a pragma on the connection that writes, to provoke errors in tests.
    #[cfg(feature = "testing")]
    pub(crate) async fn pragma(&self, text: &str) -> Result<(), Error> {
        self.turnstile.enter().await?.writer()?.pragma(text)
    }
}

/// Copies a database that this process has closed, or nearly so.
#[cfg(feature = "testing")]
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    backup::write(&Place::parse(&from.display().to_string())?, to)
}

/// A write transaction: a turn at the writer with an open savepoint.
pub(crate) struct Transaction {
    turn: Turn,
}

impl Transaction {
    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<Row>, Error> {
        self.turn.writer()?.apply(|connection| statement::query(connection, sql, params, most))
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Error> {
        self.turn.writer()?.apply(|connection| statement::execute(connection, sql, params))
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.turn.writer()?.apply(|connection| statement::batch(connection, sql))
    }

    /// One prepared statement, run for each row: without a network between, this is as fast as
    /// one statement of many rows, and needs no second text for the remainder.
    pub(crate) fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, Error> {
        let marks: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
        let sql =
            format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), marks.join(", "));
        let mut touched = 0;
        for row in rows {
            touched += self.execute(&sql, row)?;
        }
        Ok(touched)
    }

    /// Passes the turn on and waits for the shared commit.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (verdict, answer) = oneshot::channel();
        self.turn.writer()?.release(verdict)?;
        self.turn.linger().await;
        drop(self);
        answer.await.unwrap_or_else(|_| Err(Error::unavailable("the writer stopped")))
    }
}
