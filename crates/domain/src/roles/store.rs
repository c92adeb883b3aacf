//! Roles and bindings in the database.

use std::collections::BTreeMap;

use db::Value;

use super::{Binding, ListQuery, NewBinding, Versioned};
use crate::access::{self, Place, Reach, Role};
use crate::listing::Listing;
use crate::{Fault, Work};

const COLUMNS: &str = "id, name, description, is_system, version";
const BINDING: &str =
    "bindings.id, bindings.subject, bindings.role_id, bindings.place_kind, bindings.place_id";

pub(super) async fn list(work: &mut Work) -> Result<Vec<Role>, Fault> {
    let sql = "SELECT role_id, permission FROM role_permissions ORDER BY role_id, permission";
    let mut permissions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in work.tx.query(sql, &[]).await? {
        permissions.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM roles ORDER BY CASE WHEN is_system THEN 0 ELSE 1 END, name_key, id"
    );
    let mut roles = Vec::new();
    for row in work.tx.query(&sql, &[]).await? {
        let mut role = read(&row)?.role;
        role.permissions = permissions.remove(&role.id).unwrap_or_default();
        role.permissions.sort();
        roles.push(role);
    }
    Ok(roles)
}

pub(super) async fn find(work: &mut Work, id: &str) -> Result<Option<Versioned>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE id = $1");
    let Some(row) = work.tx.query_one(&sql, db::params![id]).await? else { return Ok(None) };
    let mut found = read(&row)?;
    let sql = "SELECT permission FROM role_permissions WHERE role_id = $1 ORDER BY permission";
    for row in work.tx.query(sql, db::params![id]).await? {
        found.role.permissions.push(row.get(0)?);
    }
    found.role.permissions.sort();
    Ok(Some(found))
}

/// Inserts a role. A taken name is the conflict `roles.name_key`.
pub(super) async fn insert(work: &mut Work, role: &Role, key: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO roles (id, name, name_key, description, is_system, version)
               VALUES ($1, $2, $3, $4, FALSE, 1)";
    work.tx.execute(sql, db::params![role.id, role.name, key, role.description]).await?;
    insert_permissions(work, role).await
}

/// Replaces a role that is still at `version`. Says whether it took.
pub(super) async fn set(
    work: &mut Work,
    role: &Role,
    key: &str,
    version: i64,
) -> Result<bool, Fault> {
    let sql = "UPDATE roles SET name = $1, name_key = $2, description = $3, version = version + 1
               WHERE id = $4 AND version = $5";
    let params = db::params![role.name, key, role.description, role.id, version];
    if work.tx.execute(sql, params).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM role_permissions WHERE role_id = $1";
    work.tx.execute(sql, db::params![role.id]).await?;
    insert_permissions(work, role).await?;
    Ok(true)
}

async fn insert_permissions(work: &mut Work, role: &Role) -> Result<(), Fault> {
    let rows: Vec<Vec<Value<'_>>> =
        role.permissions.iter().map(|name| vec![(&role.id).into(), name.into()]).collect();
    work.tx.insert_many("role_permissions", &["role_id", "permission"], &rows).await?;
    Ok(())
}

/// Is it a permission? One of a protected API begins with the scope of its name, whose kind it has.
pub(super) async fn ensure_permission(work: &mut Work, name: &str) -> Result<bool, Fault> {
    let sql = "INSERT INTO permissions (name, kind, description, is_system)
               SELECT name, kind, description, FALSE FROM scopes
               WHERE name = $1 AND NOT is_system AND kind IN ('read', 'write')
               ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, description = excluded.description
               WHERE NOT permissions.is_system
                 AND (permissions.kind <> excluded.kind OR permissions.description <> excluded.description)";
    if work.tx.execute(sql, db::params![name]).await? == 1 {
        access::store::touch_roles_with(work, name).await?;
    }
    let sql = "SELECT name FROM permissions WHERE name = $1";
    Ok(work.tx.query_one(sql, db::params![name]).await?.is_some())
}

/// Deletes it unless it is held. Says whether it took.
pub(super) async fn delete_unheld(work: &mut Work, id: &str) -> Result<bool, Fault> {
    let sql = "DELETE FROM roles WHERE id = $1 AND NOT is_system
                 AND NOT EXISTS (SELECT 1 FROM bindings WHERE role_id = $2)";
    Ok(work.tx.execute(sql, db::params![id, id]).await? == 1)
}

