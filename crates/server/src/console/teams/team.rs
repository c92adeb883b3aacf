//! `/console/teams/{team}`: who belongs to it, what it looks after, and its end.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ManageTeams, ReadClients, ReadTeams, ReadUsers};
use domain::teams::{self, Leaving, ListQuery, Member, Team, Weight};
use domain::{Refusal, Work, clients, tokens};

use super::{TEAMS, counted, find_team, in_the_way, members, page_of_organization, page_of_team};
use crate::console::clients::page_of as page_of_client;
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{MemberRow, PlaceEnd, TeamPage};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::{unconfirmed, wrong};
use crate::web::form::Fields;
use crate::web::sealed;
use crate::web::views::{Errors, Link, Person};

/// Clients named on the page.
const CLIENTS: i64 = 10;

/// The page.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let page = view(&visitor, &id, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// Another name.
pub(super) async fn rename(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let name = fields.text("name");
    match teams::rename_team(&mut work, visitor.call(), &may, (&id, None), name).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&page_of_team(&id), "saved"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "name")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// Gone, once its name was typed; its members lose what they held there.
pub(super) async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let team = find_team(&visitor, &mut work, &id).await?;
    if fields.text("confirm_name") != team.name {
        drop(work);
        return again(&visitor, &id, &fields, unconfirmed()).await;
    }
    let call = visitor.call();
    match teams::delete_team(&mut work, call, &may, &id, Leaving::WithMembers).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(TEAMS, "team-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "confirm_name")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// The page once more, with what stands in the way.
pub(super) async fn again(
    visitor: &Visitor,
    id: &str,
    typed: &Fields,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let page = view(visitor, id, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    id: &str,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<TeamPage, Halt> {
    let mut work = visitor.app.instance.read();
    let team = find_team(visitor, &mut work, id).await?;
    let (organization, mut names) = (&team.organization, Names::default());
    let weight = teams::weight_of_team(&mut work, id).await?;
    let page = members_page(visitor, &mut work, &team, query).await?;
    let path = page_of_team(&team.id);
    let roles = members::roles(visitor, &mut work, &team, typed.text("role")).await?;
    let refused = visitor.lacks_at::<ManageTeams>(Some(organization), Some(&team.id));
    let shown = page.items.iter().map(|it| row(visitor, &path, it, &roles)).collect();
    let clients = clients_of(visitor, &mut work, &team).await?;
    Ok(TeamPage {
        frame: visitor.frame("Teams", query),
        id: team.id.clone(),
        organization: Link {
            label: names.organization(&mut work, organization).await?,
            href: page_of_organization(organization),
        },
        people: u64::try_from(weight.people).unwrap_or_default(),
        q: query.text("q"),
        members: shown,
        email: typed.text("email").to_owned(),
        roles: roles.into_iter().map(|(choice, _)| choice).collect(),
        all_clients: (weight.clients > CLIENTS)
            .then(|| sealed::link("/console/clients", "owner", &team.id)),
        clients,
        rename: if errors.of("name").is_some() { typed.text("name") } else { &team.name }.into(),
        end: end(visitor, &mut work, (&team, weight)).await?,
        name: team.name,
        path,
        refused,
        errors,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    })
}

async fn members_page(
    visitor: &Visitor,
    work: &mut Work,
    team: &Team,
    query: &Query,
) -> Result<teams::Page<Member>, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let wanted = ListQuery {
        q: query.get("q").map(str::to_owned),
        cursor: query.get("cursor").map(str::to_owned),
        ..ListQuery::default()
    };
    let found = match teams::list_members(work, &may, &team.id, &wanted).await {
        Err(Refusal::Invalid(_)) => {
            let again = ListQuery { cursor: None, ..wanted };
            teams::list_members(work, &may, &team.id, &again).await
        }
        other => other,
    };
    found.map_err(|refusal| visitor.halt(refusal))
}

fn row(visitor: &Visitor, path: &str, member: &Member, roles: &members::Roles) -> MemberRow {
    let name_of = |id: &String| {
        let known = roles.iter().find(|(choice, _)| choice.value == *id);
        known.map_or_else(|| id.clone(), |(_, name)| name.clone())
    };
    MemberRow {
        href: visitor.holds::<ReadUsers>().then(|| format!("/console/users/{}", member.user)),
        person: Person { name: member.display_name.clone(), email: member.email.clone() },
        roles: member.roles.iter().map(name_of).collect(),
        remove: format!("{path}/members/{}/remove", member.user),
    }
}

/// Some of the clients that the team looks after.
async fn clients_of(visitor: &Visitor, work: &mut Work, team: &Team) -> Result<Vec<Link>, Halt> {
    let Ok(may) = visitor.authority.may::<ReadClients>() else { return Ok(Vec::new()) };
    let wanted = clients::ListQuery {
        owner_team: Some(team.id.clone()),
        limit: CLIENTS,
        now: visitor.now(),
        ..clients::ListQuery::default()
    };
    let found = clients::list(work, &may, &wanted).await.map_err(|it| visitor.halt(it))?;
    let link =
        |it: clients::Summary| Link { href: page_of_client(it.id.as_str(), ""), label: it.name };
    Ok(found.items.into_iter().map(link).collect())
}

/// What deleting it would take away, and what stands against it.
async fn end(
    visitor: &Visitor,
    work: &mut Work,
    (team, weight): (&Team, Weight),
) -> Result<PlaceEnd, Halt> {
    let grants = tokens::grants_naming(work, &team.id, visitor.now()).await?;
    let mut loses = Vec::new();
    if weight.people > 0 {
        let who = counted(weight.people, "member loses", "members lose");
        loses.push(format!("{who} what they hold here, at once."));
    }
    if grants > 0 {
        let which = counted(grants, "living authorization names", "living authorizations name");
        loses.push(format!("{which} this team and can do nothing here from then on."));
    }
    Ok(PlaceEnd {
        delete: format!("{}/delete", page_of_team(&team.id)),
        loses,
        in_the_way: in_the_way(visitor, work, &team.id).await?,
        refused: visitor.lacks_at::<ManageTeams>(Some(&team.organization), Some(&team.id)),
    })
}
