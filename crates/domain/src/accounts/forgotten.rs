//! Somebody forgot their password: a link for whoever reads their mail.
//!
//! Two steps, so that the door can answer between them: the request is counted, in the same words
//! and the same time whoever is asked for, and only then looked up. This file refuses to know how
//! the link gets to its person.

use std::sync::Arc;

use super::email::key_of;
use super::throttle::fingerprint;
use super::{User, links, store};
use crate::attempts::{self, Claim, Ladder};
use crate::{Call, Fault, Instance, Plain, audit};

/// Seconds after which counters are forgotten.
const WINDOW: i64 = 86_400;

/// Each is a mail to somebody who may not have asked for it, so patience ends sooner than at a
/// sign-in. Nobody waits longer than an hour.
const PAIR: Ladder = Ladder { free: 3, cap: 3600, window: WINDOW };
const ACCOUNT: Ladder = Ladder { free: 10, cap: 3600, window: WINDOW };
const ADDRESS: Ladder = Ladder { free: 100, cap: 60, window: WINDOW };

/// Counts a request for a link to this address, whether it is somebody's or not; the seconds to
/// wait where there were too many.
///
/// # Errors
/// When the database cannot take it.
pub async fn count_forgotten(
    instance: &Arc<Instance>,
    call: &Call,
    email: &str,
) -> Result<Option<i64>, Fault> {
    let (account, network) = (fingerprint(&key_of(email)), call.network());
    let mut work = instance.begin().await?;
    // Always in this order, so that two transactions never wait for each other.
    for (subject, ladder) in [
        (format!("forgotten pair {account} {network}"), &PAIR),
        (format!("forgotten account {account}"), &ACCOUNT),
        (format!("forgotten address {network}"), &ADDRESS),
    ] {
        if let Claim::Wait { seconds } =
            attempts::claim(&mut work, &subject, call.now, ladder).await?
        {
            return Ok(Some(seconds));
        }
    }
    work.commit().await?;
    Ok(None)
}

/// A link for the person of this address, in place of the one before: to choose another password,
/// or the first where they have none. `None` where nobody has this address, they may not act, or
/// their password is not kept here.
///
/// # Errors
/// When the database cannot take it.
pub async fn forgotten_link(
    instance: &Arc<Instance>,
    call: &Call,
    email: &str,
) -> Result<Option<(User, Plain)>, Fault> {
    let mut work = instance.begin().await?;
    let user = store::find_by_email(&mut work, email).await?;
    let Some(user) = user.filter(|user| user.is_active() && user.source == "local") else {
        return Ok(None);
    };
    let token = links::insert_for(&mut work, call.now, &user).await?;
    audit::record(&mut work, call, "user.password_forgotten", &user.as_object(), &[]).await?;
    work.commit().await?;
    Ok(Some((user, token)))
}
