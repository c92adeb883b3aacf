//! A refresh token that is presented: the current generation rotates, the one before gets its
//! successor again within the overlap, any older one ends the family (RFC 9700 §4.14.2).
//!
//! This file refuses to know how a client proved itself.

use std::sync::Arc;

use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::access_tokens::{self, INSERT_OF_FAMILY, Issue, Issued, New, Subject};
use super::families::{Family, Opened, find, open, text};
use super::grants::KEEP_UNTIL;
use super::{Grant, grants, keep_until, replays};
use crate::audit::{self, Object};
use crate::clients::{Client, Recalled, RefreshRotation};
use crate::{Call, Fault, Instance, Plain, Work};

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

/// Exchanges a refresh token of `client` (RFC 6749 §6). It begins and commits its own work,
/// so that what it gives, and the end of a stolen family, is durable. Never call it while holding one.
///
/// Order: genuine → of this client → alive → not expired → scope → rotate by compare-and-set. All
/// but the last is read before; what changes meanwhile fails there.
///
/// # Errors
/// `invalid_grant` or `invalid_scope` with the exact reason for the operator; or a fault.
pub async fn refresh(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    token: &str,
    asked: (Option<&Scopes>, &[String]),
) -> Result<Refreshed, RefreshRefusal> {
    let Some(opened) = open(&mut instance.read(), token).await? else {
        return Err(refused(
            "The refresh token is not valid.",
            "no family holds this token: it is mistyped, foreign, or its family has ended",
        ));
    };
    exchange(instance, call, client, &opened, asked).await
}

/// The same for a client that is only remembered: the statement that reads the family proves it
/// current. `None`: it is not, or the token is none; nothing was done.
///
/// # Errors
/// As [`refresh`].
pub async fn refresh_recalled(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Recalled,
    token: &str,
    asked: (Option<&Scopes>, &[String]),
) -> Result<Option<Refreshed>, RefreshRefusal> {
    let Some(opened) = open(&mut instance.read(), token).await? else { return Ok(None) };
    let known = client.unproven();
    if opened.grant.client != known.id.as_str() || !client.is_at(Some(opened.client_version)) {
        return Ok(None);
    }
    exchange(instance, call, known, &opened, asked).await.map(Some)
}

async fn exchange(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    opened: &Opened,
    (scopes, resources): (Option<&Scopes>, &[String]),
) -> Result<Refreshed, RefreshRefusal> {
    let grant = &opened.grant;
    if grant.client != client.id.as_str() {
        return Err(refused(
            "The refresh token is not valid.",
            "the token belongs to another client",
        ));
    }
    alive(call, client, opened)?;
    let scopes = narrowed(grant, scopes)?;
    let scopes = scopes.iter().filter(|scope| client.may_ask(scope)).collect();
    let authority = (grant, &scopes, chosen(grant, resources)?);
    let (family, generation) = (&opened.family, opened.generation);
    if generation == family.generation {
        match rotate(instance, call, client, family, authority).await? {
            Some(done) => return Ok(done),
            None => return lost(instance, call, client, family, authority).await,
        }
    }
    let mut work = instance.begin().await?;
    let is_previous = generation + 1 == family.generation;
    let outcome = if is_previous && call.now - family.rotated_at <= client.refresh_overlap {
        replayed(&mut work, call, client, family, authority).await
    } else {
        stolen(&mut work, call, client, family, generation).await?;
        let current = family.generation;
        Err(refused(
            "The refresh token was used before; its family is revoked.",
            format!(
                "generation {generation} was presented, {current} is current: the family is revoked"
            ),
        ))
    };
    settled(work, outcome).await
}

/// What the current generation gives whose rotation did not take place: where somebody was a moment
/// earlier, it is now a replay of the previous one.
async fn lost(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    family: &Family,
    authority: Authority<'_>,
) -> Result<Refreshed, RefreshRefusal> {
    let mut work = instance.begin().await?;
    let now = find(&mut work, family.id).await?.map(|opened| opened.family);
    let Some(rotated) = now.filter(|now| now.generation == family.generation + 1) else {
        return Err(refused(
            "The refresh token is not valid.",
            "client, person or grant ended while it was exchanged",
        ));
    };
    let outcome = replayed(&mut work, call, client, &rotated, authority).await;
    settled(work, outcome).await
}

/// Makes durable what was done, for a refusal too: it may have ended a family. A fault undoes it.
async fn settled(
    work: Work,
    outcome: Result<Refreshed, RefreshRefusal>,
) -> Result<Refreshed, RefreshRefusal> {
    if !matches!(outcome, Err(RefreshRefusal::Fault(_))) {
        work.commit().await?;
    }
    outcome
}

fn refused(sentence: &'static str, note: impl Into<String>) -> RefreshRefusal {
    RefreshRefusal::Refused(Error::new(Code::InvalidGrant, sentence).because(note))
}

/// Epochs equal, person active, neither limit passed.
fn alive(call: &Call, client: &Client, opened: &Opened) -> Result<(), RefreshRefusal> {
    let family = &opened.family;
    let Some(parties) = &opened.parties else {
        return Err(refused(
            "The refresh token is no longer valid.",
            "the client is disabled, or the person is disabled",
        ));
    };
    let ended = opened.ended(parties);
    if !ended.is_empty() {
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

/// The one state change, by compare-and-set: the family moves on only while everybody behind it is
/// alive, and takes its access token with it.
const ROTATE: &str = "UPDATE refresh_families SET generation = $3, rotated_at = $4, access_id = $5
     WHERE id = $1 AND generation = $2 AND EXISTS (
       SELECT 1 FROM grants g JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id
       WHERE g.id = refresh_families.grant_id AND g.epoch = refresh_families.grant_epoch
         AND c.enabled AND c.epoch = refresh_families.client_epoch
         AND u.status = 'active' AND u.epoch = refresh_families.user_epoch)";

/// The next generation. `None`: somebody else rotated it a moment ago, or it has ended.
async fn rotate(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    family: &Family,
    (grant, scopes, resources): Authority<'_>,
) -> Result<Option<Refreshed>, Fault> {
    let mut reading = instance.read();
    let keeps = client.confidential && client.refresh_rotation == RefreshRotation::Keep;
    let next = if keeps { family.generation } else { family.generation + 1 };
    let extra = (!keeps).then(|| instance.vault.derive(&family.seed, next));
    let subject = Subject::Grant(grant, [family.epochs[0], family.epochs[1]]);
    let issue = Issue { client, subject, scopes, resources, extra };
    let new = New::of(&reading, call, &issue);
    let rotation = db::params![family.id, family.generation, next, call.now, new.id];
    let access = db::params![
        new.id,
        client.number,
        new.issued_at,
        new.expires_at,
        new.scopes,
        new.audience,
        family.id
    ];
    let kept = db::params![grant.id, new.expires_at];
    let mut statements = vec![(ROTATE, rotation), (INSERT_OF_FAMILY, access)];
    // Most often the grant lives as long as the family does, and there is nothing to write.
    if new.expires_at > grant.expires_at {
        statements.push((KEEP_UNTIL, kept));
    }
    if instance.db.perform_all(&statements).await?.first() != Some(&1) {
        return Ok(None);
    }
    let access = access_tokens::spell(&mut reading, &new, &issue).await?;
    let refresh = text(&reading, family.id, next, &family.seed)?;
    Ok(Some(Refreshed { access, refresh, grant: grant.clone() }))
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
