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

/// The teams of a choice, as far as the page shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// Those on the page, the chosen ones first where it does not show all.
    pub teams: Vec<Choice>,
    /// How many there are.
    pub total: u64,
    /// How many fit what is looked for.
    pub fitting: u64,
    /// How many of those the page shows at most.
    pub shown: u64,
    /// Whether the page does not show all, so that the server searches.
    pub bounded: bool,
    /// What is looked for.
    pub q: String,
}

impl Picker {
    /// Whether the list is long enough to deserve a search field.
    pub fn is_long(&self) -> bool {
        self.total > 7
    }
}

/// What the person decides about teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamChoice {
    /// The request reaches no team.
    None,
    /// Only one team is possible; its name.
    One(String),
    /// Exactly one of these; radio buttons named `teams`.
    Single(Picker),
    /// One or more of these; checkboxes named `teams`.
    Multiple(Picker),
}

/// "Allow … ?" Posts `decision` (`allow`, `deny` or `search`), `teams`, `q`, `request`,
/// `form_token`.
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
    /// Whether it may change nothing at all, neither now nor by what was allowed before.
    pub changes_nothing: bool,
    /// What was allowed before, where it asks for more now; then the three lists hold what is new.
    pub known: Vec<Permission>,
    /// Which teams.
    pub teams: TeamChoice,
    /// What is wrong with the choice of teams.
    pub teams_error: Option<String>,
    /// For how long, in words: "for 7 days at most".
    pub lasts: String,
    /// Where to sign in as someone else, with the same request.
    pub switch_person: String,
}

impl Consent {
    /// Whether it asks for anything the person has not allowed before.
    pub fn asks_more(&self) -> bool {
        [&self.identity, &self.read, &self.change].into_iter().flatten().any(|it| it.new)
    }
}
