//! Refresh token families (RFC 6749 §6, RFC 9700 §4.14): one row however often they rotate.
//!
//! The token of generation *n* is a MAC over (family, n) and the family's random seed. So a
//! replay of generation n−1 inside the overlap recomputes the *same* successor and the same
//! access token, and any older generation is known for genuine and ends the family. Nothing spent
//! is kept.

use std::sync::Arc;

use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::access_tokens::{self, Issue, Issued, Subject};
use super::{Grant, find_grant, grants, keep_until, replays};
use crate::audit::{self, Object};
use crate::clients::{Client, RefreshRotation};
use crate::vault::Opened;
use crate::{Call, Fault, GrantId, Instance, Kind, Plain, Work};

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

/// What a refresh gives.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The new access token.
    pub access: Issued,
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
        "SELECT id, grant_id, expires_at, rotated_at, seed, generation, client_epoch, user_epoch,
                 grant_epoch FROM refresh_families WHERE id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else { return Ok(None) };
    Ok(Some(Family {
        id: row.get(0)?,
        grant: GrantId(row.get(1)?),
        expires_at: row.get(2)?,
        rotated_at: row.get(3)?,
        seed: row.get(4)?,
        generation: row.get(5)?,
        epochs: [row.get(6)?, row.get(7)?, row.get(8)?],
    }))
}

/// Exchanges a refresh token of `client` (RFC 6749 §6). It begins and commits its own work,
/// so that what it gives, and the end of a stolen family, is durable. Never call it while holding one.
///
/// Order: genuine → of this client → alive → not expired → scope → rotate by compare-and-set. All
/// but the last is read before the turn at the writer; what changes meanwhile fails there.
///
/// # Errors
/// `invalid_grant` or `invalid_scope` with the exact reason for the operator; or a fault.
pub async fn refresh(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    token: &str,
    (scopes, resources): (Option<&Scopes>, &[String]),
) -> Result<Refreshed, RefreshRefusal> {
    let mut reading = instance.read();
    let Some((family, generation)) = open(&mut reading, token).await? else {
        return Err(refused(
            "The refresh token is not valid.",
            "no family holds this token: it is mistyped, foreign, or its family has ended",
        ));
    };
    let grant = find_grant(&mut reading, family.grant).await?;
    let Some(grant) = grant.filter(|grant| grant.client == client.id.as_str()) else {
        return Err(refused(
            "The refresh token is not valid.",
            "the token belongs to another client",
        ));
    };
    alive(&mut reading, call, client, &family).await?;
    let scopes = narrowed(&grant, scopes)?;
    let scopes = scopes.iter().filter(|scope| client.may_ask(scope)).collect();
    let resources = chosen(&grant, resources)?;
    let mut work = instance.begin().await?;
    let authority = (&grant, &scopes, resources);
    let outcome = spend(&mut work, call, client, (&family, generation), authority).await;
    if !matches!(outcome, Err(RefreshRefusal::Fault(_))) {
        work.commit().await?;
    }
    outcome
}

