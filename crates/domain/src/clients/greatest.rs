//! The greatest rights of a client: what it could do by itself with all its scopes, wherever it may
//! be used, place by place, now.
//!
//! One function for the ceiling (who may lay hands on it) and for whoever shows it. It refuses to
//! know tokens and persons who sign in: what acts for them never exceeds them.

use std::collections::BTreeSet;

use super::Client;
use crate::access::{self, Holdings, Limits, Place, Rights, Within, effective};
use crate::{Fault, Work, teams};

/// The most a token could do that the client gets on its own, with all its scopes, now.
///
/// # Errors
/// When the database cannot answer.
pub async fn own_rights(work: &mut Work, client: &Client) -> Result<Rights, Fault> {
    let subject = client.context_user.as_ref().map_or(client.id.as_str(), |user| user.as_str());
    let holdings = access::holdings_of(work, subject).await?;
    let within = reached(work, client, &holdings).await?;
    let limits = Limits { scopes: &client.scopes, access: client.access, within: within.as_ref() };
    Ok(effective(&holdings, Some(limits)))
}

/// Where a client that chose no teams at a consent may be used; `None` for everywhere.
pub(crate) async fn reached(
    work: &mut Work,
    client: &Client,
    holdings: &Holdings,
) -> Result<Option<Within>, Fault> {
    if client.organization.is_none() && client.reaches_all_teams() {
        return Ok(None);
    }
    let mut within = Within::default();
    let mut candidates: BTreeSet<&String> = client.restricted_teams.iter().collect();
    for place in &holdings.places {
        match place {
            Place::Team(id) => {
                candidates.insert(id);
            }
            Place::Organization(id) if client.reaches_organization(id) => {
                within.organizations.insert(id.clone());
            }
            Place::Organization(_) | Place::Instance => {}
        }
    }
    for (team, organization) in teams::homes_of(work, candidates).await? {
        if client.reaches(&team, &organization) {
            within.teams.insert(team, organization);
        }
    }
    Ok(Some(within))
}
