//! `/permissions`: what roles are made of, built in or defined by administrators.

use domain::Refusal;
use domain::access::{Effect, ManageRoles, ReadRoles};
use domain::roles::{self, Permission};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::{Id, Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let all = |id| ("/permissions", id);
    let one = |id| ("/permissions/{id}", id);
    vec![
        Operation::new(Verb::Get, all("listPermissions"), "List permissions", list).answers(
            200,
            Shape::Page("Permission"),
            "Every permission, by name.",
        ),
        Operation::new(Verb::Post, all("createPermission"), "Define a permission", create)
            .note("For an API that this server protects. A scope of the same name lets tokens use it.")
            .answers(201, Shape::One("CreatedPermission"), "Defined.")
            .answers(200, Shape::One("CreatedPermission"), "Tried only."),
        Operation::new(Verb::Get, one("getPermission"), "Read a permission", show).answers(
            200,
            Shape::One("Permission"),
            "The permission.",
        ),
        Operation::new(Verb::Patch, one("describePermission"), "Describe a permission", describe)
            .note("Its name and its kind stay: roles hold it by name.")
            .answers(200, Shape::One("CreatedPermission"), "The permission as it is now.")
            .conflicts(),
        Operation::new(
            Verb::Delete,
            one("deletePermission"),
            "Delete a permission that no role holds",
            delete,
        )
        .answers(204, Shape::Empty, "Deleted.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

fn shown(permission: &Permission) -> Value {
    json!({
        "name": permission.name,
        "kind": permission.effect,
        "description": permission.description,
        "is_system": permission.is_system,
    })
}

/// What a new permission is to be.
struct NewPermission {
    name: String,
    effect: Effect,
    description: String,
}

impl FromJson for NewPermission {
    const SCHEMA: &'static str = "NewPermission";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let kind = fields.text("kind");
        let known = [Effect::Read, Effect::Write].into_iter().find(|e| e.as_str() == kind);
        let effect = known.or_else(|| fields.refuse("kind", "One of `read`, `write` is needed."));
        let new = Self {
            name: fields.text("name"),
            effect: effect.unwrap_or(Effect::Write),
            description: fields.perhaps_text("description").unwrap_or_default(),
        };
        fields.done(new)
    }
}

/// Another description.
struct PermissionPatch(Option<String>);

impl FromJson for PermissionPatch {
    const SCHEMA: &'static str = "PermissionPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let description = fields.changed_text("description");
        fields.done(Self(description))
    }
}

async fn list(to: Allowed<ReadRoles>) -> Answer {
    let all = roles::list_permissions(&mut to.read(), &to.may).await?;
    Ok(Reply::page(all.iter().map(shown).collect(), None).send())
}

async fn create(
    to: Allowed<ManageRoles>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewPermission>,
) -> Answer {
    let mut work = to.begin().await?;
    let what = (new.name.as_str(), new.effect, new.description.as_str());
    let made = roles::create_permission(&mut work, &to.call, &to.may, what).await?;
    let reply = Reply::created(&to.app, &format!("/permissions/{}", made.name), shown(&made));
    reply.after(work, query.dry_run).await
}

async fn show(to: Allowed<ReadRoles>, Id(name): Id) -> Answer {
    let found = roles::find_permission(&mut to.read(), &to.may, &name).await?;
    Ok(Reply::ok(shown(&found)).send())
}

async fn describe(
    to: Allowed<ManageRoles>,
    Id(name): Id,
    Query(query): Query<Rehearsal>,
    Json(PermissionPatch(description)): Json<PermissionPatch>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = match description {
        Some(text) => {
            roles::describe_permission(&mut work, &to.call, &to.may, (&name, &text)).await?
        }
        None => roles::find_permission(&mut work, &to.may.authority().may()?, &name).await?,
    };
    Reply::ok(shown(&after)).after(work, query.dry_run).await
}

async fn delete(to: Allowed<ManageRoles>, Id(name): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    roles::delete_permission(&mut work, &to.call, &to.may, &name).await?;
    Reply::gone().after(work, query.dry_run).await
}
