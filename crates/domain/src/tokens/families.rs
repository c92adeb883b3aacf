//! Refresh token families (RFC 6749 §6, RFC 9700 §4.14): one row however often they rotate.
//!
//! The token of generation *n* is a MAC over (family, n) and the family's random seed. So a
//! replay of generation n−1 inside the overlap recomputes the *same* successor and the same
//! access token, and any older generation is known for genuine. Nothing spent is kept. What becomes
//! of a token that is presented is `rotation`.

use std::sync::LazyLock;

use super::{Grant, grants, keep_until};
use crate::access::Access;
use crate::clients::Client;
use crate::{Call, Fault, GrantId, Kind, Plain, Work};

/// A family as stored.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its row.
    pub id: i64,
    /// The grant it serves.
    pub grant: GrantId,
    /// The end of all its tokens; survives rotation.
    pub expires_at: i64,
    /// When it last rotated or was used.
    pub rotated_at: i64,
    pub(super) seed: Vec<u8>,
    pub(super) generation: i64,
    pub(super) epochs: [i64; 3],
}

/// Begins a family for a grant whose first access token was just issued, under the same epochs: a
/// password changed in this very moment ends both.
///
/// # Errors
/// When it cannot be stored.
pub async fn begin_family(
    work: &mut Work,
    call: &Call,
    client: &Client,
    grant: &Grant,
    access: i64,
) -> Result<Plain, Fault> {
    let id = work.instance.ids.next();
    let seed = work.instance.chance.bytes::<16>()?;
    let expires_at = call.now + client.refresh_token_lifetime;
    let sql = "INSERT INTO refresh_families (id, grant_id, seed, generation, rotated_at, access_id, created_at,
                 expires_at, replays, client_epoch, user_epoch, grant_epoch)
               SELECT CAST($1 AS BIGINT), t.grant_id, $2, 0, CAST($3 AS BIGINT), t.id, CAST($3 AS BIGINT),
                 CAST($4 AS BIGINT), 0, t.client_epoch, t.user_epoch, t.grant_epoch
               FROM access_tokens t WHERE t.id = $5";
    let params = db::params![id, seed, call.now, expires_at, access];
    work.tx.execute(sql, params).await?;
    keep_until(work, grant.id, expires_at).await?;
    text(work, id, 0, &seed)
}

/// The refresh token that this grant's living family would take now.
pub(super) async fn current(
    work: &mut Work,
    grant: GrantId,
    now: i64,
) -> Result<Option<Plain>, Fault> {
    let sql = "SELECT id, generation, seed FROM refresh_families
               WHERE grant_id = $1 AND expires_at > $2 ORDER BY id DESC LIMIT 1";
    let Some(row) = work.tx.query_one(sql, db::params![grant, now]).await? else {
        return Ok(None);
    };
    text(work, row.get(0)?, row.get(1)?, &row.get::<Vec<u8>>(2)?).map(Some)
}

pub(super) fn text(work: &Work, id: i64, generation: i64, seed: &[u8]) -> Result<Plain, Fault> {
    Ok(Plain::new(work.instance.vault.make(Kind::Refresh, id, generation.cast_unsigned(), seed)?))
}

/// A family, the generation that a genuine refresh token of it names, and what both answer to.
pub(super) struct Opened {
    pub family: Family,
    pub generation: i64,
    pub grant: Grant,
    /// Whom it was issued to and for, now; `None` where one of them is disabled.
    pub parties: Option<Parties>,
    /// The version of the client, now.
    pub client_version: i64,
}

/// Client and person of a family, both enabled.
pub(super) struct Parties {
    pub access: Access,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub idle_lifetime: Option<i64>,
    /// The epochs of client and person, now.
    epochs: [i64; 2],
}

impl Opened {
    /// What has ended since the family began: nothing, or `client`, `person`, `grant`.
    pub(super) fn ended(&self, parties: &Parties) -> Vec<&'static str> {
        let now = [parties.epochs[0], parties.epochs[1], self.grant.epoch];
        let pairs = now.iter().zip(&self.family.epochs).zip(["client", "person", "grant"]);
        pairs.filter(|((now, then), _)| now != then).map(|(_, what)| what).collect()
    }
}

/// What a refresh token names, if it is genuine: one statement.
pub(super) async fn open(work: &mut Work, token: &str) -> Result<Option<Opened>, Fault> {
    let Some(newest) = work.instance.vault.read(Kind::Refresh, token) else { return Ok(None) };
    let mut readings = vec![newest];
    readings.extend(work.instance.vault.read_older(&newest));
    for read in readings {
        if let Some(mut opened) = find(work, read.id).await?
            && let Ok(generation) = i64::try_from(read.extra)
            && generation <= opened.family.generation
            && work.instance.vault.is_genuine(&read, &opened.family.seed)
        {
            opened.generation = generation;
            return Ok(Some(opened));
        }
    }
    Ok(None)
}

/// The family with this id, at its current generation.
pub(super) async fn find(work: &mut Work, id: i64) -> Result<Option<Opened>, Fault> {
    let Some(row) = work.tx.query_one(&FIND, db::params![id]).await? else { return Ok(None) };
    let generation = row.get(5)?;
    let family = Family {
        id: row.get(0)?,
        grant: GrantId(row.get(1)?),
        expires_at: row.get(2)?,
        rotated_at: row.get(3)?,
        seed: row.get(4)?,
        generation,
        epochs: [row.get(6)?, row.get(7)?, row.get(8)?],
    };
    let parties = Parties {
        epochs: [row.get(9)?, row.get(10)?],
        access: Access::parse(&row.get::<String>(13)?),
        email: row.get(14)?,
        display_name: row.get(15)?,
        idle_lifetime: row.get(16)?,
    };
    Ok(Some(Opened {
        family,
        generation,
        grant: grants::read(&row, 17)?,
        parties: row.get::<bool>(11)?.then_some(parties),
        client_version: row.get(12)?,
    }))
}

static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT f.id, f.grant_id, f.expires_at, f.rotated_at, f.seed, f.generation, f.client_epoch,
           f.user_epoch, f.grant_epoch, c.epoch, u.epoch, c.enabled AND u.status = 'active',
           c.version, c.access, u.email, u.display_name, c.refresh_token_idle_lifetime, {}
         FROM refresh_families f JOIN grants g ON g.id = f.grant_id
         JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id WHERE f.id = $1",
        grants::COLUMNS
    )
});
