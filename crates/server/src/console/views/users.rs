//! People: the list, a new person, and the link that lets them in.

use askama::Template;

use super::PolicyOf;
use crate::web::filters;
use crate::web::views::{Choice, Errors, Fact, Frame, Link, Person, When};

/// One person in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRow {
    /// Where the page of the person is, if there is one.
    pub href: Option<String>,
    /// Name and address.
    pub person: Person,
    /// "Active", "Disabled", "Locked", "Invited".
    pub status: String,
    /// `ok`, `off` or `danger`.
    pub status_level: String,
    /// "Local", "Directory".
    pub source: String,
    /// Whether they prove themselves by codes, too.
    pub second_factor: bool,
    /// Teams by name.
    pub teams: Vec<String>,
    /// Roles by name.
    pub roles: Vec<String>,
    /// When they last signed in.
    pub last_sign_in: Option<When>,
    /// When the account was made.
    pub created: When,
}

/// What the list is narrowed to. Sent by GET as `q`, `status`, `source` and
/// `second_factor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilters {
    /// Part of a name or address.
    pub q: String,
    /// Any, active, disabled, locked, invited.
    pub status: Vec<Choice>,
    /// Any, local, directory, upstream.
    pub source: Vec<Choice>,
    /// Any, with or without a second factor.
    pub second_factor: Vec<Choice>,
    /// Whether anything narrows the list.
    pub active: bool,
}

/// `/console/users`.
#[derive(Template)]
#[template(path = "console/views/user_list.html")]
pub struct UserList {
    /// The console around it.
    pub frame: Frame,
    /// The filters.
    pub filters: UserFilters,
    /// One page of people.
    pub rows: Vec<UserRow>,
    /// Why this person cannot invite others, if they cannot.
    pub create_refused: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// A new person. Posts `display_name`, `email`, `teams`, `role` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/user_new.html")]
pub struct UserNew {
    /// The console around it.
    pub frame: Frame,
    /// Where the form is sent.
    pub action: String,
    /// Whether the link is mailed to them too.
    pub mails: bool,
    /// The name typed before.
    pub display_name: String,
    /// The address typed before.
    pub email: String,
    /// Teams to join.
    pub teams: Vec<Choice>,
    /// Roles to be given there.
    pub roles: Vec<Choice>,
    /// What was wrong.
    pub errors: Errors,
}

/// A one-time link to a password, shown once.
#[derive(Template)]
#[template(path = "console/views/user_link.html")]
pub struct UserLink {
    /// The console around it.
    pub frame: Frame,
    /// Whom it lets in.
    pub person: Person,
    /// Is it to another password, for somebody who had one before?
    pub is_reset: bool,
    /// The link.
    pub url: String,
    /// When it stops working.
    pub expires: When,
    /// The page of the person, where a lost link is replaced.
    pub page: String,
    /// Whether it was mailed to them too.
    pub mailed: bool,
    /// Whether that was tried and failed.
    pub not_mailed: bool,
    /// What else was asked for and did not happen.
    pub warning: Option<String>,
}

/// An address that a person came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAddress {
    /// The address.
    pub address: String,
    /// Whether they may sign in from it now.
    pub is_trusted: bool,
    /// Whether a sign-in from it was refused when it was seen.
    pub was_refused: bool,
    /// How often they signed in from it while the list was only observed.
    pub times: i64,
    /// When last.
    pub last: When,
}

/// The second factor of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFactor {
    /// Since when.
    pub since: When,
    /// When a code was last taken.
    pub last_used: Option<When>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: i64,
    /// Where "Reset" is sent.
    pub reset: String,
}

/// `/console/users/{user}`. The forms post `display_name` and `email`; `trusted_ips` and
/// `trusted_ips_mode`; `confirm_name`; each with `form_token`.
#[derive(Template)]
#[template(path = "console/views/user_page.html")]
pub struct UserPage {
    /// The sign-in policy that decides about them, for who may see policies.
    pub policy: Option<PolicyOf>,
    /// The console around it.
    pub frame: Frame,
    /// Name and address.
    pub person: Person,
    /// The identifier.
    pub id: String,
    /// "Active", "Disabled", "Locked", "Invited".
    pub status: String,
    /// `ok`, `off` or `danger`.
    pub status_level: String,
    /// Source, last sign-in, age.
    pub facts: Vec<Fact>,
    /// Roles and where they are held.
    pub roles: Vec<(String, String)>,
    /// The page where roles are given and taken, if the visitor may see roles.
    pub bindings: Option<String>,
    /// The page about what they have alive, if the visitor may see that.
    pub sessions: Option<String>,
    /// Some of their teams; without a page where the visitor may not see it.
    pub teams: Vec<Link>,
    /// How many more teams there are.
    pub more_teams: u64,
    /// Whether this is the person who looks.
    pub is_self: bool,
    /// Whether they may act.
    pub active: bool,
    /// Whether they are locked, for the time being.
    pub locked: bool,
    /// The name in the form.
    pub display_name: String,
    /// The address in the form.
    pub email: String,
    /// Their address; the forms go below it.
    pub path: String,
    /// Where they may sign in from, one a line; empty: from anywhere.
    pub trusted_ips: String,
    /// What happens to a sign-in from elsewhere.
    pub trusted_ips_modes: Vec<Choice>,
    /// That there is a list which refuses nobody for now, if so.
    pub only_observed: Option<String>,
    /// Where they came from lately.
    pub seen: Vec<SeenAddress>,
    /// Lines that would let in what is not among the trusted ones.
    pub proposal: String,
    /// Where "New invitation link" is sent, for somebody who has no password yet.
    pub invite: Option<String>,
    /// Where "Make a reset link" is sent, for somebody who has a password here.
    pub reset: Option<String>,
    /// What it means that they have no second factor, where they have none.
    pub without_factor: &'static str,
    /// Their second factor, where they have one.
    pub second_factor: Option<HeldFactor>,
    /// Why nothing can be changed by this person, if so.
    pub refused: Option<String>,
    /// Why they cannot be deleted by this person, if so.
    pub delete_refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
}
