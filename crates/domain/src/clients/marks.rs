//! When clients and secrets were last used: gathered in memory, written together every few
//! seconds.
//!
//! Losing a few seconds of marks in a crash is the stated price; nothing is decided by them.
//! A mark is no change of the client: its version stays.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::secrets::Verdict;
use super::{Client, rules};
use crate::access::{May, ReadClients};
use crate::{Call, Fault, Instance, Refusal, Via, Work};

/// More marks than this wait for no one: the rest of the interval is not marked.
const LIMIT: usize = 50_000;

/// Marks that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    /// Client id → when and from where.
    clients: HashMap<String, Mark>,
    /// Living secrets: id → when and from where.
    used: HashMap<String, (i64, Option<IpAddr>)>,
    /// The same for secrets that had ended.
    late: HashMap<String, (i64, Option<IpAddr>)>,
}

/// When a client was used, from where, and whose word that is.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: i64,
    address: Option<IpAddr>,
    via: Option<Via>,
}

impl Marks {
    fn with<T>(&self, write: impl FnOnce(&mut Pending) -> T) -> T {
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pending {
    /// Takes back what could not be written, behind whatever came meanwhile.
    fn merge(&mut self, older: Self) {
        for (id, mark) in older.clients {
            self.clients.entry(id).or_insert(mark);
        }
        for (id, mark) in older.used {
            self.used.entry(id).or_insert(mark);
        }
        for (id, mark) in older.late {
            self.late.entry(id).or_insert(mark);
        }
    }
}

/// Notes that the client was used now, and with which secret; a late try of a retired one likewise.
/// `None` as the verdict: a public client, which has no secret.
pub fn mark_used(work: &Work, call: &Call, client: &Client, verdict: Option<&Verdict>) {
    work.instance.client_cache.marks.with(|pending| {
        if pending.clients.len() + pending.used.len() + pending.late.len() >= LIMIT {
            return;
        }
        match verdict {
            Some(Verdict::Retired { secret_id, .. }) => {
                return set(&mut pending.late, secret_id, (call.now, call.address));
            }
            Some(Verdict::Living { secret_id }) => {
                set(&mut pending.used, secret_id, (call.now, call.address));
            }
            Some(Verdict::Wrong) => return,
            None => {}
        }
        let mark = Mark { at: call.now, address: call.address, via: call.via };
        set(&mut pending.clients, client.id.as_str(), mark);
    });
}

/// A mark in the place of the one before. Most often there is one, and the name need not be copied.
fn set<T>(marks: &mut HashMap<String, T>, id: &str, mark: T) {
    match marks.get_mut(id) {
        Some(before) => *before = mark,
        None => {
            marks.insert(id.to_owned(), mark);
        }
    }
}

/// Writes the gathered marks; returns how many. What cannot be written waits for the next time.
///
/// # Errors
/// When the database cannot take them now.
pub async fn flush(instance: &Arc<Instance>) -> Result<usize, Fault> {
    let pending = instance.client_cache.marks.with(std::mem::take);
    let count = pending.clients.len() + pending.used.len() + pending.late.len();
    if count == 0 {
        return Ok(0);
    }
    let written = write(instance, &pending).await;
    if written.is_err() {
        instance.client_cache.marks.with(|newer| newer.merge(pending));
    }
    written.map(|()| count)
}

async fn write(instance: &Arc<Instance>, pending: &Pending) -> Result<(), Fault> {
    let mut work = instance.begin().await?;
    // Clients first and in order, as every other writer takes them: nobody waits in a circle.
    for (id, mark) in sorted(&pending.clients) {
        let sql = "UPDATE clients SET last_used_at = $2, last_used_address = $3, last_used_via = $4
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $5)";
        let address = mark.address.map(told);
        let via = mark.via.map(|via| via.to_string());
        work.tx.execute(sql, db::params![id, mark.at, address, via, mark.at]).await?;
    }
    for (id, (at, address)) in sorted(&pending.used) {
        let sql = "UPDATE client_secrets SET last_used_at = $2, last_used_address = $3
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $4)";
        let address = address.map_or_else(|| "-".to_owned(), told);
        work.tx.execute(sql, db::params![id, at, address, at]).await?;
    }
    for (id, (at, address)) in sorted(&pending.late) {
        let sql = "UPDATE client_secrets SET late_used_at = $2, late_used_address = $3
                   WHERE id = $1 AND (late_used_at IS NULL OR late_used_at <= $4)";
        let address = address.map_or_else(|| "-".to_owned(), told);
        work.tx.execute(sql, db::params![id, at, address, at]).await?;
    }
    work.commit().await
}

fn told(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

fn sorted<T>(marks: &HashMap<String, T>) -> Vec<(&String, &T)> {
    let mut marks: Vec<_> = marks.iter().collect();
    marks.sort_unstable_by_key(|(id, _)| *id);
    marks
}

/// From where a client was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// When, seconds since 1970; a few seconds late.
    pub at: i64,
    /// The address.
    pub address: String,
    /// Whose word that is; `None`: the connection itself came from there.
    pub via: Option<String>,
}

/// From where the client last got a token; `None` before the first, or where that was the machine
/// itself.
///
/// # Errors
/// `NotFound` where there is no such client or the proof does not reach it.
pub async fn last_seen(
    work: &mut Work,
    may: &May<ReadClients>,
    id: &str,
) -> Result<Option<LastSeen>, Refusal> {
    rules::show(work, may, id).await?;
    let sql = "SELECT last_used_at, last_used_address, last_used_via FROM clients
               WHERE id = $1 AND last_used_at IS NOT NULL AND last_used_address IS NOT NULL";
    let row = work.tx.query_one(sql, db::params![id]).await.map_err(Fault::from)?;
    let read = |row: db::Row| -> Result<LastSeen, db::Error> {
        Ok(LastSeen { at: row.get(0)?, address: row.get(1)?, via: row.get(2)? })
    };
    Ok(row.map(read).transpose().map_err(Fault::from)?)
}
