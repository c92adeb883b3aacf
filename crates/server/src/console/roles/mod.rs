//! Pages about rights: roles and what they allow, and who holds which role where.

mod bindings;
mod edit;
mod groups;
mod list;
mod permissions;
mod role;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use domain::access::{Authority, PERMISSIONS, Place, Reach};
use domain::{Fault, Work};

use super::names::Names;
use crate::app::App;
use crate::web::views::NavEntry;

pub(super) use bindings::page_of as page_of_holder;

const LIST: &str = "/console/roles";
const PERMISSIONS_LIST: &str = "/console/permissions";

/// The pages of these nouns.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/roles", get(list::show).post(edit::create))
        .route("/roles/new", get(edit::new))
        .route("/roles/{role}", get(role::show))
        .route("/roles/{role}/edit", get(edit::show).post(edit::change))
        .route("/roles/{role}/delete", post(role::delete))
        .route("/permissions", get(permissions::show).post(permissions::create))
        .route("/permissions:delete", post(permissions::delete))
        .route("/bindings", post(bindings::give))
        .route("/bindings/{id}", get(bindings::show))
        .route("/bindings/{id}/take", post(bindings::take))
}

/// The page of a role.
pub(in crate::console) fn page_of(id: &str) -> String {
    format!("{LIST}/{id}")
}

/// Roles, permissions.
fn tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str, href: &str| NavEntry {
        label: label.into(),
        href: href.into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Roles", LIST), tab("Permissions", PERMISSIONS_LIST)]
}

/// A place in words.
pub(super) async fn place(
    work: &mut Work,
    names: &mut Names,
    place: &Place,
) -> Result<String, Fault> {
    Ok(match place {
        Place::Instance => "Everywhere".into(),
        Place::Organization(id) => format!("All of {}", names.organization(work, id).await?),
        Place::Team(id) => format!("Team {}", names.team(work, id).await?),
    })
}

/// The first of these permissions that this authority holds nowhere and so cannot give anywhere.
/// Whoever holds every built-in one everywhere may give any other.
fn beyond<'a>(
    authority: &Authority,
    permissions: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let everywhere = |name: &str| authority.reach(name) == Some(Reach::Everywhere);
    if PERMISSIONS.iter().all(|it| everywhere(it.name)) {
        return None;
    }
    permissions.into_iter().find(|name| authority.reach(name).is_none())
}
