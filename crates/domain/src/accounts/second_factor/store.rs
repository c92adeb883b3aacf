//! Second factors in the database. Seeds are sealed; of recovery codes there are hashes keyed by them.

use super::SecondFactor;
use super::totp::Seed;
use crate::{Fault, UserId, Work};

/// For what the vault seals a seed.
const PURPOSE: &str = "second factor";

/// The second factor of somebody, with its secret.
#[derive(Debug)]
pub(super) struct Held {
    /// Its row; that of another one of the same person is another.
    pub id: i64,
    /// Its seed.
    pub seed: Seed,
    /// The step of the last code that was used.
    pub last_step: i64,
}

pub(super) async fn find(work: &mut Work, id: &UserId) -> Result<Option<SecondFactor>, Fault> {
    let sql = "SELECT f.id, f.created_at, f.last_used_at,
                 (SELECT count(*) FROM recovery_codes c WHERE c.user_id = f.user_id)
               FROM second_factors f WHERE f.user_id = $1";
    let row = work.tx.query_one(sql, db::params![id]).await?;
    row.map(|row| {
        Ok(SecondFactor {
            id: row.get(0)?,
            created_at: row.get(1)?,
            last_used_at: row.get(2)?,
            recovery_codes: row.get(3)?,
        })
    })
    .transpose()
}

/// The same with its seed; `None` also where that is sealed under a master key that is gone, of which
/// the log tells.
pub(super) async fn find_held(work: &mut Work, id: &UserId) -> Result<Option<Held>, Fault> {
    let sql = "SELECT id, seed, last_step FROM second_factors WHERE user_id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else { return Ok(None) };
    let sealed: Vec<u8> = row.get(1)?;
    let Some(bytes) = work.instance.vault.open(PURPOSE, &sealed) else {
        tracing::error!(
            user = %id,
            "a second factor is sealed under a master key that is not given any more: give that key \
             too, or reset the second factor"
        );
        return Ok(None);
    };
    Ok(Some(Held { id: row.get(0)?, seed: Seed::of(&bytes)?, last_step: row.get(2)? }))
}

/// Stores the first second factor of somebody: its seed, the step of the code that was seen, the
/// instant. Says whether they had none.
pub(super) async fn insert(
    work: &mut Work,
    id: &UserId,
    (seed, step, now): (&Seed, i64, i64),
) -> Result<bool, Fault> {
    let (factor, sealed) = (work.instance.ids.next(), sealed(work, seed)?);
    let sql = "INSERT INTO second_factors (user_id, id, seed, last_step, created_at, last_used_at)
               VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (user_id) DO NOTHING";
    Ok(work.tx.execute(sql, db::params![id, factor, sealed, step, now]).await? == 1)
}

/// Puts another in place of `before`. Says whether that was still there.
pub(super) async fn replace(
    work: &mut Work,
    id: &UserId,
    (seed, step, now): (&Seed, i64, i64),
    before: i64,
) -> Result<bool, Fault> {
    let (factor, sealed) = (work.instance.ids.next(), sealed(work, seed)?);
    let sql = "UPDATE second_factors SET id = $2, seed = $3, last_step = $4, created_at = $5,
                 last_used_at = $5 WHERE user_id = $1 AND id = $6";
    let params = db::params![id, factor, sealed, step, now, before];
    Ok(work.tx.execute(sql, params).await? == 1)
}

/// Uses up the code of a step. Sealed anew, so that an old master key is not needed for ever. Says
/// whether it was still good.
pub(super) async fn set_used(
    work: &mut Work,
    id: &UserId,
    (held, step): (&Held, i64),
    now: i64,
) -> Result<bool, Fault> {
    let sealed = sealed(work, &held.seed)?;
    let sql = "UPDATE second_factors SET last_step = $3, last_used_at = $4, seed = $5
               WHERE user_id = $1 AND id = $2 AND last_step < $3";
    Ok(work.tx.execute(sql, db::params![id, held.id, step, now, sealed]).await? == 1)
}

/// Marks that something else than a code of the app is used. Says whether it is the same second factor
/// still.
pub(super) async fn set_used_beside(
    work: &mut Work,
    id: &UserId,
    held: &Held,
    now: i64,
) -> Result<bool, Fault> {
    let sealed = sealed(work, &held.seed)?;
    let sql = "UPDATE second_factors SET last_used_at = $3, seed = $4
               WHERE user_id = $1 AND id = $2";
    Ok(work.tx.execute(sql, db::params![id, held.id, now, sealed]).await? == 1)
}

/// Says whether there was one.
pub(super) async fn delete(work: &mut Work, id: &UserId) -> Result<bool, Fault> {
    let sql = "DELETE FROM second_factors WHERE user_id = $1";
    Ok(work.tx.execute(sql, db::params![id]).await? == 1)
}

/// Is this what is kept of a recovery code that was not used yet?
pub(super) async fn has_recovery_code(
    work: &mut Work,
    id: &UserId,
    hash: &[u8],
) -> Result<bool, Fault> {
    let sql = "SELECT user_id FROM recovery_codes WHERE user_id = $1 AND hash = $2";
    Ok(work.tx.query_one(sql, db::params![id, *hash]).await?.is_some())
}

/// Uses up a recovery code. Says whether it was still good.
pub(super) async fn delete_recovery_code(
    work: &mut Work,
    id: &UserId,
    hash: &[u8],
) -> Result<bool, Fault> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";
    Ok(work.tx.execute(sql, db::params![id, *hash]).await? == 1)
}

/// Sets the recovery codes, in place of those there are.
pub(super) async fn set_recovery_codes(
    work: &mut Work,
    id: &UserId,
    hashes: &[Vec<u8>],
) -> Result<(), Fault> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = $1";
    work.tx.execute(sql, db::params![id]).await?;
    let sql = "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)";
    for hash in hashes {
        work.tx.execute(sql, db::params![id, hash]).await?;
    }
    Ok(())
}

fn sealed(work: &Work, seed: &Seed) -> Result<Vec<u8>, Fault> {
    work.instance.vault.seal(PURPOSE, seed.bytes())
}
