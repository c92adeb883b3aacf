//! The ceiling: nobody gives what they do not hold themselves, in the place they give it.
//!
//! Pure. Whoever holds every built-in permission everywhere may give any other too: those of the
//! protected APIs are defined by them.

use super::{Authority, PERMISSIONS, Place, Reach};
use crate::Refusal;

/// Where something is given.
#[derive(Debug, Clone, Copy)]
pub enum Where<'a> {
    /// At the instance.
    Everywhere,
    /// In a whole organization.
    Organization(&'a str),
    /// In one team.
    Team {
        /// The team.
        id: &'a str,
        /// The organization it belongs to.
        organization: &'a str,
    },
}

impl<'a> Where<'a> {
    /// The same place; `organization` is that of a team.
    pub fn of(place: &'a Place, organization: Option<&'a str>) -> Self {
        match (place, organization) {
            (Place::Organization(id), _) => Self::Organization(id),
            (Place::Team(id), Some(organization)) => Self::Team { id, organization },
            _ => Self::Everywhere,
        }
    }
}

/// May this authority give these permissions there?
///
/// # Errors
/// `Forbidden` naming the first permission that is missing.
pub fn allows<'a>(
    authority: &Authority,
    permissions: impl IntoIterator<Item = &'a String>,
    place: Where<'_>,
) -> Result<(), Refusal> {
    let everywhere = |name: &str| authority.reach(name) == Some(Reach::Everywhere);
    if PERMISSIONS.iter().all(|permission| everywhere(permission.name)) {
        return Ok(());
    }
    let missing = permissions.into_iter().find(|name| !holds(authority, name, place));
    missing.map_or(Ok(()), |missing| {
        let because = "This role allows more there than you may do yourself.".to_owned();
        Err(Refusal::Forbidden { missing: missing.clone(), because })
    })
}

fn holds(authority: &Authority, permission: &str, place: Where<'_>) -> bool {
    match (authority.reach(permission), place) {
        (None, _) | (Some(Reach::Places { .. }), Where::Everywhere) => false,
        (Some(Reach::Everywhere), _) => true,
        (Some(Reach::Places { organizations, .. }), Where::Organization(id)) => {
            organizations.contains(id)
        }
        (Some(Reach::Places { organizations, teams }), Where::Team { id, organization }) => {
            organizations.contains(organization) || teams.contains(id)
        }
    }
}
