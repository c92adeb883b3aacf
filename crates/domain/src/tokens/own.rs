//! A client's own token (client credentials), under what the client was given: the living one
//! again where it is to be reused, and no more at once than its quota.
//!
//! Without either it is one statement, which is a transaction of its own. Else, in this
//! order: the living token of the same shape → is there room → issue → become the one to be given
//! again → take a place. Whoever loses one of the last two takes the token back and asks once
//! more. Everybody takes them in this order, so that nobody waits in a circle. This file refuses
//! to know who asks and how often.

use std::sync::Arc;

use protocol::scope::Scopes;

use super::access_tokens::{self, AccessToken, Issue, Subject};
use super::reuse::{self, Found};
use super::slots::{self, Room};
use crate::clients::{Client, Recalled, TokenIssuance};
use crate::{Call, Fault, Instance, Work};

/// Times one request may lose against others before it gives up.
const TRIES: usize = 20;

/// What a client that asks for its own token gets.
#[derive(Debug)]
pub enum Own {
    /// A token: new, or the living one with the time it has left.
    Issued(AccessToken),
    /// As many are alive as may be.
    Full {
        /// `max_active_tokens`.
        limit: i64,
        /// Seconds until the first of them expires.
        first_ends_in: i64,
    },
    /// Client or context user ended meanwhile.
    Ended,
}

/// Gives `client` a token of its own for scopes and resources that were checked against it. It
/// begins and commits its own work, so that what it gives is durable. Never call it while holding
/// one.
///
/// # Errors
/// When it cannot be stored or signed, or when others were faster too often.
pub async fn issue_own(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Client,
    (scopes, resources): (&Scopes, &[String]),
) -> Result<Own, Fault> {
    let mut reading = instance.read();
    let issue = Issue { client, subject: Subject::Service, scopes, resources, extra: None };
    let reuses = client.token_issuance == TokenIssuance::Reuse;
    if is_alone(client) {
        return Ok(match access_tokens::issue_alone(&mut reading, call, &issue).await? {
            Some(token) => Own::Issued(token),
            None => Own::Ended,
        });
    }
    if reuses
        && let Found::Living(token) =
            reuse::find(&mut reading, &issue, &reuse::shape(&issue), call.now).await?
    {
        return Ok(Own::Issued(token));
    }
    let mut work = instance.begin().await?;
    for _ in 0..TRIES {
        if let Some(own) = once(&mut work, call, issue.clone()).await? {
            work.commit().await?;
            return Ok(own);
        }
    }
    Err(Fault::Unavailable("others were faster at every try".into()))
}

/// Gives a client that is only remembered a token of its own: the statement that stores the token
/// proves it current. `None`: it is not, or this takes more than one statement; nothing was done.
///
/// # Errors
/// As [`issue_own`].
pub async fn issue_recalled(
    instance: &Arc<Instance>,
    call: &Call,
    client: &Recalled,
    (scopes, resources): (&Scopes, &[String]),
) -> Result<Option<AccessToken>, Fault> {
    let client = client.unproven();
    if !is_alone(client) {
        return Ok(None);
    }
    let issue = Issue { client, subject: Subject::Service, scopes, resources, extra: None };
    access_tokens::issue_alone(&mut instance.read(), call, &issue).await
}

/// Is a token of this client one row, and no other of its tokens asked for?
fn is_alone(client: &Client) -> bool {
    client.token_issuance != TokenIssuance::Reuse && client.max_active_tokens.is_none()
}

/// `None`: somebody else was faster, and what they did decides anew.
async fn once(work: &mut Work, call: &Call, mut issue: Issue<'_>) -> Result<Option<Own>, Fault> {
    let client = issue.client;
    let shape = (client.token_issuance == TokenIssuance::Reuse).then(|| reuse::shape(&issue));
    let mut last = 0;
    if let Some(shape) = &shape {
        match reuse::find(work, &issue, shape, call.now).await? {
            Found::Living(token) => return Ok(Some(Own::Issued(token))),
            Found::Dead(id) => last = id,
        }
    }
    let mut free = None;
    if let Some(limit) = client.max_active_tokens {
        match slots::room(work, client, limit, call.now).await? {
            Room::Free(places) => free = Some(places),
            Room::Full { first_ends_at } => {
                let full = Own::Full { limit, first_ends_in: first_ends_at - call.now };
                return Ok(Some(match &shape {
                    // Of what fills it, the last may be the very token that is to be given again.
                    Some(shape) => match reuse::find(work, &issue, shape, call.now).await? {
                        Found::Living(token) => Own::Issued(token),
                        Found::Dead(_) => full,
                    },
                    None => full,
                }));
            }
        }
    }
    let seed = work.instance.chance.bytes::<16>()?;
    issue.extra = shape.is_some().then(|| reuse::extra(work, &seed));
    let Some(issued) = access_tokens::issue(work, call, &issue).await? else {
        return Ok(Some(Own::Ended));
    };
    let token = issued.sign(work, call.now).await?;
    if let Some(shape) = &shape
        && !reuse::keep(work, client, (shape, last), &token, (&seed, call.now)).await?
    {
        return take_back(work, &token).await;
    }
    if let Some(free) = free
        && !slots::claim(work, client, &free, token.id).await?
    {
        return take_back(work, &token).await;
    }
    Ok(Some(Own::Issued(token)))
}

/// A token nobody has seen.
async fn take_back(work: &mut Work, token: &AccessToken) -> Result<Option<Own>, Fault> {
    work.tx.execute("DELETE FROM access_tokens WHERE id = $1", db::params![token.id]).await?;
    Ok(None)
}
