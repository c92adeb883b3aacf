//! Sealing: every second the entries committed meanwhile become a segment of a hash chain.
//!
//! An entry belongs to no segment until it is sealed, and whatever is committed and belongs to none
//! is sealed next, whichever id it has: ids are given before the commit, so one that commits late
//! may stand below entries that are sealed already, and goes into a later segment. One node leads,
//! by a lease whose row stays locked until the segment is committed, so two never chain to the same
//! one. An entry that still counts (failed sign-ins of this minute) waits until its minute is over.

use std::sync::{Arc, OnceLock};

use super::chain::{self, NOTHING, Segment};
use super::store::COLUMNS;
use super::{Change, Object};
use crate::{Call, Fault, Instance, Work, audit};

/// The action whose entries are counted up while their minute lasts.
pub(crate) const COUNTED: &str = "user.sign_in_failed";
/// Entries of one segment at most.
const MOST: i64 = 1000;
/// Seconds for which a node leads.
const LEASE: i64 = 5;
const LEASE_NAME: &str = "audit/seal";
/// Segments that one [`expire`] removes at most.
const EXPIRED: i64 = 20;

/// Who this node is among those that would seal.
#[derive(Debug, Default)]
pub struct Sealer(OnceLock<String>);

/// Seals everything that can be sealed now, if this node leads. Returns how many entries.
///
/// # Errors
/// When the database cannot take it; what was sealed before stays so.
pub async fn seal(instance: &Arc<Instance>) -> Result<u64, Fault> {
    let (mut sealed, now) = (0, instance.clock().now());
    loop {
        if !is_anything_open(&mut instance.read(), now).await? {
            return Ok(sealed);
        }
        let mut work = instance.begin().await?;
        if !lead(&mut work, now).await? {
            return Ok(sealed);
        }
        let some = seal_some(&mut work, now).await?;
        work.commit().await?;
        if some == 0 {
            return Ok(sealed);
        }
        sealed += some;
    }
}

/// Entries that can be sealed: `$1` the action that counts, `$2` the beginning of this minute.
const OPEN: &str = "segment IS NULL AND NOT (action = $1 AND at >= $2)";

/// In the order of their index, so that no engine walks through what is sealed.
pub(super) fn first_open() -> String {
    format!("SELECT id FROM audit_events WHERE {OPEN} ORDER BY id LIMIT 1")
}

async fn is_anything_open(work: &mut Work, now: i64) -> Result<bool, Fault> {
    let sql = first_open();
    Ok(work.tx.query_one(&sql, db::params![COUNTED, minute(now)]).await?.is_some())
}

/// Takes or keeps the lead. The row stays locked until the end of the work.
async fn lead(work: &mut Work, now: i64) -> Result<bool, Fault> {
    let instance = Arc::clone(&work.instance);
    let holder = instance.sealer.0.get_or_init(|| format!("sealer_{}", instance.ids.next()));
    // A lease beyond its length was taken by a clock that has been set back since.
    let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
               WHERE leases.holder = excluded.holder OR leases.until <= $4 OR leases.until > $3";
    let until = now + LEASE;
    let params = db::params![LEASE_NAME, holder, until, now];
    Ok(work.tx.execute(sql, params).await? == 1)
}

async fn seal_some(work: &mut Work, now: i64) -> Result<u64, Fault> {
    let sql = "SELECT number, hash FROM audit_segments ORDER BY number DESC LIMIT 1";
    let (number, previous) = match work.tx.query_one(sql, &[]).await? {
        Some(row) => (row.get::<i64>(0)? + 1, hash(&row, 1)?),
        None => (1, NOTHING),
    };
    // The rows as they are once they are marked: an entry counted up at this moment is waited for.
    let sql = format!(
        "UPDATE audit_events SET segment = $3 WHERE segment IS NULL AND id IN
           (SELECT id FROM audit_events WHERE {OPEN} ORDER BY id LIMIT $4) RETURNING {COLUMNS}"
    );
    let rows = work.tx.query(&sql, db::params![COUNTED, minute(now), number, MOST]).await?;
    let (mut entries, mut last_at) = (Vec::with_capacity(rows.len()), i64::MIN);
    for row in &rows {
        entries.push((row.get::<i64>(0)?, chain::digest_of(row)?));
        last_at = last_at.max(row.get(1)?);
    }
    entries.sort_unstable();
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(0) };
    let digests = chain::listed(&entries);
    let segment = Segment {
        number,
        events: i64::try_from(entries.len()).unwrap_or(i64::MAX),
        first_id: first.0,
        last_id: last.0,
        last_at,
        root: chain::sha256(&digests),
        previous,
    };
    insert(work, &segment, &digests, now).await?;
    Ok(entries.len() as u64)
}

async fn insert(work: &mut Work, new: &Segment, digests: &[u8], now: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO audit_segments (number, events, first_id, last_id, last_at, root, previous, hash,
                 digests, sealed_at, removed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)";
    let hash = new.hash();
    let [root, previous, hash] = [&new.root[..], &new.previous[..], &hash[..]];
    let params = db::params![
        new.number,
        new.events,
        new.first_id,
        new.last_id,
        new.last_at,
        root,
        previous,
        hash,
        digests,
        now
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Removes the entries of some of the oldest segments that hold nothing from `before` on, until
/// `limit` of them have gone, and keeps their hashes; itself an entry. Returns how many entries went;
/// call again while any do.
///
/// # Errors
/// When the database cannot take it.
pub async fn expire(work: &mut Work, call: &Call, before: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "SELECT number, last_at FROM audit_segments WHERE removed_at IS NULL ORDER BY number LIMIT $1";
    let (mut gone, mut numbers) = (0, Vec::new());
    for row in work.tx.query(sql, db::params![EXPIRED]).await? {
        let (number, last_at): (i64, i64) = (row.get(0)?, row.get(1)?);
        // Only from the beginning on, so that what is left is one chain.
        if last_at >= before || gone >= limit.unsigned_abs() {
            break;
        }
        let sql = "UPDATE audit_segments SET digests = NULL, removed_at = $2
                   WHERE number = $1 AND removed_at IS NULL";
        if work.tx.execute(sql, db::params![number, call.now]).await? == 1 {
            let sql = "DELETE FROM audit_events WHERE segment = $1";
            gone += work.tx.execute(sql, db::params![number]).await?;
            numbers.push(number);
        }
    }
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
        let change = |field: &str, before: serde_json::Value| Change {
            field: field.into(),
            before,
            after: serde_json::Value::Null,
        };
        let changes = [
            change("segments", serde_json::json!([first, last])),
            change("events", serde_json::json!(gone)),
        ];
        let object = Object::new("audit", "all", "");
        audit::record(work, call, "audit.expired", &object, &changes).await?;
    }
    Ok(gone)
}

/// A stored hash.
pub(super) fn hash(row: &db::Row, column: usize) -> Result<chain::Hash, Fault> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_| Fault::Broken("a hash of the trail has not 32 bytes".into()))
}

fn minute(now: i64) -> i64 {
    now - now.rem_euclid(60)
}
