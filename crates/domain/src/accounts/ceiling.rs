//! The ceiling over people: nobody stops, or becomes, somebody who may do more than they do.
//!
//! Stopping somebody gives nothing to whoever does it. So it counts the permissions of management
//! alone, against all that the actor holds: a token that is narrowed to people may stop them.
//! Whoever gets a link to choose a password, or moves the address that such links go to, can become
//! the person. There everything counts, against the rights of the token or session that acts.
//! Whoever may do everything everywhere passes both, and so does the operator.

use std::collections::BTreeSet;

use crate::access::{self, Authority, Holdings, PERMISSIONS, Rights, definition, effective};
use crate::{ClientId, Fault, Refusal, UserId, Work, teams};

/// May the actor disable, lock, enable or delete this person, or limit where they sign in?
///
/// # Errors
/// `Forbidden` naming a permission of management that the person holds where the actor does not.
pub(super) async fn may_stop(
    work: &mut Work,
    authority: &Authority,
    id: &UserId,
) -> Result<(), Refusal> {
    if passes(authority) {
        return Ok(());
    }
    let own = all_that_they_hold(work, authority).await?;
    let mut holdings = access::holdings_of(work, id.as_str()).await?;
    holdings.held.retain(|held| definition(&held.permission).is_some());
    covers(work, &own, &holdings).await
}

/// May the actor get hold of a link that makes them this person?
///
/// # Errors
/// `Forbidden` naming a permission that the person holds where the actor may not use it.
pub(super) async fn may_become(
    work: &mut Work,
    authority: &Authority,
    id: &UserId,
) -> Result<(), Refusal> {
    if passes(authority) {
        return Ok(());
    }
    let holdings = access::holdings_of(work, id.as_str()).await?;
    covers(work, &authority.rights, &holdings).await
}

fn passes(authority: &Authority) -> bool {
    everything(authority).is_ok()
}

/// May the actor do everything everywhere?
///
/// # Errors
/// The first permission that is missing.
pub(super) fn everything(authority: &Authority) -> Result<(), &'static str> {
    let lacks = |p: &&access::Definition| !authority.rights.everywhere(p.name);
    let missing = PERMISSIONS.iter().find(lacks).filter(|_| !authority.is_operator());
    missing.map_or(Ok(()), |missing| Err(missing.name))
}

/// What the person or the service that acts holds itself, whatever its token is narrowed to.
async fn all_that_they_hold(work: &mut Work, authority: &Authority) -> Result<Rights, Fault> {
    let actor = &authority.actor;
    let user = actor.user.as_ref().map(UserId::as_str);
    let Some(subject) = user.or(actor.client.as_ref().map(ClientId::as_str)) else {
        return Ok(authority.rights.clone());
    };
    Ok(effective(&access::holdings_of(work, subject).await?, None))
}

async fn covers(work: &mut Work, own: &Rights, theirs: &Holdings) -> Result<(), Refusal> {
    let mut theirs = effective(theirs, None);
    theirs.teams.retain(|_, held| held.iter().any(|permission| !own.everywhere(permission)));
    let teams: BTreeSet<String> = theirs.teams.keys().cloned().collect();
    let homes = teams::homes_of(work, &teams).await?.into_iter().collect();
    own.lacks(&theirs, &homes).map_or(Ok(()), |missing| {
        let because = "This person may do more than you: also this, or this in more places.";
        Err(Refusal::Forbidden { missing: missing.to_owned(), because: because.to_owned() })
    })
}
