//! Who belongs to a team, with which role.

use super::rules::covered;
use super::{ListQuery, Page, Team, cursor, store};
use crate::access::ceiling::{self, Where};
use crate::access::{self, ManageTeams, May, Place, ReadTeams};
use crate::audit::{self, Change};
use crate::{Call, Fault, Refusal, UserId, Work};

/// Somebody with a role at a team itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// The ids of the roles they hold there.
    pub roles: Vec<String>,
}

/// Every team a person belongs to now, by name: by a role there, or at its organization. Whether
/// the person may act at all is not asked here.
///
/// # Errors
/// When the database cannot answer.
pub async fn teams_of_user(work: &mut Work, user: &UserId) -> Result<Vec<Team>, Fault> {
    store::list_teams_of(work, user.as_str()).await
}

/// A page of the people with a role at the team itself, by name: of those whose name or address holds
/// what is looked for.
///
/// # Errors
/// `NotFound` where the proof does not cover the team; `Invalid` for a cursor that is not ours.
pub async fn list_members(
    work: &mut Work,
    may: &May<ReadTeams>,
    team: &str,
    query: &ListQuery,
) -> Result<Page<Member>, Refusal> {
    covered(work, may, team).await?;
    query.check()?;
    let limit = cursor::limit(query.limit);
    let items = store::list_members(work, team, query, limit).await?;
    let cursor = |it: &Member| cursor::of_key_and_id(&it.display_name, it.user.as_str());
    Ok(Page::cut(items, limit, cursor))
}

/// Gives a person a role at a team, from the next request on. Nobody gives a role that allows
/// more than they may do there themselves.
///
/// # Errors
/// `NotFound` where the proof does not cover the team, `Invalid` for person or role, `Forbidden`
/// naming the first permission that is missing.
pub async fn add_member(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    (team, user): (&str, &UserId),
    role: &str,
) -> Result<(), Refusal> {
    let team = covered(work, may, team).await?;
    let Some(email) = store::find_email(work, user).await? else {
        return Err(Refusal::field("user", "There is no such person."));
    };
    let Some(permissions) = store::find_permissions_of_role(work, role).await? else {
        return Err(Refusal::field("role", "There is no such role."));
    };
    let there = Where::Team { id: &team.id, organization: &team.organization };
    ceiling::allows(may.authority(), &permissions, there)?;
    if store::is_member(work, &team.id, user, role).await? {
        return Ok(());
    }
    access::bind(work, call.now, user.as_str(), role, &Place::Team(team.id.clone())).await?;
    let after = serde_json::json!({ "user": user, "email": email, "role": role });
    let changes = [Change { field: "member".into(), before: serde_json::Value::Null, after }];
    audit::record(work, call, "team.member_added", &team.as_object(), &changes).await?;
    Ok(())
}

/// Takes every role at a team from a person, from the next request on. What they hold at the
/// organization stays.
///
/// # Errors
/// `NotFound` where the proof does not cover the team or the person holds no role there.
pub async fn remove_member(
    work: &mut Work,
    call: &Call,
    may: &May<ManageTeams>,
    team: &str,
    user: &UserId,
) -> Result<(), Refusal> {
    let team = covered(work, may, team).await?;
    let place = Place::Team(team.id.clone());
    let mut lost = store::list_roles_in_context(work, &place).await?;
    lost.retain(|(holder, _)| holder == user.as_str());
    if !store::delete_membership(work, &team.id, user).await? {
        return Err(Refusal::NotFound);
    }
    let before = serde_json::json!({ "user": user });
    let changes = [Change { field: "member".into(), before, after: serde_json::Value::Null }];
    audit::record(work, call, "team.member_removed", &team.as_object(), &changes).await?;
    Ok(tell_lost(work, call, &place, &lost).await?)
}

/// Tells the clients that act for these people that they lost these roles.
pub(super) async fn tell_lost(
    work: &mut Work,
    call: &Call,
    place: &Place,
    lost: &[(String, String)],
) -> Result<(), Fault> {
    for (person, role) in lost {
        let taken = audit::role_taken(role, place.told());
        audit::record_at_clients(work, call, person, &taken).await?;
    }
    Ok(())
}
