//! Bindings: a person or a client holds a role in a place.

use super::store;
use crate::access::ceiling::{self, Where};
use crate::access::{ManageRoles, May, PLATFORM_ADMINISTRATOR, Place, ReadRoles};
use crate::audit::{self, Object, differences};
use crate::teams::{self, Page, cursor};
use crate::{Call, Refusal, Work, accounts, clients};

/// Somebody holds a role somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `bnd_…`
    pub id: String,
    /// A person or a client.
    pub subject: String,
    /// The id of the role.
    pub role: String,
    /// Where.
    pub place: Place,
}

/// What is to be held.
#[derive(Debug, Clone)]
pub struct NewBinding {
    /// A person or a client.
    pub subject: String,
    /// The id of the role.
    pub role: String,
    /// Where.
    pub place: Place,
}

/// Which bindings are wanted.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only of this person or client.
    pub subject: Option<String>,
    /// Only of this role.
    pub role: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// A page of the bindings in the places the proof covers.
///
/// # Errors
/// When the database cannot answer.
pub async fn list_bindings(
    work: &mut Work,
    may: &May<ReadRoles>,
    query: &ListQuery,
) -> Result<Page<Binding>, Refusal> {
    let limit = cursor::limit(query.limit);
    let items = store::list_bindings(work, may.reach(), query, limit).await?;
    Ok(Page::cut(items, limit, |binding| binding.id.clone()))
}

/// Gives a role, from the next request on.
///
/// # Errors
/// `Invalid` for subject, role or a place that the proof does not cover; `Forbidden` naming the
/// first permission that the actor does not hold there, or that a client could use with the role and
/// the actor not; a conflict where it is held already.
pub async fn bind(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    new: NewBinding,
) -> Result<Binding, Refusal> {
    let organization = home(work, &new.place).await?;
    if !covers(may, &new.place, organization.as_deref()) {
        return Err(nowhere());
    }
    let Some(role) = store::find(work, &new.role).await? else {
        return Err(Refusal::field("role", "There is no such role."));
    };
    let place = Where::of(&new.place, organization.as_deref());
    ceiling::allows(may.authority(), &role.role.permissions, place)?;
    let subject = subject(work, &new, organization.as_deref()).await?;
    if let Some(held) = store::find_binding_of(work, &new).await? {
        let message = "This role is held there already.".into();
        return Err(Refusal::Conflict { message, ids: vec![held.id] });
    }
    within_ceiling(work, may, &new.subject).await?;
    crate::access::bind(work, call.now, &new.subject, &new.role, &new.place).await?;
    within_ceiling(work, may, &new.subject).await?;
    let binding = store::find_binding_of(work, &new).await?.ok_or(Refusal::NotFound)?;
    let changes = differences(&serde_json::Value::Null, &told(&binding));
    audit::record(work, call, "binding.created", &subject, &changes).await?;
    if is_of_administrator(&binding) {
        let given = audit::role_given(&binding.role, binding.place.told());
        audit::record_at_clients(work, call, &binding.subject, &given).await?;
    }
    Ok(binding)
}

/// Takes a role, from the next request on; gives back what was held.
///
/// # Errors
/// `NotFound` where the proof does not cover it; `Forbidden` naming the first permission of the role
/// that the actor does not hold there, or that the client it is taken from could use and the actor
/// not; a conflict for the last platform administrator.
pub async fn unbind(
    work: &mut Work,
    call: &Call,
    may: &May<ManageRoles>,
    id: &str,
) -> Result<Binding, Refusal> {
    let binding = store::find_binding(work, id).await?.ok_or(Refusal::NotFound)?;
    let organization = home(work, &binding.place).await.map_err(|_| Refusal::NotFound)?;
    if !covers(may, &binding.place, organization.as_deref()) {
        return Err(Refusal::NotFound);
    }
    if let Some(role) = store::find(work, &binding.role).await? {
        let place = Where::of(&binding.place, organization.as_deref());
        ceiling::allows(may.authority(), &role.role.permissions, place)?;
    }
    within_ceiling(work, may, &binding.subject).await?;
    if !store::delete_binding(work, id).await? {
        return Err(Refusal::NotFound);
    }
    if is_of_administrator(&binding) {
        accounts::keep_an_administrator(work).await?;
    }
    let changes = differences(&told(&binding), &serde_json::Value::Null);
    let is_person = binding.subject.starts_with("usr_");
    let kind = if is_person { "user" } else { "client" };
    let object = Object::new(kind, &binding.subject, &binding.subject);
    audit::record(work, call, "binding.deleted", &object, &changes).await?;
    let taken = audit::role_taken(&binding.role, binding.place.told());
    audit::record_at_clients(work, call, &binding.subject, &taken).await?;
    Ok(binding)
}

fn is_of_administrator(binding: &Binding) -> bool {
    binding.role == PLATFORM_ADMINISTRATOR && binding.place == Place::Instance
}

/// The organization of a place that is there; `None` for the instance.
async fn home(work: &mut Work, place: &Place) -> Result<Option<String>, Refusal> {
    match place {
        Place::Instance => Ok(None),
        Place::Organization(id) => {
            let found = teams::find_organization(work, id).await?;
            found.map(|organization| Some(organization.id)).ok_or_else(nowhere)
        }
        Place::Team(id) => {
            let found = teams::find_team(work, id).await?;
            found.map(|team| Some(team.organization)).ok_or_else(nowhere)
        }
    }
}

fn covers<P>(may: &May<P>, place: &Place, organization: Option<&str>) -> bool {
    let team = if let Place::Team(id) = place { Some(id.as_str()) } else { None };
    may.covers(organization, team)
}

/// Who is to hold it, as the trail names them.
async fn subject(
    work: &mut Work,
    new: &NewBinding,
    organization: Option<&str>,
) -> Result<Object, Refusal> {
    if let Some(email) = store::find_email(work, &new.subject).await? {
        return Ok(Object::new("user", &new.subject, email));
    }
    let Some(client) = clients::find(work, &new.subject).await? else {
        return Err(Refusal::field("subject", "There is no such person or client."));
    };
    if client.context_user.is_some() {
        let why = "This client acts for its context user, and holds no role of its own.";
        return Err(Refusal::field("subject", why));
    }
    if client.organization.is_some() && client.organization.as_deref() != organization {
        return Err(Refusal::field("place", "A client cannot reach beyond its own organization."));
    }
    Ok(Object::new("client", &new.subject, client.name.as_str()))
}

/// Whoever holds less than a client lays no hand on what it holds, as with its secrets.
async fn within_ceiling(
    work: &mut Work,
    may: &May<ManageRoles>,
    subject: &str,
) -> Result<(), Refusal> {
    match clients::find(work, subject).await? {
        Some(client) => clients::within_ceiling(work, may, None, &client).await,
        None => Ok(()),
    }
}

fn told(binding: &Binding) -> serde_json::Value {
    serde_json::json!({ "role": binding.role, "place": binding.place.told() })
}

fn nowhere() -> Refusal {
    Refusal::field("place", "There is no such place.")
}
