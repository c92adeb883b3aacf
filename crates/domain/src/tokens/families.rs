//! Refresh token families (RFC 6749 §6, RFC 9700 §4.14): one row however often they rotate.
//!
//! The token of generation *n* is a MAC over (family, n) and the family's random seed. So a
//! replay of generation n−1 inside the overlap recomputes the *same* successor and the same
//! access token, and any older generation is known for genuine and ends the family. Nothing spent
//! is kept.

use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::access_tokens::{self, AccessToken, Issue, Subject};
use super::{Grant, find_grant, grants, keep_until, replays};
use crate::audit::{self, Object};
use crate::clients::{Client, RefreshRotation};
use crate::vault::Opened;
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
    pub(super) access_id: i64,
    pub(super) epochs: [i64; 3],
}

/// What a refresh gives.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The new access token.
    pub access: AccessToken,
    /// The refresh token to use next.
    pub refresh: Plain,
    /// The grant behind both.
    pub grant: Grant,
}

/// Why a refresh did not happen.
#[derive(Debug)]
pub enum RefreshRefusal {
    /// The caller gets this.
    Refused(Error),
    /// Nobody's mistake.
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for RefreshRefusal {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
    }
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
    access: &AccessToken,
) -> Result<Plain, Fault> {
    let id = work.instance.ids.next();
    let seed = work.instance.chance.bytes::<16>()?;
    let expires_at = call.now + client.refresh_token_lifetime;
    let sql = "INSERT INTO refresh_families (id, grant_id, seed, generation, rotated_at, access_id, created_at,
                 expires_at, replays, client_epoch, user_epoch, grant_epoch)
               SELECT CAST($1 AS BIGINT), t.grant_id, $2, 0, CAST($3 AS BIGINT), t.id, CAST($3 AS BIGINT),
                 CAST($4 AS BIGINT), 0, t.client_epoch, t.user_epoch, t.grant_epoch
               FROM access_tokens t WHERE t.id = $5";
    let params = db::params![id, seed, call.now, expires_at, access.id];
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

fn text(work: &Work, id: i64, generation: i64, seed: &[u8]) -> Result<Plain, Fault> {
    Ok(Plain::new(work.instance.vault.make(Kind::Refresh, id, generation.cast_unsigned(), seed)?))
}

/// The family and generation a refresh token names, if the token is genuine.
pub(super) async fn open(work: &mut Work, token: &str) -> Result<Option<(Family, i64)>, Fault> {
    let Some(newest) = work.instance.vault.read(Kind::Refresh, token) else { return Ok(None) };
    let mut readings = vec![newest];
    readings.extend(work.instance.vault.read_older(&newest));
    for opened in readings {
        if let Some(family) = find(work, opened.id).await?
            && let Some(generation) = genuine_generation(work, &opened, &family)
        {
            return Ok(Some((family, generation)));
        }
    }
    Ok(None)
}

fn genuine_generation(work: &Work, opened: &Opened, family: &Family) -> Option<i64> {
    let generation = i64::try_from(opened.extra).ok()?;
    let known =
        generation <= family.generation && work.instance.vault.is_genuine(opened, &family.seed);
    known.then_some(generation)
}

async fn find(work: &mut Work, id: i64) -> Result<Option<Family>, Fault> {
    let sql =
        "SELECT id, grant_id, expires_at, rotated_at, seed, generation, access_id, client_epoch,
                 user_epoch, grant_epoch FROM refresh_families WHERE id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else { return Ok(None) };
    Ok(Some(Family {
        id: row.get(0)?,
        grant: GrantId(row.get(1)?),
        expires_at: row.get(2)?,
        rotated_at: row.get(3)?,
        seed: row.get(4)?,
        generation: row.get(5)?,
        access_id: row.get(6)?,
        epochs: [row.get(7)?, row.get(8)?, row.get(9)?],
    }))
}

