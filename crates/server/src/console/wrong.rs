//! A rule's no where a form can show it: which status, and which words at which field.

use axum::http::StatusCode;
use domain::{FieldError, Refusal};

use super::visitor::{Halt, Visitor};
use crate::web::views::{self, Errors};

/// What the form shows of a refusal; what is about no field stands at `place`. What no form can
/// show ends the page.
pub(super) fn wrong(
    visitor: &Visitor,
    refusal: Refusal,
    place: &str,
) -> Result<(StatusCode, Errors), Halt> {
    let there = |message: String| vec![FieldError { field: place.into(), message }];
    let (status, errors) = match refusal {
        Refusal::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
        Refusal::Conflict { message, .. } => (StatusCode::CONFLICT, there(message)),
        Refusal::Stale { .. } => {
            let words =
                "Somebody else changed this meanwhile. Look at it as it is now, then try again.";
            (StatusCode::CONFLICT, there(words.into()))
        }
        Refusal::Forbidden { missing, because } if !because.is_empty() => {
            (StatusCode::FORBIDDEN, there(format!("{because} What is missing: {missing}.")))
        }
        other => return Err(visitor.halt(other)),
    };
    Ok((status, shown(errors)))
}

/// The rules' errors as a form shows them.
pub(super) fn shown(errors: Vec<FieldError>) -> Errors {
    let one = |it: FieldError| views::FieldError { field: it.field, message: it.message };
    Errors(errors.into_iter().map(one).collect())
}

/// A name that had to be typed and was not.
pub(super) fn unconfirmed() -> (StatusCode, Errors) {
    let message = "Type the name exactly as it is shown.".to_owned();
    let errors = vec![FieldError { field: "confirm_name".into(), message }];
    (StatusCode::UNPROCESSABLE_ENTITY, shown(errors))
}
