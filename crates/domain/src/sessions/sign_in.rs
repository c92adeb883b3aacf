//! Signing in with a password: a person proves to be themselves and gets a browser session.

use std::sync::Arc;

use super::{Session, life};
use crate::accounts::{self, Authentication, User};
use crate::audit::{self, Change};
use crate::{Actor, Call, Fault, Instance, Plain};

/// What came of an attempt to sign in.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub enum SignIn {
    /// Signed in.
    Done {
        /// The new session.
        session: Session,
        /// Its cookie value, `mss_…`.
        cookie: Plain,
        /// Who.
        user: User,
    },
    /// E-mail address and password do not fit together, or the person may not act. Nobody is told
    /// which.
    Refused,
    /// The password is right, and the person may not sign in from where they are.
    ForeignAddress,
    /// The password is right, and a sign-in policy denies them.
    Denied,
    /// Too many attempts: not before so many seconds (429).
    Throttled {
        /// Seconds.
        retry_after: i64,
    },
    /// The server is busy with other attempts (503).
    Busy,
}

/// Signs in. Begins and ends its own units of work and holds none while it hashes. A session that
/// the browser held before is not touched; the door ends it.
///
/// # Errors
/// When the database cannot answer or cannot take it.
pub async fn sign_in(
    instance: &Arc<Instance>,
    call: &Call,
    email: &str,
    password: &Plain,
    user_agent: &str,
) -> Result<SignIn, Fault> {
    let verified = match accounts::authenticate(instance, call, email, password).await? {
        Authentication::Right(verified) => verified,
        Authentication::Refused => return Ok(SignIn::Refused),
        Authentication::ForeignAddress => return Ok(SignIn::ForeignAddress),
        Authentication::Denied { .. } => return Ok(SignIn::Denied),
        Authentication::Throttled { retry_after } => return Ok(SignIn::Throttled { retry_after }),
        Authentication::Busy => return Ok(SignIn::Busy),
    };
    let mut work = instance.begin().await?;
    let Some(user) = accounts::settle(&mut work, call, &verified).await? else {
        return Ok(SignIn::Refused);
    };
    let policy = verified.policy();
    let (session, cookie) = life::begin(&mut work, call, &user, (user_agent, policy)).await?;
    let call = call.by(Actor::user(user.id.clone()));
    let changes: Vec<_> =
        policy.map(|it| Change::made("policy", it.name.as_str())).into_iter().collect();
    audit::record(&mut work, &call, "user.signed_in", &user.as_object(), &changes).await?;
    work.commit().await?;
    Ok(SignIn::Done { session, cookie, user })
}
