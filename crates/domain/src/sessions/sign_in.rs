//! Signing in: a person proves to be themselves, by a password and where it is asked for by a code,
//! and gets a browser session.

use std::sync::Arc;

use super::{Session, life};
use crate::accounts::second_factor::{Enrolment, RecoveryCodes};
use crate::accounts::{self, Amr, Authentication, PasswordProof, User};
use crate::audit::{self, Change};
use crate::{Actor, Call, Fault, Instance, Plain};

/// What came of an attempt to sign in.
#[derive(Debug)]
pub enum SignIn {
    /// Signed in.
    Done {
        /// The new session.
        session: Session,
        /// Its cookie value, `mss_…`.
        cookie: Plain,
        /// Who.
        user: User,
        /// Of a second factor that was set up with this, to be shown once.
        recovery_codes: Option<RecoveryCodes>,
    },
    /// The password is right; a second factor is asked for.
    SecondFactor(PasswordProof),
    /// The password is right, the code is not.
    WrongCode,
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
    let outcome = accounts::authenticate(instance, call, email, password).await?;
    begin(instance, call, outcome, user_agent).await
}

/// Signs in by a code, after the password was right.
///
/// # Errors
/// When the database cannot answer or cannot take it.
pub async fn prove_second_factor(
    instance: &Arc<Instance>,
    call: &Call,
    proof: &PasswordProof,
    code: &str,
    user_agent: &str,
) -> Result<SignIn, Fault> {
    let outcome = accounts::prove_second_factor(instance, call, proof, code).await?;
    begin(instance, call, outcome, user_agent).await
}

/// Signs in by the first code of a second factor that is set up with it, after the password was
/// right.
///
/// # Errors
/// When the database cannot answer or cannot take it.
pub async fn set_up_second_factor(
    instance: &Arc<Instance>,
    call: &Call,
    (proof, enrolment): (&PasswordProof, Enrolment),
    code: &str,
    user_agent: &str,
) -> Result<SignIn, Fault> {
    let both = (proof, enrolment);
    let outcome = accounts::set_up_second_factor(instance, call, both, code).await?;
    begin(instance, call, outcome, user_agent).await
}

/// The session of somebody who proved all that is asked of them.
async fn begin(
    instance: &Arc<Instance>,
    call: &Call,
    outcome: Authentication,
    user_agent: &str,
) -> Result<SignIn, Fault> {
    let verified = match outcome {
        Authentication::Right(verified) => verified,
        Authentication::SecondFactor(proof) => return Ok(SignIn::SecondFactor(proof)),
        Authentication::WrongCode => return Ok(SignIn::WrongCode),
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
    let (policy, amr) = (verified.policy(), verified.amr());
    let (session, cookie) = life::begin(&mut work, call, &user, (user_agent, amr, policy)).await?;
    let call = call.by(Actor::user(user.id.clone()));
    let more = (amr != Amr::Password).then(|| Change::made("amr", amr.values().join(" ")));
    let policy = policy.map(|it| Change::made("policy", it.name.as_str()));
    let changes: Vec<_> = more.into_iter().chain(policy).collect();
    audit::record(&mut work, &call, "user.signed_in", &user.as_object(), &changes).await?;
    work.commit().await?;
    let recovery_codes = verified.recovery_codes().cloned();
    Ok(SignIn::Done { session, cookie, user, recovery_codes })
}
