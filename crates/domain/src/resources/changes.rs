//! Changing a resource: its name, and which clients may introspect for it.
//!
//! Its identifier stays: it is the audience that tokens carry and that servers compare byte for byte.

use super::rules::{everywhere, introspectors, object, told};
use super::{Resource, store};
use crate::access::{ManageScopes, May};
use crate::audit::{self, differences};
use crate::text::FoldedName;
use crate::{Call, FieldError, Refusal, Work};

/// What is to change about a resource; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// What it must be already: another one is another resource.
    pub identifier: Option<String>,
    /// Another name; built-in ones keep theirs.
    pub name: Option<String>,
    /// Other clients, all of them.
    pub introspecting_clients: Option<Vec<String>>,
}

/// Changes a resource. Nothing different: nothing is written.
///
/// # Errors
/// `NotFound`, `Stale`; fields that are not as they must be.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    (id, if_version): (&str, Option<i64>),
    patch: Patch,
) -> Result<Resource, Refusal> {
    everywhere(may)?;
    let before = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    if if_version.is_some_and(|wanted| wanted != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    let after = patched(work, &before, patch).await?;
    if after == before {
        return Ok(before);
    }
    if !store::set(work, &after).await? {
        let now = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
        return Err(Refusal::Stale { current: now.version });
    }
    let changes = differences(&told(&before), &told(&after));
    audit::record(work, call, "resource.updated", &object(&after), &changes).await?;
    Ok(Resource { version: before.version + 1, ..after })
}

async fn patched(work: &mut Work, before: &Resource, patch: Patch) -> Result<Resource, Refusal> {
    let mut errors = Vec::new();
    let mut after = before.clone();
    if patch.identifier.is_some_and(|identifier| identifier != before.identifier) {
        let message =
            "An identifier is never changed: tokens carry it. Make another resource.".into();
        errors.push(FieldError { field: "identifier".into(), message });
    }
    match patch.name.map(|name| FoldedName::parse("name", &name)) {
        Some(Ok(name)) if before.is_system && name.name != before.name => {
            let message = "Built-in resources keep their names.".into();
            errors.push(FieldError { field: "name".into(), message });
        }
        Some(Ok(name)) => after.name = name.name,
        Some(Err(error)) => errors.push(error),
        None => {}
    }
    if let Some(clients) = patch.introspecting_clients {
        after.introspecting_clients = introspectors(work, clients, &mut errors).await?;
    }
    if errors.is_empty() { Ok(after) } else { Err(Refusal::Invalid(errors)) }
}
