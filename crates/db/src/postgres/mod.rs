//! PostgreSQL: a bounded pool of connections with their prepared statements.
//!
//! A connection can only read until a transaction says that it writes, so a stray statement
//! outside of one is refused by the server. Refuses to know what the tables mean.

mod address;
mod backup;
mod failure;
mod insert;
mod statement;
mod tls;
mod together;

use std::path::Path;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use self::address::Address;
use self::together::Together;
use crate::value::Statement;
use crate::{Error, Figures, Load, Row, Stopwatch, Value};

/// Connections of one process at most.
const CONNECTIONS: usize = 16;
/// How long to wait for a free connection, and for a new one to be made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a statement may go unanswered before its connection is given up.
const ANSWER: Duration = Duration::from_secs(35);
/// How long a rollback nobody waits for may take before its connection is given up.
const ROLLBACK: Duration = Duration::from_secs(5);

/// What every connection is told first.
const SESSION: &str = "
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY;
    SET statement_timeout = '30s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SET client_min_messages = 'warning';
    SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit';
";

/// An open PostgreSQL database.
pub(crate) struct Database {
    pool: Pool,
    /// With its password: it is shown to nobody.
    uri: String,
    name: String,
    figures: Figures,
    together: Together,
}

impl Database {
    /// Connects once, so that a wrong address or password is told at once.
    pub(crate) async fn open(uri: &str) -> Result<Database, Error> {
        let address = Address::parse(uri)?;
        let pool = Pool::builder(manager(&address)?)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(
                    async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) },
                )
            }))
            .build()
            .map_err(Error::broken)?;
        let figures = Figures::default();
        let together = Together::new(pool.clone(), figures.clone());
        let (uri, name) = (uri.to_owned(), address.name);
        let database = Database { pool, uri, name, figures, together };
        drop(database.connection().await?);
        Ok(database)
    }

    /// The URI without its password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(crate) fn load(&self) -> Load {
        let status = self.pool.status();
        let (open, most, waiting) = (status.size, status.max_size, status.waiting);
        Load { open, busy: open.saturating_sub(status.available), most, waiting }
    }

    /// Runs a reading statement on a connection of its own.
    pub(crate) async fn read(
        &self,
        sql: &str,
        params: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<Row>, Error> {
        let connection = self.connection().await?;
        let answer = in_time(statement::query(&connection, sql, params, most)).await;
        keep(connection, answer).map_err(|error| match error {
            Error::Unavailable(reason) if reason == failure::READ_ONLY => {
                Error::broken("a statement that writes needs a transaction")
            }
            other => other,
        })
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let watch = Stopwatch::start();
        let connection = self.connection().await?;
        self.figures.waits.observe(watch.seconds());
        // Owned by the transaction before the first word, so that giving up rolls back.
        let figures = self.figures.clone();
        let transaction = Transaction { connection: Some(connection), figures };
        in_time(async {
            let begun = transaction.connection()?.batch_execute("BEGIN READ WRITE").await;
            begun.map_err(Error::unavailable)
        })
        .await?;
        Ok(transaction)
    }

    /// Runs statements as one transaction and says how many rows each touched.
    pub(crate) async fn perform(&self, statements: Vec<Statement>) -> Result<Vec<u64>, Error> {
        self.together.perform(statements).await
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (uri, to) = (self.uri.clone(), to.to_owned());
        tokio::task::spawn_blocking(move || backup::write(&uri, &to))
            .await
            .map_err(Error::broken)?
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.begin().await?.commit().await
    }

    async fn connection(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| failure::of_pool(&error))
    }
}

fn manager(address: &Address) -> Result<Manager, Error> {
    let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let config = address.config.clone();
    if config.get_ssl_mode() == SslMode::Disable {
        // A TLS connector would ask for the name of the host even then; a socket has none.
        return Ok(Manager::from_config(config, NoTls, settings));
    }
    let tls = MakeRustlsConnect::new(tls::config(address.trust.as_ref())?);
    Ok(Manager::from_config(config, tls, settings))
}

/// A write transaction, and the connection it runs on.
pub(crate) struct Transaction {
    /// `None` once it is over.
    connection: Option<Object>,
    figures: Figures,
}

impl Transaction {
    pub(crate) async fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<Row>, Error> {
        in_time(statement::query(self.connection()?, sql, params, most)).await
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Error> {
        in_time(statement::execute(self.connection()?, sql, params)).await
    }

    /// Runs the statements of a migration, for as long as they take.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let connection = self.connection()?;
        let patient =
            format!("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;\n{sql}");
        connection.batch_execute(&patient).await.map_err(|error| failure::explain(&error))
    }

    pub(crate) async fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, Error> {
        let insert = insert::Insert::new(table, columns, rows)?;
        in_time(insert.run(self.connection()?)).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let watch = Stopwatch::start();
        let committed = in_time(async {
            let done = self.connection()?.batch_execute("COMMIT").await;
            done.map_err(|error| failure::of_commit(&error))
        })
        .await;
        if committed.is_ok() {
            // It goes back to the pool; nothing is left to roll back.
            self.connection = None;
            self.figures.committed(watch, 1);
        } else {
            self.figures.lost.inc();
        }
        committed
    }

    fn connection(&self) -> Result<&Object, Error> {
        self.connection.as_ref().ok_or_else(|| Error::broken("the transaction is over"))
    }
}

impl Drop for Transaction {
    /// Rolls back before the connection goes to the pool. If that can't be made sure, the
    /// connection is closed, which rolls back as well.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(connection));
            return;
        };
        if connection.is_closed() {
            drop(Object::take(connection));
            return;
        }
        runtime.spawn(async move {
            let rolled = tokio::time::timeout(ROLLBACK, connection.batch_execute("ROLLBACK")).await;
            if !matches!(rolled, Ok(Ok(()))) {
                drop(Object::take(connection));
            }
        });
    }
}

/// Returns the connection to the pool, or closes it when what it does now is unknown.
fn keep<T>(connection: Object, answer: Result<T, Error>) -> Result<T, Error> {
    if matches!(answer, Err(Error::Unavailable(_))) {
        drop(Object::take(connection));
    }
    answer
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(ANSWER, work)
        .await
        .unwrap_or_else(|_| Err(Error::unavailable("PostgreSQL does not answer")))
}

/// Runs a statement that no transaction may hold, as tests need to make databases.
#[cfg(feature = "testing")]
pub(crate) async fn administer(uri: &str, sql: &str) -> Result<(), Error> {
    let connection = Object::take(Database::open(uri).await?.connection().await?);
    let all = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE";
    connection.batch_execute(all).await.map_err(|error| failure::explain(&error))?;
    connection.batch_execute(sql).await.map_err(|error| failure::explain(&error))
}
