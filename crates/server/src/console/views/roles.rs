//! Roles, what they allow, and who holds them where.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame, Link, NavEntry};

/// One role in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is built in.
    pub system: bool,
    /// How many permissions only look.
    pub reads: u64,
    /// How many change something.
    pub changes: u64,
    /// How often it is held, where the visitor sees all of that.
    pub held: Option<u64>,
}

/// `/console/roles`.
#[derive(Template)]
#[template(path = "console/views/role_list.html")]
pub struct RoleList {
    /// The console around it.
    pub frame: Frame,
    /// Roles, permissions.
    pub tabs: Vec<NavEntry>,
    /// Built-in roles first.
    pub rows: Vec<RoleRow>,
    /// Why this person cannot define roles, if so.
    pub refused: Option<String>,
}

/// Permissions about the same thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionGroup {
    /// What they are about.
    pub title: String,
    /// Their names as a whole, for reading and for changing, where they have some.
    pub names: Option<(String, String)>,
    /// Those that only look.
    pub read: Vec<Choice>,
    /// Those that change something.
    pub change: Vec<Choice>,
}

/// Somebody who holds a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolderRow {
    /// A person or a client, by name.
    pub name: String,
    /// The identifier.
    pub subject: String,
    /// The page about what they hold.
    pub href: String,
    /// Whether it is a person.
    pub person: bool,
    /// Where it is held, in words.
    pub place: String,
    /// Where "Take away" is sent, if the visitor may.
    pub take: Option<String>,
}

/// `/console/roles/{role}`. Deleting posts `confirm_name`; taking away posts `subject`.
#[derive(Template)]
#[template(path = "console/views/role_page.html")]
pub struct RolePage {
    /// Built in, and never changed.
    pub fixed: bool,
    /// The console around it.
    pub frame: Frame,
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is built in.
    pub system: bool,
    /// What it allows.
    pub groups: Vec<PermissionGroup>,
    /// One page of those who hold it.
    pub holders: Vec<HolderRow>,
    /// Its form.
    pub edit: String,
    /// Where "Delete" is sent.
    pub delete: String,
    /// Why this person cannot change it, if so.
    pub change_refused: Option<String>,
    /// Why it cannot be deleted, if so.
    pub delete_refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// The form of a role. Posts `name`, `description`, `permissions`, `version`, `revoke_tokens` and
/// `form_token`.
#[derive(Template)]
#[template(path = "console/views/role_edit.html")]
pub struct RoleEdit {
    /// Built in: it keeps its name.
    pub system: bool,
    /// The console around it.
    pub frame: Frame,
    /// Where the form is sent.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// Whether it is there already.
    pub exists: bool,
    /// The name typed before.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Every permission there is.
    pub groups: Vec<PermissionGroup>,
    /// The version that was read.
    pub version: String,
    /// "Revoke the tokens of 3 clients too", where there are some and this person may.
    pub revocation: Option<String>,
    /// Whether that is ticked.
    pub revoke_tokens: bool,
    /// What was wrong.
    pub errors: Errors,
}

/// One role somebody holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindingRow {
    /// The role and its page.
    pub role: Link,
    /// Where it is held, in words.
    pub place: String,
    /// Where "Take away" is sent, if the visitor may.
    pub take: Option<String>,
}

/// `/console/bindings/{subject}`. Posts `subject`, `role`, `place` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/binding_list.html")]
pub struct BindingList {
    /// The console around it.
    pub frame: Frame,
    /// Whether it is about a client.
    pub is_client: bool,
    /// Whether it is about the visitor.
    pub is_self: bool,
    /// The identifier.
    pub subject: String,
    /// Their name and page.
    pub holder: Link,
    /// What they hold.
    pub rows: Vec<BindingRow>,
    /// Roles that can be given.
    pub roles: Vec<Choice>,
    /// Places where they can be given.
    pub places: Vec<Choice>,
    /// Why this person cannot give any, if so.
    pub refused: Option<String>,
    /// Whether tokens are to end with the change; `None` for who may not end them.
    pub revoke_tokens: Option<bool>,
    /// What was wrong.
    pub errors: Errors,
}

/// One permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionRow {
    /// `resource:action`
    pub name: String,
    /// `read` or `write`.
    pub kind: String,
    /// What it allows.
    pub description: String,
    /// Whether it is built in.
    pub system: bool,
    /// The roles that hold it, by name.
    pub roles: Vec<String>,
    /// Whether this person can delete it now.
    pub deletable: bool,
}

/// `/console/permissions`. The form posts `name`, `kind`, `description` and `form_token`; deleting
/// posts `permission`.
#[derive(Template)]
#[template(path = "console/views/permission_list.html")]
pub struct PermissionList {
    /// The console around it.
    pub frame: Frame,
    /// Roles, permissions.
    pub tabs: Vec<NavEntry>,
    /// Those of one's own first.
    pub rows: Vec<PermissionRow>,
    /// Why this person cannot define any, if so.
    pub refused: Option<String>,
    /// Where the form is sent.
    pub action: String,
    /// Where "Delete" is sent.
    pub delete: String,
    /// The name typed before.
    pub name: String,
    /// Read or write.
    pub kind: Vec<Choice>,
    /// The description typed before.
    pub description: String,
    /// What was wrong.
    pub errors: Errors,
}
