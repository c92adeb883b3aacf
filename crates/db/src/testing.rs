//! Fresh databases for tests, on both engines.
//!
//! SQLite lives in a directory of its own below the temporary one. PostgreSQL is the server that
//! `MANDATE_TEST_POSTGRES` names (a URI with the right to create databases), or a throw-away
//! cluster of this process, if server binaries are found. Without either, the PostgreSQL half is
//! skipped and says so once; `MANDATE_TEST_REQUIRE=postgres` makes that a failure.
//!
//! ```no_run
//! # async fn example() {
//! db::testing::both(|db| async move {
//!     assert_eq!(db.is_empty().await, Ok(true));
//! })
//! .await;
//! # }
//! ```
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that can't have its database has failed"
)]

mod cluster;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Mutex;

use crate::{Db, Migration, postgres, sqlite};

/// An empty database of its own, removed when this is dropped.
pub struct TestDb {
    db: Option<Db>,
    uri: String,
    place: Place,
}

enum Place {
    Directory(PathBuf),
    Database(String),
}

impl TestDb {
    /// A fresh SQLite database.
    pub async fn sqlite() -> TestDb {
        let directory = cluster::directory("sqlite", &number().to_string());
        let uri = format!("sqlite:{}", directory.join("test.db").display());
        let db = Db::open(&uri).await.expect("a fresh SQLite database opens");
        TestDb { db: Some(db), uri, place: Place::Directory(directory) }
    }

    /// A fresh PostgreSQL database, if there is a server.
    pub async fn postgres() -> Option<TestDb> {
        TestDb::postgres_like("template0").await
    }

    /// A fresh SQLite database with the migrations applied.
    pub async fn sqlite_from(migrations: &[Migration]) -> TestDb {
        let test = TestDb::sqlite().await;
        test.db().migrate(migrations).await.expect("the migrations apply on SQLite");
        test
    }

    /// A fresh PostgreSQL database with the migrations applied, if there is a server. They run
    /// once in this process for each name; after that the result is copied.
    pub async fn postgres_from(template: &str, migrations: &[Migration]) -> Option<TestDb> {
        static MADE: Mutex<BTreeSet<String>> = Mutex::const_new(BTreeSet::new());
        let name = format!("mandate_test_{}_{template}", std::process::id());
        let mut made = MADE.lock().await;
        if !made.contains(&name) {
            let server = cluster::server()?;
            postgres::administer(server, &format!("DROP DATABASE IF EXISTS {name}"))
                .await
                .expect("an old template can be dropped");
            postgres::administer(server, &format!("CREATE DATABASE {name}"))
                .await
                .expect("a template can be made");
            let db = Db::open(&with_database(server, &name)).await.expect("the template opens");
            db.migrate(migrations).await.expect("the migrations apply on PostgreSQL");
            made.insert(name.clone());
        }
        drop(made);
        TestDb::postgres_like(&name).await
    }

