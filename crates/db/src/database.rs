//! The door: a database behind its URI.
//!
//! The URI alone picks the engine. Refuses to know any table but `migrations`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::transaction::{self, Inside, Tx};
use crate::value::Statement;
use crate::{Error, Figures, Load, Migration, Value, migration, params, postgres, sqlite};

/// How old what a database shows may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// It takes writes itself: what it shows is what there is.
    Primary,
    /// It follows another. The last commit that it has seen was made so many milliseconds ago, by
    /// the clocks of the two machines: every commit before that one is seen, later ones may not be.
    Behind {
        /// Milliseconds since that commit.
        milliseconds: i64,
    },
    /// It follows another, and has seen no commit since it was started.
    Unknown,
}

/// An open database. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    statements: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Database>),
    Postgres(Arc<postgres::Database>),
}

impl Db {
    /// Opens the database that the URI names: `sqlite:path/to/file`, made if it is not there, or
    /// `postgres://user:password@host/name`, where it must be there.
    ///
    /// Fails as [`Error::Unsupported`] when the URI can't be understood and as
    /// [`Error::Unavailable`] when the database can't be reached or written.
    pub async fn open(uri: &str) -> Result<Db, Error> {
        let engine = if let Some(rest) = uri.strip_prefix("sqlite:") {
            Engine::Sqlite(Arc::new(sqlite::Database::open(rest).await?))
        } else if uri.starts_with("postgres://") || uri.starts_with("postgresql://") {
            Engine::Postgres(Arc::new(postgres::Database::open(uri).await?))
        } else {
            return Err(Error::Unsupported(
                "a database URI begins with sqlite:, postgres:// or postgresql://",
            ));
        };
        Ok(Db { engine, statements: Arc::default() })
    }

    /// The name of the engine, for people.
    pub fn engine(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    /// Reads outside a transaction: each statement sees the latest commit. On SQLite it runs on
    /// the calling thread, in microseconds. A statement that writes is refused.
    pub fn read(&self) -> Tx {
        let inside = match &self.engine {
            Engine::Sqlite(database) => Inside::SqliteRead(database.clone()),
            Engine::Postgres(database) => Inside::PostgresRead(database.clone()),
        };
        Tx::new(inside, Arc::clone(&self.statements))
    }

    /// Begins a write transaction. Waits for its turn, some seconds at most, and is then
    /// [`Error::Unavailable`].
    pub async fn begin(&self) -> Result<Tx, Error> {
        let inside = match &self.engine {
            Engine::Sqlite(database) => Inside::SqliteWrite(database.begin().await?),
            Engine::Postgres(database) => Inside::PostgresWrite(database.begin().await?),
        };
        Ok(Tx::new(inside, Arc::clone(&self.statements)))
    }

    /// How many statements ran since the database was opened here: queries and changes, without
    /// what begins and ends transactions.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Runs one statement as a transaction of its own and says how many rows it touched, once that
    /// is durable: [`Db::perform_all`] of one.
    pub async fn perform(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64, Error> {
        Ok(self.perform_all(&[(sql, params)]).await?.iter().sum())
    }

    /// Runs statements as a transaction of their own, in this order, and says how many rows each
    /// touched, once that is durable. The quickest way to write where nothing is decided between
    /// two statements: nobody waits for a turn, and on PostgreSQL it is one round trip. All of
    /// them take place or none does; after [`Error::Unavailable`] it is not known which.
    pub async fn perform_all(
        &self,
        statements: &[(&'static str, &[Value<'_>])],
    ) -> Result<Vec<u64>, Error> {
        if statements.iter().any(|(_, params)| transaction::has_nul(params)) {
            return Err(transaction::nul());
        }
        self.statements.fetch_add(statements.len() as u64, Ordering::Relaxed);
        let statements =
            statements.iter().map(|(sql, params)| Statement::new(sql, params)).collect();
        match &self.engine {
            Engine::Sqlite(database) => database.perform(statements).await,
            Engine::Postgres(database) => database.perform(statements).await,
        }
    }

    /// Applies the migrations that the database has not seen, in order, one transaction each, and
    /// returns how many. Several nodes may do so at once: one applies, the others wait.
    ///
    /// Fails as [`Error::Newer`] when the database is ahead of this binary, and as
    /// [`Error::Broken`] when the text of an applied migration was changed since.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<u32, Error> {
        migration::migrate(self, migrations).await
    }

