//! `/organizations`: what holds teams.

use domain::access::{ManageTeams, Reach, ReadTeams};
use domain::teams::{self, ListQuery, Organization};
use domain::{Refusal, Work};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let all = |id| ("/organizations", id);
    let one = |id| ("/organizations/{id}", id);
    vec![
        Operation::new(Verb::Get, all("listOrganizations"), "List organizations", list).answers(
            200,
            Shape::Page("Organization"),
            "A page of those that the token reaches, by name.",
        ),
        Operation::new(Verb::Post, all("createOrganization"), "Create an organization", create)
            .answers(201, Shape::One("CreatedOrganization"), "Created.")
            .answers(200, Shape::One("CreatedOrganization"), "Tried only."),
        Operation::new(Verb::Get, one("getOrganization"), "Read an organization", show).answers(
            200,
            Shape::One("Organization"),
            "The organization.",
        ),
        Operation::new(Verb::Patch, one("renameOrganization"), "Rename an organization", rename)
            .answers(200, Shape::One("CreatedOrganization"), "The organization as it is now."),
        Operation::new(
            Verb::Delete,
            one("deleteOrganization"),
            "Delete an organization without teams",
            delete,
        )
        .answers(204, Shape::Empty, "Deleted.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

fn shown(organization: &Organization) -> Value {
    json!({ "id": organization.id, "name": organization.name })
}

struct Named(ListQuery);

impl FromQuery for Named {
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::query("q", Type::Text, "Part of the name."), LIMIT, CURSOR];

    fn take(values: &mut Values) -> Self {
        Self(ListQuery {
            q: values.text("q"),
            organization: None,
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        })
    }
}

async fn list(to: Allowed<ReadTeams>, Query(Named(query)): Query<Named>) -> Answer {
    let page = teams::list_organizations(&mut to.read(), &to.may, &query).await?;
    Ok(Reply::page(page.items.iter().map(shown).collect(), page.next_cursor).send())
}

/// The name of a place.
pub(super) struct Name(pub String);

impl FromJson for Name {
    const SCHEMA: &'static str = "Name";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let name = Self(fields.text("name"));
        fields.done(name)
    }
}

async fn create(
    to: Allowed<ManageTeams>,
    Query(query): Query<Rehearsal>,
    Json(Name(name)): Json<Name>,
) -> Answer {
    let mut work = to.begin().await?;
    let new = teams::create_organization(&mut work, &to.call, &to.may, &name).await?;
    let reply = Reply::created(&to.app, &format!("/organizations/{}", new.id), shown(&new));
    reply.version(new.version).after(work, query.dry_run).await
}

async fn show(to: Allowed<ReadTeams>, Id(id): Id) -> Answer {
    let mut work = to.read();
    let organization = teams::find_organization(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    if !to.may.covers(Some(&id), None) && !reaches_a_team(&mut work, to.may.reach(), &id).await? {
        return Err(Refusal::NotFound.into());
    }
    Ok(Reply::ok(shown(&organization)).version(organization.version).send())
}

/// Who sees a team sees the name of its organization, as in the list.
async fn reaches_a_team(
    work: &mut Work,
    reach: &Reach,
    organization: &str,
) -> Result<bool, Refusal> {
    let Reach::Places { teams, .. } = reach else { return Ok(true) };
    for id in teams {
        if teams::find_team(work, id).await?.is_some_and(|team| team.organization == organization) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn rename(
    to: Allowed<ManageTeams>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(Name(name)): Json<Name>,
) -> Answer {
    let mut work = to.begin().await?;
    let after =
        teams::rename_organization(&mut work, &to.call, &to.may, (&id, version), &name).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}

async fn delete(to: Allowed<ManageTeams>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    teams::delete_organization(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
