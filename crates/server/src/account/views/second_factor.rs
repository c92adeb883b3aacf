//! Second factors: the code after the password, setting one up, its recovery codes, and what a
//! person does with it.

use askama::Template;

use super::Picture;
use crate::web::filters;
use crate::web::views::{Choice, Errors, Person, When};

/// "Enter your code." Posts `code`, `proof`, `request` or `next`, and `form_token`.
#[derive(Template)]
#[template(path = "account/views/code_step.html")]
pub struct CodeStep {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The sealed proof that the password was right.
    pub proof: String,
    /// The sealed authorization request that waits for this sign-in, if any.
    pub request: Option<String>,
    /// The page of ours that waits for this sign-in, if any.
    pub next: Option<String>,
    /// The application that waits, by name.
    pub application: Option<String>,
    /// Who is signing in.
    pub email: String,
    /// Why the last try failed.
    pub error: Option<String>,
    /// How long to wait after too many tries, in words.
    pub wait: Option<String>,
    /// Whether the password has to be typed again by then.
    pub too_long: bool,
    /// The page that asks for the password, for somebody else.
    pub login: String,
}

/// Setting a second factor up. Posts `code`, `enrolment`, `form_token`, and in a sign-in `proof` and
/// `request` or `next`.
#[derive(Template)]
#[template(path = "account/views/new_factor.html")]
pub struct NewFactor {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The sealed second factor that is being set up.
    pub enrolment: String,
    /// In a sign-in: the sealed proof that the password was right.
    pub proof: Option<String>,
    /// The sealed authorization request that waits for this sign-in, if any.
    pub request: Option<String>,
    /// The page of ours that waits for this sign-in, if any.
    pub next: Option<String>,
    /// The application that waits, by name.
    pub application: Option<String>,
    /// Whose it is.
    pub email: String,
    /// Does it take the place of another?
    pub is_replacement: bool,
    /// Where "Cancel" leads.
    pub cancel: String,
    /// What a camera reads.
    pub picture: Picture,
    /// What an app on this device reads: `otpauth://…`.
    pub uri: String,
    /// What is typed where there is no camera.
    pub key: String,
    /// What was wrong.
    pub errors: Errors,
}

/// Recovery codes, shown once.
#[derive(Template)]
#[template(path = "account/views/recovery_codes.html")]
pub struct RecoveryCodes {
    /// In groups of digits.
    pub codes: Vec<String>,
    /// Where it goes on.
    pub next: String,
    /// What the address of that carries.
    pub fields: Vec<(String, String)>,
}

/// `/account/second-factor`. Posts `deed`, `password` or `code`, and `form_token`.
#[derive(Template)]
#[template(path = "account/views/second_factor.html")]
pub struct SecondFactorPage {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// Whose it is.
    pub person: Person,
    /// Since when there is one.
    pub since: Option<When>,
    /// When a code was last taken.
    pub last_used: Option<When>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: i64,
    /// Does an administrator ask for it?
    pub is_required: bool,
    /// What can be done with the one there is.
    pub deeds: Vec<Choice>,
    /// What was wrong.
    pub errors: Errors,
}
