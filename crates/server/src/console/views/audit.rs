//! The whole audit trail, entry by entry and counted.

use askama::Template;

use super::AuditRow;
use crate::web::filters;
use crate::web::views::{Choice, Frame, Link, NavEntry};

/// One entry, with what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, who, what, before and after.
    pub row: AuditRow,
    /// The name of the object.
    pub object: String,
    /// `client`, `user`, …
    pub object_kind: String,
    /// Its page, if there is one.
    pub object_href: Option<String>,
    /// Whether it was refused.
    pub refused: bool,
    /// How often, where like entries are counted in one.
    pub count: u64,
}

/// What the trail is narrowed to, sent by GET under these names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilters {
    /// Who acted.
    pub actor: String,
    /// By or about whom.
    pub person: String,
    /// Through whose token.
    pub client: String,
    /// What kind of object.
    pub kind: Vec<Choice>,
    /// Its id.
    pub object: String,
    /// What was done.
    pub action: Vec<Choice>,
    /// Which part of what happens here.
    pub category: Vec<Choice>,
    /// How it ended.
    pub outcome: Vec<Choice>,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Whether the rarer ones are in use.
    pub more: bool,
    /// Whether anything narrows it.
    pub active: bool,
}

/// `/console/audit`.
#[derive(Template)]
#[template(path = "console/views/audit_list.html")]
pub struct AuditList {
    /// The console around it.
    pub frame: Frame,
    /// The list, and the overview.
    pub tabs: Vec<NavEntry>,
    /// One page, newest first.
    pub rows: Vec<AuditEntry>,
    /// What it is narrowed to.
    pub filters: AuditFilters,
    /// Whether this is one entry at its own address.
    pub single: bool,
    /// The same as CSV.
    pub export: Option<Link>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// A number that leads to the entries it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// "Total", "Signed in".
    pub label: String,
    /// What it is, where the label does not say.
    pub about: String,
    /// "1 204", "98.7 %".
    pub value: String,
    /// Its entries; empty for what has none.
    pub href: String,
    /// How many of them were refused; empty where none.
    pub refused: String,
    /// The refused ones.
    pub refused_href: String,
    /// Of a hundred: its length beside the longest.
    pub share: i64,
}

/// `/console/audit/overview`.
#[derive(Template)]
#[template(path = "console/views/audit_overview.html")]
pub struct AuditOverview {
    /// The console around it.
    pub frame: Frame,
    /// The list, and the overview.
    pub tabs: Vec<NavEntry>,
    /// The usual stretches of time.
    pub stretches: Vec<NavEntry>,
    /// By or about whom.
    pub person: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Why other days are shown than were asked for.
    pub refused: Option<String>,
    /// Total, done, refused, rate.
    pub cards: Vec<Counted>,
    /// The five categories.
    pub categories: Vec<Counted>,
    /// What happened most often.
    pub actions: Vec<Counted>,
}