    /// Checks that every migration is applied and none beyond them, without writing: for a standby,
    /// which takes no writes.
    ///
    /// Fails as [`Error::Newer`] or [`Error::Broken`], with the migration that differs.
    pub async fn check(&self, migrations: &[Migration]) -> Result<(), Error> {
        migration::check(self, migrations).await
    }

    /// How old what is read here may be: see [`Replay`].
    pub async fn replay(&self) -> Result<Replay, Error> {
        let Engine::Postgres(_) = &self.engine else { return Ok(Replay::Primary) };
        let sql = "SELECT pg_is_in_recovery(),
                     CAST(ceil(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000) AS BIGINT)";
        let row = self.read().query_one(sql, params![]).await?;
        let Some(row) = row else { return Ok(Replay::Unknown) };
        Ok(match (row.get(0)?, row.get::<Option<i64>>(1)?) {
            (false, _) => Replay::Primary,
            (true, Some(milliseconds)) => Replay::Behind { milliseconds: milliseconds.max(0) },
            (true, None) => Replay::Unknown,
        })
    }

    /// Whether no migration was ever applied.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => {
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
            }
            Engine::Postgres(_) => {
                "SELECT count(*) FROM pg_catalog.pg_tables
                 WHERE schemaname = current_schema() AND tablename = 'migrations'"
            }
        };
        let tables = self.read().query_one(sql, params![]).await?;
        if tables.map_or(Ok(0), |row| row.get::<i64>(0))? == 0 {
            return Ok(true);
        }
        let applied = self.read().query_one("SELECT count(*) FROM migrations", params![]).await?;
        Ok(applied.map_or(Ok(0), |row| row.get::<i64>(0))? == 0)
    }

    /// Writes a consistent copy to a new file while the database is in use. The keys that seal
    /// its secrets are not in it.
    ///
    /// On PostgreSQL it is a dump for `pg_restore`, written by `pg_dump`; [`Error::Unsupported`]
    /// where that tool is not.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(database) => database.backup(to).await,
            Engine::Postgres(database) => database.backup(to).await,
        }
    }

    /// Whether the database can serve writes now. Cheap enough for a readiness probe.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(database) => database.ping().await,
            Engine::Postgres(database) => database.ping().await,
        }
    }

    /// What is counted and measured of this database, since it was opened.
    pub fn figures(&self) -> &Figures {
        match &self.engine {
            Engine::Sqlite(database) => database.figures(),
            Engine::Postgres(database) => database.figures(),
        }
    }

    /// How crowded it is now.
    pub fn load(&self) -> Load {
        match &self.engine {
            Engine::Sqlite(database) => database.load(),
            Engine::Postgres(database) => database.load(),
        }
    }

    /// Bytes that it takes on the disk, its indexes included.
    pub async fn size(&self) -> Result<u64, Error> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            Engine::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        let size = self.read().query_one(sql, params![]).await?;
        let bytes = size.map_or(Ok(0), |row| row.get::<i64>(0))?;
        Ok(bytes.unsigned_abs())
    }

    /// The suffix of migrations that are for this engine only.
    pub(crate) fn suffix(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "_sqlite",
            Engine::Postgres(_) => "_postgres",
        }
    }

    /// A migration in the words of this engine.
    pub(crate) fn render(&self, sql: &str) -> String {
        match &self.engine {
            Engine::Sqlite(_) => migration::with_rowid_keys(sql),
            Engine::Postgres(_) => sql.to_owned(),
        }
    }

    /// Sets a pragma on the connection that writes, to provoke errors in tests.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub async fn pragma(&self, text: &str) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(database) => database.pragma(text).await,
            Engine::Postgres(_) => Err(Error::Unsupported("PostgreSQL has no pragmas")),
        }
    }
}

/// Names the engine and the place, never the password.
impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.engine {
            Engine::Sqlite(database) => write!(f, "Db(sqlite:{})", database.path().display()),
            Engine::Postgres(database) => write!(f, "Db({})", database.name()),
        }
    }
}