/// Exchanges a refresh token of `client` (RFC 6749 §6).
///
/// Order: genuine → of this client → alive → not expired → scope → rotate by compare-and-set.
/// The caller commits in every case: the end of a stolen family must be as durable as a success.
///
/// # Errors
/// `invalid_grant` or `invalid_scope` with the exact reason for the operator; or a fault.
pub async fn refresh(
    work: &mut Work,
    call: &Call,
    client: &Client,
    token: &str,
    (scopes, resources): (Option<&Scopes>, &[String]),
) -> Result<Refreshed, RefreshRefusal> {
    let Some((family, generation)) = open(work, token).await? else {
        return Err(refused(
            "The refresh token is not valid.",
            "no family holds this token: it is mistyped, foreign, or its family has ended",
        ));
    };
    let grant = find_grant(work, family.grant).await?;
    let Some(grant) = grant.filter(|grant| grant.client == client.id.as_str()) else {
        return Err(refused(
            "The refresh token is not valid.",
            "the token belongs to another client",
        ));
    };
    alive(work, call, client, &family).await?;
    let scopes = narrowed(&grant, scopes)?;
    let scopes = scopes.iter().filter(|scope| client.may_ask(scope)).collect();
    let resources = chosen(&grant, resources)?.to_vec();
    let replay = generation + 1 == family.generation;
    if generation == family.generation {
        match rotate(work, call, client, &family, (&grant, &scopes, &resources)).await? {
            Rotation::Done(done) => return Ok(*done),
            Rotation::Ended => {}
            // Somebody was a moment earlier: this is now a replay of the previous generation.
            Rotation::Lost => {
                let again = find(work, family.id).await?;
                if let Some(family) = again.filter(|f| f.generation == generation + 1) {
                    return replayed(work, call, client, &family, grant).await;
                }
            }
        }
        return Err(refused(
            "The refresh token is not valid.",
            "client, person or grant ended while it was exchanged",
        ));
    }
    if replay && call.now - family.rotated_at <= client.refresh_overlap {
        return replayed(work, call, client, &family, grant).await;
    }
    stolen(work, call, client, &family, generation).await?;
    Err(refused(
        "The refresh token was used before; its family is revoked.",
        format!(
            "generation {generation} was presented, {} is current: the family is revoked",
            family.generation
        ),
    ))
}

fn refused(sentence: &'static str, note: impl Into<String>) -> RefreshRefusal {
    RefreshRefusal::Refused(Error::new(Code::InvalidGrant, sentence).because(note))
}

/// Epochs equal, person active, neither limit passed.
async fn alive(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
) -> Result<(), RefreshRefusal> {
    let sql = "SELECT c.epoch, u.epoch, g.epoch FROM grants g JOIN clients c ON c.id = g.client_id
               JOIN users u ON u.id = g.user_id WHERE g.id = $1 AND c.enabled AND u.status = 'active'";
    let row = work.tx.query_one(sql, db::params![family.grant]).await?;
    let Some(row) = row else {
        return Err(refused(
            "The refresh token is no longer valid.",
            "the client is disabled, or the person is gone or disabled",
        ));
    };
    let now: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
    if now != family.epochs {
        let what = ["client", "person", "grant"];
        let ended: Vec<_> =
            (0..3).filter(|i| now[*i] != family.epochs[*i]).map(|i| what[i]).collect();
        return Err(refused(
            "The refresh token is no longer valid.",
            format!("revoked since it was issued: {}", ended.join(", ")),
        ));
    }
    if call.now >= family.expires_at {
        return Err(refused(
            "The refresh token has expired.",
            format!("it expired at {}", family.expires_at),
        ));
    }
    if client.refresh_token_idle_lifetime.is_some_and(|idle| call.now - family.rotated_at > idle) {
        return Err(refused(
            "The refresh token has expired.",
            format!("it was last used at {}", family.rotated_at),
        ));
    }
    Ok(())
}

/// RFC 6749 §6: the scope must not exceed what was granted; left out, it is all that was granted.
fn narrowed(grant: &Grant, asked: Option<&Scopes>) -> Result<Scopes, RefreshRefusal> {
    let Some(asked) = asked else { return Ok(grant.scopes.clone()) };
    if asked.is_subset(&grant.scopes) {
        return Ok(asked.clone());
    }
    let error = Error::new(Code::InvalidScope, "The scope exceeds what was granted.")
        .expected(grant.scopes.to_string())
        .received(asked.to_string())
        .because("a refresh can narrow the scope, never widen it");
    Err(RefreshRefusal::Refused(error))
}

