//! `/roles`: named sets of permissions.

use domain::access::{ReadRoles, SYSTEM_ROLES, SystemRole};
use serde_json::{Value, json};

use super::answer::Reply;
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![Operation::new(Verb::Get, ("/roles", "listRoles"), "List roles", list).answers(
        200,
        Shape::Page("Role"),
        "Every built-in role with its permissions.",
    )]
}

fn shown(role: &SystemRole) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "permissions": role.permissions(),
        "is_system": true,
    })
}

async fn list(_: Allowed<ReadRoles>) -> Answer {
    Ok(Reply::page(SYSTEM_ROLES.iter().map(shown).collect(), None).send())
}
