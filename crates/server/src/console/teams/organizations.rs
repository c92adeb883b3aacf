//! `GET` and `POST /console/organizations`: what holds teams, and a new one.

use std::sync::Arc;

use domain::access::{ManageTeams, Reach, ReadTeams};
use domain::teams::{self, ListQuery};
use domain::{Refusal, Work};

use super::{ORGANIZATIONS, page_of_organization, tabs};
use crate::console::done::done;
use crate::console::query::Query;
use crate::console::views::{OrganizationList, OrganizationRow};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::form::Fields;
use crate::web::views::Errors;

/// One page of the list.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let page = view(&visitor, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// A new organization, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let name = fields.text("name");
    match teams::create_organization(&mut work, visitor.call(), &may, name).await {
        Ok(made) => {
            work.commit().await?;
            Ok(done(&page_of_organization(&made.id), "organization-added"))
        }
        Err(refusal) => {
            drop(work);
            let (status, errors) = wrong(&visitor, refusal, "name")?;
            let page = view(&visitor, (&fields, errors), &Query::default()).await?;
            Ok(visitor.render_with(status, &page))
        }
    }
}

/// Why the visitor cannot make or delete organizations, if so.
pub(super) fn refused(visitor: &Visitor) -> Option<String> {
    let everywhere = visitor.authority.reach("team:manage") == Some(Reach::Everywhere);
    (!everywhere).then(|| "Needs the permission team:manage, held at the whole instance.".into())
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<OrganizationList, Halt> {
    let may = visitor.may::<ReadTeams>()?;
    let mut work = visitor.app.instance.read();
    let wanted = ListQuery {
        q: query.get("q").map(str::to_owned),
        cursor: query.get("cursor").map(str::to_owned),
        ..ListQuery::default()
    };
    let page = match teams::list_organizations(&mut work, &may, &wanted).await {
        // A cursor that is none of ours: the list begins again.
        Err(Refusal::Invalid(_)) => {
            let again = ListQuery { cursor: None, ..wanted };
            teams::list_organizations(&mut work, &may, &again).await
        }
        other => other,
    };
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let mut rows = Vec::with_capacity(page.items.len());
    for organization in &page.items {
        // Somebody with rights in a team alone sees its organization's name and no page of it.
        let whole = may.covers(Some(&organization.id), None);
        rows.push(row(&mut work, (organization, whole)).await?);
    }
    Ok(OrganizationList {
        frame: visitor.frame("Teams", query),
        tabs: tabs("Organizations"),
        q: query.text("q"),
        rows,
        refused: refused(visitor),
        action: ORGANIZATIONS.into(),
        name: typed.text("name").to_owned(),
        errors,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    })
}

async fn row(
    work: &mut Work,
    (organization, whole): (&teams::Organization, bool),
) -> Result<OrganizationRow, Halt> {
    let weight = teams::weight_of_organization(work, &organization.id).await?;
    Ok(OrganizationRow {
        href: whole.then(|| page_of_organization(&organization.id)),
        id: organization.id.clone(),
        name: organization.name.clone(),
        people: u64::try_from(weight.people).unwrap_or_default(),
        teams: u64::try_from(weight.teams).unwrap_or_default(),
    })
}
