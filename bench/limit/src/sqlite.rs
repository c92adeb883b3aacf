//! Rows in SQLite: one writer thread that commits for all who wait, a reader for each thread.

use std::cell::RefCell;
use std::error::Error;
use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, channel};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use rusqlite::{Connection, OpenFlags, params};
use tokio::sync::oneshot;

use crate::token::{self, Row};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS access (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, client TEXT NOT NULL,
  subject TEXT NOT NULL, scope TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refresh (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, client TEXT NOT NULL,
  subject TEXT NOT NULL, scope TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0);";

/// The most rows that share a commit.
const BATCH: usize = 1024;

/// One thing to be made durable.
pub enum Change {
    Issue(Row),
    /// The spent refresh token, the next one, and the access token.
    Rotate {
        spent: (i64, Vec<u8>),
        next: Row,
        access: Row,
    },
}

type Waiting = (Change, oneshot::Sender<bool>);

/// Where writes are handed in.
#[derive(Clone)]
pub struct Writer(Sender<Waiting>);

impl Writer {
    /// Starts the one writer of `path`.
    pub fn start(path: &str) -> Result<Self, Box<dyn Error>> {
        let connection = open(path)?;
        let (sender, receiver) = channel();
        std::thread::spawn(move || write(&connection, &receiver));
        Ok(Self(sender))
    }

    /// Durable when this answers `true`.
    pub async fn store(&self, what: Change) -> bool {
        let (done, answer) = oneshot::channel();
        self.0.send((what, done)).is_ok() && answer.await.unwrap_or(false)
    }
}

fn open(path: &str) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;
         PRAGMA mmap_size=1073741824;",
    )?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn write(connection: &Connection, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let mut done = Vec::with_capacity(BATCH);
        let ok = connection.execute_batch("BEGIN IMMEDIATE").is_ok();
        let mut next = Some(first);
        while let Some((what, answer)) = next {
            done.push((answer, ok && apply(connection, &what).unwrap_or(false)));
            next = if done.len() < BATCH { waiting.try_recv().ok() } else { None };
        }
        let durable = connection.execute_batch("COMMIT").is_ok();
        for (answer, ok) in done {
            let _ = answer.send(durable && ok);
        }
    }
}

fn apply(connection: &Connection, what: &Change) -> Result<bool, rusqlite::Error> {
    match what {
        Change::Issue(row) => insert(connection, "access", row).map(|()| true),
        Change::Rotate { spent: (id, hash), next, access } => {
            let sql = "UPDATE refresh SET used = 1 WHERE id = ?1 AND hash = ?2 AND used = 0 AND expires_at > ?3";
            let mut statement = connection.prepare_cached(sql)?;
            if statement.execute(params![id, hash, next.issued_at])? != 1 {
                return Ok(false);
            }
            insert(connection, "refresh", next)?;
            insert(connection, "access", access)?;
            Ok(true)
        }
    }
}

fn insert(connection: &Connection, table: &str, row: &Row) -> Result<(), rusqlite::Error> {
    let sql = if table == "access" {
        "INSERT INTO access (id, hash, client, subject, scope, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    } else {
        "INSERT INTO refresh (id, hash, client, subject, scope, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    };
    let values =
        params![row.id, row.hash, "bench", "user-000001", row.scope, row.issued_at, row.expires_at];
    connection.prepare_cached(sql)?.execute(values).map(|_| ())
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// The scope and expiry of a living token, read on the calling thread.
pub fn find(path: &str, text: &str) -> Option<Row> {
    let (id, hash) = token::read(text)?;
    READER.with_borrow_mut(|reader| {
        if reader.is_none() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).ok()?;
            connection
                .execute_batch("PRAGMA cache_size=-65536; PRAGMA mmap_size=1073741824;")
                .ok()?;
            *reader = Some(connection);
        }
        let sql = "SELECT hash, scope, issued_at, expires_at FROM access WHERE id = ?1";
        let mut statement = reader.as_ref()?.prepare_cached(sql).ok()?;
        let row = |r: &rusqlite::Row<'_>| {
            Ok(Row {
                id,
                hash: r.get(0)?,
                scope: r.get(1)?,
                issued_at: r.get(2)?,
                expires_at: r.get(3)?,
            })
        };
        let row = statement.query_row([id], row).ok()?;
        verify_slices_are_equal(&row.hash, &hash).ok()?;
        (row.expires_at > token::now()).then_some(row)
    })
}

/// The next free key.
pub fn next_id(path: &str) -> Result<i64, rusqlite::Error> {
    let sql = "SELECT max(coalesce((SELECT max(id) FROM access), 0), coalesce((SELECT max(id) FROM refresh), 0)) + 1";
    open(path)?.query_row(sql, [], |row| row.get(0))
}

/// Fills `path` with `count` access tokens (their texts go into the file `tokens`, at most 20,000)
/// and 3,000 refresh tokens (into `tokens`.refresh).
pub fn seed(path: &str, count: i64, tokens: &str) -> Result<(), Box<dyn Error>> {
    let connection = open(path)?;
    let first = next_id(path)?;
    let mut texts = std::io::BufWriter::new(std::fs::File::create(tokens)?);
    let step = (count / 20_000).max(1);
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for id in first..first + count {
        let (text, mut row) = token::make(id, "api.read");
        row.expires_at += 86_400;
        insert(&connection, "access", &row)?;
        if id % step == 0 {
            writeln!(texts, "{text}")?;
        }
    }
    let mut texts = std::io::BufWriter::new(std::fs::File::create(format!("{tokens}.refresh"))?);
    for id in first + count..first + count + 3_000 {
        let (text, row) = token::make(id, "api.read");
        insert(&connection, "refresh", &row)?;
        writeln!(texts, "{text}")?;
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
