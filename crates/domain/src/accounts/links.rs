//! One-time links: `mlk_…` texts that let somebody in who has no password yet.
//!
//! The text carries its enciphered row and a MAC; the row is deleted by the statement that uses
//! it, so that of two uses one finds nothing. Which URL carries the text is the door's affair.

use std::sync::Arc;

use super::{User, passwords, people, store};
use crate::access::ceiling::{self, Where};
use crate::access::{self, Holding, May, Place, UpdateUsers};
use crate::teams;
use crate::{Actor, Call, Fault, Instance, Kind, Plain, Refusal, UserId, Work, audit};

/// Seconds a set-up link lives.
const SETUP_LIFETIME: i64 = 86_400;
/// Seconds an invitation lives.
pub const INVITATION_LIFETIME: i64 = 7 * 86_400;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To create the first administrator.
    Setup,
    /// To choose the first password of this person.
    Invitation(UserId),
}

/// What a link is for; `None` when it is used up, late or none of ours. It stays usable.
///
/// # Errors
/// When the database cannot answer.
pub async fn peek_link(
    work: &mut Work,
    token: &Plain,
    now: i64,
) -> Result<Option<LinkPurpose>, Fault> {
    let Some(id) = row_of(work, token) else { return Ok(None) };
    let sql = "SELECT purpose, user_id FROM links WHERE id = $1 AND expires_at > $2";
    let row = work.tx.query_one(sql, db::params![id, now]).await?;
    row.map_or(Ok(None), |row| {
        let user = row.get::<Option<String>>(1)?.map(UserId::new);
        Ok(match (row.get::<String>(0)?.as_str(), user) {
            ("setup", None) => Some(LinkPurpose::Setup),
            ("invitation", Some(user)) => Some(LinkPurpose::Invitation(user)),
            _ => None,
        })
    })
}

/// Invites somebody without a password (again); an invitation made before ends.
///
/// # Errors
/// `Conflict` for somebody who has a password or may not act; `Forbidden` for somebody who may do
/// more than the actor, since whoever has the link can become them.
pub async fn invite(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
) -> Result<Plain, Refusal> {
    let user = people::checked_out(work, may, id, None).await?;
    if user.has_password || user.source != "local" || !user.is_active() {
        return Err(Refusal::conflict("Only an active person without a password can be invited."));
    }
    for Holding { place, permission, .. } in access::holdings_of(work, id.as_str()).await?.held {
        let organization = match &place {
            Place::Team(team) => teams::find_team(work, team).await?.map(|team| team.organization),
            Place::Organization(_) | Place::Instance => None,
        };
        let place = Where::of(&place, organization.as_deref());
        ceiling::allows(may.authority(), [&permission], place)?;
    }
    let token = insert_invitation(work, call.now, id).await?;
    audit::record(work, call, "user.invited", &user.as_object(), &[]).await?;
    Ok(token)
}

/// Sets the first password of an invited person and uses the link up. Hashes first, then begins
/// and commits a unit of work of its own.
///
/// # Errors
/// `NotFound` for a link that is used up, late or none of ours; `Invalid` for the password.
pub async fn accept_invitation(
    instance: &Arc<Instance>,
    call: &Call,
    token: &Plain,
    password: &Plain,
) -> Result<User, Refusal> {
    let mut reader = instance.read();
    let purpose = peek_link(&mut reader, token, call.now).await?;
    let Some(LinkPurpose::Invitation(id)) = purpose else { return Err(Refusal::NotFound) };
    let user = store::find(&mut reader, &id).await?.ok_or(Refusal::NotFound)?;
    passwords::check_for(password.reveal(), &[&user.email, &user.display_name])
        .map_err(|error| Refusal::Invalid(vec![error]))?;
    let hash = people::hash(instance, password).await?;

    let mut work = instance.begin().await?;
    consume(&mut work, token, "invitation", call.now).await?;
    let user = store::find(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    if user.has_password || !store::set_password(&mut work, &user, &hash).await? {
        return Err(Refusal::NotFound);
    }
    let user = store::find(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    let call = call.by(Actor::user(id));
    audit::record(&mut work, &call, "user.invitation_accepted", &user.as_object(), &[]).await?;
    work.commit().await?;
    Ok(user)
}

/// Removes some links that are over, at most `limit`, and says how many; call again while it removes
/// any.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep_links(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM links WHERE id IN
                 (SELECT id FROM links WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, limit]).await?)
}

pub(super) async fn insert_invitation(
    work: &mut Work,
    now: i64,
    user: &UserId,
) -> Result<Plain, Fault> {
    let sql = "DELETE FROM links WHERE user_id = $1 AND purpose = 'invitation'";
    work.tx.execute(sql, db::params![user.as_str()]).await?;
    insert(work, "invitation", Some(user), now + INVITATION_LIFETIME).await
}

pub(super) async fn insert_setup(work: &mut Work, now: i64) -> Result<Plain, Fault> {
    insert(work, "setup", None, now + SETUP_LIFETIME).await
}

pub(super) async fn peek_setup(work: &mut Work, token: &Plain, now: i64) -> Result<(), Refusal> {
    match peek_link(work, token, now).await? {
        Some(LinkPurpose::Setup) => Ok(()),
        _ => Err(Refusal::NotFound),
    }
}

pub(super) async fn consume_setup(work: &mut Work, token: &Plain, now: i64) -> Result<(), Refusal> {
    consume(work, token, "setup", now).await
}

/// Every set-up link, made by whichever node.
pub(super) async fn delete_setup(work: &mut Work) -> Result<(), Fault> {
    work.tx.execute("DELETE FROM links WHERE purpose = 'setup'", &[]).await?;
    Ok(())
}

async fn insert(
    work: &mut Work,
    purpose: &str,
    user: Option<&UserId>,
    expires_at: i64,
) -> Result<Plain, Fault> {
    let (id, vault) = (work.instance.ids.next(), &work.instance.vault);
    let token = Plain::new(vault.make(Kind::Link, id, vault.draw()?, b"")?);
    let sql = "INSERT INTO links (id, purpose, user_id, expires_at) VALUES ($1, $2, $3, $4)";
    work.tx.execute(sql, db::params![id, purpose, user.map(UserId::as_str), expires_at]).await?;
    Ok(token)
}

async fn consume(work: &mut Work, token: &Plain, purpose: &str, now: i64) -> Result<(), Refusal> {
    let id = row_of(work, token).ok_or(Refusal::NotFound)?;
    let sql = "DELETE FROM links WHERE id = $1 AND purpose = $2 AND expires_at > $3";
    let used = work.tx.execute(sql, db::params![id, purpose, now]).await?;
    if used == 1 { Ok(()) } else { Err(Refusal::NotFound) }
}

fn row_of(work: &Work, token: &Plain) -> Option<i64> {
    Some(work.instance.vault.read_genuine(Kind::Link, token.reveal())?.id)
}
