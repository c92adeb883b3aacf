//! What a rule found wrong, as the fields of a form show it.

use domain::FieldError;

use crate::web::views::{self, Errors};

/// The rules' errors under the names of the form, which are the rules' but for one.
pub(super) fn shown(wrong: Vec<FieldError>) -> Errors {
    let error = |it: FieldError| {
        let field = if it.field == "old_password" { "current_password".into() } else { it.field };
        views::FieldError { field, message: it.message }
    };
    Errors(wrong.into_iter().map(error).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_leads_to_a_field_that_is_there() {
        let wrong = |field: &str| FieldError { field: field.into(), message: "No.".into() };
        let errors = shown(vec![wrong("old_password"), wrong("password")]);
        let fields: Vec<_> = errors.0.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["current_password", "password"]);
    }
}
