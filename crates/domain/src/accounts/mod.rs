//! People: who they are, their passwords, and how they prove to be themselves.
//!
//! This room answers "is it them?" and keeps one administrator alive. It refuses to know browser
//! sessions (a room above), what a person may do (`access`), and how a mail is sent.

mod administrators;
mod authentication;
mod ceiling;
mod email;
mod failures;
mod forgotten;
mod hashing;
mod links;
mod networks;
mod password_change;
mod people;
mod second_step;
mod store;
mod throttle;

pub mod passwords;
pub mod policies;
pub mod second_factor;

pub use administrators::{
    administrators_without_second_factor, first_administrator, has_administrator,
    keep_an_administrator, setup, setup_link,
};
pub use authentication::{Authentication, Verified, authenticate, settle};
pub use forgotten::{count_forgotten, forgotten_link};
pub use hashing::{Busy, Cost, HashingPool};
pub use links::{
    INVITATION_LIFETIME, LinkPurpose, RESET_LIFETIME, choose_password, invite, peek_link,
    reset_link, sweep_links,
};
pub use networks::{
    Networks, NetworksPatch, networks, observed_sign_ins, set_networks, sweep_observed_sign_ins,
};
pub use password_change::{Replacement, replace_password};
pub use people::{
    ListQuery, NewUser, Patch, change, create, delete, disable, enable, list, lock, rehearse, show,
};
pub use second_step::{
    Demand, PasswordProof, SECOND_STEP_PATIENCE, prove_second_factor, requires_second_factor,
    set_up_second_factor,
};
pub(crate) use store::{COLUMNS, read};
pub use store::{find, find_by_email};

use crate::UserId;
use crate::audit::Object;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `usr_…`; never given again.
    pub id: UserId,
    /// By which they sign in; unique, whatever the spelling.
    pub email: String,
    /// As others see them.
    pub display_name: String,
    /// May they act?
    pub status: Status,
    /// Who vouches for them: `local`, `directory` or `upstream`.
    pub source: String,
    /// Rises when everything issued to them has to die.
    pub epoch: i64,
    /// Rises with each change; the `ETag`.
    pub version: i64,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub last_sign_in_at: Option<i64>,
    /// Did they ever set a password?
    pub has_password: bool,
    /// Do they prove themselves by codes, too?
    pub has_second_factor: bool,
}

/// By what somebody proved who they are (`amr`, RFC 8176).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Amr {
    /// The password.
    #[default]
    Password,
    /// The password and a code that is good once.
    SecondFactor,
}

impl Amr {
    /// The values of the claim.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::SecondFactor => &["pwd", "otp", "mfa"],
        }
    }

    /// The stored word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::SecondFactor => "pwd otp mfa",
        }
    }

    /// The methods behind a stored word; of an unknown one no more than the password is told.
    pub(crate) fn parse(text: &str) -> Self {
        if text == Self::SecondFactor.as_str() { Self::SecondFactor } else { Self::Password }
    }
}

/// May a person act?
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Yes.
    Active,
    /// No: an administrator said so.
    Disabled,
    /// No: an administrator said so, for the time being.
    Locked,
}

impl Status {
    /// The stored word, which is the word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
        }
    }

    /// The status behind a stored word; an unknown one counts as locked.
    pub fn parse(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "disabled" => Self::Disabled,
            _ => Self::Locked,
        }
    }
}

impl User {
    /// May they act?
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// What the audit trail compares, in the words of the contract.
    pub(crate) fn snapshot(&self) -> serde_json::Value {
        serde_json::json!({
            "email": self.email,
            "display_name": self.display_name,
            "status": self.status.as_str(),
            "source": self.source,
        })
    }

    /// What the audit trail points to.
    pub(crate) fn as_object(&self) -> Object {
        Object::new("user", self.id.as_str(), self.email.as_str())
    }
}