    async fn postgres_like(template: &str) -> Option<TestDb> {
        let server = cluster::server()?;
        let name = format!("mandate_test_{}_{}", std::process::id(), number());
        postgres::administer(server, &format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("an old database can be dropped");
        postgres::administer(server, &format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .expect("a database can be made");
        let uri = with_database(server, &name);
        let db = Db::open(&uri).await.expect("a fresh PostgreSQL database opens");
        Some(TestDb { db: Some(db), uri, place: Place::Database(name) })
    }

    /// Makes this database a template. Nobody else may hold it open any more.
    pub fn into_template(mut self) -> Template {
        self.db = None;
        if let Place::Directory(path) = &self.place {
            // The connections may still be closing. A copy that nobody opens holds still.
            sqlite::copy(&path.join("test.db"), &path.join("template.db"))
                .expect("a template can be copied");
        }
        Template(self)
    }

    /// Where it is, as [`Db::open`] takes it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The database.
    pub fn db(&self) -> &Db {
        self.db.as_ref().expect("the database is there until it is dropped")
    }

    /// The engine, for messages: `sqlite` or `postgres`.
    pub fn name(&self) -> &'static str {
        match self.place {
            Place::Directory(_) => "sqlite",
            Place::Database(_) => "postgres",
        }
    }
}

/// A database that was prepared once, to be copied for each test. One that is kept for the life
/// of the process stays behind on a server that `MANDATE_TEST_POSTGRES` names; its name begins
/// with `mandate_test_`.
pub struct Template(TestDb);

impl Template {
    /// A fresh copy.
    pub async fn copy(&self) -> TestDb {
        match &self.0.place {
            Place::Directory(from) => {
                let directory = cluster::directory("sqlite", &number().to_string());
                let path = directory.join("test.db");
                std::fs::copy(from.join("template.db"), &path).expect("a template can be copied");
                let uri = format!("sqlite:{}", path.display());
                let db = Db::open(&uri).await.expect("a copied SQLite database opens");
                TestDb { db: Some(db), uri, place: Place::Directory(directory) }
            }
            Place::Database(name) => TestDb::postgres_like(name)
                .await
                .expect("the server of the template is still there"),
        }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.db = None;
        match &self.place {
            // What can't be removed is swept by the next process.
            Place::Directory(path) => drop(std::fs::remove_dir_all(path)),
            Place::Database(name) => {
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                drop(std::thread::spawn(move || administer_alone(&sql)).join());
            }
        }
    }
}

/// A test may end inside or outside of a runtime, so this brings its own.
fn administer_alone(sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if let (Ok(runtime), Some(server)) = (runtime, cluster::server()) {
        // A database that stays behind goes with its cluster.
        drop(runtime.block_on(postgres::administer(server, sql)));
    }
}

/// A fresh database on each engine there is.
pub async fn databases() -> Vec<TestDb> {
    let mut databases = vec![TestDb::sqlite().await];
    databases.extend(TestDb::postgres().await);
    databases
}

/// A fresh database with the migrations applied, on each engine there is. `template` names the
/// set of migrations, in lower case.
pub async fn databases_from(template: &str, migrations: &[Migration]) -> Vec<TestDb> {
    let mut databases = vec![TestDb::sqlite_from(migrations).await];
    databases.extend(TestDb::postgres_from(template, migrations).await);
    databases
}

/// Runs the body of a test on a fresh database of each engine, one after the other.
pub async fn both<B, F>(body: B)
where
    B: Fn(Db) -> F,
    F: Future<Output = ()>,
{
    run(databases().await, body).await;
}

/// Runs the body of a test on a fresh, migrated database of each engine.
pub async fn both_from<B, F>(template: &str, migrations: &[Migration], body: B)
where
    B: Fn(Db) -> F,
    F: Future<Output = ()>,
{
    run(databases_from(template, migrations).await, body).await;
}

async fn run<B, F>(databases: Vec<TestDb>, body: B)
where
    B: Fn(Db) -> F,
    F: Future<Output = ()>,
{
    for test in databases {
        // Shown when the test fails.
        println!("on {}", test.name());
        body(test.db().clone()).await;
    }
}

/// A number that no other database of this process has.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The URI of another database on the same server.
fn with_database(server: &str, name: &str) -> String {
    let (place, options) = server.split_once('?').unwrap_or((server, ""));
    let host = place.find("://").map_or(0, |at| at + 3);
    let end = place[host..].find('/').map_or(place.len(), |at| host + at);
    let question = if options.is_empty() { "" } else { "?" };
    format!("{}/{name}{question}{options}", &place[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_another_database_of_the_server() {
        let cases = [
            ("postgres://a:b@host:5/old?x=y", "postgres://a:b@host:5/new?x=y"),
            ("postgres://host", "postgres://host/new"),
            ("postgres:///old?host=%2Ftmp", "postgres:///new?host=%2Ftmp"),
        ];
        for (server, uri) in cases {
            assert_eq!(with_database(server, "new"), uri);
        }
    }
}
