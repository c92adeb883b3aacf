//! What administrators do with sign-in policies. Whoever writes one decides about everybody it is
//! for, so it takes somebody who may do everything.

use std::collections::BTreeSet;

use super::{Access, DEFAULT, Policy, Requirement, SignOnProfile, Subjects, default, store};
use crate::access::{ManageSettings, May, PLATFORM_ADMINISTRATOR, Permission, Reach, ReadSettings};
use crate::accounts::{administrators, ceiling};
use crate::audit::{self, differences};
use crate::settings::{Number, SESSION_IDLE_LIFETIME, SESSION_LIFETIME};
use crate::teams::{Page, cursor};
use crate::text::free_text;
use crate::{Call, Fault, FieldError, FoldedName, Refusal, UserId, Work, id};

/// A policy is for at most so many people, teams and roles together.
const SUBJECTS: usize = 500;
/// The least and the highest priority.
const PRIORITIES: std::ops::RangeInclusive<i64> = 1..=1000;

/// What a policy is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Shown name, unique.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// 1 to 1000, unique.
    pub priority: i64,
    /// May they sign in?
    pub access: Access,
    /// Where they prove who they are.
    pub sign_on_profile: SignOnProfile,
    /// What is asked besides the password.
    pub second_factor: Requirement,
    /// Seconds; `None`: as the settings say.
    pub session_lifetime: Option<i64>,
    /// Seconds; `None`: as the settings say.
    pub session_idle_lifetime: Option<i64>,
    /// For whom.
    pub assigned_to: Subjects,
}

/// What is to change; `None` stays.
#[derive(Debug, Clone, Default)]
#[expect(clippy::option_option, reason = "seconds stay, go back to the settings, or are others")]
pub struct Patch {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another place in the order.
    pub priority: Option<i64>,
    /// Another verdict.
    pub access: Option<Access>,
    /// Another place to prove who they are.
    pub sign_on_profile: Option<SignOnProfile>,
    /// Another demand besides the password.
    pub second_factor: Option<Requirement>,
    /// Other seconds, or as the settings say.
    pub session_lifetime: Option<Option<i64>>,
    /// Other seconds, or as the settings say.
    pub session_idle_lifetime: Option<Option<i64>>,
    /// Other people, all of them.
    pub users: Option<Vec<String>>,
    /// Other teams, all of them.
    pub teams: Option<Vec<String>>,
    /// Other roles, all of them.
    pub roles: Option<Vec<String>>,
}

/// Which policies are wanted, the highest priority first.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200. The default comes on top.
    pub limit: i64,
}

/// A page of the policies; the default ends the last one.
///
/// # Errors
/// `Forbidden` below the whole instance; `Invalid` for a cursor that is not ours.
pub async fn list(
    work: &mut Work,
    may: &May<ReadSettings>,
    query: &ListQuery,
) -> Result<Page<Policy>, Refusal> {
    everywhere(may)?;
    cursor::check(query.cursor.as_deref())?;
    let below = query.cursor.as_deref().and_then(cursor::number_and_id).map(|(below, _)| below);
    let limit = cursor::limit(query.limit);
    let found = store::list(work, below, limit).await?;
    let mut page = Page::cut(found, limit, |it| cursor::of_number_and_id(it.priority, &it.id));
    if page.next_cursor.is_none() {
        page.items.push(default(work).await?);
    }
    Ok(page)
}

/// One policy, or the default.
///
/// # Errors
/// `NotFound`; `Forbidden` below the whole instance.
pub async fn show(work: &mut Work, may: &May<ReadSettings>, id: &str) -> Result<Policy, Refusal> {
    everywhere(may)?;
    if id == DEFAULT {
        return Ok(default(work).await?);
    }
    store::find(work, id).await?.ok_or(Refusal::NotFound)
}

/// The policy that decides when this person signs in now.
///
/// # Errors
/// `Forbidden` below the whole instance.
pub async fn applying_to(
    work: &mut Work,
    may: &May<ReadSettings>,
    user: &UserId,
) -> Result<Policy, Refusal> {
    everywhere(may)?;
    match store::find_deciding(work, user).await? {
        Some(policy) => Ok(policy),
        None => Ok(default(work).await?),
    }
}

