//! A person changes their password: every other session ends, the one in use stays.

use std::sync::Arc;

use super::{Session, store};
use crate::accounts;
use crate::{Call, Instance, Plain, Refusal};

/// Changes the password of the person whose session this is. Refresh tokens and all other
/// sessions die with the old epoch; this session is carried over to the new one.
///
/// # Errors
/// `Invalid` naming `password` or `old_password`; `NotFound` when the session has ended.
pub async fn change_password(
    instance: &Arc<Instance>,
    call: &Call,
    session: &Session,
    old: &Plain,
    new: &Plain,
) -> Result<(), Refusal> {
    let replacement = accounts::replace_password(instance, call, &session.user, old, new).await?;
    let mut work = instance.begin().await?;
    let user = replacement.store(&mut work, call).await?;
    if !store::set_epoch(&mut work, session.id, &user, call.now).await? {
        return Err(Refusal::NotFound);
    }
    store::delete_others(&mut work, &user.id, session.id).await?;
    work.commit().await?;
    Ok(())
}
