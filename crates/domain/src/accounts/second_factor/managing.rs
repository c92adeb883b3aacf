//! What people do with their own second factor, and what administrators do for those who lost it.
//!
//! Whoever is signed in proves themselves once more: by the password to set one up, by a code to
//! replace or remove one or to get other recovery codes. So a browser left open gives nobody a
//! factor of their own.

use std::sync::Arc;

use super::codes::{Code, RecoveryCodes};
use super::enrolment::Enrolment;
use super::{SecondFactor, find, recognize, store, throttle};
use crate::access::{May, ReadUsers, UpdateUsers};
use crate::accounts::{self, User, ceiling, password_change, people, requires_second_factor};
use crate::audit;
use crate::{Call, Instance, Plain, Refusal, UserId, Work};

/// Begins to set a second factor up, or to replace it. `proof` is the password of somebody who has
/// none, else a code.
///
/// # Errors
/// `Invalid` naming `password` or `code`; `NotFound` for somebody who may not act.
pub async fn begin(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    proof: &Plain,
) -> Result<Enrolment, Refusal> {
    let mut replaced = None;
    if find(&mut instance.read(), id).await?.is_none() {
        password_change::confirm(instance, call, id, ("password", proof)).await?;
    } else {
        let (work, _, code) = proven(instance, call, id, proof).await?;
        work.commit().await?;
        replaced = Some(code.factor());
    }
    Ok(Enrolment::draw(instance, id, replaced)?)
}

/// Puts in place what was set up, once its app makes the right codes. The recovery codes are shown
/// this once.
///
/// # Errors
/// `Invalid` naming `code`; a conflict when it was set up elsewhere meanwhile; `NotFound` for
/// somebody who may not act.
pub async fn confirm(
    instance: &Arc<Instance>,
    call: &Call,
    (id, enrolment): (&UserId, Enrolment),
    typed: &str,
) -> Result<RecoveryCodes, Refusal> {
    let mut work = instance.begin().await?;
    let user = active(&mut work, id).await?;
    let enrolled = enrolment.proven(instance, (id, typed), call.now)?.ok_or_else(not_seen)?;
    if !enrolled.store(&mut work, call, &user).await? {
        return Err(Refusal::conflict(
            "Your second factor was changed elsewhere at this moment. Begin again.",
        ));
    }
    work.commit().await?;
    Ok(enrolled.recovery_codes().clone())
}

/// Removes one's own second factor.
///
/// # Errors
/// `Invalid` naming `code`; a conflict for whom a sign-in policy asks for one.
pub async fn remove(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    typed: &Plain,
) -> Result<(), Refusal> {
    if requires_second_factor(&mut instance.read(), id).await? {
        return Err(Refusal::conflict(
            "You have to have a second factor here. You can replace it with another.",
        ));
    }
    let (mut work, user, _) = proven(instance, call, id, typed).await?;
    store::delete(&mut work, id).await?;
    audit::record(&mut work, call, "user.second_factor_removed", &user.as_object(), &[]).await?;
    work.commit().await?;
    Ok(())
}

/// Other recovery codes for somebody; those from before end. Shown this once.
///
/// # Errors
/// `Invalid` naming `code`, for somebody who has no second factor too; `NotFound` for somebody who may
/// not act.
pub async fn renew_recovery_codes(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    typed: &Plain,
) -> Result<RecoveryCodes, Refusal> {
    let (mut work, user, code) = proven(instance, call, id, typed).await?;
    let codes = RecoveryCodes::draw(instance)?;
    codes.store(&mut work, id, code.seed()).await?;
    audit::record(&mut work, call, "user.recovery_codes_renewed", &user.as_object(), &[]).await?;
    work.commit().await?;
    Ok(codes)
}

/// The second factor of a person, for somebody who may see them.
///
/// # Errors
/// `NotFound` where the proof does not cover them.
pub async fn of_user(
    work: &mut Work,
    may: &May<ReadUsers>,
    id: &UserId,
) -> Result<Option<SecondFactor>, Refusal> {
    accounts::show(work, may, id).await?;
    Ok(find(work, id).await?)
}

/// Takes the second factor of somebody who lost it: from then on the password alone lets them in,
/// or to set up another where one is asked for.
///
/// # Errors
/// `NotFound`; a conflict for somebody who has none, and for oneself, who proves themselves on the page
/// of their account; `Forbidden` for somebody who may do more than the actor.
pub async fn reset(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
) -> Result<(), Refusal> {
    let user = people::checked_out(work, may, id, None).await?;
    ceiling::may_become(work, may.authority(), id).await?;
    if call.actor.user.as_ref() == Some(id) {
        return Err(Refusal::conflict(
            "This is you. Change your second factor on the page of your account, with a code.",
        ));
    }
    accounts::store::set_changed(work, id).await?;
    if !store::delete(work, id).await? {
        return Err(Refusal::conflict("They have no second factor."));
    }
    throttle::forget(work, id).await?;
    audit::record(work, call, "user.second_factor_reset", &user.as_object(), &[]).await?;
    Ok(())
}

/// A code of somebody, used up in a work that what they want to do belongs to.
async fn proven(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    typed: &Plain,
) -> Result<(Work, User, Code), Refusal> {
    let mut work = instance.begin().await?;
    let user = active(&mut work, id).await?;
    let tried = throttle::admit(&mut work, call, id).await?;
    let tried = tried.map_err(throttle::too_often)?;
    work.commit().await?;

    let mut work = instance.begin().await?;
    accounts::store::set_changed(&mut work, id).await?;
    let code = recognize(&mut work, &user, typed.reveal(), call.now).await?;
    let Some(code) = used(&mut work, &user, code, call.now).await? else {
        drop(work);
        let mut work = instance.begin().await?;
        tried.refused(&mut work, call, &user).await?;
        work.commit().await?;
        return Err(not_yours());
    };
    tried.succeed(&mut work, call, (&user, &code)).await?;
    Ok((work, user, code))
}

async fn used(
    work: &mut Work,
    user: &User,
    code: Option<Code>,
    now: i64,
) -> Result<Option<Code>, Refusal> {
    let Some(code) = code else { return Ok(None) };
    Ok(code.consume(work, &user.id, now).await?.then_some(code))
}

async fn active(work: &mut Work, id: &UserId) -> Result<User, Refusal> {
    let user = accounts::find(work, id).await?;
    user.filter(User::is_active).ok_or(Refusal::NotFound)
}

fn not_yours() -> Refusal {
    Refusal::field("code", "This is not a code of yours, or it was used already.")
}

fn not_seen() -> Refusal {
    Refusal::field("code", "This is not the code that your app shows now. Look again.")
}
