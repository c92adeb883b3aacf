//! What administrators do with teams.

use super::members::tell_lost;
use super::organizations::named;
use super::{Page, Team, cursor, store};
use crate::access::{ManageTeams, May, Place, ReadTeams};
use crate::audit;
use crate::{Call, Fault, Refusal, Work, id};

/// Which organizations or teams are wanted, by name.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Part of the name.
    pub q: Option<String>,
    /// Only teams of this organization.
    pub organization: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

impl ListQuery {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match &self.cursor {
            Some(cursor) if cursor::key_and_id(cursor).is_none() => Err(cursor::bad()),
            _ => Ok(()),
        }
    }
}

/// What becomes of the members of a team that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// A team with members is not deleted.
    Refused,
    /// They lose what they held there.
    WithMembers,
}

/// A team, for rules that have their own proof.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_team(work: &mut Work, id: &str) -> Result<Option<Team>, Fault> {
    store::find_team(work, id).await
}

/// A page of the teams the proof covers, by name.
///
/// # Errors
/// When the cursor is not one of ours or the database cannot answer.
pub async fn list_teams(
    work: &mut Work,
    may: &May<ReadTeams>,
    query: &ListQuery,
) -> Result<Page<Team>, Refusal> {
    query.check()?;
    let limit = cursor::limit(query.limit);
    let items = store::list_teams(work, may.reach(), query, limit).await?;
    Ok(Page::cut(items, limit, |item| store::cursor_of(&item.name, &item.id)))
}

/// Creates a team in an organization.
///
/// # Errors
/// `Invalid` for the name, or for an organization that the proof does not cover.
pub async fn create_team(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    organization: &str,
    name: &str,
) -> Result<Team, Refusal> {
    let name = named(name)?;
    let found = store::find_organization(work, organization).await?;
    if found.is_none() || !may.covers(Some(organization), None) {
        return Err(Refusal::field("organization", "There is no such organization."));
    }
    let id = id::text(&work.instance.chance, "team_")?;
    let (organization, created_at) = (organization.to_owned(), call.now);
    let new = Team { id, organization, name: name.name, version: 1, created_at };
    store::insert_team(work, &new, &name.key).await.map_err(taken)?;
    let after = serde_json::json!({ "name": new.name, "organization": new.organization });
    let changes = audit::differences(&serde_json::Value::Null, &after);
    audit::record(work, call, "team.created", &new.as_object(), &changes).await?;
    Ok(new)
}

/// Renames a team.
///
/// # Errors
/// `NotFound` where the proof does not cover it, `Stale`, `Invalid` for the name.
pub async fn rename_team(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    (id, if_version): (&str, Option<i64>),
    name: &str,
) -> Result<Team, Refusal> {
    let before = covered(work, may, id).await?;
    let name = named(name)?;
    if if_version.is_some_and(|version| version != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    if name.name == before.name {
        return Ok(before);
    }
    if !store::set_team_name(work, id, before.version, &name).await.map_err(taken)? {
        let current = store::find_team(work, id).await?.ok_or(Refusal::NotFound)?;
        return Err(Refusal::Stale { current: current.version });
    }
    let after = Team { name: name.name, version: before.version + 1, ..before.clone() };
    let [old, new] = [&before, &after].map(|it| serde_json::json!({ "name": it.name }));
    audit::record(work, call, "team.updated", &after.as_object(), &audit::differences(&old, &new))
        .await?;
    Ok(after)
}

/// Deletes a team that no client names. Tokens that name it lose what they could do there.
///
/// # Errors
/// `NotFound` where the proof does not cover it; `Conflict` for members, or naming the clients.
pub async fn delete_team(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    id: &str,
    leaving: Leaving,
) -> Result<(), Refusal> {
    let team = covered(work, may, id).await?;
    let clients = store::list_clients_at(work, id).await?;
    if !clients.is_empty() {
        let message = "Clients are owned by or restricted to this team. Change them first.".into();
        return Err(Refusal::Conflict { message, ids: clients });
    }
    if leaving == Leaving::Refused && store::is_bound(work, "team", id).await? {
        return Err(Refusal::conflict("This team still has members. Remove them first."));
    }
    let place = Place::Team(team.id.clone());
    let lost = store::list_roles_in_context(work, &place).await?;
    if !store::delete_team(work, id).await? {
        return Err(Refusal::NotFound);
    }
    audit::record(work, call, "team.deleted", &team.as_object(), &[]).await?;
    Ok(tell_lost(work, call, &place, &lost).await?)
}

/// The team, where the proof covers it; nobody learns of others.
pub(super) async fn covered<P>(work: &mut Work, may: &May<P>, id: &str) -> Result<Team, Refusal> {
    let team = store::find_team(work, id).await?;
    team.filter(|it| may.covers(Some(&it.organization), Some(&it.id))).ok_or(Refusal::NotFound)
}

fn taken(fault: Fault) -> Refusal {
    if fault.is_conflict("teams", "name_key") {
        return Refusal::field("name", "Another team of this organization has this name.");
    }
    fault.into()
}
