//! Signing keys in the database: the private half sealed, the public half as JSON.

use protocol::jose::Algorithm;

use super::SigningKey;
use super::pair::Pair;
use crate::{Fault, Work};

const PURPOSE: &str = "signing key";

pub(super) async fn list(work: &mut Work, now: i64) -> Result<Vec<SigningKey>, Fault> {
    let sql = "SELECT id, algorithm, private, created_at, signs_from, signs_until, expires_at
               FROM signing_keys WHERE expires_at IS NULL OR expires_at > $1 ORDER BY created_at, id";
    let rows = work.tx.query(sql, db::params![now]).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
        let unreadable =
            || Fault::Broken(format!("the signing key {id} cannot be opened with this master key"));
        let algorithm = Algorithm::parse(&name).ok_or_else(unreadable)?;
        let pkcs8 =
            work.instance.vault.open(PURPOSE, &row.get::<Vec<u8>>(2)?).ok_or_else(unreadable)?;
        let pair = Pair::read(algorithm, &pkcs8)?;
        keys.push(SigningKey {
            public: pair.public(algorithm)?,
            id,
            algorithm,
            created_at: row.get(3)?,
            signs_from: row.get(4)?,
            signs_until: row.get(5)?,
            expires_at: row.get(6)?,
            pair,
        });
    }
    Ok(keys)
}

pub(super) async fn insert(
    work: &mut Work,
    algorithm: Algorithm,
    now: i64,
    signs_from: i64,
) -> Result<String, Fault> {
    let (pair, pkcs8) = Pair::generate(algorithm)?;
    let public = pair.public(algorithm)?;
    let sealed = work.instance.vault.seal(PURPOSE, &pkcs8)?;
    let text = serde_json::to_string(&public).map_err(|e| Fault::Broken(e.to_string()))?;
    let sql = "INSERT INTO signing_keys (id, algorithm, private, public, created_at, signs_from)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let id = public.kid;
    work.tx
        .execute(sql, db::params![id, algorithm.as_str(), sealed, text, now, signs_from])
        .await?;
    Ok(id)
}

pub(super) async fn retire(
    work: &mut Work,
    algorithm: Algorithm,
    until: i64,
    expires: i64,
) -> Result<(), Fault> {
    let sql = "UPDATE signing_keys SET signs_until = $1, expires_at = $2
               WHERE algorithm = $3 AND signs_until IS NULL";
    work.tx.execute(sql, db::params![until, expires, algorithm.as_str()]).await?;
    Ok(())
}
