//! Refusals: why a rule of management said no.
//!
//! One enum for all nouns, so that each door maps it in one place: a form field, a problem
//! document, a line on a terminal. Protocol refusals are `protocol::Error`.

use crate::Fault;

/// One field that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the field in the contract, e.g. `redirect_uris`.
    pub field: String,
    /// One sentence for the person who typed it.
    pub message: String,
}

/// Why a rule said no.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// There is no such object, or the actor may not know of it.
    #[error("there is no such object")]
    NotFound,
    /// The actor lacks a permission.
    #[error("this needs the permission {missing}")]
    Forbidden {
        /// The missing permission, `resource:action`.
        missing: String,
        /// One sentence: what would have been exceeded.
        because: String,
    },
    /// Fields that are not as they must be.
    #[error("{}", spell(.0))]
    Invalid(Vec<FieldError>),
    /// Somebody else changed the object meanwhile (412).
    #[error("the object was changed meanwhile: it is at version {current}")]
    Stale {
        /// The version that is stored now.
        current: i64,
    },
    /// The change contradicts the state of things (409).
    #[error("{message}")]
    Conflict {
        /// One sentence.
        message: String,
        /// The ids it is about, if any.
        ids: Vec<String>,
    },
    /// Not the caller's fault.
    #[error(transparent)]
    Fault(Fault),
}

impl Refusal {
    /// A refusal of one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// A contradiction that names no objects.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), ids: Vec::new() }
    }
}

impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Self {
        Fault::from(error).into()
    }
}

impl From<Fault> for Refusal {
    /// What went away meanwhile is a contradiction that the caller can look at; the rest is nobody's.
    fn from(fault: Fault) -> Self {
        if let Fault::Gone(_) = fault {
            let message = "Something that this depends on was changed or deleted a moment ago. \
                           Nothing was changed; look again.";
            return Self::conflict(message);
        }
        Self::Fault(fault)
    }
}

fn spell(errors: &[FieldError]) -> String {
    let parts: Vec<_> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_went_away_is_a_contradiction_and_no_mistake_of_the_server() {
        let missing = || db::Error::Missing { detail: "clients_owner_team_fkey".into() };
        let refusal = Refusal::from(missing());
        assert!(matches!(&refusal, Refusal::Conflict { message, .. } if !message.contains("fkey")));
        assert!(
            Fault::from(missing()).may_heal(),
            "where there is no refusal, it may be tried again"
        );
        let broken = Refusal::from(db::Error::Broken("damaged".into()));
        assert!(matches!(broken, Refusal::Fault(Fault::Broken(_))));
    }
}
