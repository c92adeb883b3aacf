//! What the pages of a person show, as plain data. Knows no domain type and decides nothing.

mod consent;
mod entry;
mod overview;

pub use consent::{Consent, Permission, Picker, TeamChoice};
pub use entry::{
    ChangePassword, Expired, ForgotPassword, Login, Logout, NewPassword, SetUp, SignedOut,
};
pub use overview::{BrowserSession, ConnectedApp, ConnectedGrant, Deputy, GrantToken, Overview};
