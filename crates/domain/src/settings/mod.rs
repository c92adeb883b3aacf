//! Settings that live in the database.
//!
//! The master key and the issuer are fixed by the first start: a later one that differs is refused
//! with the reason, because every stored secret and every issued token depends on them. Others are
//! set while the server runs.

mod run_time;

use crate::{Fault, Vault, Work};

pub(crate) use run_time::sql;
pub use run_time::{
    AUDIT_RETENTION_DAYS, NUMBERS, Number, Patch, RunTime, SECOND_FACTOR_REQUIRED,
    SESSION_IDLE_LIFETIME, SESSION_LIFETIME, change, run_time, show,
};

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

/// Checks key and issuer against the database; the first start lays them down.
///
/// # Errors
/// A sentence for the operator: key or issuer do not belong to this database.
pub(crate) async fn check(db: &db::Db, vault: &Vault, issuer: &str) -> Result<(), Fault> {
    let mut tx = db.begin().await?;
    if fit(&mut tx, vault, issuer).await?.as_deref() != Some(vault.key_id()) {
        set(&mut tx, "master_key", vault.key_id()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The same without laying anything down: for a standby, which takes no writes.
///
/// # Errors
/// A sentence for the operator: key or issuer do not belong to this database.
pub(crate) async fn compare(db: &db::Db, vault: &Vault, issuer: &str) -> Result<(), Fault> {
    fit(&mut db.read(), vault, issuer).await.map(drop)
}

/// Refuses a key or an issuer that differs; gives back the id of the key that is written down.
async fn fit(tx: &mut db::Tx, vault: &Vault, issuer: &str) -> Result<Option<String>, Fault> {
    let key = find(tx, "master_key").await?;
    if let Some(stored) = &key
        && !vault.holds(stored)
    {
        return Err(Fault::Broken(format!(
            "the master key does not fit this database: it was made under key {stored}, and none of \
             the keys given is that one. Give the key file that belongs to this database."
        )));
    }
    if let Some(stored) = find(tx, "issuer").await?
        && stored != issuer
        && is_in_use(tx).await?
    {
        return Err(Fault::Broken(format!(
            "the issuer is {issuer}, but tokens of this database were issued by {stored}. An issuer is \
             fixed once tokens exist; start with MANDATE_ISSUER={stored}."
        )));
    }
    Ok(key)
}

/// Was anything issued yet?
async fn is_in_use(tx: &mut db::Tx) -> Result<bool, Fault> {
    let token = tx.query_one("SELECT id FROM access_tokens LIMIT 1", &[]).await?;
    Ok(token.is_some() || tx.query_one("SELECT id FROM grants LIMIT 1", &[]).await?.is_some())
}

impl Work {
    /// Writes down the issuer of this instance. Only a server does that: whoever opens the database
    /// for a moment may have been told another.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn settle_issuer(&mut self) -> Result<(), Fault> {
        let instance = std::sync::Arc::clone(&self.instance);
        set(&mut self.tx, "issuer", instance.issuer()).await
    }
}
