//! Secrets in the database: hashes and what is told of them, never a secret.

use std::collections::HashMap;

use super::{Made, REMEMBERED, Secret, Stored};
use crate::clients::Client;
use crate::{ClientId, Fault, Work};

/// Deletes secrets that ended more than 90 days ago, at most `limit`; returns how many.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM client_secrets WHERE id IN (
                 SELECT id FROM client_secrets WHERE retired_at < $1 OR expires_at < $1 LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now - REMEMBERED, limit]).await?)
}

/// Writes a new secret.
pub(in crate::clients) async fn insert(
    work: &mut Work,
    client: &ClientId,
    made: &Made,
) -> Result<(), Fault> {
    let (stored, secret) = (&made.stored, &made.secret);
    let sql = "INSERT INTO client_secrets (id, client_id, label, hint, hash, key_id, created_at, created_by, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = db::params![
        stored.id,
        client,
        secret.label,
        secret.hint,
        stored.hash,
        stored.key_id,
        stored.created_at,
        secret.created_by,
        stored.expires_at
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Ends one secret now.
pub(super) async fn set_retired(
    work: &mut Work,
    client: &mut Client,
    secret_id: &str,
    now: i64,
) -> Result<(), Fault> {
    for stored in client.secrets.iter_mut().filter(|s| s.id == secret_id) {
        stored.retired_at = Some(now);
    }
    let sql = "UPDATE client_secrets SET retired_at = $3 WHERE client_id = $1 AND id = $2";
    work.tx.execute(sql, db::params![client.id, secret_id, now]).await?;
    Ok(())
}

/// The end of every living secret becomes the earlier of its own and `now + after`.
pub(super) async fn retire_others(
    work: &mut Work,
    client: &mut Client,
    now: i64,
    after: i64,
) -> Result<(), Fault> {
    let end = now + after;
    for stored in client.secrets.iter_mut().filter(|s| s.is_alive(now)) {
        stored.expires_at = Some(stored.expires_at.map_or(end, |own| own.min(end)));
        stored.retired_at = (after == 0).then_some(now);
        let sql = "UPDATE client_secrets SET expires_at = $3, retired_at = $4 WHERE client_id = $1 AND id = $2";
        let params = db::params![client.id, stored.id, stored.expires_at, stored.retired_at];
        work.tx.execute(sql, params).await?;
    }
    Ok(())
}

/// What candidates are checked against: the living, and as many of the ended as are likely to be
/// tried again.
pub(in crate::clients) async fn list_stored(
    work: &mut Work,
    client: &str,
) -> Result<Vec<Stored>, Fault> {
    let sql = "SELECT id, created_at, expires_at, retired_at, hash, key_id FROM client_secrets WHERE client_id = $1
               ORDER BY CASE WHEN retired_at IS NULL AND expires_at IS NULL THEN 0
                             WHEN retired_at IS NULL THEN 1 ELSE 2 END,
                        COALESCE(retired_at, expires_at, created_at) DESC, id LIMIT 64";
    let rows = work.tx.query(sql, db::params![client]).await?;
    rows.iter().map(read_stored).collect()
}

/// The same of several clients, `named` by `$N`.
pub(in crate::clients) async fn list_stored_of(
    work: &mut Work,
    named: &str,
    params: &[db::Value<'_>],
) -> Result<HashMap<String, Vec<Stored>>, Fault> {
    let sql = format!(
        "SELECT id, created_at, expires_at, retired_at, hash, key_id, client_id FROM client_secrets
         WHERE client_id IN ({named}) ORDER BY client_id, created_at, id"
    );
    let mut found: HashMap<String, Vec<Stored>> = HashMap::new();
    for row in work.tx.query(&sql, params).await? {
        found.entry(row.get(6)?).or_default().push(read_stored(&row)?);
    }
    Ok(found)
}

fn read_stored(row: &db::Row) -> Result<Stored, Fault> {
    Ok(Stored {
        id: row.get(0)?,
        created_at: row.get(1)?,
        expires_at: row.get(2)?,
        retired_at: row.get(3)?,
        hash: row.get(4)?,
        key_id: row.get(5)?,
    })
}

/// What may be known of each, the newest first.
pub(super) async fn list_of(work: &mut Work, client: &str) -> Result<Vec<Secret>, Fault> {
    let sql =
        "SELECT id, label, hint, created_at, created_by, expires_at, retired_at, last_used_at,
                 last_used_address, late_used_at, late_used_address
               FROM client_secrets WHERE client_id = $1 ORDER BY created_at DESC, id";
    let rows = work.tx.query(sql, db::params![client]).await?;
    rows.iter()
        .map(|row| {
            Ok(Secret {
                id: row.get(0)?,
                label: row.get(1)?,
                hint: row.get(2)?,
                created_at: row.get(3)?,
                created_by: row.get(4)?,
                expires_at: row.get(5)?,
                retired_at: row.get(6)?,
                last_used_at: row.get(7)?,
                last_used_address: row.get(8)?,
                late_used_at: row.get(9)?,
                late_used_address: row.get(10)?,
            })
        })
        .collect()
}
