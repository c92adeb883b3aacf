//! Refused requests, told to the operator: expected against received, under an `error_id`.
//!
//! The caller gets the RFC's code and one sentence; this keeps the exact reason. Entries are
//! gathered in memory and written every few seconds (a crash loses the last few, the manual says
//! so), at most [`PER_CLIENT_HOUR`] a client and hour, for [`KEEP_SECONDS`]; the rest is counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::{May, ReadAudit};
use crate::{Call, Fault, Instance, Work};

/// Seconds an entry is kept.
pub const KEEP_SECONDS: i64 = 7 * 24 * 3600;
/// Entries kept for one client in one hour.
pub const PER_CLIENT_HOUR: u32 = 100;
/// Entries kept in all.
const IN_ALL: i64 = 100_000;
/// Entries gathered before they are written.
const GATHERED: usize = 2_000;

/// A refused request as the operator reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The `error_id`.
    pub id: String,
    /// Seconds since 1970.
    pub at: i64,
    /// The path that refused.
    pub endpoint: String,
    /// The client it named, true or not.
    pub client_id: Option<String>,
    /// The code the caller got.
    pub code: String,
    /// The sentence the caller got.
    pub description: String,
    /// The exact reason.
    pub note: String,
    /// What would have been right.
    pub expected: Option<String>,
    /// What came.
    pub received: Option<String>,
    /// From where.
    pub address: String,
    /// Joins the log.
    pub request_id: String,
}

/// Entries not yet written, and how many were kept for each client this hour.
#[derive(Debug, Default)]
pub struct Pending(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    entries: Vec<Entry>,
    hour: i64,
    of_client: HashMap<String, u32>,
    dropped: u64,
}

/// Gathers one refusal and returns its `error_id`.
///
/// # Errors
/// When no random bytes can be had.
pub fn note(
    instance: &Arc<Instance>,
    call: &Call,
    endpoint: &str,
    client_id: Option<&str>,
    error: &protocol::error::Error,
) -> Result<String, Fault> {
    let id = format!("err_{}", instance.vault.random_text::<9>()?);
    let cut = |text: &str| text.chars().take(2_000).collect::<String>();
    let entry = Entry {
        id: id.clone(),
        at: call.now,
        endpoint: endpoint.into(),
        client_id: client_id.map(|c| c.chars().take(128).collect()),
        code: error.code.as_str().into(),
        description: error.description.to_string(),
        note: cut(&error.reason.note),
        expected: error.reason.expected.as_deref().map(cut),
        received: error.reason.received.as_deref().map(cut),
        address: call.address_text(),
        request_id: call.request_id.clone(),
    };
    let mut gathered = instance.pending_refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
    gathered.keep(entry);
    Ok(id)
}

impl Gathered {
    fn keep(&mut self, entry: Entry) {
        let hour = entry.at / 3600;
        if self.hour != hour {
            self.hour = hour;
            self.of_client.clear();
        }
        let key = entry.client_id.clone().unwrap_or_default();
        if self.of_client.len() >= GATHERED && !self.of_client.contains_key(&key) {
            self.dropped += 1;
            return;
        }
        let kept = self.of_client.entry(key).or_default();
        if *kept >= PER_CLIENT_HOUR || self.entries.len() >= GATHERED {
            self.dropped += 1;
            return;
        }
        *kept += 1;
        self.entries.push(entry);
    }
}

/// Writes what was gathered, in one transaction. Returns how many entries were written.
///
/// # Errors
/// When the database cannot take them; they are lost then, and counted as dropped.
pub async fn flush(instance: &Arc<Instance>) -> Result<usize, Fault> {
    let entries = {
        let mut gathered =
            instance.pending_refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut gathered.entries)
    };
    if entries.is_empty() {
        return Ok(0);
    }
    let mut work = instance.begin().await?;
    for e in &entries {
        let sql =
            "INSERT INTO refusals (id, at, endpoint, client_id, code, description, note, expected,
                     received, address, request_id)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let params = db::params![
            e.id,
            e.at,
            e.endpoint,
            e.client_id,
            e.code,
            e.description,
            e.note,
            e.expected,
            e.received,
            e.address,
            e.request_id
        ];
        work.tx.execute(sql, params).await?;
    }
    work.commit().await?;
    Ok(entries.len())
}

/// The entry behind an `error_id`, written or not yet.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(
    work: &mut Work,
    _may: &May<ReadAudit>,
    id: &str,
) -> Result<Option<Entry>, Fault> {
    let instance = Arc::clone(&work.instance);
    {
        let gathered = instance.pending_refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = gathered.entries.iter().find(|e| e.id == id) {
            return Ok(Some(entry.clone()));
        }
    }
    let sql = format!("SELECT {COLUMNS} FROM refusals WHERE id = $1");
    work.tx.query_one(&sql, db::params![id]).await?.as_ref().map(read).transpose()
}

/// The newest entries, of one client or of all.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(
    work: &mut Work,
    _may: &May<ReadAudit>,
    client_id: Option<&str>,
    limit: i64,
) -> Result<Vec<Entry>, Fault> {
    let rows = if let Some(id) = client_id {
        let sql = format!(
            "SELECT {COLUMNS} FROM refusals WHERE client_id = $1 ORDER BY at DESC, id LIMIT $2"
        );
        work.tx.query(&sql, db::params![id, limit]).await?
    } else {
        let sql = format!("SELECT {COLUMNS} FROM refusals ORDER BY at DESC, id LIMIT $1");
        work.tx.query(&sql, db::params![limit]).await?
    };
    rows.iter().map(read).collect()
}

/// Removes entries that are too old or too many, at most `limit`. Returns how many.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM refusals WHERE id IN
                 (SELECT id FROM refusals WHERE at <= $1 ORDER BY at LIMIT $2)";
    let old = work.tx.execute(sql, db::params![now - KEEP_SECONDS, limit]).await?;
    if old > 0 {
        return Ok(old);
    }
    let sql = "DELETE FROM refusals WHERE id IN
                 (SELECT id FROM refusals
                  WHERE at < (SELECT at FROM refusals ORDER BY at DESC LIMIT 1 OFFSET $1)
                  ORDER BY at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![IN_ALL, limit]).await?)
}

const COLUMNS: &str =
    "id, at, endpoint, client_id, code, description, note, expected, received, address, request_id";

fn read(row: &db::Row) -> Result<Entry, Fault> {
    Ok(Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        endpoint: row.get(2)?,
        client_id: row.get(3)?,
        code: row.get(4)?,
        description: row.get(5)?,
        note: row.get(6)?,
        expected: row.get(7)?,
        received: row.get(8)?,
        address: row.get(9)?,
        request_id: row.get(10)?,
    })
}
