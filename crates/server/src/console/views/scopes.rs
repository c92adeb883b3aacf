//! The catalogue of scopes.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame};

/// One scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRow {
    /// `resource:action`, or an OIDC word.
    pub name: String,
    /// Its page.
    pub href: String,
    /// `identity`, `read` or `write`.
    pub kind: String,
    /// What people read at consent.
    pub description: String,
    /// The API it belongs to; none: every one.
    pub resource: Option<String>,
    /// Whether it opens this server's own management.
    pub management: bool,
    /// Whether it is built in.
    pub system: bool,
    /// How many clients may ask for it.
    pub clients: u64,
    /// The list of those.
    pub clients_href: String,
    /// Whether this person can delete it now.
    pub deletable: bool,
}

/// `/console/scopes`. The form posts `name`, `kind`, `description`, `resource` and `form_token`;
/// deleting posts `scope`.
#[derive(Template)]
#[template(path = "console/views/scope_list.html")]
pub struct ScopeList {
    /// The console around it.
    pub frame: Frame,
    /// What the list is narrowed to, sent as `q`.
    pub q: String,
    /// All that fit.
    pub rows: Vec<ScopeRow>,
    /// Why this person cannot add scopes, if so.
    pub refused: Option<String>,
    /// Where "Delete" is sent.
    pub delete: String,
    /// The name typed before.
    pub name: String,
    /// Read or write.
    pub kind: Vec<Choice>,
    /// The description typed before.
    pub description: String,
    /// The APIs it may belong to.
    pub resources: Vec<Choice>,
    /// What was wrong.
    pub errors: Errors,
}

/// `/console/scopes/edit`: one scope. The form posts `name`, `version`, `kind`, `description`,
/// `resource` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/scope_edit.html")]
pub struct ScopeEdit {
    /// The console around it.
    pub frame: Frame,
    /// Where the form is sent.
    pub action: String,
    /// Where "Delete" is sent.
    pub delete: String,
    /// The version that was read, to notice that someone else saved.
    pub version: String,
    /// The scope as it is, with who uses it.
    pub row: ScopeRow,
    /// Read or write.
    pub kind: Vec<Choice>,
    /// What people read at consent, as it is typed.
    pub description: String,
    /// The APIs it may belong to.
    pub resources: Vec<Choice>,
    /// Why it cannot be changed, if so.
    pub refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
}
