//! What administrators do with roles. The built-in ones are never deleted and keep their names; the
//! platform administrator stays as it is, so that somebody may always do everything.

use std::collections::BTreeSet;

use super::{NewRole, Versioned, store};
use crate::access::ceiling::{self, Where};
use crate::access::{ManageRoles, May, PLATFORM_ADMINISTRATOR, Reach, ReadRoles, Role};
use crate::audit::{self, Object, differences};
use crate::text::free_text;
use crate::{Call, Fault, FieldError, FoldedName, Refusal, Work, id};

/// A role holds at most so many permissions.
const LIMIT: usize = 500;

/// What is to change about a role; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Other permissions, all of them.
    pub permissions: Option<Vec<String>>,
}

/// Every role, built-in ones first, by name.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(work: &mut Work, _: &May<ReadRoles>) -> Result<Vec<Role>, Fault> {
    store::list(work).await
}

/// The role with this id.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(
    work: &mut Work,
    _: &May<ReadRoles>,
    id: &str,
) -> Result<Option<Versioned>, Fault> {
    store::find(work, id).await
}

/// How often the role is held, by people and clients, in all places.
///
/// # Errors
/// When the database cannot answer.
pub async fn count_held(work: &mut Work, id: &str) -> Result<i64, Fault> {
    store::count_bindings(work, id).await
}

/// Defines a role.
///
/// # Errors
/// Fields that are not as they must be; `Forbidden` below the whole instance, or naming a
/// permission that the actor does not hold.
pub async fn create(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    new: NewRole,
) -> Result<Versioned, Refusal> {
    everywhere(may)?;
    let checked = check(work, may, new).await?;
    let id = id::text(&work.instance.chance, "role_")?;
    let role = Role { id, ..checked.role };
    store::insert(work, &role, &checked.key).await.map_err(taken)?;
    let changes = differences(&serde_json::Value::Null, &told(&role));
    audit::record(work, call, "role.created", &object(&role), &changes).await?;
    Ok(Versioned { role, version: 1 })
}

/// Changes a role, for everybody who holds it, from their next request on.
///
/// # Errors
/// As [`create`]; `NotFound`, `Stale`, a conflict for the platform administrator and for another name
/// of a built-in one. The actor must hold what the role allows now, too.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    (id, if_version): (&str, Option<i64>),
    patch: Patch,
) -> Result<Versioned, Refusal> {
    everywhere(may)?;
    let Versioned { role: before, version } = changeable(work, id).await?;
    if if_version.is_some_and(|wanted| wanted != version) {
        return Err(Refusal::Stale { current: version });
    }
    ceiling::allows(may.authority(), &before.permissions, Where::Everywhere)?;
    if before.is_system && patch.name.as_ref().is_some_and(|name| *name != before.name) {
        return Err(Refusal::field("name", "A built-in role keeps its name."));
    }
    let new = NewRole {
        name: patch.name.unwrap_or_else(|| before.name.clone()),
        description: patch.description.unwrap_or_else(|| before.description.clone()),
        permissions: patch.permissions.unwrap_or_else(|| before.permissions.clone()),
    };
    let checked = check(work, may, new).await?;
    let after = Role { id: before.id.clone(), is_system: before.is_system, ..checked.role };
    if after == before {
        return Ok(Versioned { role: before, version });
    }
    if !store::set(work, &after, &checked.key, version).await.map_err(taken)? {
        let current = store::find(work, id).await?.ok_or(Refusal::NotFound)?.version;
        return Err(Refusal::Stale { current });
    }
    let changes = differences(&told(&before), &told(&after));
    audit::record(work, call, "role.updated", &object(&after), &changes).await?;
    Ok(Versioned { role: after, version: version + 1 })
}

/// Deletes a role that nobody holds.
///
/// # Errors
/// `NotFound`; a conflict for a built-in one and, naming some bindings, for one that is held.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    id: &str,
) -> Result<(), Refusal> {
    everywhere(may)?;
    let role = store::find(work, id).await?.ok_or(Refusal::NotFound)?.role;
    if role.is_system {
        return Err(Refusal::conflict("Built-in roles cannot be deleted."));
    }
    if !store::delete_unheld(work, id).await? {
        let ids = store::list_some_bindings(work, id).await?;
        let message = "This role is held. Take it from everybody first.".into();
        return Err(Refusal::Conflict { message, ids });
    }
    let changes = differences(&told(&role), &serde_json::Value::Null);
    audit::record(work, call, "role.deleted", &object(&role), &changes).await?;
    Ok(())
}

/// A role that may be changed.
async fn changeable(work: &mut Work, id: &str) -> Result<Versioned, Refusal> {
    if id == PLATFORM_ADMINISTRATOR {
        return Err(Refusal::conflict(
            "This role stays as it is, so that somebody may always do everything. Define one of your own.",
        ));
    }
    store::find(work, id).await?.ok_or(Refusal::NotFound)
}

/// A role whose fields are as they must be; it has no id yet.
struct Checked {
    role: Role,
    key: String,
}

async fn check(work: &mut Work, may: &May<ManageRoles>, new: NewRole) -> Result<Checked, Refusal> {
    let mut errors = Vec::new();
    let name = FoldedName::parse("name", &new.name).map_err(|error| errors.push(error)).ok();
    let description =
        free_text("description", &new.description, 300).map_err(|error| errors.push(error)).ok();
    let mut refuse = |message: String| {
        errors.push(FieldError { field: "permissions".into(), message });
    };
    let permissions: BTreeSet<String> = new.permissions.into_iter().collect();
    if permissions.len() > LIMIT {
        refuse(format!("At most {LIMIT} permissions."));
    } else {
        for permission in &permissions {
            if !store::ensure_permission(work, permission).await? {
                let shown: String = permission.chars().take(100).collect();
                refuse(format!("There is no permission and no scope {shown}."));
            }
        }
    }
    let (Some(name), Some(description), true) = (name, description, errors.is_empty()) else {
        return Err(Refusal::Invalid(errors));
    };
    ceiling::allows(may.authority(), &permissions, Where::Everywhere)?;
    let permissions = permissions.into_iter().collect();
    let role =
        Role { id: String::new(), name: name.name, description, is_system: false, permissions };
    Ok(Checked { role, key: name.key })
}

/// Roles are the same in all places.
pub(super) fn everywhere(may: &May<ManageRoles>) -> Result<(), Refusal> {
    if may.reach() == &Reach::Everywhere {
        return Ok(());
    }
    let because =
        "Roles belong to the whole instance; you hold this permission in some places only.";
    Err(Refusal::Forbidden { missing: "role:manage".into(), because: because.into() })
}

fn object(role: &Role) -> Object {
    Object::new("role", &role.id, &role.name)
}

fn told(role: &Role) -> serde_json::Value {
    serde_json::json!({
        "name": role.name, "description": role.description, "permissions": role.permissions,
    })
}

fn taken(fault: Fault) -> Refusal {
    if fault.is_conflict("roles", "name_key") {
        return Refusal::field("name", "Another role has this name.");
    }
    fault.into()
}