/// The current generation rotates, the one before gets its successor again, any older one ends the
/// family.
async fn spend(
    work: &mut Work,
    call: &Call,
    client: &Client,
    (family, generation): (&Family, i64),
    authority: Authority<'_>,
) -> Result<Refreshed, RefreshRefusal> {
    if generation == family.generation {
        match rotate(work, call, client, family, authority).await? {
            Rotation::Done(done) => return Ok(*done),
            Rotation::Ended => {}
            // Somebody was a moment earlier: this is now a replay of the previous generation.
            Rotation::Lost => {
                let again = find(work, family.id).await?;
                if let Some(family) = again.filter(|f| f.generation == generation + 1) {
                    return replayed(work, call, client, &family, authority).await;
                }
            }
        }
        return Err(refused(
            "The refresh token is not valid.",
            "client, person or grant ended while it was exchanged",
        ));
    }
    let is_previous = generation + 1 == family.generation;
    if is_previous && call.now - family.rotated_at <= client.refresh_overlap {
        return replayed(work, call, client, family, authority).await;
    }
    stolen(work, call, client, family, generation).await?;
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
    if super::covers_resources(&grant.resources, asked) {
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
    let Some(access) = access_tokens::issue(work, call, &issue).await? else {
        return Ok(Rotation::Ended);
    };
    let sql = "UPDATE refresh_families SET generation = $3, rotated_at = $4, access_id = $5
               WHERE id = $1 AND generation = $2";
    let params = db::params![family.id, family.generation, next, call.now, access.id];
    if work.tx.execute(sql, params).await? == 0 {
        // Nobody has seen it.
        let sql = "DELETE FROM access_tokens WHERE id = $1";
        work.tx.execute(sql, db::params![access.id]).await?;
        return Ok(Rotation::Lost);
    }
    // Most often the grant lives as long as the family does, and there is nothing to write.
    let ends = call.now + client.access_token_lifetime;
    if ends > grant.expires_at {
        keep_until(work, grant.id, ends).await?;
    }
    let refresh = text(work, family.id, next, &family.seed)?;
    Ok(Rotation::Done(Box::new(Refreshed { access, refresh, grant: grant.clone() })))
}

/// The same successor again: same refresh token, same access token with its remaining time. Where
/// that has expired within the overlap, a new one under the same generation; `asked` is what it is
/// for once nobody remembers the first.
async fn replayed(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
    asked: Authority<'_>,
) -> Result<Refreshed, RefreshRefusal> {
    // Takes the row, so that of several replays at once one makes the new access token.
    let sql = "UPDATE refresh_families SET replays = replays + 1 WHERE id = $1 RETURNING access_id";
    let row = work.tx.query_one(sql, db::params![family.id]).await?;
    let access_id: i64 = row.ok_or_else(successor_ended)?.get(0)?;
    replays::note(work, call, client, replays::RETRY).await?;
    let (grant, scopes, resources) = asked;
    let access = match stored_successor(work, access_id).await? {
        Some((expires_at, scopes, resources)) => {
            let authority = (grant, &scopes, resources.as_slice());
            if expires_at > call.now {
                let issue = successor(work, client, family, authority);
                access_tokens::again(work, call.now, (access_id, expires_at), &issue).await?
            } else {
                renewed(work, call, client, family, authority).await?.ok_or_else(successor_ended)?
            }
        }
        // Swept after its end, not revoked before it.
        None if family.rotated_at + client.access_token_lifetime <= call.now => {
            let authority = (grant, scopes, resources);
            renewed(work, call, client, family, authority).await?.ok_or_else(successor_ended)?
        }
        None => return Err(successor_ended()),
    };
    let refresh = text(work, family.id, family.generation, &family.seed)?;
    Ok(Refreshed { access, refresh, grant: grant.clone() })
}

/// When the access token of the current generation ends, and what it is for.
async fn stored_successor(
    work: &mut Work,
    id: i64,
) -> Result<Option<(i64, Scopes, Vec<String>)>, Fault> {
    let sql = "SELECT expires_at, scopes, audience FROM access_tokens WHERE id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else { return Ok(None) };
    let scopes = grants::stored_scopes(&row.get::<String>(1)?)?;
    let audience: String = row.get(2)?;
    let resources = audience.split_whitespace().map(str::to_owned).collect();
    Ok(Some((row.get(0)?, scopes, resources)))
}

fn successor_ended() -> RefreshRefusal {
    refused(
        "The refresh token was used before.",
        "the access token of its successor has ended already",
    )
}

/// The access token that belongs to the current generation of a family.
fn successor<'a>(
    work: &Work,
    client: &'a Client,
    family: &Family,
    (grant, scopes, resources): Authority<'a>,
) -> Issue<'a> {
    let extra = Some(work.instance.vault.derive(&family.seed, family.generation));
    let subject = Subject::Grant(grant, [family.epochs[0], family.epochs[1]]);
    Issue { client, subject, scopes, resources, extra }
}

/// Another access token for the current generation, whose first one has expired.
async fn renewed(
    work: &mut Work,
    call: &Call,
    client: &Client,
    family: &Family,
    authority: Authority<'_>,
) -> Result<Option<Issued>, Fault> {
    let issue = successor(work, client, family, authority);
    let Some(access) = access_tokens::issue(work, call, &issue).await? else { return Ok(None) };
    let sql = "UPDATE refresh_families SET access_id = $2 WHERE id = $1";
    work.tx.execute(sql, db::params![family.id, access.id]).await?;
    keep_until(work, family.grant, call.now + client.access_token_lifetime).await?;
    Ok(Some(access))
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
