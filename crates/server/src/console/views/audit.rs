//! The whole audit trail.

use askama::Template;

use super::AuditRow;
use crate::web::filters;
use crate::web::views::{Frame, Link};

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

/// `/console/audit`.
#[derive(Template)]
#[template(path = "console/views/audit_list.html")]
pub struct AuditList {
    /// The console around it.
    pub frame: Frame,
    /// One page, newest first.
    pub rows: Vec<AuditEntry>,
    /// Whether this is one entry at its own address.
    pub single: bool,
    /// The same as CSV.
    pub export: Option<Link>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}
