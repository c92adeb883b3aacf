//! Settings that live in the database, and what a node claims there when it starts.
//!
//! The master key and the issuer are fixed by the first start: a later one that differs is refused
//! with the reason, because every stored secret and every issued token depends on them.

use crate::{Chance, Fault, Vault, id};

/// The value of a setting.
pub(crate) async fn find(tx: &mut db::Tx, name: &str) -> Result<Option<String>, Fault> {
    let row = tx.query_one("SELECT value FROM settings WHERE name = $1", db::params![name]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Stores a setting, whatever it was.
pub(crate) async fn set(tx: &mut db::Tx, name: &str, value: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, db::params![name, value]).await?;
    Ok(())
}

/// Checks key and issuer against the database and claims a node number (0–255) for 10 minutes.
pub(crate) async fn begin_node(
    db: &db::Db,
    vault: &Vault,
    issuer: &str,
    now: i64,
    chance: &Chance,
) -> Result<u8, Fault> {
    let mut tx = db.begin().await?;
    match find(&mut tx, "master_key").await? {
        Some(stored) if !vault.holds(&stored) => {
            return Err(Fault::Broken(format!(
                "the master key does not fit this database: it was made under key {stored}, and none of \
                 the keys given is that one. Give the key file that belongs to this database."
            )));
        }
        Some(stored) if stored == vault.key_id() => {}
        _ => set(&mut tx, "master_key", vault.key_id()).await?,
    }
    match find(&mut tx, "issuer").await? {
        Some(stored) if stored != issuer => {
            let used = tx.query_one("SELECT id FROM access_tokens LIMIT 1", &[]).await?.is_some()
                || tx.query_one("SELECT id FROM grants LIMIT 1", &[]).await?.is_some();
            if used {
                return Err(Fault::Broken(format!(
                    "the issuer is {issuer}, but tokens of this database were issued by {stored}. \
                     An issuer is fixed once tokens exist; start with MANDATE_ISSUER={stored}."
                )));
            }
            set(&mut tx, "issuer", issuer).await?;
        }
        Some(_) => {}
        None => set(&mut tx, "issuer", issuer).await?,
    }
    let node = claim_node(&mut tx, now, chance).await?;
    tx.commit().await?;
    Ok(node)
}

/// The lowest number whose lease is free or over.
async fn claim_node(tx: &mut db::Tx, now: i64, chance: &Chance) -> Result<u8, Fault> {
    let holder = id::text(chance, "node_")?;
    let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
               WHERE leases.until <= $4";
    for node in 0..=u8::MAX {
        let name = format!("node/{node}");
        if tx.execute(sql, db::params![name, holder, now + 600, now]).await? == 1 {
            return Ok(node);
        }
    }
    Err(Fault::Broken(
        "all 256 node numbers are taken; wait ten minutes or stop other nodes".into(),
    ))
}
