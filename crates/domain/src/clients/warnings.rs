//! What to know of the person a client acts for: that they may not act, may do everything, or lost
//! a role since they were chosen.
//!
//! How a person is now is read from them; what they lost, from what the trail says at the client. A
//! role they hold again is not lost. It decides nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Client;
use crate::access::{self, PLATFORM_ADMINISTRATOR, Place};
use crate::accounts::{self, Status};
use crate::audit::{self, Event, Filter};
use crate::{Fault, UserId, Work};

/// Entries looked at, of each kind.
const ENTRIES: i64 = 200;

/// Something to know of a client, which is no setting of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The word of the contract.
    pub code: &'static str,
    /// What a person reads.
    pub detail: String,
    /// Since when, seconds since 1970, where the trail tells.
    pub since: Option<i64>,
}

/// What there is to know of the client's context user, now.
///
/// # Errors
/// When the database cannot answer.
pub async fn warnings(work: &mut Work, client: &Client) -> Result<Vec<Warning>, Fault> {
    let Some(id) = &client.context_user else { return Ok(Vec::new()) };
    let Some(user) = accounts::find(work, id).await? else { return Ok(Vec::new()) };
    let told = told(work, client, id).await?;
    let held: BTreeSet<(String, String)> = access::bindings_of(work, id.as_str())
        .await?
        .into_iter()
        .map(|it| (it.role, it.place.told().to_string()))
        .collect();
    let since = |field: &str, after: &str| {
        let is_so = |event: &&Event| after_of(event, field).is_some_and(|it| it == after);
        told.iter().find(is_so).map(|event| event.at)
    };
    let mut found = Vec::new();
    let mut warn = |code, detail: String, since| found.push(Warning { code, detail, since });
    match (user.status, client.continue_without_context_user) {
        (Status::Active, _) => {}
        (Status::Disabled, false) => {
            let detail = "The person it acts for is disabled, so it gets no tokens.";
            warn("context_user_disabled", detail.into(), since("status", "disabled"));
        }
        (Status::Disabled, true) => {
            let detail = "The person it acts for is disabled, and it goes on without them.";
            warn("context_user_disabled", detail.into(), since("status", "disabled"));
        }
        (Status::Locked, _) => {
            let detail = "The person it acts for is locked, so it gets no tokens.";
            warn("context_user_locked", detail.into(), since("status", "locked"));
        }
    }
    if held.contains(&(PLATFORM_ADMINISTRATOR.into(), Place::Instance.told().to_string())) {
        let detail = "The person it acts for is a platform administrator: nothing but its scopes \
                      and its preset bounds it.";
        let since = since("role", PLATFORM_ADMINISTRATOR);
        warn("context_user_administrator", detail.into(), since);
    }
    for (role, at) in lost(&told, held) {
        let name = access::find_role_name(work, &role).await?.unwrap_or(role);
        let detail = format!(
            "The person it acts for lost the role {name}, so it may do less than when it was set up."
        );
        warn("context_user_lost_role", detail, Some(at));
    }
    Ok(found)
}

/// What the trail tells at the client of this person, the latest first; nothing from before they
/// were chosen.
async fn told(work: &mut Work, client: &Client, user: &UserId) -> Result<Vec<Event>, Fault> {
    let of = |action: &str| Filter {
        object: Some(("client".into(), client.id.to_string())),
        action: Some(action.into()),
        limit: ENTRIES,
        ..Filter::default()
    };
    let mut told = audit::list(work, &of(audit::CONTEXT_USER_CHANGED)).await?;
    told.retain(|event| after_of(event, audit::BECAUSE_OF) == Some(user.as_str()));
    let Some(oldest) = told.last() else { return Ok(told) };
    let later = Filter { from: Some(oldest.at), ..of("client.updated") };
    let chose = |event: &Event| event.changes.iter().any(|it| it.field == "context_user");
    if let Some(chosen) = audit::list(work, &later).await?.into_iter().find(chose) {
        told.retain(|event| event.id > chosen.id);
    }
    Ok(told)
}

/// What this field became, where that is a word.
fn after_of<'a>(event: &'a Event, field: &str) -> Option<&'a str> {
    event.changes.iter().find(|it| it.field == field)?.after.as_str()
}

/// The roles that were taken and are not held again: which, and when last.
fn lost(told: &[Event], mut held: BTreeSet<(String, String)>) -> Vec<(String, i64)> {
    let before = |event: &Event, field: &str| {
        let change = event.changes.iter().find(|it| it.field == field)?;
        change.after.is_null().then(|| change.before.clone())
    };
    let mut lost = Vec::new();
    for event in told {
        let Some(Value::String(role)) = before(event, "role") else { continue };
        let place = before(event, "place").unwrap_or_default().to_string();
        // What was named once is not named again for an earlier time it was lost.
        if held.insert((role.clone(), place)) {
            lost.push((role, event.at));
        }
    }
    lost
}
