//! What is typed: six digits from the app, or the twelve of a recovery code. Spaces and hyphens do
//! not count.

use super::store::{self, Held};
use super::totp::{DIGITS, Seed};
use crate::{Fault, Instance, Plain, UserId, Work};

/// Recovery codes that somebody gets at a time.
const RECOVERY_CODES: usize = 10;
/// Digits of a recovery code: 40 bits, which is far more than what may be guessed at in a lifetime.
const RECOVERY_DIGITS: usize = 12;

/// A code that was right when it was looked at, and is good once, for the second factor it was looked
/// at with and for no other.
#[derive(Debug)]
pub(in crate::accounts) struct Code {
    held: Held,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Of the app, for this step.
    Totp(i64),
    /// A recovery code, as it is stored.
    Recovery(Vec<u8>),
}

/// Fresh recovery codes, in the clear this one time.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(Vec<Plain>);

/// The digits of what was typed; other signs than spaces and hyphens stay, and fit nothing.
pub(super) fn digits(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// The code behind what was typed, if it is one of this person that was not used yet.
pub(super) async fn recognize(
    work: &mut Work,
    id: &UserId,
    typed: &str,
    now: i64,
) -> Result<Option<Code>, Fault> {
    let digits = digits(typed);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let Some(held) = store::find_held(work, id).await? else { return Ok(None) };
    let kind = match digits.len() {
        DIGITS => {
            let step = held.seed.step_of(&digits, now)?.filter(|step| *step > held.last_step);
            step.map(Kind::Totp)
        }
        RECOVERY_DIGITS => {
            let hash = hash(&held.seed, id, &digits);
            let is_known = store::has_recovery_code(work, id, &hash).await?;
            is_known.then_some(Kind::Recovery(hash))
        }
        _ => None,
    };
    Ok(kind.map(|kind| Code { held, kind }))
}

impl Code {
    /// Uses the code up. `false` where somebody else did meanwhile, or the second factor is another by
    /// now; the work must then be dropped.
    pub async fn consume(&self, work: &mut Work, id: &UserId, now: i64) -> Result<bool, Fault> {
        match &self.kind {
            Kind::Totp(step) => store::set_used(work, id, (&self.held, *step), now).await,
            Kind::Recovery(hash) => {
                // The factor first, as everywhere: whoever resets it waits, or was first.
                Ok(store::set_used_beside(work, id, &self.held, now).await?
                    && store::delete_recovery_code(work, id, hash).await?)
            }
        }
    }

    /// Is it a recovery code?
    pub fn is_recovery(&self) -> bool {
        matches!(self.kind, Kind::Recovery(_))
    }

    /// The seed of the second factor it belongs to.
    pub(super) fn seed(&self) -> &Seed {
        &self.held.seed
    }

    /// The second factor it belongs to.
    pub(super) fn factor(&self) -> i64 {
        self.held.id
    }
}

impl RecoveryCodes {
    /// Ten fresh ones.
    pub(super) fn draw(instance: &Instance) -> Result<Self, Fault> {
        let one = || -> Result<Plain, Fault> {
            // 64 bits for 40: no code is likelier than another by more than 1 in 18 million.
            let number = u64::from_be_bytes(instance.chance.bytes()?) % 1_000_000_000_000;
            let digits = format!("{number:012}");
            Ok(Plain::new([&digits[..4], &digits[4..8], &digits[8..]].join(" ")))
        };
        (0..RECOVERY_CODES).map(|_| one()).collect::<Result<_, _>>().map(Self)
    }

    /// In groups of four digits.
    pub fn spelled(&self) -> Vec<&str> {
        self.0.iter().map(Plain::reveal).collect()
    }

    /// Stores what is kept of them in place of those there are. The row of the second factor must be
    /// held by this work.
    pub(super) async fn store(
        &self,
        work: &mut Work,
        id: &UserId,
        seed: &Seed,
    ) -> Result<(), Fault> {
        let hash = |code: &Plain| hash(seed, id, &digits(code.reveal()));
        let hashes: Vec<_> = self.0.iter().map(hash).collect();
        store::set_recovery_codes(work, id, &hashes).await
    }
}

/// The app's codes are made with the seed too, and are no texts of this kind.
fn hash(seed: &Seed, id: &UserId, digits: &str) -> Vec<u8> {
    seed.hash(&format!("recovery code {id} {digits}"))
}
