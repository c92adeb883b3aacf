//! How a session begins, is found again, and ends.

use super::{Session, store};
use crate::accounts::policies::Policy;
use crate::accounts::{Amr, User};
use crate::audit;
use crate::settings;
use crate::{Call, Fault, Kind, Plain, Refusal, SessionId, UserId, Work};

/// Characters of a user agent that are kept.
const USER_AGENT: usize = 400;

/// Begins a session, always under a new id: whatever the browser held before is worth nothing.
/// The second value goes into the cookie. It lasts as the policy that let them in says; what the
/// policy leaves open, and what nobody decided, is as the settings say at each request.
///
/// # Errors
/// When the database cannot take it.
pub async fn begin(
    work: &mut Work,
    call: &Call,
    user: &User,
    (user_agent, amr, policy): (&str, Amr, Option<&Policy>),
) -> Result<(Session, Plain), Fault> {
    let decided = policy.map(|it| (it.session_lifetime, it.session_idle_lifetime));
    let decided = decided.unwrap_or_default();
    let lifetime = match decided.0 {
        Some(lifetime) => lifetime,
        None => settings::run_time(work).await?.get(&settings::SESSION_LIFETIME),
    };
    let (id, vault) = (work.instance.ids.next(), &work.instance.vault);
    let cookie = Plain::new(vault.make(Kind::Session, id, vault.draw()?, b"")?);
    let session = Session {
        id: SessionId(id),
        user: user.id.clone(),
        authenticated_at: call.now,
        amr,
        created_at: call.now,
        last_active_at: call.now,
        expires_at: call.now + lifetime,
        address: call.address_text(),
        user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect(),
    };
    store::insert(work, &session, user.epoch, decided).await?;
    Ok((session, cookie))
}

/// The living session behind a cookie value, and its person. A forged value costs no statement,
/// a genuine one exactly one; nothing is written (see [`super::touch`]).
///
/// # Errors
/// When the database cannot answer.
pub async fn resume(
    work: &mut Work,
    now: i64,
    cookie: &str,
) -> Result<Option<(Session, User)>, Fault> {
    let Some(opened) = work.instance.vault.read_genuine(Kind::Session, cookie) else {
        return Ok(None);
    };
    store::find_alive(work, SessionId(opened.id), now).await
}

/// Ends a session, as its own browser asks.
///
/// # Errors
/// When the database cannot take it.
pub async fn end(work: &mut Work, call: &Call, id: SessionId) -> Result<(), Fault> {
    let Some(session) = store::find(work, id).await? else { return Ok(()) };
    if store::delete(work, id).await? {
        audit::record(work, call, "session.ended", &session.as_object(), &[]).await?;
    }
    Ok(())
}

/// The living sessions of a person, newest first.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_of_user(work: &mut Work, user: &UserId, now: i64) -> Result<Vec<Session>, Fault> {
    store::list_alive_of(work, user, now).await
}

/// Ends one of a person's own sessions.
///
/// # Errors
/// `NotFound` where it is not theirs.
pub async fn end_of_user(
    work: &mut Work,
    call: &Call,
    owner: &UserId,
    id: SessionId,
) -> Result<(), Refusal> {
    let session = store::find(work, id).await?;
    if session.is_none_or(|session| session.user != *owner) {
        return Err(Refusal::NotFound);
    }
    Ok(end(work, call, id).await?)
}

/// Removes some sessions that are over, at most `limit`, and says how many; call again while it
/// removes any.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    store::delete_over(work, now, limit).await
}