/// Adds a policy, from the next sign-in on.
///
/// # Errors
/// `Invalid` names every field that is wrong; `Forbidden` for whoever may not do everything.
pub async fn create(
    work: &mut Work,
    call: &Call,
    may: &May<ManageSettings>,
    draft: Draft,
) -> Result<Policy, Refusal> {
    may_write(may)?;
    let (policy, name) = checked(work, draft).await?;
    let policy = Policy { id: id::text(&work.instance.chance, "pol_")?, version: 1, ..policy };
    store::insert(work, &policy, &name.key, call.now).await.map_err(taken)?;
    let changes = differences(&serde_json::Value::Null, &policy.told());
    audit::record(work, call, "sign_in_policy.created", &policy.as_object(), &changes).await?;
    Ok(policy)
}

/// Changes a policy, from the next sign-in on. Sessions that are there stay as they were decided.
///
/// # Errors
/// As [`create`]; `NotFound`, `Stale`, a conflict for the default.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<ManageSettings>,
    (id, if_version): (&str, Option<i64>),
    patch: Patch,
) -> Result<Policy, Refusal> {
    may_write(may)?;
    let before = own(work, id).await?;
    if if_version.is_some_and(|version| version != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    let held = before.assigned_to.clone();
    let draft = Draft {
        name: patch.name.unwrap_or_else(|| before.name.clone()),
        description: patch.description.unwrap_or_else(|| before.description.clone()),
        priority: patch.priority.unwrap_or(before.priority),
        access: patch.access.unwrap_or(before.access),
        sign_on_profile: patch.sign_on_profile.unwrap_or(before.sign_on_profile),
        second_factor: patch.second_factor.unwrap_or(before.second_factor),
        session_lifetime: patch.session_lifetime.unwrap_or(before.session_lifetime),
        session_idle_lifetime: patch.session_idle_lifetime.unwrap_or(before.session_idle_lifetime),
        assigned_to: Subjects {
            users: patch.users.unwrap_or(held.users),
            teams: patch.teams.unwrap_or(held.teams),
            roles: patch.roles.unwrap_or(held.roles),
        },
    };
    let (after, name) = checked(work, draft).await?;
    let after = Policy { id: before.id.clone(), version: before.version, ..after };
    if after == before {
        return Ok(before);
    }
    if !store::set(work, &after, &name.key).await.map_err(taken)? {
        let current = own(work, id).await?.version;
        return Err(Refusal::Stale { current });
    }
    let changes = differences(&before.told(), &after.told());
    audit::record(work, call, "sign_in_policy.updated", &after.as_object(), &changes).await?;
    Ok(Policy { version: before.version + 1, ..after })
}

/// Deletes a policy; the next one that is for a person decides from then on.
///
/// # Errors
/// `NotFound`; a conflict for the default; `Forbidden` for whoever may not do everything.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<ManageSettings>,
    id: &str,
) -> Result<(), Refusal> {
    may_write(may)?;
    let policy = own(work, id).await?;
    if !store::delete(work, id).await? {
        return Err(Refusal::NotFound);
    }
    let changes = differences(&policy.told(), &serde_json::Value::Null);
    audit::record(work, call, "sign_in_policy.deleted", &policy.as_object(), &changes).await?;
    Ok(())
}

/// A policy that is a row.
async fn own(work: &mut Work, id: &str) -> Result<Policy, Refusal> {
    if id == DEFAULT {
        return Err(Refusal::conflict(
            "The default always applies and cannot be deleted. Its values are settings of the server: change them there.",
        ));
    }
    store::find(work, id).await?.ok_or(Refusal::NotFound)
}

