//! Second factors in the database. Seeds are sealed; of recovery codes there are keyed hashes.

use super::SecondFactor;
use super::totp::Seed;
use crate::{Fault, UserId, Work};

/// For what the vault seals a seed.
const PURPOSE: &str = "second factor";

pub(super) async fn find(work: &mut Work, id: &UserId) -> Result<Option<SecondFactor>, Fault> {
    let sql = "SELECT f.created_at, f.last_used_at,
                 (SELECT count(*) FROM recovery_codes c WHERE c.user_id = f.user_id)
               FROM second_factors f WHERE f.user_id = $1";
    let row = work.tx.query_one(sql, db::params![id.as_str()]).await?;
    row.map(|row| {
        Ok(SecondFactor {
            created_at: row.get(0)?,
            last_used_at: row.get(1)?,
            recovery_codes: row.get(2)?,
        })
    })
    .transpose()
}

/// The seed and the step of the last code that was used.
pub(super) async fn find_seed(work: &mut Work, id: &UserId) -> Result<Option<(Seed, i64)>, Fault> {
    let sql = "SELECT seed, last_step FROM second_factors WHERE user_id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id.as_str()]).await? else {
        return Ok(None);
    };
    let sealed: Vec<u8> = row.get(0)?;
    let bytes = work.instance.vault.open(PURPOSE, &sealed).ok_or_else(|| {
        Fault::Broken(format!(
            "the second factor of {id} was sealed under a master key that is not given any more: \
             give that key too, or reset the second factor"
        ))
    })?;
    Ok(Some((Seed::of(&bytes)?, row.get(1)?)))
}

/// Stores the first second factor of somebody: its seed, the step of the code that was seen, the
/// instant. Says whether they had none.
pub(super) async fn insert(
    work: &mut Work,
    id: &UserId,
    (seed, step, now): (&Seed, i64, i64),
) -> Result<bool, Fault> {
    let sealed = work.instance.vault.seal(PURPOSE, seed.bytes())?;
    let sql = "INSERT INTO second_factors (user_id, seed, last_step, created_at, last_used_at)
               VALUES ($1, $2, $3, $4, $4) ON CONFLICT (user_id) DO NOTHING";
    Ok(work.tx.execute(sql, db::params![id.as_str(), sealed, step, now]).await? == 1)
}

/// Puts another in place of the one that was made `at`. Says whether that was still there.
pub(super) async fn replace(
    work: &mut Work,
    id: &UserId,
    (seed, step, now): (&Seed, i64, i64),
    at: i64,
) -> Result<bool, Fault> {
    let sealed = work.instance.vault.seal(PURPOSE, seed.bytes())?;
    let sql =
        "UPDATE second_factors SET seed = $2, last_step = $3, created_at = $4, last_used_at = $4
               WHERE user_id = $1 AND created_at = $5";
    Ok(work.tx.execute(sql, db::params![id.as_str(), sealed, step, now, at]).await? == 1)
}

/// Uses up the code of a step. Sealed anew, so that an old master key is not needed for ever. Says
/// whether it was still good.
pub(super) async fn set_used(
    work: &mut Work,
    id: &UserId,
    step: i64,
    now: i64,
) -> Result<bool, Fault> {
    let Some((seed, _)) = find_seed(work, id).await? else { return Ok(false) };
    let sealed = work.instance.vault.seal(PURPOSE, seed.bytes())?;
    let sql = "UPDATE second_factors SET last_step = $2, last_used_at = $3, seed = $4
               WHERE user_id = $1 AND last_step < $2";
    Ok(work.tx.execute(sql, db::params![id.as_str(), step, now, sealed]).await? == 1)
}

/// Says whether there was one.
pub(super) async fn delete(work: &mut Work, id: &UserId) -> Result<bool, Fault> {
    let sql = "DELETE FROM second_factors WHERE user_id = $1";
    Ok(work.tx.execute(sql, db::params![id.as_str()]).await? == 1)
}

/// Is one of these hashes that of a code which was not used yet?
pub(super) async fn has_recovery_code(
    work: &mut Work,
    id: &UserId,
    hashes: &[Vec<u8>],
) -> Result<bool, Fault> {
    let sql = "SELECT user_id FROM recovery_codes WHERE user_id = $1 AND hash = $2";
    for hash in hashes {
        if work.tx.query_one(sql, db::params![id.as_str(), hash]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Uses up a recovery code. Says whether it was still good.
pub(super) async fn delete_recovery_code(
    work: &mut Work,
    (id, now): (&UserId, i64),
    hashes: &[Vec<u8>],
) -> Result<bool, Fault> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";
    for hash in hashes {
        if work.tx.execute(sql, db::params![id.as_str(), hash]).await? == 1 {
            let sql = "UPDATE second_factors SET last_used_at = $2 WHERE user_id = $1";
            work.tx.execute(sql, db::params![id.as_str(), now]).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sets the recovery codes, in place of those there are.
pub(super) async fn set_recovery_codes(
    work: &mut Work,
    id: &UserId,
    hashes: &[Vec<u8>],
) -> Result<(), Fault> {
    work.tx
        .execute("DELETE FROM recovery_codes WHERE user_id = $1", db::params![id.as_str()])
        .await?;
    let sql = "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)";
    for hash in hashes {
        work.tx.execute(sql, db::params![id.as_str(), hash]).await?;
    }
    Ok(())
}
