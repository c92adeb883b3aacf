//! How often a password may be tried, and by whom.
//!
//! Somebody who signed in from an address before is *known* there and answers only for the two
//! together: whatever strangers do, their way in stays open. Everybody else is a stranger and
//! answers for three counters at once: this account from this address, this account from
//! anywhere, and this address for any account. The e-mail address counts in its folded form, so
//! that all spellings count together; an IPv6 address counts by its /64.
//!
//! In any 24 hours that comes to at most 85 wrong passwords by strangers for one account, and 87
//! by each known address (NIST SP 800-63B-4: at most 100), 40 by a single stranger. So one
//! stranger alone never exhausts an account for others. Nobody waits longer than an hour.

use aws_lc_rs::digest;

use super::email::key_of;
use crate::attempts::{self, Claim, Ladder};
use crate::{Call, Fault, Work};

/// Seconds after which counters of failures are forgotten.
const WINDOW: i64 = 86_400;
/// Seconds for which an address stays known to an account after a sign-in.
const KNOWN_FOR: i64 = 90 * 86_400;

const KNOWN: Ladder = Ladder { free: 5, cap: 1200, window: WINDOW };
const PAIR: Ladder = Ladder { free: 5, cap: 3600, window: WINDOW };
const ACCOUNT: Ladder = Ladder { free: 50, cap: 3600, window: WINDOW };
/// Many people may share one address, so it is slow to anger and quick to forgive.
const ADDRESS: Ladder = Ladder { free: 100, cap: 60, window: WINDOW };

/// The counters that one attempt answers for.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Throttle {
    known: String,
    pair: String,
    account: String,
    address: String,
}

/// The verdict on an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Admission {
    /// Counted, as somebody known.
    Known,
    /// Counted, as a stranger.
    Stranger,
    /// Not before so many seconds.
    Wait(i64),
}

impl Throttle {
    /// The counters of whoever calls and says to be `email`.
    pub fn of(email: &str, call: &Call) -> Self {
        let (account, network) = (fingerprint(&key_of(email)), call.network());
        Self {
            known: format!("sign-in known {account} {network}"),
            pair: format!("sign-in pair {account} {network}"),
            account: format!("sign-in account {account}"),
            address: format!("sign-in address {network}"),
        }
    }

    /// Seconds to wait, without counting anything: spares a flood its writes.
    pub async fn wait(&self, work: &mut Work, now: i64) -> Result<Option<i64>, Fault> {
        if attempts::is_remembered(work, &self.known, now).await? {
            return attempts::wait(work, &self.known, now, &KNOWN).await;
        }
        let mut longest = None;
        for (subject, ladder) in self.of_strangers() {
            longest = longest.max(attempts::wait(work, subject, now, ladder).await?);
        }
        Ok(longest)
    }

    /// Counts the attempt before its outcome is known. After [`Admission::Wait`] the work must be
    /// dropped, since some counters may have counted it.
    pub async fn claim(&self, work: &mut Work, now: i64) -> Result<Admission, Fault> {
        if attempts::is_remembered(work, &self.known, now).await? {
            return Ok(match attempts::claim(work, &self.known, now, &KNOWN).await? {
                Claim::Counted { .. } => Admission::Known,
                Claim::Wait { seconds } => Admission::Wait(seconds),
            });
        }
        for (subject, ladder) in self.of_strangers() {
            if let Claim::Wait { seconds } = attempts::claim(work, subject, now, ladder).await? {
                return Ok(Admission::Wait(seconds));
            }
        }
        Ok(Admission::Stranger)
    }

    /// Waits for whoever else writes of this account from this address, until `work` is done.
    pub async fn hold(&self, work: &mut Work, admission: Admission) -> Result<(), Fault> {
        let subject = if admission == Admission::Known { &self.known } else { &self.pair };
        attempts::hold(work, subject).await
    }

    /// Takes back what was counted for the attempt, and remembers nothing.
    pub async fn waive(&self, work: &mut Work, admission: Admission) -> Result<(), Fault> {
        if admission != Admission::Stranger {
            return attempts::refund(work, &self.known).await;
        }
        for (subject, _) in self.of_strangers() {
            attempts::refund(work, subject).await?;
        }
        Ok(())
    }

    /// The attempt was right: takes back what was counted for it and remembers the address.
    pub async fn succeed(
        &self,
        work: &mut Work,
        now: i64,
        admission: Admission,
    ) -> Result<(), Fault> {
        if admission == Admission::Stranger {
            attempts::forget(work, &self.pair).await?;
            attempts::refund(work, &self.account).await?;
            attempts::refund(work, &self.address).await?;
        }
        attempts::remember(work, &self.known, now, now + KNOWN_FOR).await
    }

    /// Always in this order, so that two transactions never wait for each other.
    fn of_strangers(&self) -> [(&str, &Ladder); 3] {
        [(&self.pair, &PAIR), (&self.account, &ACCOUNT), (&self.address, &ADDRESS)]
    }
}

/// A short name for an address that may not exist: people also type passwords into that field,
/// which must not be stored.
pub(super) fn fingerprint(email_key: &str) -> String {
    let hash = digest::digest(&digest::SHA256, email_key.as_bytes());
    let number =
        hash.as_ref()[..16].iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    format!("{number:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Actor;

    fn call(address: &str) -> Call {
        Call {
            now: 0,
            actor: Actor::nobody(),
            address: address.parse().ok(),
            via: None,
            request_id: String::new(),
        }
    }

    /// Failures that somebody patient gets counted in a day.
    fn in_a_day(ladder: &Ladder) -> i64 {
        let (mut at, mut failures) = (0, 0);
        while at < 86_400 {
            failures += 1;
            at += ladder.wait(failures);
        }
        failures
    }

    #[test]
    fn allows_no_hundred_guesses_a_day() {
        assert_eq!([in_a_day(&KNOWN), in_a_day(&PAIR), in_a_day(&ACCOUNT)], [87, 40, 85]);
    }

    #[test]
    fn counts_every_spelling_and_every_neighbour_together() {
        let one = Throttle::of("Ann@Example.com", &call("2001:db8::1"));
        let other = Throttle::of(" ann@example.COM", &call("2001:db8::ffff:2"));
        assert_eq!(
            (one.pair, one.account, one.address),
            (other.pair, other.account, other.address)
        );
        let mapped = Throttle::of("a@b.c", &call("::ffff:192.0.2.1"));
        assert_eq!(mapped.address, Throttle::of("x@y.z", &call("192.0.2.1")).address);
    }

    #[test]
    fn stores_no_text_that_was_typed() {
        let typed = "my real password";
        assert!(!format!("{:?}", Throttle::of(typed, &call("192.0.2.1"))).contains("real"));
    }
}
