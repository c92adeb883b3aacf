//! Making and deleting scopes of one's own.

use protocol::scope::is_token;

use super::{Scope, ScopeKind, built_in_kind, store};
use crate::access::{ManageScopes, May, Reach};
use crate::audit::{self, Object, differences};
use crate::text::free_text;
use crate::{Call, FieldError, Refusal, Work, resources};

/// A scope as it is asked for.
#[derive(Debug, Clone)]
pub struct NewScope {
    /// `resource:action`.
    pub name: String,
    /// Does it change anything? `identity` is built in only.
    pub kind: ScopeKind,
    /// What a person reads at consent.
    pub description: String,
    /// The id of the resource it belongs to.
    pub resource: Option<String>,
}

/// Adds a scope to the catalogue.
///
/// # Errors
/// Fields that are not as they must be; `Forbidden` below the whole instance.
pub async fn create(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    new: NewScope,
) -> Result<Scope, Refusal> {
    everywhere(may)?;
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        errors.push(FieldError { field: field.into(), message: message.into() });
    };
    let name = new.name.trim().to_owned();
    let has_parts = name
        .split_once(':')
        .is_some_and(|(resource, action)| !resource.is_empty() && !action.is_empty());
    if !is_token(&name) || name.len() > 100 || !has_parts {
        refuse(
            "name",
            "`resource:action` without spaces, quotes or backslashes, at most 100 characters.",
        );
    } else if name.starts_with("as_user:") || built_in_kind(&name).is_some() {
        refuse("name", "This name is built in.");
    }
    if new.kind == ScopeKind::Identity {
        refuse("kind", "`read` or `write`: the identity scopes are built in.");
    }
    if let Some(resource) = &new.resource
        && resources::find(work, resource).await?.is_none()
    {
        refuse("resource", "There is no such resource.");
    }
    let description = sentence(&new.description);
    errors.extend(description.as_ref().err().cloned());
    let Some(description) = description.ok().filter(|_| errors.is_empty()) else {
        return Err(Refusal::Invalid(errors));
    };
    let scope = Scope {
        name,
        kind: new.kind,
        description,
        resource: new.resource,
        is_system: false,
        version: 1,
    };
    store::insert(work, &scope, call.now).await.map_err(|fault| match fault {
        fault if fault.is_conflict("scopes", "name") || fault.is_conflict("scopes", "id") => {
            Refusal::field("name", "There is a scope of this name already.")
        }
        fault => fault.into(),
    })?;
    let changes = differences(&serde_json::Value::Null, &told(&scope));
    audit::record(work, call, "scope.created", &object(&scope), &changes).await?;
    Ok(scope)
}

/// What people read at consent.
pub(super) fn sentence(text: &str) -> Result<String, FieldError> {
    let text = free_text("description", text, 300)?;
    if text.is_empty() {
        let message = "Say what it allows: people read it at consent.".into();
        return Err(FieldError { field: "description".into(), message });
    }
    Ok(text)
}

/// Deletes a scope that no client may ask for any more.
///
/// # Errors
/// `NotFound`; a conflict for a built-in one and for one in use.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    name: &str,
) -> Result<(), Refusal> {
    everywhere(may)?;
    let scope = store::find(work, name).await?.ok_or(Refusal::NotFound)?;
    if scope.is_system {
        return Err(Refusal::conflict("Built-in scopes cannot be deleted."));
    }
    if !store::delete_unheld(work, name).await? {
        let holders = store::count_holders(work, name).await?;
        let message = format!("{holders} clients may ask for this scope. Take it from them first.");
        return Err(Refusal::conflict(message));
    }
    let changes = differences(&told(&scope), &serde_json::Value::Null);
    Ok(audit::record(work, call, "scope.deleted", &object(&scope), &changes).await?)
}

/// The catalogue is one for the whole instance.
pub(super) fn everywhere(may: &May<ManageScopes>) -> Result<(), Refusal> {
    let because =
        "Scopes belong to the whole instance; you hold this permission in some places only."
            .to_owned();
    let whole = may.reach() == &Reach::Everywhere;
    whole
        .then_some(())
        .ok_or_else(|| Refusal::Forbidden { missing: "scope:manage".into(), because })
}

pub(super) fn object(scope: &Scope) -> Object {
    Object::new("scope", &scope.name, &scope.name)
}

pub(super) fn told(scope: &Scope) -> serde_json::Value {
    serde_json::json!({
        "name": scope.name, "kind": scope.kind, "description": scope.description, "resource": scope.resource,
    })
}
