//! Coming in and going out: sign in, set-up, invitation, password, sign out, and the page that
//! carries an answer to an application by POST.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Errors, Link, Person};

/// Sign in. Posts `email`, `password`, `request` or `next`, and `form_token`.
#[derive(Template)]
#[template(path = "account/views/login.html")]
pub struct Login {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The sealed authorization request that waits for this sign-in, if any.
    pub request: Option<String>,
    /// The page of ours that waits for this sign-in, if any.
    pub next: Option<String>,
    /// The application that waits, by name.
    pub application: Option<String>,
    /// The address typed before.
    pub email: String,
    /// Why the last try failed; the same words for an unknown and a known person.
    pub error: Option<String>,
    /// Seconds to wait after too many tries.
    pub wait: Option<u32>,
    /// A calm word before the form: "Please sign in again to continue."
    pub notice: Option<String>,
    /// Whether a link to another password can be mailed.
    pub mails: bool,
}

/// "Forgot your password?" Posts `email` and `form_token`.
#[derive(Template)]
#[template(path = "account/views/forgot_password.html")]
pub struct ForgotPassword {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The address typed before.
    pub email: String,
    /// Whether it was just asked for; the same for an unknown and a known person.
    pub asked: bool,
    /// Seconds to wait after too many requests.
    pub wait: Option<u32>,
    /// What was wrong.
    pub errors: Errors,
}

/// The first administrator, made through the one-time link. Posts `display_name`, `email`,
/// `password`, `link` and `form_token`.
#[derive(Template)]
#[template(path = "account/views/setup.html")]
pub struct SetUp {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The secret of the one-time link.
    pub link: String,
    /// What this server calls itself, so that the person sees where they are.
    pub issuer: String,
    /// The name typed before.
    pub display_name: String,
    /// The address typed before.
    pub email: String,
    /// What was wrong.
    pub errors: Errors,
}

/// A password by a one-time link. Posts `password`, `link`, `form_token`.
#[derive(Template)]
#[template(path = "account/views/new_password.html")]
pub struct NewPassword {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The secret of the one-time link.
    pub link: String,
    /// Whose account it is.
    pub person: Person,
    /// Is it another one, for somebody who had one before?
    pub is_reset: bool,
    /// What was wrong.
    pub errors: Errors,
}

/// Another password. Posts `current_password`, `password` and `form_token`.
#[derive(Template)]
#[template(path = "account/views/change_password.html")]
pub struct ChangePassword {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// Whose password it is.
    pub person: Person,
    /// What was wrong.
    pub errors: Errors,
}

/// "Do you want to sign out?" Posts `form_token` and, if present, `request`.
#[derive(Template)]
#[template(path = "account/views/logout.html")]
pub struct Logout {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The sealed logout request of an application, if one asks.
    pub request: Option<String>,
    /// The application that asks, by name.
    pub application: Option<String>,
    /// Who is signed in.
    pub person: Person,
    /// Where "Stay signed in" leads.
    pub stay: String,
}

/// The browser session has ended.
#[derive(Template)]
#[template(path = "account/views/signed_out.html")]
pub struct SignedOut {
    /// Back to the application that asked, when its address is registered.
    pub back: Option<Link>,
}

/// The sign-in took too long, was finished elsewhere, or belongs to another browser.
#[derive(Template)]
#[template(path = "account/views/expired.html")]
pub struct Expired {
    /// The application to start again from, by name, when it is known.
    pub application: Option<String>,
    /// Where to start again, when that is known.
    pub again: Option<String>,
}
