//! The account of a person: connected apps and browser sessions, each with a way to end it, and
//! services that act as them, which others end.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Person, When};

/// One authorization the person gave to an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedGrant {
    /// Where "Revoke" is sent.
    pub revoke: String,
    /// By which name support and the trail call it.
    pub id: String,
    /// What it may do, in words.
    pub may: Vec<String>,
    /// For which teams; empty when it reaches none.
    pub teams: Vec<String>,
    /// When it was allowed.
    pub allowed: When,
    /// When a token of it was last used.
    pub last_used: Option<When>,
    /// When it ends by itself.
    pub expires: Option<When>,
    /// The tokens of it that are alive.
    pub tokens: Vec<GrantToken>,
}

/// One living token of an authorization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantToken {
    /// "Access token".
    pub kind: &'static str,
    /// By which name support and the trail call it.
    pub id: String,
    /// When it was last used.
    pub last_used: Option<When>,
    /// When it ends by itself.
    pub expires: When,
    /// Where "Revoke" is sent.
    pub revoke: String,
}

/// An application with all that the person gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedApp {
    /// The application by name.
    pub name: String,
    /// Its host, or "this device".
    pub host: String,
    /// Whether an administrator has checked who runs it.
    pub verified: bool,
    /// Where "Disconnect" is sent.
    pub revoke_all: String,
    /// Each authorization.
    pub grants: Vec<ConnectedGrant>,
}

/// A service that acts as the person, who was not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deputy {
    /// The service by name.
    pub name: String,
    /// Its `client_id`, by which the trail and support call it.
    pub id: String,
    /// Whether it gets no tokens now.
    pub paused: bool,
    /// What it may do, in words.
    pub may: Vec<String>,
    /// Who chose the person, and when; `None` where the trail does not tell any more.
    pub chosen: Option<(String, When)>,
    /// When it was registered.
    pub registered: When,
    /// When it last got a token.
    pub last_used: Option<When>,
    /// Whom to ask: organization and contacts.
    pub ask: Option<String>,
}

/// A browser in which the person is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserSession {
    /// Where "Sign out" is sent.
    pub revoke: String,
    /// "Firefox".
    pub browser: String,
    /// "Linux computer".
    pub device: String,
    /// "Berlin, Germany", or that it is unknown.
    pub place: String,
    /// The network address.
    pub address: String,
    /// When it was last used.
    pub last_active: When,
    /// When it ends at the latest.
    pub expires: When,
    /// Whether it is the one that shows this page.
    pub current: bool,
}

/// `/account`. Every form posts `form_token`.
#[derive(Template)]
#[template(path = "account/views/overview.html")]
pub struct Overview {
    /// Who it is.
    pub person: Person,
    /// Some of the teams they belong to, by name.
    pub teams: Vec<String>,
    /// How many more there are.
    pub more_teams: u64,
    /// The token of the forms.
    pub form_token: String,
    /// What was just done, told once.
    pub done: Option<String>,
    /// Whether the console is open to them.
    pub console: bool,
    /// Since when there is a second factor, and how many recovery codes are left.
    pub second_factor: Option<(When, i64)>,
    /// Connected applications.
    pub apps: Vec<ConnectedApp>,
    /// Where "Disconnect all apps" is sent.
    pub revoke_all_apps: String,
    /// Services that act as them.
    pub services: Vec<Deputy>,
    /// How many more there are.
    pub more_services: u64,
    /// Browser sessions, the current one first.
    pub sessions: Vec<BrowserSession>,
    /// Where "Sign out everywhere else" is sent.
    pub revoke_other_sessions: String,
}
