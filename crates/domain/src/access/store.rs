//! Bindings in the database: who holds which role where.

use super::{Bound, Holdings, Place, holdings};
use crate::{Fault, Work, id};

/// Everything `subject` (a user or client id) holds now.
///
/// # Errors
/// When the database cannot answer.
pub async fn holdings_of(work: &mut Work, subject: &str) -> Result<Holdings, Fault> {
    let sql = "SELECT b.role_id, r.version, b.place_kind, b.place_id FROM bindings b
               JOIN roles r ON r.id = b.role_id WHERE b.subject = $1";
    let mut bounds = Vec::new();
    for row in work.tx.query(sql, db::params![subject]).await? {
        let place = Place::read(&row.get::<String>(2)?, row.get(3)?);
        bounds.push(Bound { role: row.get(0)?, version: row.get(1)?, place });
    }
    holdings(work, bounds).await
}

/// Says that what some roles allow has changed: those that hold this permission.
pub(crate) async fn touch_roles_with(work: &mut Work, permission: &str) -> Result<(), Fault> {
    let sql = "UPDATE roles SET version = version + 1
               WHERE id IN (SELECT role_id FROM role_permissions WHERE permission = $1)";
    work.tx.execute(sql, db::params![permission]).await?;
    Ok(())
}

/// Is there a permission of this name: built in, or defined by a role that allows it?
pub(crate) async fn is_permission(work: &mut Work, name: &str) -> Result<bool, Fault> {
    let sql = "SELECT name FROM permissions WHERE name = $1";
    Ok(work.tx.query_one(sql, db::params![name]).await?.is_some())
}

/// Binds `subject` to a role in a place. A binding that exists already stays as it is.
///
/// # Errors
/// When the database cannot take it.
pub async fn bind(
    work: &mut Work,
    now: i64,
    subject: &str,
    role: &str,
    place: &Place,
) -> Result<(), Fault> {
    let id = id::text(&work.instance.chance, "bnd_")?;
    let (kind, place_id) = place.stored();
    let sql = "INSERT INTO bindings (id, subject, role_id, place_kind, place_id, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (subject, role_id, place_kind, place_id) DO NOTHING";
    work.tx.execute(sql, db::params![id, subject, role, kind, place_id, now]).await?;
    Ok(())
}

/// The shown name of a role.
pub(crate) async fn find_role_name(work: &mut Work, id: &str) -> Result<Option<String>, Fault> {
    let sql = "SELECT name FROM roles WHERE id = $1";
    let row = work.tx.query_one(sql, db::params![id]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// One binding as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The id of the role.
    pub role: String,
    /// Its name.
    pub role_name: String,
    /// Where it is held.
    pub place: Place,
}

/// Every binding of a subject, the roles by name.
///
/// # Errors
/// When the database cannot answer.
pub async fn bindings_of(work: &mut Work, subject: &str) -> Result<Vec<Binding>, Fault> {
    let sql = "SELECT r.id, r.name, b.place_kind, b.place_id FROM bindings b
               JOIN roles r ON r.id = b.role_id
               WHERE b.subject = $1 ORDER BY r.name_key, b.place_kind, b.place_id";
    let rows = work.tx.query(sql, db::params![subject]).await?;
    let binding = |row: &db::Row| {
        let place = Place::read(&row.get::<String>(2)?, row.get(3)?);
        Ok(Binding { role: row.get(0)?, role_name: row.get(1)?, place })
    };
    rows.iter().map(binding).collect()
}

impl Place {
    /// The place behind the two stored columns.
    pub(crate) fn read(kind: &str, id: String) -> Self {
        match kind {
            "instance" => Self::Instance,
            "organization" => Self::Organization(id),
            _ => Self::Team(id),
        }
    }

    /// As the contract and the audit trail name it.
    pub fn told(&self) -> serde_json::Value {
        match self {
            Self::Instance => serde_json::json!({ "instance": true }),
            Self::Organization(id) => serde_json::json!({ "organization": id }),
            Self::Team(id) => serde_json::json!({ "team": id }),
        }
    }

    /// The two stored columns.
    pub(crate) fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::Instance => ("instance", ""),
            Self::Organization(id) => ("organization", id),
            Self::Team(id) => ("team", id),
        }
    }
}