pub(super) async fn list_some_bindings(work: &mut Work, role: &str) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM bindings WHERE role_id = $1 ORDER BY id LIMIT 20";
    let mut ids = Vec::new();
    for row in work.tx.query(sql, db::params![role]).await? {
        ids.push(row.get(0)?);
    }
    Ok(ids)
}

/// Some of the roles that hold a permission.
pub(super) async fn list_some_roles(
    work: &mut Work,
    permission: &str,
) -> Result<Vec<String>, Fault> {
    let sql =
        "SELECT role_id FROM role_permissions WHERE permission = $1 ORDER BY role_id LIMIT 20";
    let mut ids = Vec::new();
    for row in work.tx.query(sql, db::params![permission]).await? {
        ids.push(row.get(0)?);
    }
    Ok(ids)
}

/// How often a role is held.
pub(super) async fn count_bindings(work: &mut Work, role: &str) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM bindings WHERE role_id = $1";
    let row = work.tx.query_one(sql, db::params![role]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// One more than `limit` bindings by id, within reach.
pub(super) async fn list_bindings(
    work: &mut Work,
    reach: &Reach,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<Binding>, Fault> {
    let mut list = Listing::of(&format!("SELECT {BINDING} FROM bindings"));
    for (column, wanted) in [("subject", &query.subject), ("role_id", &query.role)] {
        if let Some(wanted) = wanted {
            let wanted = list.text(wanted);
            list.and(&format!("bindings.{column} = {wanted}"));
        }
    }
    if let Some(cursor) = &query.cursor {
        let cursor = list.text(cursor);
        list.and(&format!("bindings.id > {cursor}"));
    }
    if let Reach::Places { organizations, teams } = reach {
        let (own, whole) = (list.texts(organizations), list.texts(organizations));
        let single = list.texts(teams);
        list.and(&format!(
            "((bindings.place_kind = 'organization' AND bindings.place_id IN ({own}))
              OR (bindings.place_kind = 'team' AND (bindings.place_id IN ({single}) OR bindings.place_id IN
                (SELECT id FROM teams WHERE organization_id IN ({whole})))))"
        ));
    }
    let rows = list.page(work, "bindings.id", limit).await?;
    rows.iter().map(read_binding).collect()
}

pub(super) async fn find_binding(work: &mut Work, id: &str) -> Result<Option<Binding>, Fault> {
    let sql = format!("SELECT {BINDING} FROM bindings WHERE id = $1");
    let row = work.tx.query_one(&sql, db::params![id]).await?;
    row.as_ref().map(read_binding).transpose()
}

pub(super) async fn find_binding_of(
    work: &mut Work,
    new: &NewBinding,
) -> Result<Option<Binding>, Fault> {
    let sql = format!(
        "SELECT {BINDING} FROM bindings WHERE subject = $1 AND role_id = $2 AND place_kind = $3 AND place_id = $4"
    );
    let (kind, place) = new.place.stored();
    let params = db::params![new.subject, new.role, kind, place];
    let row = work.tx.query_one(&sql, params).await?;
    row.as_ref().map(read_binding).transpose()
}

pub(super) async fn delete_binding(work: &mut Work, id: &str) -> Result<bool, Fault> {
    Ok(work.tx.execute("DELETE FROM bindings WHERE id = $1", db::params![id]).await? == 1)
}

pub(super) async fn find_email(work: &mut Work, user: &str) -> Result<Option<String>, Fault> {
    let sql = "SELECT email FROM users WHERE id = $1";
    let row = work.tx.query_one(sql, db::params![user]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

fn read(row: &db::Row) -> Result<Versioned, Fault> {
    let role = Role {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        is_system: row.get(3)?,
        permissions: Vec::new(),
    };
    Ok(Versioned { role, version: row.get(4)? })
}

fn read_binding(row: &db::Row) -> Result<Binding, Fault> {
    let place = Place::read(&row.get::<String>(3)?, row.get(4)?);
    Ok(Binding { id: row.get(0)?, subject: row.get(1)?, role: row.get(2)?, place })
}
