//! The audit trail: append-only, written in the transaction of the change it tells of.
//!
//! An entry holds who, when, from where, what, and the values before and after, field by field.
//! It never holds a secret: a changed secret is told by its label and hint. Once sealed (`seal`) it
//! cannot be changed, removed or added to without notice (`verify`).

mod category;
mod chain;
mod context;
mod filter;
mod overview;
#[cfg(test)]
mod plans;
mod seal;
mod store;
mod verify;

use serde::{Deserialize, Serialize};

use crate::{Actor, Call, Fault, Work};

pub use category::Category;
pub use context::{BECAUSE_OF, CONTEXT_USER_CHANGED};
pub(crate) use context::{record_at_clients, role_given, role_taken};
pub use filter::{Filter, Outcome};
pub use overview::{LONGEST, Overview, Tally, USUAL, overview};
pub(crate) use seal::COUNTED;
pub use seal::{Sealer, expire, seal};
pub use store::{find, list};
pub use verify::{Finding, Verdict, Wrong, verify};

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The name of the field in the contract.
    pub field: String,
    /// What it was; null where there was nothing.
    pub before: serde_json::Value,
    /// What it is now; null where there is nothing.
    pub after: serde_json::Value,
}

impl Change {
    /// A field of something new.
    pub(crate) fn made(field: &str, after: impl Into<serde_json::Value>) -> Self {
        Self { field: field.into(), before: serde_json::Value::Null, after: after.into() }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// `client`, `user`, `session`, …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name at that moment.
    pub name: String,
}

impl Object {
    /// An object of the given kind.
    pub fn new(kind: &str, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into(), name: name.into() }
    }
}

/// One entry as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the trail; rises with time.
    pub id: i64,
    /// Seconds since 1970.
    pub at: i64,
    /// Who acted.
    pub actor: Actor,
    /// From where; `-` for the machine itself.
    pub address: String,
    /// `client.created`, `user.signed_in`, …
    pub action: String,
    /// What it is about.
    pub object: Object,
    /// Field by field.
    pub changes: Vec<Change>,
    /// `success` or `refused`.
    pub outcome: String,
    /// Joins the log and the answer.
    pub request_id: String,
    /// How often, where like events are counted in one row.
    pub count: i64,
}

/// Records that something was done.
///
/// # Errors
/// When the entry cannot be written; the change it tells of must then not happen either.
pub async fn record(
    work: &mut Work,
    call: &Call,
    action: &str,
    object: &Object,
    changes: &[Change],
) -> Result<(), Fault> {
    store::insert(work, call, (action, "success"), object, changes).await
}

/// Records the same of many objects, each in an entry of its own, a few hundred in a statement.
///
/// # Errors
/// When the entries cannot be written; the change they tell of must then not happen either.
pub(crate) async fn record_at_each(
    work: &mut Work,
    call: &Call,
    action: &str,
    objects: &[Object],
    changes: &[Change],
) -> Result<(), Fault> {
    store::insert_each(work, call, (action, "success"), objects, changes).await
}

/// Records that something was refused.
///
/// # Errors
/// When the entry cannot be written.
pub async fn record_refusal(
    work: &mut Work,
    call: &Call,
    action: &str,
    object: &Object,
    changes: &[Change],
) -> Result<(), Fault> {
    store::insert(work, call, (action, "refused"), object, changes).await
}

/// The fields in which two JSON objects differ, in the order of their names.
pub fn differences(before: &serde_json::Value, after: &serde_json::Value) -> Vec<Change> {
    let nothing = serde_json::Map::new();
    let (old, new) =
        (before.as_object().unwrap_or(&nothing), after.as_object().unwrap_or(&nothing));
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let null = serde_json::Value::Null;
    names
        .into_iter()
        .filter_map(|name| {
            let (before, after) = (old.get(name).unwrap_or(&null), new.get(name).unwrap_or(&null));
            (before != after).then(|| Change {
                field: name.clone(),
                before: before.clone(),
                after: after.clone(),
            })
        })
        .collect()
}
