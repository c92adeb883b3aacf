//! Why a request was refused in the words of the protocol, on its way to becoming an answer.
//!
//! What doors for programs share; each writes the answer in its own form. Knows no form.

use domain::tokens::RefreshRefusal;
use domain::{Fault, Refusal};
use protocol::error::{Code, Error};

/// Why an endpoint refused, on its way to becoming an answer.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The caller's doing.
    Error(Error),
    /// Nobody's.
    Fault(Fault),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<RefreshRefusal> for Refused {
    fn from(refusal: RefreshRefusal) -> Self {
        match refusal {
            RefreshRefusal::Refused(error) => Self::Error(error),
            RefreshRefusal::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => Self::Fault(fault),
            other => Self::Error(Error::new(Code::InvalidRequest, other.to_string())),
        }
    }
}
