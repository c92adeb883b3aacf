//! How often a code may be tried. Whoever gets here knows the password, so a few wrong codes are a
//! slip and many are an attack: the wait grows to a day and is forgotten after a month.
//!
//! As with passwords, an address from which somebody proved themselves before answers for itself
//! alone, so that a thief of the password does not keep the owner out. Strangers together get some
//! fifty codes in a month, each of which is right once in 333,000 times; what the owner does takes
//! back the owner's own try and no other.

use super::codes::Code;
use crate::accounts::User;
use crate::attempts::{self, Claim, Ladder};
use crate::{Call, Fault, Refusal, UserId, Work, audit};

const DAY: i64 = 86_400;
/// Seconds for which an address stays known after a right code.
const KNOWN_FOR: i64 = 90 * DAY;

const LADDER: Ladder = Ladder { free: 5, cap: DAY, window: 30 * DAY };

/// A try that was counted before its outcome is known.
#[derive(Debug)]
pub(in crate::accounts) struct Admitted {
    counter: String,
    known: String,
}

/// Counts a try; `Err` is the seconds to wait, after which the work must be dropped.
pub(in crate::accounts) async fn admit(
    work: &mut Work,
    call: &Call,
    id: &UserId,
) -> Result<Result<Admitted, i64>, Fault> {
    let known = known(id, call);
    let is_known = attempts::is_remembered(work, &known, call.now).await?;
    let counter = if is_known { known.clone() } else { strangers(id) };
    Ok(match attempts::claim(work, &counter, call.now, &LADDER).await? {
        Claim::Counted { .. } => Ok(Admitted { counter, known }),
        Claim::Wait { seconds } => Err(seconds),
    })
}

impl Admitted {
    /// The code was right and is used up: takes the try back and remembers the address.
    pub async fn succeed(
        &self,
        work: &mut Work,
        call: &Call,
        (user, code): (&User, &Code),
    ) -> Result<(), Fault> {
        if self.counter != self.known {
            attempts::refund(work, &self.counter).await?;
        }
        attempts::remember(work, &self.known, call.now, call.now + KNOWN_FOR).await?;
        if code.is_recovery() {
            let action = "user.recovery_code_used";
            audit::record(work, call, action, &user.as_object(), &[]).await?;
        }
        Ok(())
    }

    /// The code was none, or was used before.
    pub async fn refused(&self, work: &mut Work, call: &Call, user: &User) -> Result<(), Fault> {
        let action = "user.second_factor_refused";
        audit::record_refusal(work, call, action, &user.as_object(), &[]).await
    }
}

/// Remembers the address from which somebody just set a second factor up.
pub(super) async fn remember(work: &mut Work, call: &Call, id: &UserId) -> Result<(), Fault> {
    attempts::remember(work, &known(id, call), call.now, call.now + KNOWN_FOR).await
}

/// Begins anew for somebody whose second factor was taken.
pub(super) async fn forget(work: &mut Work, id: &UserId) -> Result<(), Fault> {
    attempts::forget(work, &strangers(id)).await
}

/// The counter of somebody at this address, which is there once they proved themselves from it.
fn known(id: &UserId, call: &Call) -> String {
    format!("code known {id} {}", call.network())
}

/// The counter of everybody else who tries codes of this person.
fn strangers(id: &UserId) -> String {
    format!("code stranger {id}")
}

/// The refusal of a try that came too early.
pub(in crate::accounts) fn too_often(seconds: i64) -> Refusal {
    Refusal::field("code", format!("Too many wrong codes. Try again in {seconds} seconds."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_some_fifty_guesses_a_month() {
        let (mut at, mut failures) = (0, 0);
        while at < 30 * DAY {
            failures += 1;
            at += LADDER.wait(failures);
        }
        assert_eq!(failures, 51);
    }
}
