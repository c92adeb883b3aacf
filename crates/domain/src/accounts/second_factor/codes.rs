//! What is typed: six digits from the app, or the twelve of a recovery code. Spaces and hyphens do
//! not count.

use super::store;
use super::totp::DIGITS;
use crate::{Fault, Instance, Plain, UserId, Work};

/// Recovery codes that somebody gets at a time.
const RECOVERY_CODES: usize = 10;
/// Digits of a recovery code: 40 bits, which is far more than what may be guessed at in a lifetime.
const RECOVERY_DIGITS: usize = 12;

/// A code that was right when it was looked at, and is good once.
#[derive(Debug)]
pub(in crate::accounts) enum Code {
    /// Of the app, for this step.
    Totp(i64),
    /// A recovery code, by the hashes it may be stored under.
    Recovery(Vec<Vec<u8>>),
}

/// Fresh recovery codes, in the clear this one time.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(Vec<Plain>);

/// The code behind what was typed, if it is one of this person.
pub(super) async fn recognize(
    work: &mut Work,
    id: &UserId,
    typed: &str,
    now: i64,
) -> Result<Option<Code>, Fault> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match digits.len() {
        DIGITS => {
            let Some((seed, last_step)) = store::find_seed(work, id).await? else {
                return Ok(None);
            };
            let step = seed.step_of(&digits, now)?.filter(|step| *step > last_step);
            Ok(step.map(Code::Totp))
        }
        RECOVERY_DIGITS => {
            let hashes = hashes(&work.instance, id, &digits);
            let is_known = store::has_recovery_code(work, id, &hashes).await?;
            Ok(is_known.then_some(Code::Recovery(hashes)))
        }
        _ => Ok(None),
    }
}

impl Code {
    /// Uses the code up. `false` where somebody else did meanwhile; the work must then be dropped.
    pub async fn consume(&self, work: &mut Work, id: &UserId, now: i64) -> Result<bool, Fault> {
        match self {
            Self::Totp(step) => store::set_used(work, id, *step, now).await,
            Self::Recovery(hashes) => store::delete_recovery_code(work, (id, now), hashes).await,
        }
    }

    /// Is it a recovery code?
    pub fn is_recovery(&self) -> bool {
        matches!(self, Self::Recovery(_))
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

    /// Stores their hashes in place of those there are.
    pub(super) async fn store(&self, work: &mut Work, id: &UserId) -> Result<(), Fault> {
        let instance = std::sync::Arc::clone(&work.instance);
        let hash = |code: &Plain| {
            let digits: String = code.reveal().split(' ').collect();
            instance.vault.hash_secret(&named(id, &digits)).0
        };
        let hashes: Vec<_> = self.0.iter().map(hash).collect();
        store::set_recovery_codes(work, id, &hashes).await
    }
}

/// What a code may be stored as: one hash for each master key we hold.
fn hashes(instance: &Instance, id: &UserId, digits: &str) -> Vec<Vec<u8>> {
    instance.vault.hashes_of_secret(&named(id, digits))
}

/// No secret of anything else is spelled so.
fn named(id: &UserId, digits: &str) -> String {
    format!("recovery code {id} {digits}")
}
