//! `/console/organizations/{organization}`: its teams, its name, and its end.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ManageTeams, ReadTeams};
use domain::teams::{self, ListQuery, Organization, Weight};
use domain::{Refusal, Work};

use super::{
    ORGANIZATIONS, TEAMS, counted, find_organization, in_the_way, list, organizations,
    page_of_organization,
};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{OrganizationPage, PlaceEnd};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::{unconfirmed, wrong};
use crate::web::form::Fields;
use crate::web::views::Errors;

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
    let name = fields.text("rename");
    match teams::rename_organization(&mut work, visitor.call(), &may, (&id, None), name).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&page_of_organization(&id), "saved"))
        }
        Err(refusal) => {
            drop(work);
            let (status, mut errors) = wrong(&visitor, refusal, "rename")?;
            for error in &mut errors.0 {
                error.field = "rename".into();
            }
            again(&visitor, &id, &fields, (status, errors)).await
        }
    }
}

/// Gone, once its name was typed and nothing hangs on it any more.
pub(super) async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let organization = find_organization(&visitor, &mut work, &id).await?;
    if fields.text("confirm_name") != organization.name {
        drop(work);
        return again(&visitor, &id, &fields, unconfirmed()).await;
    }
    match teams::delete_organization(&mut work, visitor.call(), &may, &id).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(ORGANIZATIONS, "organization-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "confirm_name")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

async fn again(
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
) -> Result<OrganizationPage, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let mut work = visitor.app.instance.read();
    let organization = find_organization(visitor, &mut work, id).await?;
    let wanted = ListQuery {
        q: query.get("q").map(str::to_owned),
        organization: Some(organization.id.clone()),
        cursor: query.get("cursor").map(str::to_owned),
        limit: 0,
    };
    let page = match teams::list_teams(&mut work, &may, &wanted).await {
        Err(Refusal::Invalid(_)) => {
            let again = ListQuery { cursor: None, ..wanted };
            teams::list_teams(&mut work, &may, &again).await
        }
        other => other,
    };
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let (mut names, mut rows) = (Names::default(), Vec::with_capacity(page.items.len()));
    for team in &page.items {
        rows.push(list::row(&mut work, &mut names, team).await?);
    }
    let weight = teams::weight_of_organization(&mut work, id).await?;
    let typed_name = errors.of("rename").map(|_| typed.text("rename").to_owned());
    Ok(OrganizationPage {
        frame: visitor.frame("Teams", query),
        id: organization.id.clone(),
        path: page_of_organization(&organization.id),
        add: TEAMS.into(),
        teams: u64::try_from(weight.teams).unwrap_or_default(),
        q: query.text("q"),
        rows,
        rename: typed_name.unwrap_or_else(|| organization.name.clone()),
        refused: visitor.lacks_at::<ManageTeams>(Some(&organization.id), None),
        end: end(visitor, &mut work, (&organization, weight)).await?,
        name: organization.name,
        errors,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    })
}

async fn end(
    visitor: &Visitor,
    work: &mut Work,
    (organization, weight): (&Organization, Weight),
) -> Result<PlaceEnd, Halt> {
    let mut loses = Vec::new();
    if weight.people > 0 {
        let who = counted(weight.people, "person loses", "people lose");
        loses.push(format!("{who} the role they hold in the whole of it, at once."));
    }
    let refused = organizations::refused(visitor).or_else(|| {
        let teams = counted(weight.teams, "team", "teams");
        (weight.teams > 0).then(|| format!("It still has {teams}. Delete them first."))
    });
    Ok(PlaceEnd {
        delete: format!("{}/delete", page_of_organization(&organization.id)),
        loses,
        in_the_way: in_the_way(visitor, work, &organization.id).await?,
        refused,
    })
}
