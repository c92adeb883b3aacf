//! What changed about a person, told at each client that acts for them: whoever looks after the
//! client learns of it where they look, and because of whom.
//!
//! It refuses to know what a person may do; the rule that changed it says what changed.

use serde_json::{Value, json};

use super::{Change, record_at_each, store};
use crate::{Call, Fault, Work};

/// The action of such an entry.
pub const CONTEXT_USER_CHANGED: &str = "client.context_user_changed";
/// The field that names the person.
pub const BECAUSE_OF: &str = "because_of";

/// Tells the clients that act for `user`, however many, what changed about them.
///
/// # Errors
/// When an entry cannot be written; the change must then not happen either.
pub(crate) async fn record_at_clients(
    work: &mut Work,
    call: &Call,
    user: &str,
    changes: &[Change],
) -> Result<(), Fault> {
    let clients = store::list_clients_in_context(work, user).await?;
    let mut told = vec![Change::made(BECAUSE_OF, user)];
    told.extend_from_slice(changes);
    record_at_each(work, call, CONTEXT_USER_CHANGED, &clients, &told).await
}

/// A role is held in this place from now on.
pub(crate) fn role_given(role: &str, place: Value) -> [Change; 2] {
    [Change::made("role", role), Change::made("place", place)]
}

/// A role is not held in this place any more.
pub(crate) fn role_taken(role: &str, place: Value) -> [Change; 2] {
    let change =
        |field: &str, before: Value| Change { field: field.into(), before, after: Value::Null };
    [change("role", json!(role)), change("place", place)]
}
