//! The second step of a sign-in: the password was right, and a code is asked for besides, or a
//! second factor has to be set up first.
//!
//! Between the two steps nothing is stored: the door keeps the [`PasswordProof`] in the browser,
//! sealed. So everything that the first step looked at is looked at again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::authentication::{Admittance, Second, admittance};
use super::second_factor::{self, Enrolment};
use super::throttle::{Admission, Throttle};
use super::{Authentication, User, Verified, policies, store};
use crate::{Call, Fault, Instance, UserId, Work};

/// Seconds between the password and the code.
pub const SECOND_STEP_PATIENCE: i64 = 600;
/// Seconds that the clocks of two nodes may differ.
const SKEW: i64 = 60;

/// What is asked besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Demand {
    /// A code of the second factor they have.
    Code,
    /// To set one up.
    Enrolment,
}

/// The proof that a password was right a moment ago, for somebody who has to prove more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordProof {
    user: UserId,
    email: String,
    epoch: i64,
    at: i64,
    /// The try of the password, which is taken back once all is proved.
    tried: (Throttle, Admission),
    demand: Demand,
}

impl PasswordProof {
    pub(super) fn of(user: &User, at: i64, tried: (Throttle, Admission), demand: Demand) -> Self {
        let (id, email, epoch) = (user.id.clone(), user.email.clone(), user.epoch);
        Self { user: id, email, epoch, at, tried, demand }
    }

    /// What is asked for next.
    pub fn demand(&self) -> Demand {
        self.demand
    }

    /// Whose password it was.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The password was right, and nobody will be asked for more: it is counted against nobody.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn waive(&self, instance: &Arc<Instance>) -> Result<(), Fault> {
        let (throttle, admission) = &self.tried;
        let mut work = instance.begin().await?;
        throttle.waive(&mut work, *admission).await?;
        work.commit().await?;
        Ok(())
    }

    /// Begins to set a second factor up.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn enrolment(&self, instance: &Instance) -> Result<Enrolment, Fault> {
        Enrolment::draw(instance, &self.user, None)
    }
}

/// Has this person to have a second factor, as a sign-in policy or the default says?
///
/// # Errors
/// When the database cannot answer.
pub async fn requires_second_factor(work: &mut Work, id: &UserId) -> Result<bool, Fault> {
    let policy = policies::decide(work, id).await?;
    policies::requires_second_factor(work, policy.as_ref()).await
}

/// What is asked of this person besides the password.
pub(super) async fn demand(
    work: &mut Work,
    user: &User,
    admittance: &Admittance,
) -> Result<Option<Demand>, Fault> {
    if user.has_second_factor {
        return Ok(Some(Demand::Code));
    }
    let policy = admittance.policy.as_ref();
    let is_asked = policies::requires_second_factor(work, policy).await?;
    Ok(is_asked.then_some(Demand::Enrolment))
}

/// Checks a code. Begins and ends its own units of work.
///
/// # Errors
/// When the database cannot answer.
pub async fn prove_second_factor(
    instance: &Arc<Instance>,
    call: &Call,
    proof: &PasswordProof,
    typed: &str,
) -> Result<Authentication, Fault> {
    let (user, admittance) = match still(instance, call, proof).await? {
        Ok(both) => both,
        Err(refused) => return Ok(refused),
    };
    match demand(&mut instance.read(), &user, &admittance).await? {
        None => return Ok(right(proof, (user, admittance), Second::NotAsked)),
        Some(Demand::Enrolment) => return Ok(asked(proof, Demand::Enrolment)),
        Some(Demand::Code) => {}
    }
    let mut work = instance.begin().await?;
    let tried = match second_factor::admit(&mut work, call, &user.id).await? {
        Ok(tried) => tried,
        Err(retry_after) => return Ok(Authentication::Throttled { retry_after }),
    };
    work.commit().await?;
    if let Some(code) =
        second_factor::recognize(&mut instance.read(), &user, typed, call.now).await?
    {
        return Ok(right(proof, (user, admittance), Second::Code(code, tried)));
    }
    let mut work = instance.begin().await?;
    tried.refused(&mut work, call, &user).await?;
    work.commit().await?;
    Ok(Authentication::WrongCode)
}

/// Checks the first code of a second factor that is being set up.
///
/// # Errors
/// When the database cannot answer.
pub async fn set_up_second_factor(
    instance: &Arc<Instance>,
    call: &Call,
    (proof, enrolment): (&PasswordProof, Enrolment),
    typed: &str,
) -> Result<Authentication, Fault> {
    let (user, admittance) = match still(instance, call, proof).await? {
        Ok(both) => both,
        Err(refused) => return Ok(refused),
    };
    if user.has_second_factor {
        return Ok(asked(proof, Demand::Code));
    }
    Ok(match enrolment.proven(instance, (&user.id, typed), call.now)? {
        Some(enrolled) => right(proof, (user, admittance), Second::New(enrolled)),
        None => Authentication::WrongCode,
    })
}

/// The person behind the proof, if nothing that it rests on has changed.
async fn still(
    instance: &Arc<Instance>,
    call: &Call,
    proof: &PasswordProof,
) -> Result<Result<(User, Admittance), Authentication>, Fault> {
    let user = store::find(&mut instance.read(), &proof.user).await?;
    let is_recent = (-SKEW..=SECOND_STEP_PATIENCE).contains(&(call.now - proof.at));
    let user = user.filter(|user| is_recent && user.is_active() && user.epoch == proof.epoch);
    let Some(user) = user else { return Ok(Err(Authentication::Refused)) };
    Ok(admittance(instance, call, &user).await?.map(|admittance| (user, admittance)))
}

fn asked(proof: &PasswordProof, demand: Demand) -> Authentication {
    Authentication::SecondFactor(PasswordProof { demand, ..proof.clone() })
}

fn right(
    proof: &PasswordProof,
    (user, admittance): (User, Admittance),
    second: Second,
) -> Authentication {
    Authentication::Right(Verified::new(user, proof.tried.clone(), admittance, second))
}
