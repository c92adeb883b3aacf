//! Authority and proof: a rule asks for [`May`], and only an [`Authority`] can give one.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use super::{Permission, Rights};
use crate::{Actor, Refusal};

/// Who acts, and with which rights now.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Who acts.
    pub actor: Actor,
    /// What they may do, per place.
    pub rights: Rights,
    unlimited: bool,
}

/// Where a permission reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The whole instance.
    Everywhere,
    /// Some organizations and some teams.
    Places {
        /// Whole organizations.
        organizations: BTreeSet<String>,
        /// Single teams.
        teams: BTreeSet<String>,
    },
}

/// The proof that the actor may use permission `P`, and where.
#[derive(Debug, Clone)]
pub struct May<P> {
    reach: Reach,
    authority: Authority,
    permission: PhantomData<P>,
}

impl Authority {
    /// The authority of an actor with these rights.
    pub fn new(actor: Actor, rights: Rights) -> Self {
        Self { actor, rights, unlimited: false }
    }

    /// The operator at the machine itself, or a job of the server: whoever holds the database file
    /// and the master key needs no further right.
    pub fn operator(name: impl Into<String>) -> Self {
        Self { actor: Actor::operator(name), rights: Rights::default(), unlimited: true }
    }

    /// The proof of `P`.
    ///
    /// # Errors
    /// `Forbidden` naming the permission when it is held nowhere.
    pub fn may<P: Permission>(&self) -> Result<May<P>, Refusal> {
        self.reach(P::NAME).map_or_else(
            || Err(Refusal::Forbidden { missing: P::NAME.into(), because: String::new() }),
            |reach| Ok(May { reach, authority: self.clone(), permission: PhantomData }),
        )
    }

    /// Where the named permission reaches; `None` where it is held nowhere.
    pub fn reach(&self, permission: &str) -> Option<Reach> {
        if self.unlimited || self.rights.everywhere(permission) {
            return Some(Reach::Everywhere);
        }
        let holding = |(id, held): (&String, &BTreeSet<String>)| {
            held.contains(permission).then(|| id.clone())
        };
        let organizations: BTreeSet<_> =
            self.rights.organizations.iter().filter_map(holding).collect();
        let teams: BTreeSet<_> = self.rights.teams.iter().filter_map(holding).collect();
        let nowhere = organizations.is_empty() && teams.is_empty();
        (!nowhere).then_some(Reach::Places { organizations, teams })
    }

    /// Is it the operator of the machine?
    pub fn is_operator(&self) -> bool {
        self.unlimited
    }
}

impl<P> May<P> {
    /// Where it reaches.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Who holds it, with all their rights (for ceilings).
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Does it reach an object of this organization, owned by this team?
    pub fn covers(&self, organization: Option<&str>, team: Option<&str>) -> bool {
        match &self.reach {
            Reach::Everywhere => true,
            Reach::Places { organizations, teams } => {
                organization.is_some_and(|id| organizations.contains(id))
                    || team.is_some_and(|id| teams.contains(id))
            }
        }
    }
}
