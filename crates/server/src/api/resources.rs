//! `/resources`: the servers that tokens are for (RFC 8707).

use domain::Refusal;
use domain::access::{ManageScopes, ReadScopes};
use domain::resources::{self, NewResource, Patch, Resource};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::{Id, Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let one = |id| ("/resources/{id}", id);
    vec![
        Operation::new(Verb::Get, ("/resources", "listResources"), "List resource servers", list)
            .answers(200, Shape::Page("Resource"), "All of them, built-in ones first."),
        Operation::new(
            Verb::Post,
            ("/resources", "createResource"),
            "Add a resource server",
            create,
        )
        .answers(201, Shape::One("CreatedResource"), "Added.")
        .answers(200, Shape::One("CreatedResource"), "Tried only."),
        Operation::new(Verb::Get, one("getResource"), "Read a resource server", show).answers(
            200,
            Shape::One("Resource"),
            "The resource server.",
        ),
        Operation::new(Verb::Patch, one("updateResource"), "Change a resource server", change)
            .note("Its identifier stays: tokens carry it.")
            .answers(200, Shape::One("CreatedResource"), "The resource server as it is now."),
        Operation::new(
            Verb::Delete,
            one("deleteResource"),
            "Delete a resource server that nothing names",
            delete,
        )
        .answers(204, Shape::Empty, "Deleted.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

fn shown(resource: &Resource) -> Value {
    json!({
        "id": resource.id,
        "identifier": resource.identifier,
        "name": resource.name,
        "introspecting_clients": resource.introspecting_clients,
        "is_system": resource.is_system,
    })
}

async fn list(to: Allowed<ReadScopes>) -> Answer {
    let resources = resources::list(&mut to.read(), &to.may).await?;
    Ok(Reply::page(resources.iter().map(shown).collect(), None).send())
}

impl FromJson for NewResource {
    const SCHEMA: &'static str = "NewResource";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let new = Self {
            identifier: fields.text("identifier"),
            name: fields.text("name"),
            introspecting_clients: fields.perhaps_texts("introspecting_clients"),
        };
        fields.done(new)
    }
}

impl FromJson for Patch {
    const SCHEMA: &'static str = "ResourcePatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let patch = Self {
            identifier: fields.changed_text("identifier"),
            name: fields.changed_text("name"),
            introspecting_clients: fields.changed_texts("introspecting_clients"),
        };
        fields.done(patch)
    }
}

async fn change(
    to: Allowed<ManageScopes>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(patch): Json<Patch>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = resources::change(&mut work, &to.call, &to.may, (&id, version), patch).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}

async fn create(
    to: Allowed<ManageScopes>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewResource>,
) -> Answer {
    let mut work = to.begin().await?;
    let resource = resources::create(&mut work, &to.call, &to.may, new).await?;
    let path = format!("/resources/{}", resource.id);
    Reply::created(&to.app, &path, shown(&resource))
        .version(resource.version)
        .after(work, query.dry_run)
        .await
}

async fn show(to: Allowed<ReadScopes>, Id(id): Id) -> Answer {
    let resource = resources::find(&mut to.read(), &id).await?.ok_or(Refusal::NotFound)?;
    Ok(Reply::ok(shown(&resource)).version(resource.version).send())
}

async fn delete(to: Allowed<ManageScopes>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    resources::delete(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
