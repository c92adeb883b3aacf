//! Is it them? An e-mail address and a password, in this order: may they try now, a turn in the
//! hashing pool, the attempt counted, the hash, and only then the verdict.
//!
//! Somebody unknown, disabled or without a password gets the same answer after the same work, so
//! that nobody learns who has an account here.

use std::sync::Arc;

use super::networks::Whereabouts;
use super::policies::{self, Access, Policy};
use super::second_factor::{Admitted, Code, Enrolled, RecoveryCodes};
use super::second_step::{PasswordProof, demand};
use super::throttle::{Admission, Throttle};
use super::{Amr, User, failures, networks, store};
use crate::{Actor, Call, Fault, Instance, Plain, Work, audit};

/// What came of an attempt.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub enum Authentication {
    /// It is them; [`settle`] it in the work that acts on it.
    Right(Verified),
    /// The password is right; a second factor is asked for.
    SecondFactor(PasswordProof),
    /// It is not them, or not now. Nobody is told which.
    Refused,
    /// The password is right, the code is not.
    WrongCode,
    /// It is them, and they may not sign in from where they are.
    ForeignAddress,
    /// It is them, and a sign-in policy denies them.
    Denied {
        /// Its name, for the operator alone.
        policy: String,
    },
    /// Too many attempts: not before so many seconds.
    Throttled {
        /// Seconds.
        retry_after: i64,
    },
    /// The server is busy with other attempts.
    Busy,
}

/// The proof that somebody proved all that is asked of them, a moment ago.
#[derive(Debug)]
pub struct Verified {
    user: User,
    throttle: Throttle,
    admission: Admission,
    admittance: Admittance,
    second: Second,
}

/// That somebody may sign in at all, from where they are.
#[derive(Debug)]
pub(super) struct Admittance {
    /// From where they would be refused, were their trusted addresses enforced.
    observed: bool,
    /// What let them in; nothing: the default.
    pub policy: Option<Policy>,
}

/// What was proved besides the password.
#[derive(Debug)]
pub(super) enum Second {
    /// Nothing, and nothing was asked.
    NotAsked,
    /// A code.
    Code(Code, Admitted),
    /// That the app of a new second factor makes the right codes.
    New(Enrolled),
}

impl Verified {
    pub(super) fn new(
        user: User,
        (throttle, admission): (Throttle, Admission),
        admittance: Admittance,
        second: Second,
    ) -> Self {
        Self { user, throttle, admission, admittance, second }
    }

    /// The sign-in policy that let them in; `None`: the default.
    pub fn policy(&self) -> Option<&Policy> {
        self.admittance.policy.as_ref()
    }

    /// By what they proved who they are.
    pub fn amr(&self) -> Amr {
        match self.second {
            Second::NotAsked => Amr::Password,
            Second::Code(..) | Second::New(_) => Amr::SecondFactor,
        }
    }

    /// The recovery codes of a second factor that was set up with this, to be shown once.
    pub fn recovery_codes(&self) -> Option<&RecoveryCodes> {
        match &self.second {
            Second::New(enrolled) => Some(enrolled.recovery_codes()),
            Second::NotAsked | Second::Code(..) => None,
        }
    }
}

