//! The teams a service may act in: RLT-31's "virtual user", which has tenants like a person.
//!
//! Read from where the service itself, or its context user, is bound. It refuses to know what may
//! be done there beyond what was decided already.

use std::collections::BTreeSet;

use super::{Live, Meaning, TeamRights};
use crate::clients;
use crate::{Fault, Work};

/// More teams than this no answer holds.
const MOST: i64 = 200;

/// The teams, by name, of a token that the client got for itself; none for a person's token, whose
/// teams were chosen.
///
/// # Errors
/// When the database cannot answer.
pub async fn service_teams(
    work: &mut Work,
    live: &Live,
    meaning: &Meaning,
) -> Result<Vec<TeamRights>, Fault> {
    if live.grant.is_some() || !meaning.is_bound_below {
        return Ok(Vec::new());
    }
    let Some(client) = clients::find(work, live.client.as_str()).await? else {
        return Ok(Vec::new());
    };
    let subject = live.user.as_ref().map_or(live.client.as_str(), |user| user.as_str());
    let sql = "SELECT t.id, t.name, t.organization_id, t.name_key FROM teams t
                 JOIN bindings b ON b.place_kind = 'team' AND b.place_id = t.id
                 WHERE b.subject = $1
               UNION
               SELECT t.id, t.name, t.organization_id, t.name_key FROM teams t
                 JOIN bindings b ON b.place_kind = 'organization' AND b.place_id = t.organization_id
                 WHERE b.subject = $1
               ORDER BY 4, 1 LIMIT $2";
    let mut found = Vec::new();
    for row in work.tx.query(sql, db::params![subject, MOST]).await? {
        let (id, name, organization): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if !client.reaches(&id, &organization) {
            continue;
        }
        let rights = &meaning.rights;
        let here = rights.teams.get(&id).into_iter().flatten();
        let above = rights.organizations.get(&organization).into_iter().flatten();
        let held: BTreeSet<&String> = here.chain(above).collect();
        let permissions = held.into_iter().cloned().collect();
        found.push(TeamRights { id, name, organization, permissions });
    }
    Ok(found)
}
