//! `/teams`: where people work together.

use domain::Refusal;
use domain::access::{ManageTeams, ReadTeams};
use domain::teams::{self, Leaving, ListQuery, Team};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::organizations::Name;
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let all = |id| ("/teams", id);
    let one = |id| ("/teams/{id}", id);
    vec![
        Operation::new(Verb::Get, all("listTeams"), "List teams", list).answers(
            200,
            Shape::Page("Team"),
            "A page of the teams that the token reaches, by name.",
        ),
        Operation::new(Verb::Post, all("createTeam"), "Create a team", create)
            .answers(201, Shape::One("CreatedTeam"), "Created.")
            .answers(200, Shape::One("CreatedTeam"), "Tried only."),
        Operation::new(Verb::Get, one("getTeam"), "Read a team", show).answers(
            200,
            Shape::One("Team"),
            "The team.",
        ),
        Operation::new(Verb::Patch, one("renameTeam"), "Rename a team", rename).answers(
            200,
            Shape::One("CreatedTeam"),
            "The team as it is now.",
        ),
        Operation::new(Verb::Delete, one("deleteTeam"), "Delete a team without members", delete)
            .answers(204, Shape::Empty, "Deleted.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
    ]
}

fn shown(team: &Team) -> Value {
    json!({ "id": team.id, "organization": team.organization, "name": team.name })
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("q", Type::Text, "Part of the name."),
        Parameter::query("organization", Type::Text, "Only teams of this organization."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        Self {
            q: values.text("q"),
            organization: values.text("organization"),
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        }
    }
}

async fn list(to: Allowed<ReadTeams>, Query(query): Query<ListQuery>) -> Answer {
    let page = teams::list_teams(&mut to.read(), &to.may, &query).await?;
    Ok(Reply::page(page.items.iter().map(shown).collect(), page.next_cursor).send())
}

struct NewTeam {
    organization: String,
    name: String,
}

impl FromJson for NewTeam {
    const SCHEMA: &'static str = "NewTeam";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let new = Self { organization: fields.text("organization"), name: fields.text("name") };
        fields.done(new)
    }
}

async fn create(
    to: Allowed<ManageTeams>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewTeam>,
) -> Answer {
    let mut work = to.begin().await?;
    let team =
        teams::create_team(&mut work, &to.call, &to.may, &new.organization, &new.name).await?;
    let reply = Reply::created(&to.app, &format!("/teams/{}", team.id), shown(&team));
    reply.version(team.version).after(work, query.dry_run).await
}

async fn show(to: Allowed<ReadTeams>, Id(id): Id) -> Answer {
    let team = teams::find_team(&mut to.read(), &id).await?;
    let team = team.filter(|team| to.may.covers(Some(&team.organization), Some(&team.id)));
    let team = team.ok_or(Refusal::NotFound)?;
    Ok(Reply::ok(shown(&team)).version(team.version).send())
}

async fn rename(
    to: Allowed<ManageTeams>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(Name(name)): Json<Name>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = teams::rename_team(&mut work, &to.call, &to.may, (&id, version), &name).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}

async fn delete(to: Allowed<ManageTeams>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    teams::delete_team(&mut work, &to.call, &to.may, &id, Leaving::Refused).await?;
    Reply::gone().after(work, query.dry_run).await
}
