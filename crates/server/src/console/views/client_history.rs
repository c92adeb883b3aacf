//! What a client holds and did: its tokens, its requests, the changes made to it.

use askama::Template;

use super::ClientHead;
use crate::web::filters;
use crate::web::views::{Frame, Link, When};

/// One token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRow {
    /// Its public identifier.
    pub id: String,
    /// "Access token", "Refresh token".
    pub kind: String,
    /// Whom it acts for, or nobody.
    pub person: Option<String>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its teams, by name.
    pub teams: Vec<String>,
    /// When it was issued.
    pub issued: When,
    /// When it was last used.
    pub last_used: Option<When>,
    /// When it ends.
    pub expires: When,
    /// Where "Revoke" is sent, if this person may.
    pub revoke: Option<String>,
}

/// Its living tokens. Each form posts `form_token`.
#[derive(Template)]
#[template(path = "console/views/client_tokens.html")]
pub struct ClientTokens {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// Spent refresh tokens that came again.
    pub replays: Vec<Replay>,
    /// One page of tokens.
    pub rows: Vec<TokenRow>,
    /// Where "Revoke all" is sent, if this person may.
    pub revoke_all: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// Spent refresh tokens that came again, of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// "Retries", "Suspected theft".
    pub label: String,
    /// What that means.
    pub advice: String,
    /// How often.
    pub count: i64,
    /// When last.
    pub last: When,
    /// From where last.
    pub address: String,
}

/// One thing the client did or was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityRow {
    /// When.
    pub at: When,
    /// "Refreshed a token".
    pub what: String,
    /// Whether it was granted.
    pub granted: bool,
    /// The answer: `200`, `invalid_grant`.
    pub answer: String,
    /// How often, when several are counted together.
    pub count: u64,
    /// From which address.
    pub address: String,
    /// Whom it acted for.
    pub person: Option<String>,
    /// The page of the refusal, if one is kept.
    pub refusal: Option<String>,
}

/// What it did lately.
#[derive(Template)]
#[template(path = "console/views/client_activity.html")]
pub struct ClientActivity {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// One page, newest first.
    pub rows: Vec<ActivityRow>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// One field before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The field.
    pub field: String,
    /// Its value before; empty when it had none.
    pub before: String,
    /// Its value after; empty when it has none.
    pub after: String,
}

/// One entry of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// Its permanent address.
    pub href: String,
    /// When.
    pub at: When,
    /// Who.
    pub actor: String,
    /// The client whose token acted for them, by its id.
    pub through: Option<String>,
    /// "Updated the client".
    pub action: String,
    /// Field by field.
    pub changes: Vec<Change>,
    /// From which address.
    pub address: String,
    /// The request.
    pub request_id: String,
}

/// Who changed it, with the values before and after.
#[derive(Template)]
#[template(path = "console/views/client_audit.html")]
pub struct ClientAudit {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// One page, newest first.
    pub rows: Vec<AuditRow>,
    /// Whether this is one entry at its own address.
    pub single: bool,
    /// The same as CSV, if this person may export.
    pub export: Option<Link>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}
