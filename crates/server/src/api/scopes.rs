//! `/scopes`: the catalogue of what a token can be limited to.

use domain::Refusal;
use domain::access::{ManageScopes, ReadScopes};
use domain::scopes::{self, NewScope, Scope, ScopeKind};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
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
        let kind = match fields.text("kind").as_str() {
            "read" => Some(ScopeKind::Read),
            "write" => Some(ScopeKind::Write),
            "" => None,
            _ => fields.refuse("kind", "One of `read`, `write` is needed."),
        };
        let new = Self {
            name,
            kind: kind.unwrap_or(ScopeKind::Write),
            description: fields.perhaps_text("description").unwrap_or_default(),
            resource: fields.perhaps_text("resource"),
        };
        fields.done(new)
    }
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
        .after(work, query.dry_run)
        .await
}

async fn delete(to: Allowed<ManageScopes>, Id(name): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    scopes::delete(&mut work, &to.call, &to.may, &name).await?;
    Reply::gone().after(work, query.dry_run).await
}
