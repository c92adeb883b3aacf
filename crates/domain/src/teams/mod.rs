//! Places: organizations and their teams, and who belongs to them.
//!
//! Belonging to a team is a binding there, of whatever role; a binding at an organization covers
//! all its teams, later ones too. Every rule reads that at each use, so that a change takes
//! effect at once. This room refuses to know people beyond their id, and clients beyond that some
//! may stand in the way of a deletion.

pub(crate) mod cursor;
mod members;
mod organizations;
mod rules;
mod store;
mod weight;

pub use cursor::Page;
pub use members::{Member, add_member, list_members, remove_member, teams_of_user};
pub use organizations::{
    create_organization, delete_organization, find_organization, list_organizations,
    rename_organization,
};
pub use rules::{Leaving, ListQuery, create_team, delete_team, find_team, list_teams, rename_team};
pub(crate) use store::homes_of;
pub use weight::{Weight, in_the_way, weight_of_organization, weight_of_team};

use crate::audit::Object;

/// A customer, a company, a department: what holds teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// `org_…`
    pub id: String,
    /// Shown name, unique in the instance.
    pub name: String,
    /// Rises with each change; the `ETag`.
    pub version: i64,
    /// Seconds since 1970.
    pub created_at: i64,
}

/// Where people work together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// `team_…`
    pub id: String,
    /// The organization it belongs to.
    pub organization: String,
    /// Shown name, unique in its organization.
    pub name: String,
    /// Rises with each change; the `ETag`.
    pub version: i64,
    /// Seconds since 1970.
    pub created_at: i64,
}

impl Organization {
    fn as_object(&self) -> Object {
        Object::new("organization", &self.id, &self.name)
    }
}

impl Team {
    fn as_object(&self) -> Object {
        Object::new("team", &self.id, &self.name)
    }
}