/// Judges every field and names all that are wrong.
async fn checked(work: &mut Work, draft: Draft) -> Result<(Policy, FoldedName), Refusal> {
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        errors.push(FieldError { field: field.into(), message: message.into() });
    };
    if !PRIORITIES.contains(&draft.priority) {
        refuse("priority", "A whole number from 1 to 1000 is needed; the highest is asked first.");
    }
    for (number, value) in [
        (&SESSION_LIFETIME, draft.session_lifetime),
        (&SESSION_IDLE_LIFETIME, draft.session_idle_lifetime),
    ] {
        let Some(value) = value else { continue };
        let Number { least, most, .. } = *number;
        if draft.access == Access::Deny {
            refuse(number.name, "Whoever is denied has no session: leave this empty.");
        } else if !(least..=most).contains(&value) {
            refuse(number.name, &format!("A whole number from {least} to {most} is needed."));
        }
    }
    if draft.access == Access::Deny && draft.second_factor == Requirement::Required {
        refuse(
            "second_factor",
            "Whoever is denied is asked for nothing more: leave this optional.",
        );
    }
    let (name, description) =
        (FoldedName::parse("name", &draft.name), free_text("description", &draft.description, 300));
    errors.extend(name.as_ref().err().cloned());
    errors.extend(description.as_ref().err().cloned());
    let assigned_to = sorted(draft.assigned_to);
    errors.extend(wrong_subject(work, &assigned_to, draft.access).await?);
    let (Ok(name), Ok(description), true) = (name, description, errors.is_empty()) else {
        return Err(Refusal::Invalid(errors));
    };
    let policy = Policy {
        id: String::new(),
        name: name.name.clone(),
        description,
        priority: draft.priority,
        access: draft.access,
        sign_on_profile: draft.sign_on_profile,
        second_factor: draft.second_factor,
        session_lifetime: draft.session_lifetime,
        session_idle_lifetime: draft.session_idle_lifetime,
        assigned_to,
        version: 1,
    };
    Ok((policy, name))
}

fn sorted(subjects: Subjects) -> Subjects {
    let once = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    Subjects {
        users: once(subjects.users),
        teams: once(subjects.teams),
        roles: once(subjects.roles),
    }
}

/// What is wrong with those a policy is for: too many, nobody there, or a platform administrator
/// who would be denied.
async fn wrong_subject(
    work: &mut Work,
    to: &Subjects,
    access: Access,
) -> Result<Option<FieldError>, Fault> {
    let error =
        |field: &str, message: String| Ok(Some(FieldError { field: field.to_owned(), message }));
    if to.users.len() + to.teams.len() + to.roles.len() > SUBJECTS {
        let many = format!("At most {SUBJECTS} people, teams and roles together.");
        return error("users", many);
    }
    let kinds = [
        ("users", "person", &to.users),
        ("teams", "team", &to.teams),
        ("roles", "role", &to.roles),
    ];
    for (table, word, ids) in kinds {
        for id in ids {
            if !store::is_there(work, table, id).await? {
                return error(table, format!("There is no such {word}: {id}"));
            }
        }
    }
    if access == Access::Allow {
        return Ok(None);
    }
    if to.roles.iter().any(|role| role == PLATFORM_ADMINISTRATOR) {
        let message =
            "Platform administrators are never denied, so that nobody locks everybody out.";
        return error("roles", message.into());
    }
    for id in &to.users {
        let id = UserId::new(id.as_str());
        if administrators::is_administrator(work, &id).await? {
            let who = crate::accounts::find(work, &id).await?.map(|user| user.email);
            let message = format!(
                "{} is a platform administrator, and those are never denied. Take the role from them first.",
                who.unwrap_or_else(|| id.to_string())
            );
            return error("users", message);
        }
    }
    Ok(None)
}

/// Policies are those of the whole instance.
fn everywhere<P: Permission>(may: &May<P>) -> Result<(), Refusal> {
    if *may.reach() == Reach::Everywhere {
        return Ok(());
    }
    let because =
        "Sign-in policies are those of the whole instance, so this right must be held there.";
    Err(Refusal::Forbidden { missing: P::NAME.into(), because: because.into() })
}

fn may_write(may: &May<ManageSettings>) -> Result<(), Refusal> {
    everywhere(may)?;
    ceiling::everything(may.authority()).map_err(|missing| {
        let because = "A sign-in policy decides about people who may do more than you. Only somebody who may do everything writes one.";
        Refusal::Forbidden { missing: missing.into(), because: because.into() }
    })
}

fn taken(fault: Fault) -> Refusal {
    if fault.is_conflict("sign_in_policies", "name_key") {
        return Refusal::field("name", "There is a policy of this name already.");
    }
    if fault.is_conflict("sign_in_policies", "priority") {
        return Refusal::field("priority", "Another policy has this priority.");
    }
    fault.into()
}
