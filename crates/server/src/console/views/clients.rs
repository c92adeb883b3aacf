//! The list of clients, and the question before several are deleted.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame, When};

/// The secrets of a client in one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretsSummary {
    /// How many are alive.
    pub alive: u32,
    /// When the first of them ends, if one does.
    pub soonest: Option<When>,
    /// `ok`, `warn` or `danger`: how near that is.
    pub urgency: String,
}

/// One client in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRow {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its page is.
    pub href: String,
    /// "Confidential", "Public", "Service".
    pub kind: String,
    /// Grants in words: "Code", "Refresh token".
    pub grants: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// How long its access tokens live: "1 hour".
    pub access_token: String,
    /// How long its refresh tokens live; nothing where it gets none.
    pub refresh_token: Option<String>,
    /// "Read only" or "Full access".
    pub access: String,
    /// Whether `access` lets it change things.
    pub full: bool,
    /// The teams it is limited to; `None` is all, shown as a badge of its own.
    pub teams: Option<String>,
    /// Whether it gets tokens.
    pub enabled: bool,
    /// Whether the server itself relies on it.
    pub system: bool,
    /// "Low", or in a few words why it is not: "High risk: never rotated".
    pub risk: String,
    /// Its secrets; a public client has none.
    pub secrets: Option<SecretsSummary>,
    /// When it last got or used a token.
    pub last_used: Option<When>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// When it was made.
    pub created: When,
    /// What can be done to it from here.
    pub actions: Vec<RowAction>,
}

/// One entry of the menu of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowAction {
    /// "Edit", "Rotate secret", "Disable", "Delete".
    pub label: String,
    /// The name of its icon (`icons.rs`).
    pub icon: String,
    /// Where it leads, or where it is sent.
    pub target: String,
    /// Whether it is done at once instead of leading to a page.
    pub sends: bool,
    /// Whether it cannot be undone.
    pub dangerous: bool,
    /// Why this person cannot, or why nobody can, if so.
    pub refused: Option<String>,
}

/// What the list is narrowed to, and its order. Sent by GET as `q`, `team`, `access`, `type`,
/// `status`, `grant`, `scope`, `use`, `secret`, `risk`, `sort` and `columns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFilters {
    /// A name, an exact client ID, or a redirect host.
    pub q: String,
    /// Team limit.
    pub team: Vec<Choice>,
    /// Read only or full.
    pub access: Vec<Choice>,
    /// Confidential, public, service.
    pub kind: Vec<Choice>,
    /// Enabled, disabled.
    pub status: Vec<Choice>,
    /// Unused for long.
    pub used: Vec<Choice>,
    /// A secret that ends soon.
    pub secret: Vec<Choice>,
    /// Medium or high risk.
    pub risk: Vec<Choice>,
    /// Grants.
    pub grant: Vec<Choice>,
    /// The catalogue of scopes.
    pub scope: Vec<Choice>,
    /// By what the list is sorted.
    pub sort: Vec<Choice>,
    /// The columns that can be left out; a chosen one is shown.
    pub columns: Vec<Choice>,
    /// Whether one of the rarer filters is in use.
    pub more: bool,
    /// Whether anything narrows the list.
    pub active: bool,
}

/// `/console/clients`. Ticked rows are posted as `client_ids` to `bulk_delete` or `bulk_disable`.
#[derive(Template)]
#[template(path = "console/views/client_list.html")]
pub struct ClientList {
    /// The console around it.
    pub frame: Frame,
    /// The filters.
    pub filters: ClientFilters,
    /// One page of clients.
    pub rows: Vec<ClientRow>,
    /// Why this person cannot create clients, if they cannot.
    pub create_refused: Option<String>,
    /// Whether there is nothing yet but the clients that the server itself relies on.
    pub only_system: bool,
    /// Where ticked rows are sent, if this person may delete.
    pub bulk_delete: Option<String>,
    /// Where ticked rows are sent, if this person may disable.
    pub bulk_disable: Option<String>,
    /// The query of this view, so that what is done from a row comes back to it.
    pub view: String,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

impl ClientList {
    /// Whether rows can be ticked.
    fn picks(&self) -> bool {
        (self.bulk_delete.is_some() || self.bulk_disable.is_some())
            && self.rows.iter().any(|row| !row.system)
    }

    /// The classes that hide what is not to be shown.
    fn hidden(&self) -> String {
        let hidden = self.filters.columns.iter().filter(|column| !column.chosen);
        hidden.fold(String::new(), |classes, column| classes + " hide-" + &column.value)
    }
}

/// "Delete these clients?" Posts `client_ids`, `asked`, `confirm` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/client_bulk_delete.html")]
pub struct ClientBulkDelete {
    /// The console around it.
    pub frame: Frame,
    /// Where the answer is sent.
    pub action: String,
    /// The clients, by name and id.
    pub clients: Vec<(String, String)>,
    /// How many live tokens end with them.
    pub tokens: u64,
    /// The word that has to be typed.
    pub word: String,
    /// What stands in the way; nothing is deleted while there is anything.
    pub errors: Errors,
}
