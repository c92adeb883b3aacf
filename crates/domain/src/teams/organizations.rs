//! What administrators do with organizations.

use super::members::tell_lost;
use super::{ListQuery, Organization, Page, cursor, store};
use crate::access::{ManageTeams, May, Place, Reach, ReadTeams};
use crate::audit;
use crate::{Call, Fault, FoldedName, Refusal, Work, id};

/// An organization, for rules that have their own proof.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_organization(work: &mut Work, id: &str) -> Result<Option<Organization>, Fault> {
    store::find_organization(work, id).await
}

/// A page of the organizations the proof covers, or covers a team of, by name.
///
/// # Errors
/// When the cursor is not one of ours or the database cannot answer.
pub async fn list_organizations(
    work: &mut Work,
    may: &May<ReadTeams>,
    query: &ListQuery,
) -> Result<Page<Organization>, Refusal> {
    query.check()?;
    let limit = cursor::limit(query.limit);
    let items = store::list_organizations(work, may.reach(), query, limit).await?;
    Ok(Page::cut(items, limit, |item| store::cursor_of(&item.name, &item.id)))
}

/// Creates an organization.
///
/// # Errors
/// `Forbidden` without the right at the instance, `Invalid` for the name.
pub async fn create_organization(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    name: &str,
) -> Result<Organization, Refusal> {
    everywhere(may)?;
    let name = named(name)?;
    let id = id::text(&work.instance.chance, "org_")?;
    let new = Organization { id, name: name.name, version: 1, created_at: call.now };
    store::insert_organization(work, &new, &name.key).await.map_err(taken)?;
    let changes =
        audit::differences(&serde_json::Value::Null, &serde_json::json!({ "name": new.name }));
    audit::record(work, call, "organization.created", &new.as_object(), &changes).await?;
    Ok(new)
}

/// Renames an organization.
///
/// # Errors
/// `NotFound` where the proof does not cover it, `Stale`, `Invalid` for the name.
pub async fn rename_organization(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    (id, if_version): (&str, Option<i64>),
    name: &str,
) -> Result<Organization, Refusal> {
    let before = covered(work, may, id).await?;
    let name = named(name)?;
    if if_version.is_some_and(|version| version != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    if name.name == before.name {
        return Ok(before);
    }
    if !store::set_organization_name(work, id, before.version, &name).await.map_err(taken)? {
        let current = store::find_organization(work, id).await?.ok_or(Refusal::NotFound)?;
        return Err(Refusal::Stale { current: current.version });
    }
    let after = Organization { name: name.name, version: before.version + 1, ..before.clone() };
    let [old, new] = [&before, &after].map(|it| serde_json::json!({ "name": it.name }));
    let changes = audit::differences(&old, &new);
    audit::record(work, call, "organization.updated", &after.as_object(), &changes).await?;
    Ok(after)
}

/// Deletes an organization that has no teams and that no client names. Roles held there end.
///
/// # Errors
/// `Conflict` names the teams or clients in the way.
pub async fn delete_organization(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    id: &str,
) -> Result<(), Refusal> {
    everywhere(may)?;
    let organization = store::find_organization(work, id).await?.ok_or(Refusal::NotFound)?;
    let teams = store::list_team_ids_of(work, id).await?;
    if !teams.is_empty() {
        let message = "This organization still has teams. Delete them first.".into();
        return Err(Refusal::Conflict { message, ids: teams });
    }
    let clients = store::list_clients_at(work, id).await?;
    if !clients.is_empty() {
        let message =
            "Clients belong or are restricted to this organization. Change them first.".into();
        return Err(Refusal::Conflict { message, ids: clients });
    }
    let place = Place::Organization(organization.id.clone());
    let lost = store::list_roles_in_context(work, &place).await?;
    if !store::delete_organization(work, id).await? {
        return Err(Refusal::NotFound);
    }
    audit::record(work, call, "organization.deleted", &organization.as_object(), &[]).await?;
    Ok(tell_lost(work, call, &place, &lost).await?)
}

async fn covered(
    work: &mut Work,
    may: &May<ManageTeams>,
    id: &str,
) -> Result<Organization, Refusal> {
    let organization = store::find_organization(work, id).await?;
    organization.filter(|it| may.covers(Some(&it.id), None)).ok_or(Refusal::NotFound)
}

fn everywhere(may: &May<ManageTeams>) -> Result<(), Refusal> {
    if *may.reach() == Reach::Everywhere {
        return Ok(());
    }
    let because = "Organizations are created and deleted for the whole instance.".to_owned();
    Err(Refusal::Forbidden { missing: "team:manage".into(), because })
}

pub(super) fn named(name: &str) -> Result<FoldedName, Refusal> {
    FoldedName::parse("name", name).map_err(|error| Refusal::Invalid(vec![error]))
}

fn taken(fault: Fault) -> Refusal {
    if fault.is_conflict("organizations", "name_key") {
        return Refusal::field("name", "Another organization has this name.");
    }
    fault.into()
}
