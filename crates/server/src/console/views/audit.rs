//! The whole audit trail.

use askama::Template;

use super::AuditRow;
use crate::web::filters;
use crate::web::views::{Choice, Frame, Link};

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
    /// Through whose token.
    pub client: String,
    /// What kind of object.
    pub kind: Vec<Choice>,
    /// Its id.
    pub object: String,
    /// What was done.
    pub action: Vec<Choice>,
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
