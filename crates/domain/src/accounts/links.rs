//! One-time links: `mlk_…` texts that let somebody in who has no password yet, or lost it.
//!
//! The text carries its enciphered row and a MAC; the row is deleted by the statement that uses
//! it, so that of two uses one finds nothing. A person has one link at most: a new one, of either
//! kind, ends the one before, and so does another address, another password or being disabled.
//! Which URL carries the text is the door's affair.

use std::sync::Arc;

use super::{User, ceiling, passwords, people, store};
use crate::access::{May, UpdateUsers};
use crate::{Actor, Call, Fault, Instance, Kind, Plain, Refusal, UserId, Work, audit};

/// Seconds a set-up link lives.
const SETUP_LIFETIME: i64 = 86_400;
/// Seconds an invitation lives.
pub const INVITATION_LIFETIME: i64 = 7 * 86_400;
/// Seconds a link lives that leads to another password.
pub const RESET_LIFETIME: i64 = 86_400;

/// The stored words for a link that leads to a password.
const INVITATION: &str = "invitation";
const RESET: &str = "reset";

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To create the first administrator.
    Setup,
    /// To choose the first password of this person.
    Invitation(UserId),
    /// To choose another password of this person.
    Reset(UserId),
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
            (INVITATION, Some(user)) => Some(LinkPurpose::Invitation(user)),
            (RESET, Some(user)) => Some(LinkPurpose::Reset(user)),
            _ => None,
        })
    })
}

/// Invites somebody without a password (again); a link made before ends.
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
    ceiling::may_become(work, may.authority(), id).await?;
    if user.has_password || user.source != "local" || !user.is_active() {
        return Err(Refusal::conflict(
            "Only an active person without a password can be invited. For somebody who has one, \
             make a link to reset it.",
        ));
    }
    let token = insert_for(work, call.now, &user).await?;
    audit::record(work, call, "user.invited", &user.as_object(), &[]).await?;
    Ok(token)
}

/// A link by which somebody chooses another password; one made before ends. Until it is used, the
/// old password opens what it did.
///
/// # Errors
/// `Conflict` for somebody who has no password here or may not act; `Forbidden` for somebody who may
/// do more than the actor, since whoever has the link can become them.
pub async fn reset_link(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
) -> Result<Plain, Refusal> {
    let user = people::checked_out(work, may, id, None).await?;
    ceiling::may_become(work, may.authority(), id).await?;
    let why_not = if user.source != "local" {
        Some("Their password is not kept here. Reset it where they sign in.")
    } else if !user.is_active() {
        Some("They may not sign in now. Enable them first.")
    } else if !user.has_password {
        Some("They have not chosen a password yet. Invite them instead.")
    } else {
        None
    };
    if let Some(sentence) = why_not {
        return Err(Refusal::conflict(sentence));
    }
    let token = insert_for(work, call.now, &user).await?;
    audit::record(work, call, "user.reset_link_made", &user.as_object(), &[]).await?;
    Ok(token)
}

/// Sets the password that somebody chose by their invitation or reset link, and uses the link up:
/// every session and token from before dies with the old epoch. Hashes first, then begins and
/// commits a unit of work of its own.
///
/// # Errors
/// `NotFound` for a link that is used up, late or none of ours; `Invalid` for the password.
pub async fn choose_password(
    instance: &Arc<Instance>,
    call: &Call,
    token: &Plain,
    password: &Plain,
) -> Result<User, Refusal> {
    let mut reader = instance.read();
    let (id, purpose, action) = match peek_link(&mut reader, token, call.now).await? {
        Some(LinkPurpose::Invitation(id)) => (id, INVITATION, "user.invitation_accepted"),
        Some(LinkPurpose::Reset(id)) => (id, RESET, "user.password_reset"),
        _ => return Err(Refusal::NotFound),
    };
    let user = store::find(&mut reader, &id).await?.ok_or(Refusal::NotFound)?;
    passwords::check_for(password.reveal(), &[&user.email, &user.display_name])
        .map_err(|error| Refusal::Invalid(vec![error]))?;
    let hash = people::hash(instance, password).await?;

    let mut work = instance.begin().await?;
    consume(&mut work, token, purpose, call.now).await?;
    let user = store::find(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    let fits = user.has_password == (purpose == RESET) && user.source == "local";
    if !fits || !store::set_password(&mut work, &user, &hash).await? {
        return Err(Refusal::NotFound);
    }
    let user = store::find(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    let call = call.by(Actor::user(id));
    audit::record(&mut work, &call, action, &user.as_object(), &[]).await?;
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

/// The one link of a person: to another password, or to the first where they have none.
pub(super) async fn insert_for(work: &mut Work, now: i64, user: &User) -> Result<Plain, Fault> {
    end_of(work, &user.id).await?;
    let (purpose, lifetime) =
        if user.has_password { (RESET, RESET_LIFETIME) } else { (INVITATION, INVITATION_LIFETIME) };
    insert(work, purpose, Some(&user.id), now + lifetime).await
}

/// Ends the link of a person: whoever has it learns nothing, and opens nothing.
pub(super) async fn end_of(work: &mut Work, user: &UserId) -> Result<(), Fault> {
    let sql = "DELETE FROM links WHERE user_id = $1";
    work.tx.execute(sql, db::params![user.as_str()]).await?;
    Ok(())
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
