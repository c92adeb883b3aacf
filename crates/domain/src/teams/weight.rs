//! What hangs on a place, for whoever thinks of deleting it. Decides nothing.

use super::store;
use crate::{Fault, Work};

/// How much hangs on a team or an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// People who hold a role at the place itself.
    pub people: i64,
    /// Its teams; none for a team.
    pub teams: i64,
    /// Clients that it looks after; none for an organization.
    pub clients: i64,
}

/// What hangs on a team.
///
/// # Errors
/// When the database cannot answer.
pub async fn weight_of_team(work: &mut Work, id: &str) -> Result<Weight, Fault> {
    store::weigh(work, "team", id).await
}

/// What hangs on an organization.
///
/// # Errors
/// When the database cannot answer.
pub async fn weight_of_organization(work: &mut Work, id: &str) -> Result<Weight, Fault> {
    store::weigh(work, "organization", id).await
}

/// Ids of some clients that name the team or organization, so that it cannot be deleted: as what
/// they belong to, as who looks after them, or as what they are limited to.
///
/// # Errors
/// When the database cannot answer.
pub async fn in_the_way(work: &mut Work, id: &str) -> Result<Vec<String>, Fault> {
    store::list_clients_at(work, id).await
}
