//! A new password for somebody who still knows the old one, and the same question, whether they know
//! it, before a second factor is set up.
//!
//! The epoch rises with it, so every session and every token issued before dies at once; the room
//! of sessions carries the one in use over.

use std::sync::Arc;

use super::throttle::{Admission, Throttle};
use super::{User, failures, links, passwords, people, store};
use crate::{Call, Instance, Plain, Refusal, UserId, Work, audit};

/// A new password that may be put in place: the old one was right, the new one is good.
#[derive(Debug)]
pub struct Replacement {
    right: Right,
    hash: String,
}

/// The password of this person was right a moment ago.
#[derive(Debug)]
struct Right {
    user: User,
    throttle: Throttle,
    admission: Admission,
}

/// Checks the old password (throttled like a sign-in) and hashes the new one. Holds no unit of
/// work while it hashes; [`Replacement::store`] it in the work of whoever asked.
///
/// # Errors
/// `Invalid` naming `password` or `old_password`; `NotFound` for somebody who may not act.
pub async fn replace_password(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    old: &Plain,
    new: &Plain,
) -> Result<Replacement, Refusal> {
    let user = store::find(&mut instance.read(), id)
        .await?
        .filter(User::is_active)
        .ok_or(Refusal::NotFound)?;
    passwords::check_for(new.reveal(), &[&user.email, &user.display_name])
        .map_err(|error| Refusal::Invalid(vec![error]))?;
    let right = checked(instance, call, &user, ("old_password", old)).await?;
    if passwords::normalized(old.reveal()) == passwords::normalized(new.reveal()) {
        return Err(Refusal::field("password", "This is your password already."));
    }
    let hash = people::hash(instance, new).await?;
    Ok(Replacement { right, hash })
}

/// Asks somebody who is signed in for their password once more, typed into `field`.
///
/// # Errors
/// `Invalid` naming the field; `NotFound` for somebody who may not act.
pub(super) async fn confirm(
    instance: &Arc<Instance>,
    call: &Call,
    id: &UserId,
    typed: (&str, &Plain),
) -> Result<(), Refusal> {
    let user = store::find(&mut instance.read(), id).await?;
    let user = user.filter(User::is_active).ok_or(Refusal::NotFound)?;
    let right = checked(instance, call, &user, typed).await?;
    let mut work = instance.begin().await?;
    right.throttle.succeed(&mut work, call.now, right.admission).await?;
    work.commit().await?;
    Ok(())
}

/// Is it their password? Throttled like a sign-in; holds no unit of work while it hashes.
async fn checked(
    instance: &Arc<Instance>,
    call: &Call,
    user: &User,
    (field, password): (&str, &Plain),
) -> Result<Right, Refusal> {
    let too_often = |seconds: i64| {
        Refusal::field(field, format!("Too many attempts. Try again in {seconds} seconds."))
    };
    let throttle = Throttle::of(&user.email, call);
    if let Some(seconds) = throttle.wait(&mut instance.read(), call.now).await? {
        return Err(too_often(seconds));
    }
    let turn = instance.passwords.turn().await.map_err(crate::Fault::from)?;
    let mut work = instance.begin().await?;
    let admission = throttle.claim(&mut work, call.now).await?;
    if let Admission::Wait(seconds) = admission {
        return Err(too_often(seconds));
    }
    let (user, stored) =
        store::find_credentials(&mut work, &user.email).await?.ok_or(Refusal::NotFound)?;
    work.commit().await?;
    if !turn.verify(password, stored.as_deref()).await? {
        let mut work = instance.begin().await?;
        throttle.hold(&mut work, admission).await?;
        failures::record(&mut work, call, &user.email, Some(&user)).await?;
        work.commit().await?;
        return Err(Refusal::field(field, "This is not your password."));
    }
    Ok(Right { user, throttle, admission })
}

impl Replacement {
    /// Puts the new password in place; the result is the person under their new epoch.
    ///
    /// # Errors
    /// `Conflict` when they were disabled or changed their password elsewhere meanwhile.
    pub async fn store(&self, work: &mut Work, call: &Call) -> Result<User, Refusal> {
        let Right { user, throttle, admission } = &self.right;
        throttle.succeed(work, call.now, *admission).await?;
        if !store::set_password(work, user, &self.hash).await? {
            return Err(Refusal::conflict(
                "Your account was changed elsewhere at this moment. Sign in again.",
            ));
        }
        links::end_of(work, &user.id).await?;
        audit::record(work, call, "user.password_changed", &user.as_object(), &[]).await?;
        store::find(work, &user.id).await?.ok_or(Refusal::NotFound)
    }
}
