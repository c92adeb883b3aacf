//! What roles allow, in memory, each copy proving itself current by its version at every use.
//!
//! The statement that reads who holds which role reads the version of the role too; only an equal
//! one is served from here, so a changed role counts in the very next use on every node. A copy is
//! made of committed rows alone: what a transaction is about to write may never come to be.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Effect, Holding, Holdings, Place};
use crate::{Fault, Work};

/// More roles than this are not kept.
const LIMIT: usize = 10_000;

/// One permission of a role, and whether using it changes anything.
type Allowed = (String, Effect);

/// A role at one version.
type Copy = (i64, Arc<[Allowed]>);

/// This node's copies.
#[derive(Debug, Default)]
pub struct RoleCache(RwLock<HashMap<String, Copy>>);

/// A role that is held somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// Its id.
    pub role: String,
    /// Its version, read by the same statement.
    pub version: i64,
    /// Where it is held.
    pub place: Place,
}

impl RoleCache {
    fn get(&self, role: &str, version: i64) -> Option<Arc<[Allowed]>> {
        let roles = self.0.read().unwrap_or_else(PoisonError::into_inner);
        roles.get(role).filter(|(known, _)| *known == version).map(|(_, all)| Arc::clone(all))
    }

    fn put(&self, role: &str, version: i64, allowed: &Arc<[Allowed]>) {
        let mut roles = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if roles.len() >= LIMIT {
            roles.clear();
        }
        roles.insert(role.to_owned(), (version, Arc::clone(allowed)));
    }
}

/// What these roles come to, each in its place.
///
/// # Errors
/// When the database cannot answer.
pub(crate) async fn holdings(work: &mut Work, bounds: Vec<Bound>) -> Result<Holdings, Fault> {
    let mut holdings = Holdings::default();
    for Bound { role, version, place } in bounds {
        for (permission, effect) in allowed(work, &role, version).await?.iter() {
            let (place, permission) = (place.clone(), permission.clone());
            holdings.held.push(Holding { place, permission, effect: *effect });
        }
        holdings.places.insert(place);
    }
    Ok(holdings)
}

async fn allowed(work: &mut Work, role: &str, version: i64) -> Result<Arc<[Allowed]>, Fault> {
    if let Some(known) = work.instance.role_cache.get(role, version) {
        return Ok(known);
    }
    let sql = "SELECT r.version, p.name, p.kind FROM roles r
               LEFT JOIN role_permissions rp ON rp.role_id = r.id
               LEFT JOIN permissions p ON p.name = rp.permission
               WHERE r.id = $1";
    let (mut now, mut all) = (None, Vec::new());
    for row in work.tx.query(sql, db::params![role]).await? {
        now = Some(row.get::<i64>(0)?);
        if let Some(name) = row.get::<Option<String>>(1)? {
            all.push((name, Effect::parse(&row.get::<String>(2)?)));
        }
    }
    let all: Arc<[Allowed]> = all.into();
    if let Some(now) = now.filter(|_| work.tx.only_reads()) {
        work.instance.role_cache.put(role, now, &all);
    }
    Ok(all)
}
