//! Scopes: the catalogue of what a token can be limited to, each with its kind and the sentence
//! people read at consent.
//!
//! Built in are the identity scopes, `as_user:read` and `as_user:write`, and one scope for each
//! permission, of the same name. A scope limits and never gives. This room refuses to know who
//! holds a scope; it only counts holders, so that none vanishes from under them.

mod changes;
mod rules;
mod store;

use std::collections::BTreeMap;

use protocol::scope::Scopes;

use crate::access::{Effect, PERMISSIONS};
use crate::{Fault, Work};

pub use changes::{Patch, change};
pub use rules::{NewScope, create, delete};
pub use store::{count_holders, describe, find, list};

/// What a scope lets a token do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ScopeKind {
    /// Says who somebody is; lets no permission through.
    Identity,
    /// Only looks.
    Read,
    /// Changes something.
    Write,
}

impl ScopeKind {
    /// `identity`, `read` or `write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The stored word; anything unknown counts as the stricter `write`.
    pub fn parse(word: &str) -> Self {
        match word {
            "identity" => Self::Identity,
            "read" => Self::Read,
            _ => Self::Write,
        }
    }
}

impl From<Effect> for ScopeKind {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Read => Self::Read,
            Effect::Write => Self::Write,
        }
    }
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `resource:action`, or an OIDC word.
    pub name: String,
    /// What it lets a token do.
    pub kind: ScopeKind,
    /// What a person reads at consent.
    pub description: String,
    /// The id of the resource it belongs to; `None`: every resource.
    pub resource: Option<String>,
    /// Built in: cannot be changed or deleted.
    pub is_system: bool,
    /// Rises with each change.
    pub version: i64,
}

impl Scope {
    /// Is it for everybody's applications? Permissions of management are for those who know them.
    pub fn is_offered(&self) -> bool {
        crate::access::definition(&self.name).is_none()
    }
}

/// The built-in scopes that are no permission.
const OWN: [(&str, ScopeKind, &str); 6] = [
    ("openid", ScopeKind::Identity, "Know who you are"),
    ("profile", ScopeKind::Identity, "See your name and profile"),
    ("email", ScopeKind::Identity, "See your e-mail address"),
    ("offline_access", ScopeKind::Identity, "Keep this access while you are away"),
    ("as_user:read", ScopeKind::Read, "See everything that you may see"),
    ("as_user:write", ScopeKind::Write, "Change everything that you may change"),
];

/// The built-in scopes that every application may ask people for: what metadata names.
pub fn offered() -> impl Iterator<Item = &'static str> {
    OWN.iter().map(|(name, ..)| *name)
}

/// Lays down the built-in scopes that are missing and brings their kinds and sentences up to date.
///
/// # Errors
/// When the database cannot take them.
pub async fn ensure_built_in(work: &mut Work, now: i64) -> Result<(), Fault> {
    let permissions =
        PERMISSIONS.iter().map(|p| (p.name, ScopeKind::from(p.effect), p.description));
    for (name, kind, description) in OWN.into_iter().chain(permissions) {
        let scope = Scope {
            name: name.into(),
            kind,
            description: description.into(),
            resource: None,
            is_system: true,
            version: 1,
        };
        store::set_built_in(work, &scope, now).await?;
    }
    Ok(())
}

/// The kind of each of these scopes that exists; who is missing in the answer is unknown.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_kinds(
    work: &mut Work,
    scopes: &Scopes,
) -> Result<BTreeMap<String, ScopeKind>, Fault> {
    let mut kinds = BTreeMap::new();
    let mut others = Vec::new();
    for name in scopes.iter() {
        match built_in_kind(name) {
            Some(kind) => {
                kinds.insert(name.to_owned(), kind);
            }
            None => others.push(name),
        }
    }
    kinds.extend(store::list_kinds(work, &others).await?);
    Ok(kinds)
}

/// The kind of a built-in scope, without a look at the database.
pub fn built_in_kind(name: &str) -> Option<ScopeKind> {
    let own = OWN.iter().find(|(own, ..)| *own == name).map(|(_, kind, _)| *kind);
    own.or_else(|| crate::access::definition(name).map(|p| p.effect.into()))
}
