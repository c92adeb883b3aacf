//! What the pages of a person show, as plain data. Knows no domain type and decides nothing.

mod consent;
mod entry;
mod overview;
mod second_factor;

pub use super::qr::Picture;
pub use consent::{Consent, Permission, Picker, TeamChoice};
pub use entry::{
    ChangePassword, Expired, ForgotPassword, Login, Logout, NewPassword, SetUp, SignedOut,
};
pub use overview::{BrowserSession, ConnectedApp, ConnectedGrant, Deputy, GrantToken, Overview};
pub use second_factor::{CodeStep, NewFactor, RecoveryCodes, SecondFactorPage};
