//! The consent page: who asks, for what, as whom, for which teams, for how long.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Person, When};

/// One thing an application may do, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// "Read orders".
    pub text: String,
    /// The scope behind it, for those who know.
    pub scope: String,
    /// Whether the person has not allowed it before, while they allowed other things.
    pub new: bool,
}

/// What the person decides about teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamChoice {
    /// The request reaches no team.
    None,
    /// Only one team is possible; its name.
    One(String),
    /// Exactly one of these; radio buttons named `teams`.
    Single(Vec<Choice>),
    /// One or more of these; checkboxes named `teams`.
    Multiple(Vec<Choice>),
}

impl TeamChoice {
    /// Whether the list is long enough to deserve a search field.
    pub fn is_long(&self) -> bool {
        matches!(self, Self::Single(list) | Self::Multiple(list) if list.len() > 7)
    }
}

/// "Allow … ?" Posts `decision` (`allow` or `deny`), `teams`, `request`, `form_token`.
#[derive(Template)]
#[template(path = "account/views/consent.html")]
pub struct Consent {
    /// Where the form is sent.
    pub action: String,
    /// The token of the form.
    pub form_token: String,
    /// The authorization request.
    pub request: String,
    /// The application by name.
    pub application: String,
    /// The host the answer goes to, or "this device".
    pub host: String,
    /// Who is responsible for the application.
    pub owner: Option<String>,
    /// Whether an administrator has checked who runs it.
    pub verified: bool,
    /// Who is signed in.
    pub person: Person,
    /// When the person allowed this application before, if they did.
    pub allowed_before: Option<When>,
    /// What it learns about the person.
    pub identity: Vec<Permission>,
    /// What it may read.
    pub read: Vec<Permission>,
    /// What it may change.
    pub change: Vec<Permission>,
    /// Which teams.
    pub teams: TeamChoice,
    /// What is wrong with the choice of teams.
    pub teams_error: Option<String>,
    /// For how long, in words: "for 7 days at most".
    pub lasts: String,
    /// Where to sign in as someone else.
    pub switch_person: String,
}

impl Consent {
    /// Whether it asks for anything the person has not allowed before.
    pub fn asks_more(&self) -> bool {
        [&self.identity, &self.read, &self.change].into_iter().flatten().any(|it| it.new)
    }
}
