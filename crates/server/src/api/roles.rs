//! `/roles`: named sets of permissions, built in or defined by administrators.

use domain::access::{ManageRoles, ReadRoles, Role};
use domain::roles::{self, NewRole, Patch, Versioned};
use domain::{Refusal, clients};
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
    let all = |id| ("/roles", id);
    let one = |id| ("/roles/{id}", id);
    vec![
        Operation::new(Verb::Get, all("listRoles"), "List roles", list).answers(
            200,
            Shape::Page("Role"),
            "Every role with its permissions, built-in ones first.",
        ),
        Operation::new(Verb::Post, all("createRole"), "Define a role", create)
            .note("A permission is a built-in one, or the name of a scope of the catalogue. Nobody gives more than they hold.")
            .answers(201, Shape::One("CreatedRole"), "Defined.")
            .answers(200, Shape::One("CreatedRole"), "Tried only."),
        Operation::new(Verb::Get, one("getRole"), "Read a role", show).answers(
            200,
            Shape::One("Role"),
            "The role.",
        ),
        Operation::new(Verb::Patch, one("updateRole"), "Change a role", change)
            .note("Counts for everybody who holds it from their next request on. `revoke_tokens`, which needs `token:revoke` too, ends everything issued through the clients that hold it or act on their own for a person who does; `revoked_clients` says how many. Other applications keep what people gave them: it answers to what those people may do at each use.")
            .answers(200, Shape::One("ChangedRole"), "The role as it is now.")
            .conflicts(),
        Operation::new(Verb::Delete, one("deleteRole"), "Delete a role that nobody holds", delete)
            .answers(204, Shape::Empty, "Deleted.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
    ]
}

fn shown(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "permissions": role.permissions,
        "is_system": role.is_system,
    })
}

impl FromJson for NewRole {
    const SCHEMA: &'static str = "NewRole";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let new = Self {
            name: fields.text("name"),
            description: fields.perhaps_text("description").unwrap_or_default(),
            permissions: fields.texts("permissions"),
        };
        fields.done(new)
    }
}

/// Another role, and whether the tokens under it are to end with the change.
struct Edit {
    patch: Patch,
    revoke_tokens: bool,
}

impl FromJson for Edit {
    const SCHEMA: &'static str = "RolePatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let patch = Patch {
            name: fields.changed_text("name"),
            description: fields.changed_text("description"),
            permissions: fields.changed_texts("permissions"),
        };
        let revoke_tokens = fields.flag("revoke_tokens");
        fields.done(Self { patch, revoke_tokens })
    }
}

async fn list(to: Allowed<ReadRoles>) -> Answer {
    let roles = roles::list(&mut to.read(), &to.may).await?;
    Ok(Reply::page(roles.iter().map(shown).collect(), None).send())
}

async fn create(
    to: Allowed<ManageRoles>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewRole>,
) -> Answer {
    let mut work = to.begin().await?;
    let Versioned { role, version } = roles::create(&mut work, &to.call, &to.may, new).await?;
    let reply = Reply::created(&to.app, &format!("/roles/{}", role.id), shown(&role));
    reply.version(version).after(work, query.dry_run).await
}

async fn show(to: Allowed<ReadRoles>, Id(id): Id) -> Answer {
    let found = roles::find(&mut to.read(), &to.may, &id).await?.ok_or(Refusal::NotFound)?;
    Ok(Reply::ok(shown(&found.role)).version(found.version).send())
}

async fn change(
    to: Allowed<ManageRoles>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(Edit { patch, revoke_tokens }): Json<Edit>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = roles::change(&mut work, &to.call, &to.may, (&id, version), patch).await?;
    let mut answer = shown(&after.role);
    if revoke_tokens {
        let may = to.may.authority().may()?;
        let ended = clients::revoke_tokens_under_role(&mut work, &to.call, &may, &id).await?;
        answer["revoked_clients"] = ended.into();
    }
    Reply::ok(answer).version(after.version).after(work, query.dry_run).await
}

async fn delete(to: Allowed<ManageRoles>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    roles::delete(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
