//! `/console/sign-in-policies`: who may sign in, by what, and how long they stay. The list, and the end of
//! one; the form is in `policy_form`.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use domain::access::{ManageSettings, PERMISSIONS, Reach, ReadSettings};
use domain::accounts::policies::{self, Access, ListQuery, Policy, Requirement};
use domain::{UserId, Work};
use protocol::duration;

use super::done::done;
use super::policy_form;
use super::query::Query;
use super::views::{PolicyList, PolicyOf, PolicyRow};
use super::visitor::{Answer, Halt, Posted, Visitor};
use super::wrong::{unconfirmed, wrong};
use crate::app::App;

/// Where the list is.
pub(super) const LIST: &str = "/console/sign-in-policies";
/// What this page is called in the sidebar.
pub(super) const SECTION: &str = "Sign-in policies";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in-policies", get(show).post(policy_form::create))
        .route("/sign-in-policies/new", get(policy_form::new))
        .route("/sign-in-policies/{policy}", get(policy_form::show).post(policy_form::change))
        .route("/sign-in-policies/{policy}/delete", post(delete))
}

/// The page of a policy; the default is a setting.
pub(super) fn page_of(id: &str) -> String {
    if id == policies::DEFAULT { "/console/settings".into() } else { format!("{LIST}/{id}") }
}

/// Why this person writes no policy, if so.
pub(super) fn refused(visitor: &Visitor) -> Option<String> {
    let everywhere = |name: &str| visitor.authority.reach(name) == Some(Reach::Everywhere);
    let missing = PERMISSIONS.iter().find(|permission| !everywhere(permission.name))?;
    Some(format!(
        "Only somebody who may do everything writes sign-in policies. You lack {}.",
        missing.name
    ))
}

async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may_everywhere::<ReadSettings>()?;
    let cursor = query.get("cursor").map(str::to_owned);
    let wanted = ListQuery { cursor, limit: 0 };
    let page = policies::list(&mut visitor.app.instance.read(), &may, &wanted).await;
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let page = PolicyList {
        frame: visitor.frame(SECTION, &query),
        rows: page.items.iter().map(row).collect(),
        refused: refused(&visitor),
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    };
    Ok(visitor.render(&page))
}

fn row(policy: &Policy) -> PolicyRow {
    PolicyRow {
        href: page_of(&policy.id),
        name: policy.name.clone(),
        description: policy.description.clone(),
        priority: if policy.is_default() { String::new() } else { policy.priority.to_string() },
        denies: policy.access == Access::Deny,
        requires_second_factor: policy.second_factor == Requirement::Required,
        sessions: lasts(policy),
        whom: whom(policy),
    }
}

/// How long sessions last, in words.
fn lasts(policy: &Policy) -> String {
    let spell = |seconds: i64| duration::spell(u64::try_from(seconds).unwrap_or_default());
    match (policy.session_lifetime, policy.session_idle_lifetime) {
        _ if policy.access == Access::Deny => String::new(),
        (None, None) => "as the settings say".into(),
        (Some(ends), None) => spell(ends),
        (None, Some(idle)) => format!("{} unused", spell(idle)),
        (Some(ends), Some(idle)) => format!("{}, or {} unused", spell(ends), spell(idle)),
    }
}

fn whom(policy: &Policy) -> String {
    if policy.is_default() {
        return "Everybody else".into();
    }
    let to = &policy.assigned_to;
    let count = |ids: &[String], one: &str, many: &str| match ids.len() {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        count(&to.users, "person", "people"),
        count(&to.teams, "team", "teams"),
        count(&to.roles, "role", "roles"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "Nobody yet".into() } else { parts.join(", ") }
}

/// Which policy decides about a person, for who may see policies.
pub(super) async fn of_person(
    visitor: &Visitor,
    work: &mut Work,
    user: &UserId,
) -> Result<Option<PolicyOf>, Halt> {
    let Ok(may) = visitor.authority.may::<ReadSettings>() else { return Ok(None) };
    if *may.reach() != Reach::Everywhere {
        return Ok(None);
    }
    let policy = policies::applying_to(work, &may, user).await;
    let policy = policy.map_err(|refusal| visitor.halt(refusal))?;
    let words = match policy.access {
        Access::Deny => "They may not sign in.".to_owned(),
        Access::Allow => format!("Their sessions end after {}.", lasts(&policy)),
    };
    let words = words.replace("after as the settings say", "as the settings say");
    let words = match policy.second_factor {
        Requirement::Required => format!("{words} They need a second factor."),
        Requirement::Optional => words,
    };
    Ok(Some(PolicyOf { name: policy.name.clone(), href: page_of(&policy.id), words }))
}

/// Gone, once its name was typed.
async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageSettings>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let policy = policies::show(&mut work, &visitor.may()?, &id).await;
    let policy = policy.map_err(|refusal| visitor.halt(refusal))?;
    if fields.text("confirm_name") != policy.name {
        drop(work);
        return policy_form::again(&visitor, Some(&id), None, unconfirmed()).await;
    }
    match policies::delete(&mut work, visitor.call(), &may, &id).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(LIST, "policy-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "confirm_name")?;
            policy_form::again(&visitor, Some(&id), None, wrong).await
        }
    }
}
