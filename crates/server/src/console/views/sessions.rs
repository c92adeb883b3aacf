//! What is alive: tokens by application, and browsers in which people are signed in.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Frame, Link, NavEntry, Person, When};

/// One living token of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppTokenRow {
    /// Its name in lists.
    pub id: String,
    /// "Access token", "Refresh token".
    pub kind: String,
    /// Whom it acts for; none: the application itself.
    pub person: Option<String>,
    /// Whether it may change anything.
    pub full: bool,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// The chosen teams, by name.
    pub teams: Vec<String>,
    /// When it was last used.
    pub last_used: Option<When>,
    /// When it ends.
    pub expires: When,
    /// Where "Revoke" is sent, if the visitor may.
    pub revoke: Option<String>,
}

/// An application with its newest tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppGroup {
    /// Its name.
    pub name: String,
    /// Its `client_id`.
    pub id: String,
    /// Its page.
    pub href: String,
    /// The newest of its living tokens.
    pub rows: Vec<AppTokenRow>,
    /// All of them, where there are more.
    pub more: Option<String>,
    /// Where "Revoke all" is sent, if the visitor may.
    pub revoke_all: Option<String>,
}

/// `/console/sessions`. The forms post `user`, where the page is about one person, and
/// `form_token`.
#[derive(Template)]
#[template(path = "console/views/session_apps.html")]
pub struct ConnectedApps {
    /// The console around it.
    pub frame: Frame,
    /// Connected apps, browser sessions.
    pub tabs: Vec<NavEntry>,
    /// Part of a name, sent as `q`.
    pub q: String,
    /// The id of the person it is about, sent as `user`; may be empty.
    pub user: String,
    /// The same by name, with their page.
    pub person: Option<Link>,
    /// Whether a name narrows the list.
    pub active: bool,
    /// One page of applications.
    pub groups: Vec<AppGroup>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// One browser in which somebody is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserRow {
    /// Who.
    pub person: Person,
    /// Their page.
    pub href: String,
    /// "Firefox 141".
    pub browser: String,
    /// "Linux".
    pub device: String,
    /// Where the address is, or "unknown".
    pub location: String,
    /// The network address.
    pub address: String,
    /// When it was last used.
    pub last_active: When,
    /// When it ends at the latest.
    pub expires: When,
    /// Whether it is the one that shows this page.
    pub current: bool,
    /// Whether it was begun with a code besides the password.
    pub second_factor: bool,
    /// Where "Sign out" is sent, if the visitor may.
    pub end: Option<String>,
}

/// `/console/sessions/browsers`.
#[derive(Template)]
#[template(path = "console/views/session_browsers.html")]
pub struct BrowserSessions {
    /// The console around it.
    pub frame: Frame,
    /// Connected apps, browser sessions.
    pub tabs: Vec<NavEntry>,
    /// Part of a name or address, sent as `q`.
    pub q: String,
    /// The id of the person it is about, sent as `user`; may be empty.
    pub user: String,
    /// The same by name, with their page.
    pub person: Option<Link>,
    /// One page of sessions.
    pub rows: Vec<BrowserRow>,
    /// Why this person cannot end any, if so.
    pub refused: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}
