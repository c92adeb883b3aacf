//! What went wrong, as a sentence for the terminal.

use std::fmt;
use std::io;
use std::process::ExitCode;

use domain::{Fault, Refusal};

use super::text;
use crate::config::Mistakes;
use crate::foundation;

/// Why a verb did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The words were not understood.
    Words(String),
    /// They were, and the answer is no.
    Refused(String),
}

impl Failure {
    /// A refusal in a sentence of its own.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    /// Tells it on standard error, and how the program ends.
    pub fn told(&self) -> ExitCode {
        eprintln!("mandate: {self}");
        match self {
            Self::Words(_) => ExitCode::from(2),
            Self::Refused(_) => ExitCode::FAILURE,
        }
    }

    /// Maps the refusal of a rule about one object, so that a missing one is named.
    pub fn about(kind: &str, id: &str) -> impl Fn(Refusal) -> Self {
        move |refusal| match refusal {
            Refusal::NotFound => Self::refused(format!("There is no {kind} `{}`.", text::safe(id))),
            other => other.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(sentence) | Self::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(match refusal {
            Refusal::Conflict { message, ids } if !ids.is_empty() => {
                format!("{message} ({})", ids.join(", "))
            }
            other => other.to_string(),
        })
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.to_string())
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Refused(mistakes.to_string())
    }
}

impl From<foundation::Error> for Failure {
    fn from(error: foundation::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
