//! The end of a client: deleted for good, its id never given again.
//!
//! Its tokens die with its row; its secrets, sets and consents go with it. What is left of its
//! grants is dead and swept when it expires.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Client, rules, store};
use crate::access::{DeleteClients, May};
use crate::audit::{self, differences};
use crate::{Call, Fault, Refusal, Work};

/// At most this many clients are deleted at once.
pub const MAX_AT_ONCE: usize = 500;

/// Deletes a client. Its name must be typed exactly.
///
/// # Errors
/// `NotFound`; the field `confirm_name`; a conflict for a system client.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<DeleteClients>,
    id: &str,
    confirm_name: &str,
) -> Result<(), Refusal> {
    delete_at(work, call, may, (id, None), confirm_name).await
}

/// The same of a client that is still at the version somebody looked at.
///
/// # Errors
/// As [`delete`]; `Stale` for another version.
pub async fn delete_at(
    work: &mut Work,
    call: &Call,
    may: &May<DeleteClients>,
    (id, if_version): (&str, Option<i64>),
    confirm_name: &str,
) -> Result<(), Refusal> {
    let client = rules::held(work, may, id, if_version).await?;
    if client.is_system {
        return Err(system(vec![id.to_owned()]));
    }
    if confirm_name != client.name {
        return Err(Refusal::field(
            "confirm_name",
            "Type the name of the client exactly as it is.",
        ));
    }
    Ok(remove(work, call, &client).await?)
}

/// Deletes up to 500 clients, all or none; an id named twice is one. Returns how many.
///
/// # Errors
/// A conflict that names the ids that are gone, or those of system clients; the field `client_ids`.
pub async fn delete_many(
    work: &mut Work,
    call: &Call,
    may: &May<DeleteClients>,
    ids: &[String],
) -> Result<usize, Refusal> {
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    if ids.is_empty() || ids.len() > MAX_AT_ONCE {
        return Err(Refusal::field("client_ids", format!("1 to {MAX_AT_ONCE} clients at once.")));
    }
    let (mut clients, mut missing) = (Vec::new(), Vec::new());
    // In order of their ids, so that two such calls never wait for each other in a circle.
    for id in ids {
        match rules::held(work, may, id, None).await {
            Ok(client) => clients.push(client),
            Err(Refusal::NotFound) => missing.push(id.to_owned()),
            Err(other) => return Err(other),
        }
    }
    if !missing.is_empty() {
        let message = "Some of these clients are gone already. Nothing was deleted.".into();
        return Err(Refusal::Conflict { message, ids: missing });
    }
    let protected: Vec<String> =
        clients.iter().filter(|c| c.is_system).map(|c| c.id.as_str().to_owned()).collect();
    if !protected.is_empty() {
        return Err(system(protected));
    }
    for client in &clients {
        remove(work, call, client).await?;
    }
    Ok(clients.len())
}

fn system(ids: Vec<String>) -> Refusal {
    let message =
        "System clients cannot be deleted: the server itself depends on them. Nothing was deleted.";
    Refusal::Conflict { message: message.into(), ids }
}

async fn remove(work: &mut Work, call: &Call, client: &Client) -> Result<(), Fault> {
    store::delete(work, &client.id, call.now).await?;
    let changes = differences(&client.snapshot(), &Value::Null);
    audit::record(work, call, "client.deleted", &client.audited(), &changes).await
}
