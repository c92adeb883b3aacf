//! Trusted addresses that are only observed: who would have been refused, and which ranges would
//! let them in.
//!
//! Gathered in memory and written with the other marks, a few hundred addresses a client, for a
//! month. Only a client that proved itself is observed: nobody can have an address proposed by
//! trying secrets. It refuses to decide anything.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Client, TrustedIpsMode, rules};
use crate::access::{May, ReadClients};
use crate::trusted_ips::Observed;
use crate::{Call, Fault, Instance, Refusal, Via, Work};

/// Seconds an address is kept after it was seen last.
const KEEP_SECONDS: i64 = 30 * 24 * 3600;
/// Addresses kept for one client; later ones are not.
const PER_CLIENT: i64 = 500;
/// Addresses gathered between two flushes; beyond it new ones wait for the next.
const GATHERED: usize = 10_000;

/// How often an address was seen, when last, and whose word it was then.
type Mark = (i64, i64, Option<Via>);

/// Addresses not written yet, by client and address.
#[derive(Debug, Default)]
pub(super) struct Gathered(Mutex<HashMap<(String, IpAddr), Mark>>);

impl Gathered {
    fn note(&self, key: (String, IpAddr), (seen, at, via): Mark) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.len() < GATHERED || gathered.contains_key(&key) {
            let mark = gathered.entry(key).or_insert((0, at, via));
            let via = if at < mark.1 { mark.2 } else { via };
            *mark = (mark.0 + seen, mark.1.max(at), via);
        }
    }
}

/// Notes that `client`, which has proved itself, asks from an address that would be refused were
/// its trusted addresses enforced.
pub fn observe(work: &Work, call: &Call, client: &Client) {
    let Some(address) = call.address else { return };
    if client.trusted_ips_mode == TrustedIpsMode::Observe && !client.trusted_ips.contains(address) {
        let key = (client.id.as_str().to_owned(), address.to_canonical());
        work.instance.client_cache.observed.note(key, (1, call.now, call.via));
    }
}

/// Writes what was gathered. What cannot be written waits for the next time.
///
/// # Errors
/// When the database cannot take it now.
pub async fn flush_observed(instance: &Arc<Instance>) -> Result<(), Fault> {
    let gathered = &instance.client_cache.observed;
    let taken = std::mem::take(&mut *gathered.0.lock().unwrap_or_else(PoisonError::into_inner));
    if taken.is_empty() {
        return Ok(());
    }
    // In order, as every node takes them: nobody waits in a circle.
    let taken: BTreeMap<_, _> = taken.into_iter().collect();
    let written = write(instance, &taken).await;
    if written.is_err() {
        for (key, mark) in taken {
            gathered.note(key, mark);
        }
    }
    written
}

async fn write(
    instance: &Arc<Instance>,
    taken: &BTreeMap<(String, IpAddr), Mark>,
) -> Result<(), Fault> {
    let mut work = instance.begin().await?;
    for ((client, address), (seen, at, via)) in taken {
        let sql = "INSERT INTO observed_addresses
                     (client_id, address, seen, first_at, last_at, last_via)
                   SELECT c.id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT),
                     CAST($4 AS BIGINT), CAST($6 AS TEXT)
                   FROM clients c WHERE c.id = $1 AND (
                     (SELECT count(*) FROM observed_addresses o WHERE o.client_id = c.id) < $5
                     OR EXISTS (SELECT 1 FROM observed_addresses o
                                WHERE o.client_id = c.id AND o.address = $2))
                   ON CONFLICT (client_id, address) DO UPDATE SET
                     seen = observed_addresses.seen + excluded.seen, last_at = excluded.last_at,
                     last_via = excluded.last_via";
        let (address, via) = (address.to_string(), via.map(|via| via.to_string()));
        work.tx.execute(sql, db::params![client, address, *seen, *at, PER_CLIENT, via]).await?;
    }
    work.commit().await
}

/// The addresses that would be refused, were those trusted now enforced; the latest first.
///
/// # Errors
/// `NotFound` where there is no such client or the proof does not reach it.
pub async fn observed(
    work: &mut Work,
    may: &May<ReadClients>,
    id: &str,
) -> Result<Vec<Observed>, Refusal> {
    let client = rules::show(work, may, id).await?;
    let sql = "SELECT address, seen, first_at, last_at, last_via FROM observed_addresses
               WHERE client_id = $1 ORDER BY last_at DESC, address";
    let mut all = Vec::new();
    for row in work.tx.query(sql, db::params![id]).await.map_err(Fault::from)? {
        all.extend(Observed::read(&row, &client.trusted_ips).map_err(Fault::from)?);
    }
    Ok(all)
}

/// Removes what was not seen for a month; at most `limit` rows.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep_observed(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM observed_addresses WHERE (client_id, address) IN
                 (SELECT client_id, address FROM observed_addresses WHERE last_at <= $1
                  ORDER BY last_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now - KEEP_SECONDS, limit]).await?)
}
