//! Making and deleting resources of one's own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Resource, store};
use crate::access::{ManageScopes, May, Reach};
use crate::audit::{self, Object, differences};
use crate::text::FoldedName;
use crate::{Call, FieldError, Refusal, Work, id};

/// A resource as it is asked for.
#[derive(Debug, Clone)]
pub struct NewResource {
    /// An absolute URI without a fragment.
    pub identifier: String,
    /// Shown name.
    pub name: String,
    /// The clients that may introspect tokens for it.
    pub introspecting_clients: Vec<String>,
}

/// Adds a resource server.
///
/// # Errors
/// Fields that are not as they must be; `Forbidden` below the whole instance.
pub async fn create(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    new: NewResource,
) -> Result<Resource, Refusal> {
    everywhere(may)?;
    let mut errors = Vec::new();
    if let Err(why) = protocol::resource::Resource::parse(&new.identifier) {
        errors
            .push(FieldError { field: "identifier".into(), message: why.description.into_owned() });
    }
    let name = FoldedName::parse("name", &new.name);
    errors.extend(name.as_ref().err().cloned());
    let clients = introspectors(work, new.introspecting_clients, &mut errors).await?;
    let Some(name) = name.ok().filter(|_| errors.is_empty()) else {
        return Err(Refusal::Invalid(errors));
    };
    let resource = Resource {
        id: id::text(&work.instance.chance, "res_")?,
        identifier: new.identifier,
        name: name.name,
        is_system: false,
        introspecting_clients: clients,
        version: 1,
    };
    store::insert(work, &resource, call.now).await.map_err(|fault| match fault {
        fault if fault.is_conflict("resources", "identifier") => {
            Refusal::field("identifier", "There is a resource with this identifier already.")
        }
        fault => fault.into(),
    })?;
    let changes = differences(&Value::Null, &told(&resource));
    audit::record(work, call, "resource.created", &object(&resource), &changes).await?;
    Ok(resource)
}

/// Deletes a resource that no scope and no client's default names any more.
///
/// # Errors
/// `NotFound`; a conflict for a built-in one and for one in use.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<ManageScopes>,
    id: &str,
) -> Result<(), Refusal> {
    everywhere(may)?;
    let resource = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    if resource.is_system {
        return Err(Refusal::conflict("Built-in resources cannot be deleted."));
    }
    if !store::delete_unused(work, &resource).await? {
        let message =
            "Scopes belong to this resource, or clients default to it. Change those first.";
        return Err(Refusal::conflict(message));
    }
    let changes = differences(&told(&resource), &Value::Null);
    Ok(audit::record(work, call, "resource.deleted", &object(&resource), &changes).await?)
}

/// The clients that may introspect, each once; complains about those that cannot.
pub(super) async fn introspectors(
    work: &mut Work,
    given: Vec<String>,
    errors: &mut Vec<FieldError>,
) -> Result<Vec<String>, Refusal> {
    let clients: BTreeSet<String> = given.into_iter().collect();
    if clients.len() > 100 {
        let message = "At most 100 clients.".into();
        errors.push(FieldError { field: "introspecting_clients".into(), message });
    }
    for client in clients.iter().take(100) {
        errors.extend(client_error(work, client).await?);
    }
    Ok(clients.into_iter().collect())
}

/// Introspection needs a client that exists and can prove itself.
async fn client_error(work: &mut Work, client: &str) -> Result<Option<FieldError>, Refusal> {
    let sql = "SELECT confidential FROM clients WHERE id = $1";
    let shown: String =
        client.chars().filter(|c| !crate::text::is_invisible(*c)).take(60).collect();
    let message = match work.tx.query_one(sql, db::params![client.replace('\0', "")]).await? {
        None => format!("There is no client `{shown}`."),
        Some(row) if !row.get::<bool>(0)? => {
            format!("`{shown}` is public; who introspects must prove itself.")
        }
        Some(_) => return Ok(None),
    };
    Ok(Some(FieldError { field: "introspecting_clients".into(), message }))
}

/// The catalogue is one for the whole instance.
pub(super) fn everywhere(may: &May<ManageScopes>) -> Result<(), Refusal> {
    let because =
        "Resources belong to the whole instance; you hold this permission in some places only."
            .to_owned();
    let whole = may.reach() == &Reach::Everywhere;
    whole
        .then_some(())
        .ok_or_else(|| Refusal::Forbidden { missing: "scope:manage".into(), because })
}

pub(super) fn object(resource: &Resource) -> Object {
    Object::new("resource", &resource.id, &resource.name)
}

pub(super) fn told(resource: &Resource) -> Value {
    json!({
        "identifier": resource.identifier, "name": resource.name,
        "introspecting_clients": resource.introspecting_clients,
    })
}
