//! Pages about places: teams and their members, organizations and their teams. What hangs on a
//! place is said before it is deleted.

mod list;
mod members;
mod organization;
mod organizations;
mod team;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use domain::access::{ReadClients, ReadTeams};
use domain::teams::{Organization, Team};
use domain::{Refusal, Work, clients, teams};

use super::clients::page_of as page_of_client;
use super::visitor::{Halt, Visitor};
use crate::app::App;
use crate::web::views::{Link, NavEntry};

const TEAMS: &str = "/console/teams";
const ORGANIZATIONS: &str = "/console/organizations";

/// The pages of these nouns.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/teams", get(list::show).post(list::create))
        .route("/teams/{team}", get(team::show))
        .route("/teams/{team}/rename", post(team::rename))
        .route("/teams/{team}/delete", post(team::delete))
        .route("/teams/{team}/members", post(members::add))
        .route("/teams/{team}/members/{user}/remove", post(members::remove))
        .route("/organizations", get(organizations::show).post(organizations::create))
        .route("/organizations/{organization}", get(organization::show))
        .route("/organizations/{organization}/rename", post(organization::rename))
        .route("/organizations/{organization}/delete", post(organization::delete))
}

/// The page of a team.
pub(in crate::console) fn page_of_team(id: &str) -> String {
    format!("{TEAMS}/{id}")
}

/// The page of an organization.
pub(in crate::console) fn page_of_organization(id: &str) -> String {
    format!("{ORGANIZATIONS}/{id}")
}

/// Teams, organizations.
fn tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str, href: &str| NavEntry {
        label: label.into(),
        href: href.into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Teams", TEAMS), tab("Organizations", ORGANIZATIONS)]
}

/// A team within the visitor's reach; nobody learns of others.
async fn find_team(visitor: &Visitor, work: &mut Work, id: &str) -> Result<Team, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let team = teams::find_team(work, id).await?;
    let team = team.filter(|it| may.covers(Some(&it.organization), Some(&it.id)));
    team.ok_or_else(|| visitor.halt(Refusal::NotFound))
}

/// An organization within the visitor's reach.
async fn find_organization(
    visitor: &Visitor,
    work: &mut Work,
    id: &str,
) -> Result<Organization, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let found = teams::find_organization(work, id).await?;
    let found = found.filter(|it| may.covers(Some(&it.id), None));
    found.ok_or_else(|| visitor.halt(Refusal::NotFound))
}

/// The clients that keep a place from being deleted, by name where the visitor may see them.
async fn in_the_way(visitor: &Visitor, work: &mut Work, id: &str) -> Result<Vec<Link>, Halt> {
    let may = visitor.authority.may::<ReadClients>().ok();
    let mut links = Vec::new();
    for client in teams::in_the_way(work, id).await? {
        let seen = match &may {
            Some(may) => clients::show(work, may, &client).await.ok(),
            None => None,
        };
        links.push(seen.map_or_else(
            || Link { label: "A client that you may not see".into(), href: String::new() },
            |it| Link { label: it.name.clone(), href: page_of_client(it.id.as_str(), "access") },
        ));
    }
    Ok(links)
}

/// "3 people", "1 team".
fn counted(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
