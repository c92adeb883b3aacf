//! Scopes in the database.

use std::collections::BTreeMap;

use db::Value;

use protocol::scope::Scopes;

use super::{Scope, ScopeKind};
use crate::{Fault, Work};

const COLUMNS: &str = "name, kind, description, resource_id, is_system, version";

/// Every scope, built-in ones first, by name. No secret: metadata and consent name them.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(work: &mut Work) -> Result<Vec<Scope>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scopes ORDER BY CASE WHEN is_system THEN 0 ELSE 1 END, name"
    );
    work.tx.query(&sql, &[]).await?.iter().map(read).collect()
}

/// The catalogue's entry of each of `scopes`, in their order: what a person reads at consent.
///
/// # Errors
/// When the database cannot answer.
pub async fn describe(work: &mut Work, scopes: &Scopes) -> Result<Vec<Scope>, Fault> {
    let mut described = Vec::with_capacity(scopes.len());
    for name in scopes.iter() {
        described.extend(find(work, name).await?);
    }
    Ok(described)
}

/// One scope.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, name: &str) -> Result<Option<Scope>, Fault> {
    if name.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM scopes WHERE name = $1");
    work.tx.query_one(&sql, db::params![name]).await?.as_ref().map(read).transpose()
}

/// How many clients may ask for it.
///
/// # Errors
/// When the database cannot answer.
pub async fn count_holders(work: &mut Work, name: &str) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM client_sets WHERE field = 'scope' AND value = $1";
    let row = work.tx.query_one(sql, db::params![name]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

pub(super) async fn list_kinds(
    work: &mut Work,
    names: &[&str],
) -> Result<BTreeMap<String, ScopeKind>, Fault> {
    let mut kinds = BTreeMap::new();
    for names in names.chunks(100) {
        let numbers: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT name, kind FROM scopes WHERE name IN ({})", numbers.join(", "));
        let names: Vec<Value<'_>> = names.iter().map(|name| Value::Text(name)).collect();
        for row in work.tx.query(&sql, &names).await? {
            kinds.insert(row.get(0)?, ScopeKind::parse(&row.get::<String>(1)?));
        }
    }
    Ok(kinds)
}

pub(super) async fn set_built_in(work: &mut Work, scope: &Scope, now: i64) -> Result<(), Fault> {
    let sql =
        "INSERT INTO scopes (name, kind, description, resource_id, is_system, version, created_at)
               VALUES ($1, $2, $3, NULL, TRUE, 1, $4)
               ON CONFLICT (name) DO UPDATE
               SET kind = excluded.kind, description = excluded.description, is_system = TRUE";
    work.tx
        .execute(sql, db::params![scope.name, scope.kind.as_str(), scope.description, now])
        .await?;
    Ok(())
}

pub(super) async fn insert(work: &mut Work, scope: &Scope, now: i64) -> Result<(), Fault> {
    let sql =
        "INSERT INTO scopes (name, kind, description, resource_id, is_system, version, created_at)
               VALUES ($1, $2, $3, $4, FALSE, 1, $5)";
    let kind = scope.kind.as_str();
    let params = db::params![scope.name, kind, scope.description, scope.resource, now];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Deletes it unless a client may ask for it. Says whether it took.
pub(super) async fn delete_unheld(work: &mut Work, name: &str) -> Result<bool, Fault> {
    let sql = "DELETE FROM scopes WHERE name = $1 AND NOT EXISTS
                 (SELECT 1 FROM client_sets WHERE field IN ('scope', 'default_scope') AND value = $2)";
    Ok(work.tx.execute(sql, db::params![name, name]).await? == 1)
}

/// Stores a change of a scope that is at the version before; another kind only while no client may
/// ask for it and no role allows it. Says whether it took.
pub(super) async fn set(
    work: &mut Work,
    scope: &Scope,
    is_other_kind: bool,
) -> Result<bool, Fault> {
    let unused = "AND NOT EXISTS (SELECT 1 FROM client_sets WHERE field IN ('scope', 'default_scope') AND value = $1)
                  AND NOT EXISTS (SELECT 1 FROM role_permissions WHERE permission = $1)";
    let sql = format!(
        "UPDATE scopes SET kind = $2, description = $3, resource_id = $4, version = version + 1
         WHERE name = $1 AND version = $5 {}",
        if is_other_kind { unused } else { "" }
    );
    let (name, kind) = (&scope.name, scope.kind.as_str());
    let params = db::params![name, kind, scope.description, scope.resource, scope.version];
    if work.tx.execute(&sql, params).await? == 0 {
        return Ok(false);
    }
    // A permission of this name, once a role allowed it, is told in the same words.
    let sql =
        "UPDATE permissions SET kind = $2, description = $3 WHERE name = $1 AND NOT is_system";
    work.tx.execute(sql, db::params![name, kind, scope.description]).await?;
    Ok(true)
}

/// Some clients that may ask for it, by their ids.
pub(super) async fn list_some_holders(work: &mut Work, name: &str) -> Result<Vec<String>, Fault> {
    let sql = "SELECT DISTINCT client_id FROM client_sets
               WHERE field IN ('scope', 'default_scope') AND value = $1 ORDER BY client_id LIMIT 100";
    let rows = work.tx.query(sql, db::params![name]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

fn read(row: &db::Row) -> Result<Scope, Fault> {
    Ok(Scope {
        name: row.get(0)?,
        kind: ScopeKind::parse(&row.get::<String>(1)?),
        description: row.get(2)?,
        resource: row.get(3)?,
        is_system: row.get(4)?,
        version: row.get(5)?,
    })
}