/// Checks a password. Begins and ends its own units of work and holds none while it hashes.
///
/// # Errors
/// When the database cannot answer or a stored hash is damaged.
pub async fn authenticate(
    instance: &Arc<Instance>,
    call: &Call,
    email: &str,
    password: &Plain,
) -> Result<Authentication, Fault> {
    let throttle = Throttle::of(email, call);
    if let Some(retry_after) = throttle.wait(&mut instance.read(), call.now).await? {
        return Ok(Authentication::Throttled { retry_after });
    }
    let Ok(turn) = instance.passwords.turn().await else {
        return Ok(Authentication::Busy);
    };
    let mut work = instance.begin().await?;
    let admission = throttle.claim(&mut work, call.now).await?;
    if let Admission::Wait(retry_after) = admission {
        return Ok(Authentication::Throttled { retry_after });
    }
    let found = store::find_credentials(&mut work, email).await?;
    work.commit().await?;

    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let usable = hash.filter(|_| user.as_ref().is_some_and(User::is_active));
    let is_right = turn.verify(password, usable.as_deref()).await?;
    if let (true, Some(user), Some(hash)) = (is_right, &user, &usable) {
        if turn.is_outdated(hash) {
            let renewed = turn.hash(password, &instance.chance).await?;
            let mut work = instance.begin().await?;
            store::set_rehashed(&mut work, &user.id, hash, &renewed).await?;
            work.commit().await?;
        }
        let admittance = match admittance(instance, call, user).await? {
            Ok(admittance) => admittance,
            Err(refused) => return Ok(refused),
        };
        let tried = (throttle, admission);
        let Some(demand) = demand(&mut instance.read(), user, &admittance).await? else {
            let verified = Verified::new(user.clone(), tried, admittance, Second::NotAsked);
            return Ok(Authentication::Right(verified));
        };
        // That somebody knows the password and stops here is what an operator wants to see.
        let mut work = instance.begin().await?;
        let call_of_them = call.by(Actor::user(user.id.clone()));
        let action = "user.second_factor_asked";
        audit::record(&mut work, &call_of_them, action, &user.as_object(), &[]).await?;
        work.commit().await?;
        let proof = PasswordProof::of(user, call.now, tried, demand);
        return Ok(Authentication::SecondFactor(proof));
    }
    let mut work = instance.begin().await?;
    throttle.hold(&mut work, admission).await?;
    failures::record(&mut work, call, email, user.as_ref()).await?;
    work.commit().await?;
    Ok(Authentication::Refused)
}

/// May somebody with a right password sign in, from where they are? A refusal is recorded.
pub(super) async fn admittance(
    instance: &Arc<Instance>,
    call: &Call,
    user: &User,
) -> Result<Result<Admittance, Authentication>, Fault> {
    let whereabouts = networks::whereabouts(&mut instance.read(), &user.id, call).await?;
    if whereabouts == Whereabouts::Refused {
        let mut work = instance.begin().await?;
        networks::record(&mut work, call, user).await?;
        work.commit().await?;
        return Ok(Err(Authentication::ForeignAddress));
    }
    let policy = policies::decide(&mut instance.read(), &user.id).await?;
    if let Some(policy) = policy.as_ref().filter(|policy| policy.access == Access::Deny) {
        let mut work = instance.begin().await?;
        policies::record(&mut work, call, user, policy).await?;
        work.commit().await?;
        return Ok(Err(Authentication::Denied { policy: policy.name.clone() }));
    }
    Ok(Ok(Admittance { observed: whereabouts == Whereabouts::Observed, policy }))
}

/// Turns the proof into the person, in the work that acts on it, and uses up the code that was
/// typed; `None`, after which the work must be dropped, when they were disabled, deleted or given
/// another password since, or the code was used elsewhere. A proof that is never settled counts as
/// a failure.
///
/// # Errors
/// When the database cannot take it.
pub async fn settle(
    work: &mut Work,
    call: &Call,
    verified: &Verified,
) -> Result<Option<User>, Fault> {
    let Verified { user, throttle, admission, admittance, second } = verified;
    throttle.succeed(work, call.now, *admission).await?;
    if !store::set_signed_in(work, user, call.now).await? {
        return Ok(None);
    }
    let call_of_them = call.by(Actor::user(user.id.clone()));
    let is_good = match second {
        Second::NotAsked => true,
        Second::Code(code, tried) => {
            let is_good = code.consume(work, &user.id, call.now).await?;
            if is_good {
                tried.succeed(work, &call_of_them, (user, code)).await?;
            }
            is_good
        }
        Second::New(enrolled) => enrolled.store(work, &call_of_them, user).await?,
    };
    if !is_good {
        return Ok(None);
    }
    if admittance.observed {
        networks::observe(work, call, &user.id).await?;
    }
    Ok(Some(User { last_sign_in_at: Some(call.now), ..user.clone() }))
}
