//! Two SQL engines behind one door: [`Db`], [`Tx`], [`Value`], [`Row`].
//!
//! SQLite and PostgreSQL run the same SQL text: `$N` parameters, the types `TEXT`, `BIGINT`,
//! `BOOLEAN` and `BYTEA`, `ON CONFLICT`, `RETURNING`. What differs between them ends here: how
//! parameters are bound, how errors are named, how a transaction becomes durable. This crate
//! refuses to know any table but its own `migrations`.
//!
//! Rules that hold on both engines:
//!
//! - **A write transaction** is [`Db::begin`], a few statements, [`Tx::commit`]. Commit answers
//!   `Ok` only when the change is durable. A [`Tx`] dropped without commit is rolled back. After
//!   an error only rolling back is left: every further statement, and commit, is refused.
//! - **Never hold a [`Tx`]** across password hashing or a network call: on SQLite there is one
//!   writer, and everybody else waits for it.
//! - **Reads** by [`Db::read`] are outside a transaction; each statement sees the latest commit.
//! - **Unique constraints** are named `{table}_{column}_key`; one over several columns is named
//!   after its last column, one over an expression after what it guards. A violation becomes
//!   [`Error::Conflict`] with that table and column on both engines.
//! - **No deferred constraints**: on SQLite they would fail the commit of strangers.
//!
//! ```no_run
//! # async fn example(db: db::Db, id: i64, name: &str) -> Result<(), db::Error> {
//! use db::params;
//!
//! let mut tx = db.begin().await?;
//! tx.execute("INSERT INTO clients (id, name) VALUES ($1, $2)", params![id, name]).await?;
//! tx.commit().await?;
//!
//! let row = db.read().query_one("SELECT name FROM clients WHERE id = $1", params![id]).await?;
//! let name: Option<String> = row.map(|row| row.get(0)).transpose()?;
//! # Ok(()) }
//! ```

mod copy;
mod database;
mod error;
mod figures;
mod migration;
mod postgres;
mod row;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod value;

pub use database::{Db, Replay};
pub use error::Error;
pub use figures::{Figures, Load, Stopwatch};
pub use migration::Migration;
pub use row::{FromCell, Row};
pub use transaction::Tx;
pub use value::{AsValue, Value};
