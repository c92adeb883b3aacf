//! `GET` and `POST /console/teams`: every team within reach, and a new one.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::{ManageTeams, Reach, ReadTeams};
use domain::teams::{self, ListQuery, Team};
use domain::{Fault, Refusal, Work};

use super::{TEAMS, page_of_organization, page_of_team, tabs};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::places::Places;
use crate::console::query::Query;
use crate::console::views::{TeamList, TeamRow};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::form::Fields;
use crate::web::views::{Choice, Errors, Link};

/// One page of the list.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let page = view(&visitor, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// A new team, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let (organization, name) = (fields.text("organization"), fields.text("name"));
    match teams::create_team(&mut work, visitor.call(), &may, organization, name).await {
        Ok(team) => {
            work.commit().await?;
            Ok(done(&page_of_team(&team.id), "team-added"))
        }
        Err(refusal) => {
            drop(work);
            let (status, errors) = wrong(&visitor, refusal, "teams")?;
            again(&visitor, &fields, (status, errors)).await
        }
    }
}

async fn again(
    visitor: &Visitor,
    typed: &Fields,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let page = view(visitor, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<TeamList, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let mut work = visitor.app.instance.read();
    let wanted = ListQuery {
        q: query.get("q").map(str::to_owned),
        organization: query.get("organization").map(str::to_owned),
        cursor: query.get("cursor").map(str::to_owned),
        limit: 0,
    };
    let page = match teams::list_teams(&mut work, &may, &wanted).await {
        // A cursor that is none of ours: the list begins again.
        Err(Refusal::Invalid(_)) => {
            let again = ListQuery { cursor: None, ..wanted };
            teams::list_teams(&mut work, &may, &again).await.map_err(|it| visitor.halt(it))?
        }
        other => other.map_err(|it| visitor.halt(it))?,
    };
    let (mut names, mut rows) = (Names::default(), Vec::with_capacity(page.items.len()));
    for team in &page.items {
        rows.push(row(&mut work, &mut names, team).await?);
    }
    let places = Places::of(visitor, &mut work).await.map_err(|it| visitor.halt(it))?;
    let homes = homes(visitor, &places, typed.text("organization"));
    let narrowed = query.text("organization");
    let any = Choice { label: "Any".into(), chosen: narrowed.is_empty(), ..Choice::default() };
    let choices = places.organizations.iter().map(|it| choice(&it.id, &it.name, &narrowed));
    Ok(TeamList {
        frame: visitor.frame("Teams", query),
        tabs: tabs("Teams"),
        q: query.text("q"),
        organization: std::iter::once(any).chain(choices).collect(),
        active: query.has_any(&["q", "organization"]),
        rows,
        refused: refused(visitor, &homes),
        action: TEAMS.into(),
        name: typed.text("name").to_owned(),
        homes,
        errors,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    })
}

/// The organizations in which the visitor may make a team.
fn homes(visitor: &Visitor, places: &Places, chosen: &str) -> Vec<Choice> {
    let Ok(may) = visitor.authority.may::<ManageTeams>() else { return Vec::new() };
    let within = places.organizations.iter().filter(|it| may.covers(Some(&it.id), None));
    within.map(|it| choice(&it.id, &it.name, chosen)).collect()
}

fn refused(visitor: &Visitor, homes: &[Choice]) -> Option<String> {
    if !homes.is_empty() {
        return None;
    }
    let reach = visitor.authority.reach("team:manage");
    Some(match reach {
        None => "Needs the permission team:manage, which you do not hold here.".into(),
        Some(Reach::Everywhere) => "A team belongs to an organization. Add one first.".into(),
        Some(Reach::Places { .. }) => {
            "Needs the permission team:manage in a whole organization.".into()
        }
    })
}

fn choice(value: &str, label: &str, chosen: &str) -> Choice {
    let is_chosen = !value.is_empty() && value == chosen;
    Choice { value: value.into(), label: label.into(), chosen: is_chosen, ..Choice::default() }
}

/// One line of the list.
pub(super) async fn row(work: &mut Work, names: &mut Names, team: &Team) -> Result<TeamRow, Fault> {
    let weight = teams::weight_of_team(work, &team.id).await?;
    Ok(TeamRow {
        href: page_of_team(&team.id),
        id: team.id.clone(),
        name: team.name.clone(),
        organization: Link {
            label: names.organization(work, &team.organization).await?,
            href: page_of_organization(&team.organization),
        },
        people: u64::try_from(weight.people).unwrap_or_default(),
        clients: u64::try_from(weight.clients).unwrap_or_default(),
    })
}
