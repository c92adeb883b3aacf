//! Sessions of everybody, for those who watch over them.

use super::{Session, life, store};
use crate::access::{May, Permission, Reach, ReadTokens, RevokeTokens};
use crate::accounts::User;
use crate::teams::{Page, cursor};
use crate::{Call, Refusal, SessionId, UserId, Work};

/// Which sessions are wanted, newest first.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Part of the person's name or address, or of the IP address.
    pub q: Option<String>,
    /// Only of this person.
    pub user: Option<UserId>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// A page of all living sessions, each with its person.
///
/// # Errors
/// `Forbidden` without the right at the instance; `Invalid` for a cursor that is not ours.
pub async fn list(
    work: &mut Work,
    may: &May<ReadTokens>,
    query: &ListQuery,
    now: i64,
) -> Result<Page<(Session, User)>, Refusal> {
    everywhere(may)?;
    cursor::check(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit);
    let items = store::list_alive(work, now, query, limit).await?;
    Ok(Page::cut(items, limit, |(session, _)| cursor::of_number_and_id(session.id.0, "")))
}

/// Ends anybody's session; its next request has to sign in.
///
/// # Errors
/// `Forbidden` without the right at the instance; `NotFound` where there is none.
pub async fn revoke(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    id: SessionId,
) -> Result<(), Refusal> {
    everywhere(may)?;
    store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    Ok(life::end(work, call, id).await?)
}

/// A browser session opens all of a person's places, so it belongs to none of them.
fn everywhere<P: Permission>(may: &May<P>) -> Result<(), Refusal> {
    if *may.reach() == Reach::Everywhere {
        return Ok(());
    }
    let because =
        "Browser sessions belong to the whole instance, so this right must be held there."
            .to_owned();
    Err(Refusal::Forbidden { missing: P::NAME.into(), because })
}
