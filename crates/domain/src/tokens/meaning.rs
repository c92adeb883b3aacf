//! What a live token means now: in which teams, with which permissions.
//!
//! Read afresh at each use, so that a changed role, membership or status shows in the very next
//! answer.

use super::Live;
use crate::access::{self, Authority, Holdings, Limits, Place, Rights, Within, effective};
use crate::clients;
use crate::{Actor, Fault, GrantId, Work};

/// One team a token reaches, and what it may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRights {
    /// The team.
    pub id: String,
    /// Its shown name.
    pub name: String,
    /// Its organization.
    pub organization: String,
    /// Permissions there, sorted.
    pub permissions: Vec<String>,
}

/// What a token may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Per team of the grant that the person still belongs to and the client may still reach.
    pub teams: Vec<TeamRights>,
    /// At the instance.
    pub instance: Vec<String>,
    /// The same, for rules that ask for a proof.
    pub rights: Rights,
    /// Does its subject hold a role in an organization or a team?
    pub is_bound_below: bool,
}

/// Decides what `live` may do now.
///
/// # Errors
/// When the database cannot answer.
pub async fn meaning(work: &mut Work, live: &Live) -> Result<Meaning, Fault> {
    let found = clients::current(work, live.client.as_str(), live.client_version).await?;
    let Some(client) = found else { return Ok(Meaning::default()) };
    let subject = live.user.as_ref().map_or(live.client.as_str(), |user| user.as_str());
    let (holdings, mut teams) = held_and_chosen(work, subject, live.grant).await?;
    teams.retain(|team| {
        client.reaches(&team.id, &team.organization)
            && holdings.belongs_to(&team.id, &team.organization)
    });
    let within = match live.grant {
        Some(_) => Some(Within {
            teams: teams.iter().map(|t| (t.id.clone(), t.organization.clone())).collect(),
            ..Within::default()
        }),
        None => clients::reached(work, &client, &holdings).await?,
    };
    let limits = Limits { scopes: &live.scopes, access: live.access, within: within.as_ref() };
    let rights = effective(&holdings, Some(limits));
    for team in &mut teams {
        team.permissions =
            rights.teams.get(&team.id).cloned().unwrap_or_default().into_iter().collect();
    }
    let instance = rights.instance.iter().cloned().collect();
    let is_bound_below = holdings.places.iter().any(|place| *place != Place::Instance);
    Ok(Meaning { teams, instance, rights, is_bound_below })
}

/// What the subject holds, and the teams of the grant that are still there, by name: one statement,
/// since every use of a token asks both.
async fn held_and_chosen(
    work: &mut Work,
    subject: &str,
    grant: Option<GrantId>,
) -> Result<(Holdings, Vec<TeamRights>), Fault> {
    let sql = "SELECT 'role', b.role_id, b.place_kind, b.place_id, '', r.version
               FROM bindings b JOIN roles r ON r.id = b.role_id WHERE b.subject = $1
               UNION ALL
               SELECT 'team', t.id, t.name, t.organization_id, t.name_key, 0
               FROM grant_teams gt JOIN teams t ON t.id = gt.team_id WHERE gt.grant_id = $2";
    let (mut bounds, mut teams) = (Vec::new(), Vec::new());
    let grant = grant.map_or(0, |grant| grant.0);
    for row in work.tx.query(sql, db::params![subject, grant]).await? {
        if row.get::<String>(0)? == "role" {
            let place = Place::read(&row.get::<String>(2)?, row.get(3)?);
            bounds.push(access::Bound { role: row.get(1)?, version: row.get(5)?, place });
        } else {
            let (id, name, organization) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let team = TeamRights { id, name, organization, permissions: Vec::new() };
            teams.push((row.get::<String>(4)?, team));
        }
    }
    teams.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    let teams = teams.into_iter().map(|(_, team)| team).collect();
    Ok((access::holdings(work, bounds).await?, teams))
}

/// The authority of whoever presents this token.
///
/// # Errors
/// When the database cannot answer.
pub async fn authority(work: &mut Work, live: &Live) -> Result<Authority, Fault> {
    let meaning = meaning(work, live).await?;
    let actor =
        Actor { user: live.user.clone(), client: Some(live.client.clone()), operator: None };
    Ok(Authority::new(actor, meaning.rights))
}
