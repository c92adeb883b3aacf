//! A transaction, or a series of reads, on either engine.
//!
//! Whatever rule holds for both is kept here: after an error only rolling back is left, and a
//! text holds no NUL character.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Row, Value, postgres, sqlite};

/// A write transaction ([`Db::begin`](crate::Db::begin)), or reads outside of one
/// ([`Db::read`](crate::Db::read)). Dropped without [`commit`](Tx::commit) it is rolled back.
///
/// In a write transaction any error leaves only rolling back: further statements and `commit` are
/// refused as [`Error::Broken`]. A statement whose future was dropped half-way counts as one.
#[must_use = "a transaction does nothing until it is committed"]
pub struct Tx {
    inside: Inside,
    /// Counts the statements of the whole database.
    statements: Arc<AtomicU64>,
    /// A statement failed, or was given up half-way.
    failed: bool,
}

pub(crate) enum Inside {
    SqliteRead(Arc<sqlite::Database>),
    SqliteWrite(sqlite::Transaction),
    PostgresRead(Arc<postgres::Database>),
    PostgresWrite(postgres::Transaction),
}

impl Tx {
    pub(crate) fn new(inside: Inside, statements: Arc<AtomicU64>) -> Tx {
        Tx { inside, statements, failed: false }
    }

    /// Does it only read, each statement the latest commit?
    pub fn only_reads(&self) -> bool {
        matches!(self.inside, Inside::SqliteRead(_) | Inside::PostgresRead(_))
    }

    /// Runs a statement and returns its rows.
    pub async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        self.rows(sql, params, usize::MAX).await
    }

    /// Runs a statement and returns its first row, or `None`.
    pub async fn query_one(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, params, 1).await?.into_iter().next())
    }

    /// Runs a statement and returns how many rows it touched.
    pub async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Error> {
        self.enter()?;
        self.statements.fetch_add(1, Ordering::Relaxed);
        let result = match &mut self.inside {
            _ if has_nul(params) => Err(nul()),
            Inside::SqliteRead(_) | Inside::PostgresRead(_) => Err(reading()),
            Inside::SqliteWrite(transaction) => transaction.execute(sql, params),
            Inside::PostgresWrite(transaction) => transaction.execute(sql, params).await,
        };
        self.leave(result)
    }

    /// Inserts many rows at once and returns how many. The values of a row stand in the order of
    /// `columns`; the values of one column are of one kind or `Null`.
    pub async fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, Error> {
        self.enter()?;
        let result = match &mut self.inside {
            Inside::SqliteRead(_) | Inside::PostgresRead(_) => Err(reading()),
            _ if !is_name(table)
                || columns.is_empty()
                || !columns.iter().all(|name| is_name(name)) =>
            {
                Err(Error::broken("a table and its columns are named by a-z, 0-9 and _"))
            }
            _ if rows.iter().any(|row| row.len() != columns.len()) => {
                Err(Error::broken("a row has more or fewer values than there are columns"))
            }
            _ if rows.iter().any(|row| has_nul(row)) => Err(nul()),
            _ if rows.is_empty() => Ok(0),
            Inside::SqliteWrite(transaction) => transaction.insert_many(table, columns, rows),
            Inside::PostgresWrite(transaction) => {
                transaction.insert_many(table, columns, rows).await
            }
        };
        self.leave(result)
    }

    /// Makes the transaction durable. `Ok` only when it is; after [`Error::Unavailable`] it is
    /// not known to be.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.enter()?;
        match self.inside {
            Inside::SqliteRead(_) | Inside::PostgresRead(_) => Ok(()),
            Inside::SqliteWrite(transaction) => transaction.commit().await,
            Inside::PostgresWrite(transaction) => transaction.commit().await,
        }
    }

    /// Runs the several statements of a migration.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.enter()?;
        let result = match &mut self.inside {
            Inside::SqliteRead(_) | Inside::PostgresRead(_) => Err(reading()),
            Inside::SqliteWrite(transaction) => transaction.batch(sql),
            Inside::PostgresWrite(transaction) => transaction.batch(sql).await,
        };
        self.leave(result)
    }

    async fn rows(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<Row>, Error> {
        self.enter()?;
        self.statements.fetch_add(1, Ordering::Relaxed);
        let result = match &mut self.inside {
            _ if has_nul(params) => Err(nul()),
            Inside::SqliteRead(database) => database.read(sql, params, most),
            Inside::SqliteWrite(transaction) => transaction.query(sql, params, most),
            Inside::PostgresRead(database) => database.read(sql, params, most).await,
            Inside::PostgresWrite(transaction) => transaction.query(sql, params, most).await,
        };
        self.leave(result)
    }

    /// Counts as failed until `leave` says otherwise, so that a dropped future counts, too.
    fn enter(&mut self) -> Result<(), Error> {
        let reads = matches!(self.inside, Inside::SqliteRead(_) | Inside::PostgresRead(_));
        if std::mem::replace(&mut self.failed, !reads) {
            return Err(Error::broken(
                "an earlier statement of this transaction failed; only rolling back is left",
            ));
        }
        Ok(())
    }

    fn leave<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_ok() {
            self.failed = false;
        }
        result
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// PostgreSQL can't keep a NUL character in a text; SQLite would.
fn has_nul(params: &[Value<'_>]) -> bool {
    params.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0')))
}

fn nul() -> Error {
    Error::broken("a text holds a NUL character")
}

fn reading() -> Error {
    Error::broken("a statement that writes needs a transaction")
}
