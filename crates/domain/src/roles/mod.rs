//! Roles that administrators define, and who holds which role where.
//!
//! What a role means at each use is decided in `access`; here it is given and taken. Nobody gives
//! more than they hold, and there is always a platform administrator left. This room refuses to
//! know what a client is beyond that it exists and where it is at home.

mod bindings;
mod permissions;
mod rules;
mod store;

pub use bindings::{Binding, ListQuery, NewBinding, bind, list_bindings, unbind};
pub use permissions::{
    Permission, create_permission, delete_permission, describe_permission, find_permission,
    list_permissions,
};
pub use rules::{Patch, change, count_held, create, delete, find, list};

use crate::access::Role;

/// What a new role is to be.
#[derive(Debug, Clone, Default)]
pub struct NewRole {
    /// Shown name, unique in the instance.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `resource:action`: built in, or the name of a scope of the catalogue.
    pub permissions: Vec<String>,
}

/// A role and its version, the `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The role.
    pub role: Role,
    /// Rises with each change.
    pub version: i64,
}