/// RFC 8707 §2.2: resources of the grant, or fewer.
fn chosen<'a>(grant: &'a Grant, asked: &'a [String]) -> Result<&'a [String], RefreshRefusal> {
    if asked.is_empty() {
        return Ok(&grant.resources);
    }
    if asked.iter().all(|id| grant.resources.contains(id)) {
        return Ok(asked);
    }
    let error = Error::new(Code::InvalidTarget, "The resource was not granted.")
        .expected(grant.resources.join(" "))
        .received(asked.join(" "));
    Err(RefreshRefusal::Refused(error))
}

type Authority<'a> = (&'a Grant, &'a Scopes, &'a [String]);

/// What came of an attempt to rotate.
enum Rotation {
    Done(Box<Refreshed>),
    /// Somebody else rotated it a moment ago, or ended it.
    Lost,
    /// Client, person or grant ended meanwhile.
    Ended,
}

/// The one state change: the next generation by compare-and-set.
async fn rotate(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
    (grant, scopes, resources): Authority<'_>,
) -> Result<Rotation, Fault> {
    let keeps = client.confidential && client.refresh_rotation == RefreshRotation::Keep;
    let next = if keeps { family.generation } else { family.generation + 1 };
    let extra = (!keeps).then(|| work.instance.vault.derive(&family.seed, next));
    let subject = Subject::Grant(grant, [family.epochs[0], family.epochs[1]]);
    let issue = Issue { client, subject, scopes, resources, extra };
    let sql = "UPDATE refresh_families SET generation = $3, rotated_at = $4
               WHERE id = $1 AND generation = $2";
    let taken =
        work.tx.execute(sql, db::params![family.id, family.generation, next, call.now]).await?;
    if taken == 0 {
        return Ok(Rotation::Lost);
    }
    let Some(access) = access_tokens::issue(work, call, &issue).await? else {
        return Ok(Rotation::Ended);
    };
    let sql = "UPDATE refresh_families SET access_id = $2 WHERE id = $1";
    work.tx.execute(sql, db::params![family.id, access.id]).await?;
    keep_until(work, grant.id, call.now + access.expires_in).await?;
    let refresh = text(work, family.id, next, &family.seed)?;
    Ok(Rotation::Done(Box::new(Refreshed { access, refresh, grant: grant.clone() })))
}

/// The same successor again: same refresh token, same access token with its remaining time.
async fn replayed(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
    grant: Grant,
) -> Result<Refreshed, RefreshRefusal> {
    let sql = "SELECT expires_at, scopes, audience FROM access_tokens WHERE id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![family.access_id]).await? else {
        return Err(refused(
            "The refresh token was used before.",
            "the access token of its successor has ended already",
        ));
    };
    let expires_at: i64 = row.get(0)?;
    let scopes = grants::stored_scopes(&row.get::<String>(1)?)?;
    let audience: String = row.get(2)?;
    let resources: Vec<_> = audience.split_whitespace().map(str::to_owned).collect();
    let sql = "UPDATE refresh_families SET replays = replays + 1 WHERE id = $1";
    work.tx.execute(sql, db::params![family.id]).await?;
    replays::note(work, call, client, replays::RETRY).await?;
    let extra = Some(work.instance.vault.derive(&family.seed, family.generation));
    let issue = Issue {
        client,
        subject: Subject::Grant(&grant, [family.epochs[0], family.epochs[1]]),
        scopes: &scopes,
        resources: &resources,
        extra,
    };
    let text_of_access =
        access_tokens::spell(work, call.now, family.access_id, expires_at, &issue).await?;
    let access = AccessToken {
        id: family.access_id,
        text: text_of_access,
        expires_in: (expires_at - call.now).max(0),
        scopes: scopes.clone(),
    };
    let refresh = text(work, family.id, family.generation, &family.seed)?;
    Ok(Refreshed { access, refresh, grant })
}

/// A spent token came back outside the overlap: whoever holds the family now may be a thief.
async fn stolen(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
    generation: i64,
) -> Result<(), Fault> {
    super::end_grant(work, family.grant).await?;
    replays::note(work, call, client, replays::THEFT).await?;
    let object = Object::new("client", client.id.as_str(), &client.name);
    let change = audit::Change {
        field: "refresh_token_generation".into(),
        before: family.generation.into(),
        after: generation.into(),
    };
    audit::record_refusal(work, call, "grant.refresh_token_reused", &object, &[change]).await
}
