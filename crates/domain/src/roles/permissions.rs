//! Permissions: those that are built in, and those that administrators define for the APIs they
//! protect, each `read` or `write`.
//!
//! A permission is never renamed and never changes its kind: roles hold it by name, and consents
//! were given for what it was.

use super::{rules, store};
use crate::access::{Effect, ManageRoles, May, ReadRoles};
use crate::audit::{self, Object, differences};
use crate::text::free_text;
use crate::{Call, Fault, FieldError, Refusal, Work};

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `resource:action`
    pub name: String,
    /// Does using it change anything?
    pub effect: Effect,
    /// What people read at consent and in the role editor.
    pub description: String,
    /// Built in: stays as it is.
    pub is_system: bool,
}

/// Every permission, by name.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_permissions(
    work: &mut Work,
    _: &May<ReadRoles>,
) -> Result<Vec<Permission>, Fault> {
    let sql = "SELECT name, kind, description, is_system FROM permissions ORDER BY name";
    let mut all: Vec<_> =
        work.tx.query(sql, &[]).await?.iter().map(read).collect::<Result<_, _>>()?;
    // By byte on both engines.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// One permission.
///
/// # Errors
/// `NotFound` where there is none of this name.
pub async fn find_permission(
    work: &mut Work,
    _: &May<ReadRoles>,
    name: &str,
) -> Result<Permission, Refusal> {
    find(work, name).await
}

async fn find(work: &mut Work, name: &str) -> Result<Permission, Refusal> {
    let sql = "SELECT name, kind, description, is_system FROM permissions WHERE name = $1";
    let row = work.tx.query_one(sql, db::params![name]).await?.ok_or(Refusal::NotFound)?;
    Ok(read(&row)?)
}

/// Defines a permission.
///
/// # Errors
/// `Invalid` for a name that is none, is taken, or is that of a scope of the other kind;
/// `Forbidden` below the whole instance.
pub async fn create_permission(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    (name, effect, description): (&str, Effect, &str),
) -> Result<Permission, Refusal> {
    rules::everywhere(may)?;
    let described = free_text("description", description, 300);
    let (Ok(description), None) = (&described, wrong_name(name)) else {
        let errors = wrong_name(name).into_iter().chain(described.err());
        return Err(Refusal::Invalid(errors.collect()));
    };
    let sql = "SELECT kind FROM scopes WHERE name = $1";
    if let Some(row) = work.tx.query_one(sql, db::params![name]).await?
        && row.get::<String>(0)? != effect.as_str()
    {
        let why = "The scope of this name is of the other kind.";
        return Err(Refusal::field("kind", why));
    }
    let sql =
        "INSERT INTO permissions (name, kind, description, is_system) VALUES ($1, $2, $3, FALSE)
               ON CONFLICT (name) DO NOTHING";
    if work.tx.execute(sql, db::params![name, effect.as_str(), description]).await? == 0 {
        return Err(Refusal::field("name", "There is a permission of this name."));
    }
    let new = find(work, name).await?;
    let changes = differences(&serde_json::Value::Null, &told(&new));
    audit::record(work, call, "permission.created", &object(&new), &changes).await?;
    Ok(new)
}

/// Says in other words what a permission is for.
///
/// # Errors
/// `NotFound`; a conflict for a built-in one; `Invalid` for the text; `Forbidden` below the whole
/// instance.
pub async fn describe_permission(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    (name, description): (&str, &str),
) -> Result<Permission, Refusal> {
    rules::everywhere(may)?;
    let before = own(work, name).await?;
    let description = free_text("description", description, 300)
        .map_err(|error| Refusal::Invalid(vec![error]))?;
    let after = Permission { description, ..before.clone() };
    if after == before {
        return Ok(before);
    }
    let sql = "UPDATE permissions SET description = $2 WHERE name = $1 AND NOT is_system";
    work.tx.execute(sql, db::params![name, after.description]).await?;
    let changes = differences(&told(&before), &told(&after));
    audit::record(work, call, "permission.updated", &object(&after), &changes).await?;
    Ok(after)
}

/// Deletes a permission that no role holds.
///
/// # Errors
/// `NotFound`; a conflict for a built-in one and, naming the roles, for one that is held;
/// `Forbidden` below the whole instance.
pub async fn delete_permission(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    name: &str,
) -> Result<(), Refusal> {
    rules::everywhere(may)?;
    let gone = own(work, name).await?;
    let sql = "DELETE FROM permissions WHERE name = $1 AND NOT is_system
                 AND NOT EXISTS (SELECT 1 FROM role_permissions WHERE permission = $1)";
    if work.tx.execute(sql, db::params![name]).await? == 0 {
        let message = "Roles hold this permission. Take it from them first.".into();
        return Err(Refusal::Conflict { message, ids: store::list_some_roles(work, name).await? });
    }
    let changes = differences(&told(&gone), &serde_json::Value::Null);
    audit::record(work, call, "permission.deleted", &object(&gone), &changes).await?;
    Ok(())
}

/// One that may be changed.
async fn own(work: &mut Work, name: &str) -> Result<Permission, Refusal> {
    let found = find(work, name).await?;
    if found.is_system {
        return Err(Refusal::conflict("Built-in permissions stay as they are."));
    }
    Ok(found)
}

/// `resource:action`, both of small letters, digits and `_ . -`; the resource may have parts.
fn wrong_name(name: &str) -> Option<FieldError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '-'))
    };
    let is_name = name.len() <= 100 && name.contains(':') && name.split(':').all(is_part);
    let message = match (is_name, name.starts_with("as_user:")) {
        (true, false) => return None,
        (true, true) => "Names of this resource are taken.",
        (false, _) => {
            "A name such as `orders:read` is needed: small letters, digits, `_`, `.` and `-`."
        }
    };
    Some(FieldError { field: "name".into(), message: message.into() })
}

fn read(row: &db::Row) -> Result<Permission, Fault> {
    Ok(Permission {
        name: row.get(0)?,
        effect: Effect::parse(&row.get::<String>(1)?),
        description: row.get(2)?,
        is_system: row.get(3)?,
    })
}

fn object(permission: &Permission) -> Object {
    Object::new("permission", &permission.name, &permission.name)
}

fn told(permission: &Permission) -> serde_json::Value {
    serde_json::json!({
        "kind": permission.effect.as_str(), "description": permission.description,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_of_resource_and_action_alone() {
        for good in ["orders:read", "a:b", "sync:profile:read", "x-1.y_2:z"] {
            assert_eq!(wrong_name(good), None, "{good}");
        }
        let long = format!("{}:read", "x".repeat(100));
        for bad in ["", "orders", ":", "a:", ":a", "A:b", "a b:c", "a:b\"", "as_user:read", &long] {
            assert!(wrong_name(bad).is_some(), "{bad}");
        }
    }
}
