//! Rows in PostgreSQL: all that wait go in with one statement and one commit.

use std::error::Error;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, NoTls, Statement};

use crate::token::Row;

type Waiting = (Row, oneshot::Sender<bool>);

/// Writers take turns; while one waits for its commit the other gathers.
const WRITERS: usize = 2;

/// Where rows are handed in.
#[derive(Clone)]
pub struct Writers(Vec<mpsc::UnboundedSender<Waiting>>);

impl Writers {
    /// Connects, and makes the table.
    pub async fn start(url: &str) -> Result<Self, Box<dyn Error>> {
        let mut senders = Vec::new();
        for _ in 0..WRITERS {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let table = "CREATE TABLE IF NOT EXISTS limit_access (id BIGINT PRIMARY KEY, hash BYTEA NOT NULL,
                client TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL, issued_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL)";
            client.batch_execute(table).await?;
            let sql = "INSERT INTO limit_access SELECT i, h, 'bench', 'user-000001', s, a, e
                FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[]) AS t (i, h, s, a, e)";
            let statement = client.prepare(sql).await?;
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(write(client, statement, receiver));
            senders.push(sender);
        }
        Ok(Self(senders))
    }

    /// The highest key so far, plus one.
    pub async fn next_id(url: &str) -> Result<i64, Box<dyn Error>> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let row =
            client.query_one("SELECT coalesce(max(id), 0) + 1 FROM limit_access", &[]).await?;
        Ok(row.get(0))
    }

    /// Durable when this answers `true`.
    pub async fn store(&self, row: Row) -> bool {
        let (done, answer) = oneshot::channel();
        let writer = usize::try_from(row.id).unwrap_or(0) % self.0.len();
        self.0[writer].send((row, done)).is_ok() && answer.await.unwrap_or(false)
    }
}

async fn write(client: Client, insert: Statement, mut waiting: mpsc::UnboundedReceiver<Waiting>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, 1024).await > 0 {
        let rows = || batch.iter().map(|(row, _)| row);
        let ids: Vec<i64> = rows().map(|r| r.id).collect();
        let hashes: Vec<&[u8]> = rows().map(|r| r.hash.as_slice()).collect();
        let scopes: Vec<&str> = rows().map(|r| r.scope.as_str()).collect();
        let issued: Vec<i64> = rows().map(|r| r.issued_at).collect();
        let expires: Vec<i64> = rows().map(|r| r.expires_at).collect();
        let done = client.execute(&insert, &[&ids, &hashes, &scopes, &issued, &expires]).await;
        for (_, answer) in batch.drain(..) {
            let _ = answer.send(done.is_ok());
        }
    }
}
