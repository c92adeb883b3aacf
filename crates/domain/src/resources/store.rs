//! Resources in the database.

use std::collections::BTreeMap;

use db::Value;

use super::{API, Resource, USERINFO};
use crate::access::{May, ReadScopes};
use crate::{Fault, Work};

const COLUMNS: &str = "id, identifier, name, is_system, version";

/// The resource with this id.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, id: &str) -> Result<Option<Resource>, Fault> {
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM resources WHERE id = $1");
    let row = work.tx.query_one(&sql, db::params![id]).await?;
    whole(work, row).await
}

/// The identifier of the resource with this id.
///
/// # Errors
/// When the database cannot answer.
pub async fn identifier(work: &mut Work, id: &str) -> Result<Option<String>, Fault> {
    match id {
        USERINFO => return Ok(Some(work.instance.userinfo_resource())),
        API => return Ok(Some(work.instance.api_resource())),
        _ => {}
    }
    let sql = "SELECT identifier FROM resources WHERE id = $1";
    let row = work.tx.query_one(sql, db::params![id]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// The resource with this identifier, byte for byte.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_by_identifier(
    work: &mut Work,
    identifier: &str,
) -> Result<Option<Resource>, Fault> {
    if identifier.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM resources WHERE identifier = $1");
    let row = work.tx.query_one(&sql, db::params![identifier]).await?;
    whole(work, row).await
}

/// Every resource, built-in ones first, by name.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(work: &mut Work, _: &May<ReadScopes>) -> Result<Vec<Resource>, Fault> {
    let sql =
        "SELECT resource_id, client_id FROM resource_introspectors ORDER BY resource_id, client_id";
    let mut introspectors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in work.tx.query(sql, &[]).await? {
        introspectors.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM resources ORDER BY CASE WHEN is_system THEN 0 ELSE 1 END, name, id"
    );
    let mut resources = Vec::new();
    for row in work.tx.query(&sql, &[]).await? {
        let mut resource = read(&row)?;
        resource.introspecting_clients = introspectors.remove(&resource.id).unwrap_or_default();
        resources.push(resource);
    }
    Ok(resources)
}

/// May this client introspect tokens for one of these resources, named by their ids?
///
/// # Errors
/// When the database cannot answer.
pub async fn may_introspect(
    work: &mut Work,
    client_id: &str,
    resource_ids: &[String],
) -> Result<bool, Fault> {
    if resource_ids.is_empty() {
        return Ok(false);
    }
    let numbers: Vec<String> = (2..resource_ids.len() + 2).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT client_id FROM resource_introspectors WHERE client_id = $1 AND resource_id IN ({}) LIMIT 1",
        numbers.join(", ")
    );
    let ids = resource_ids.iter().map(|id| Value::Text(id));
    let params: Vec<Value<'_>> = std::iter::once(Value::Text(client_id)).chain(ids).collect();
    Ok(work.tx.query_one(&sql, &params).await?.is_some())
}

pub(super) async fn set_built_in(
    work: &mut Work,
    (id, identifier, name): (&str, &str, &str),
    now: i64,
) -> Result<(), Fault> {
    let sql = "INSERT INTO resources (id, identifier, name, is_system, version, created_at)
               VALUES ($1, $2, $3, TRUE, 1, $4)
               ON CONFLICT (id) DO UPDATE SET identifier = excluded.identifier, name = excluded.name";
    work.tx.execute(sql, db::params![id, identifier, name, now]).await?;
    Ok(())
}

pub(super) async fn insert(work: &mut Work, resource: &Resource, now: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO resources (id, identifier, name, is_system, version, created_at)
               VALUES ($1, $2, $3, FALSE, 1, $4)";
    work.tx.execute(sql, db::params![resource.id, resource.identifier, resource.name, now]).await?;
    insert_introspectors(work, resource).await
}

async fn insert_introspectors(work: &mut Work, resource: &Resource) -> Result<(), Fault> {
    let clients = resource.introspecting_clients.iter();
    let rows: Vec<Vec<Value<'_>>> =
        clients.map(|client| vec![(&resource.id).into(), client.into()]).collect();
    work.tx.insert_many("resource_introspectors", &["resource_id", "client_id"], &rows).await?;
    Ok(())
}

/// Stores a change of a resource that is at the version before. Says whether it took.
pub(super) async fn set(work: &mut Work, resource: &Resource) -> Result<bool, Fault> {
    let sql =
        "UPDATE resources SET name = $2, version = version + 1 WHERE id = $1 AND version = $3";
    let params = db::params![resource.id, resource.name, resource.version];
    if work.tx.execute(sql, params).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM resource_introspectors WHERE resource_id = $1";
    work.tx.execute(sql, db::params![resource.id]).await?;
    insert_introspectors(work, resource).await?;
    Ok(true)
}

/// Deletes it unless a scope belongs to it or a client defaults to it. Says whether it took.
pub(super) async fn delete_unused(work: &mut Work, resource: &Resource) -> Result<bool, Fault> {
    let sql = "DELETE FROM resources WHERE id = $1
                 AND NOT EXISTS (SELECT 1 FROM scopes WHERE resource_id = $2)
                 AND NOT EXISTS (SELECT 1 FROM clients WHERE default_resource = $3)";
    Ok(work.tx.execute(sql, db::params![resource.id, resource.id, resource.identifier]).await? == 1)
}

async fn whole(work: &mut Work, row: Option<db::Row>) -> Result<Option<Resource>, Fault> {
    let Some(row) = row else { return Ok(None) };
    let mut resource = read(&row)?;
    let sql =
        "SELECT client_id FROM resource_introspectors WHERE resource_id = $1 ORDER BY client_id";
    for row in work.tx.query(sql, db::params![resource.id]).await? {
        resource.introspecting_clients.push(row.get(0)?);
    }
    Ok(Some(resource))
}

fn read(row: &db::Row) -> Result<Resource, Fault> {
    Ok(Resource {
        id: row.get(0)?,
        identifier: row.get(1)?,
        name: row.get(2)?,
        is_system: row.get(3)?,
        introspecting_clients: Vec::new(),
        version: row.get(4)?,
    })
}
