//! `/scopes`: the catalogue of what a token can be limited to.

use domain::Refusal;
use domain::access::{ManageScopes, ReadScopes};
use domain::scopes::{self, NewScope, Patch, Scope, ScopeKind};
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
    vec![
        Operation::new(Verb::Get, ("/scopes", "listScopes"), "List scopes", list).answers(
            200,
            Shape::Page("Scope"),
            "The whole catalogue, built-in ones first.",
        ),
        Operation::new(Verb::Post, ("/scopes", "createScope"), "Add a scope of your own", create)
            .answers(201, Shape::One("CreatedScope"), "Added.")
            .answers(200, Shape::One("CreatedScope"), "Tried only."),
        Operation::new(Verb::Get, ("/scopes/{name}", "getScope"), "Read a scope", show).answers(
            200,
            Shape::One("Scope"),
            "The scope.",
        ),
        Operation::new(Verb::Patch, ("/scopes/{name}", "updateScope"), "Change a scope of your own", change)
            .note("A scope that a client may ask for or a role allows keeps its kind: 409 names some of the clients.")
            .answers(200, Shape::One("CreatedScope"), "The scope as it is now.")
            .conflicts(),
        Operation::new(
            Verb::Delete,
            ("/scopes/{name}", "deleteScope"),
            "Delete a scope that nobody holds",
            delete,
        )
        .answers(204, Shape::Empty, "Deleted.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

fn shown(scope: &Scope) -> Value {
    json!({
        "name": scope.name,
        "kind": scope.kind,
        "description": scope.description,
        "resource": scope.resource,
        "is_system": scope.is_system,
    })
}

async fn list(to: Allowed<ReadScopes>) -> Answer {
    let scopes = scopes::list(&mut to.read()).await?;
    Ok(Reply::page(scopes.iter().map(shown).collect(), None).send())
}

impl FromJson for NewScope {
    const SCHEMA: &'static str = "NewScope";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let name = fields.text("name");
        let kind = Some(fields.text("kind")).filter(|kind| !kind.is_empty());
        let kind = kind.and_then(|kind| read_kind(&mut fields, &kind));
        let new = Self {
            name,
            kind: kind.unwrap_or(ScopeKind::Write),
            description: fields.perhaps_text("description").unwrap_or_default(),
            resource: fields.perhaps_text("resource"),
        };
        fields.done(new)
    }
}

fn read_kind(fields: &mut Fields, word: &str) -> Option<ScopeKind> {
    match word {
        "read" => Some(ScopeKind::Read),
        "write" => Some(ScopeKind::Write),
        _ => fields.refuse("kind", "One of `read`, `write` is needed."),
    }
}

impl FromJson for Patch {
    const SCHEMA: &'static str = "ScopePatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let kind = fields.changed_text("kind");
        let patch = Self {
            kind: kind.and_then(|kind| read_kind(&mut fields, &kind)),
            description: fields.changed_text("description"),
            resource: fields.has("resource").then(|| fields.perhaps_text("resource")),
        };
        fields.done(patch)
    }
}

async fn show(to: Allowed<ReadScopes>, Id(name): Id) -> Answer {
    let scope = scopes::find(&mut to.read(), &name).await?.ok_or(Refusal::NotFound)?;
    Ok(Reply::ok(shown(&scope)).version(scope.version).send())
}

async fn change(
    to: Allowed<ManageScopes>,
    Id(name): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(patch): Json<Patch>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = scopes::change(&mut work, &to.call, &to.may, (&name, version), patch).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}

async fn create(
    to: Allowed<ManageScopes>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewScope>,
) -> Answer {
    let mut work = to.begin().await?;
    let scope = scopes::create(&mut work, &to.call, &to.may, new).await?;
    let name: String = form_urlencoded::byte_serialize(scope.name.as_bytes()).collect();
    Reply::created(&to.app, &format!("/scopes/{name}"), shown(&scope))
        .version(scope.version)
        .after(work, query.dry_run)
        .await
}

async fn delete(to: Allowed<ManageScopes>, Id(name): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    scopes::delete(&mut work, &to.call, &to.may, &name).await?;
    Reply::gone().after(work, query.dry_run).await
}
