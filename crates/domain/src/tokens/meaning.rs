//! What a live token means now: in which teams, with which permissions.
//!
//! Read afresh at each use, so that a changed role, membership or status shows in the very next
//! answer.

use super::Live;
use crate::access::{self, Authority, Limits, Rights, Within, effective};
use crate::clients::{self, Client};
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
}

/// Decides what `live` may do now.
///
/// # Errors
/// When the database cannot answer.
pub async fn meaning(work: &mut Work, live: &Live) -> Result<Meaning, Fault> {
    let Some(client) = clients::find(work, live.client.as_str()).await? else {
        return Ok(Meaning::default());
    };
    let subject = live.user.as_ref().map_or(live.client.as_str(), |user| user.as_str());
    let holdings = access::holdings_of(work, subject).await?;
    let mut teams = match live.grant {
        Some(grant) => consented_teams(work, grant, &client).await?,
        None => Vec::new(),
    };
    teams.retain(|team| holdings.belongs_to(&team.id, &team.organization));
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
    Ok(Meaning { teams, instance, rights })
}

/// The teams of a grant that are there and that the client may be used for now.
async fn consented_teams(
    work: &mut Work,
    grant: GrantId,
    client: &Client,
) -> Result<Vec<TeamRights>, Fault> {
    let sql = "SELECT t.id, t.name, t.organization_id FROM grant_teams gt JOIN teams t ON t.id = gt.team_id
               WHERE gt.grant_id = $1 ORDER BY t.name_key, t.id";
    let mut teams = Vec::new();
    for row in work.tx.query(sql, db::params![grant]).await? {
        let team = TeamRights {
            id: row.get(0)?,
            name: row.get(1)?,
            organization: row.get(2)?,
            permissions: vec![],
        };
        if client.reaches(&team.id, &team.organization) {
            teams.push(team);
        }
    }
    Ok(teams)
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
