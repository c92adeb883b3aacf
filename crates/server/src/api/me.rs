//! `/me`: whom the token acts for, and what it may do now, place by place.

use domain::access::Rights;
use domain::tokens::{self, TeamRights};
use domain::{Fault, Work, teams};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Caller;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/me", "getMe"), "Read what this token is and may do", show)
            .note("Read afresh at each call: a changed role, membership or preset shows at once.")
            .answers(200, Shape::One("Me"), "The token's person, client and rights."),
    ]
}

async fn show(caller: Caller) -> Answer {
    let mut work = caller.read();
    let live = &caller.live;
    let mut meaning = tokens::meaning(&mut work, live).await?;
    if live.grant.is_none() {
        meaning.teams = bound_teams(&mut work, &meaning.rights).await?;
    }
    let user = live
        .user
        .as_ref()
        .map(|id| json!({ "id": id, "email": live.email, "display_name": live.display_name }));
    let organizations: Vec<Value> = meaning
        .rights
        .organizations
        .iter()
        .map(|(id, permissions)| json!({ "id": id, "permissions": permissions }))
        .collect();
    Ok(Reply::ok(json!({
        "client_id": live.client,
        "user": user,
        "scopes": live.scopes,
        "access": live.access,
        "authorized_teams": meaning.teams.iter().map(team).collect::<Vec<_>>(),
        "organization_permissions": organizations,
        "instance_permissions": meaning.instance,
        "expires_at": instant(live.expires_at),
    }))
    .send())
}

fn team(team: &TeamRights) -> Value {
    json!({
        "id": team.id,
        "name": team.name,
        "organization": team.organization,
        "permissions": team.permissions,
    })
}

/// The teams of a service, which chose none at a consent: those it is bound at.
async fn bound_teams(work: &mut Work, rights: &Rights) -> Result<Vec<TeamRights>, Fault> {
    let mut bound = Vec::new();
    for (id, permissions) in &rights.teams {
        if let Some(team) = teams::find_team(work, id).await? {
            let permissions = permissions.iter().cloned().collect();
            bound.push(TeamRights {
                id: team.id,
                name: team.name,
                organization: team.organization,
                permissions,
            });
        }
    }
    Ok(bound)
}
