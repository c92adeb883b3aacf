//! Second factors: what somebody proves themselves with besides the password.
//!
//! There is one kind: codes by time (TOTP, RFC 6238), which an app on the person's own device makes
//! from a seed that it shares with this server, and ten recovery codes for the day the device is
//! lost. A code of either kind is good once, and the statement that signs in uses it up. This room
//! refuses to know who has to have one (`second_step`), and pages and pictures of codes.

mod codes;
mod enrolment;
mod managing;
mod store;
mod throttle;
mod totp;

use super::User;
use crate::{Fault, UserId, Work};

pub use codes::RecoveryCodes;
pub use enrolment::Enrolment;
pub use managing::{begin, confirm, of_user, remove, renew_recovery_codes, reset};

pub(super) use codes::Code;
pub(super) use enrolment::Enrolled;
pub(super) use throttle::{Admitted, admit};

/// The second factor of somebody, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor {
    /// Its row.
    id: i64,
    /// Seconds since 1970.
    pub created_at: i64,
    /// When a code was last taken; seconds since 1970.
    pub last_used_at: Option<i64>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: i64,
}

/// The second factor of a person, if they have one.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, id: &UserId) -> Result<Option<SecondFactor>, Fault> {
    store::find(work, id).await
}

/// Is what was typed a code of this person that was not used yet? It stays good until
/// [`Code::consume`].
pub(super) async fn recognize(
    work: &mut Work,
    user: &User,
    typed: &str,
    now: i64,
) -> Result<Option<Code>, Fault> {
    codes::recognize(work, &user.id, typed, now).await
}
