//! Changing a scope of one's own: its sentence, its resource, and while nobody uses it its kind.
//!
//! People agreed to a scope as one that only looks, read-only clients hold it for that, and roles
//! allow it by its kind: so a scope in use keeps its kind, and who wants another makes another scope.

use super::rules::{everywhere, object, sentence, told};
use super::{Scope, ScopeKind, store};
use crate::access::{ManageScopes, May};
use crate::audit::{self, differences};
use crate::{Call, FieldError, Refusal, Work, resources};

/// What is to change about a scope; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Another kind; not `identity`.
    pub kind: Option<ScopeKind>,
    /// Another sentence.
    pub description: Option<String>,
    /// Another resource, by its id; `Some(None)`: every resource.
    #[expect(
        clippy::option_option,
        reason = "left out, null and a value are three answers of a merge patch (RFC 7396)"
    )]
    pub resource: Option<Option<String>>,
}

/// Changes a scope. Nothing different: nothing is written.
///
/// # Errors
/// `NotFound`, `Stale`; fields that are not as they must be; a conflict for a built-in one, and,
/// naming some of the clients, for another kind of one in use.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    (name, if_version): (&str, Option<i64>),
    patch: Patch,
) -> Result<Scope, Refusal> {
    everywhere(may)?;
    let before = store::find(work, name).await?.ok_or(Refusal::NotFound)?;
    if if_version.is_some_and(|wanted| wanted != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    if before.is_system {
        return Err(Refusal::conflict("Built-in scopes stay as they are."));
    }
    let after = patched(work, &before, patch).await?;
    if after == before {
        return Ok(before);
    }
    let is_other_kind = after.kind != before.kind;
    if !store::set(work, &after, is_other_kind).await? {
        let now = store::find(work, name).await?.ok_or(Refusal::NotFound)?;
        if now.version != before.version {
            return Err(Refusal::Stale { current: now.version });
        }
        return Err(in_use(store::list_some_holders(work, name).await?));
    }
    let changes = differences(&told(&before), &told(&after));
    audit::record(work, call, "scope.updated", &object(&after), &changes).await?;
    Ok(Scope { version: before.version + 1, ..after })
}

async fn patched(work: &mut Work, before: &Scope, patch: Patch) -> Result<Scope, Refusal> {
    let mut errors = Vec::new();
    let mut after = before.clone();
    if let Some(kind) = patch.kind {
        after.kind = kind;
        if kind == ScopeKind::Identity {
            let message = "`read` or `write`: the identity scopes are built in.".into();
            errors.push(FieldError { field: "kind".into(), message });
        }
    }
    match patch.description.as_deref().map(sentence) {
        Some(Ok(description)) => after.description = description,
        Some(Err(error)) => errors.push(error),
        None => {}
    }
    if let Some(resource) = patch.resource {
        if let Some(id) = &resource
            && resources::find(work, id).await?.is_none()
        {
            let message = "There is no such resource.".into();
            errors.push(FieldError { field: "resource".into(), message });
        }
        after.resource = resource;
    }
    if errors.is_empty() { Ok(after) } else { Err(Refusal::Invalid(errors)) }
}

fn in_use(ids: Vec<String>) -> Refusal {
    let message = if ids.is_empty() {
        "A role allows this scope as the kind it is. Take it from the role first, or make another scope."
    } else {
        "Clients may ask for this scope as the kind it is. Take it from them first, or make another scope."
    };
    Refusal::Conflict { message: message.into(), ids }
}
