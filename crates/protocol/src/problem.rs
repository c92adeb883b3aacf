//! Errors of the management API: problem details (RFC 9457 §3).
//!
//! A shape and nothing else. Refuses to know which problems exist and what they say.

use std::borrow::Cow;

use serde::Serialize;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem: what went wrong, and with which fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A URI that names the kind of problem; `about:blank` when the status says it all.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The kind in a few words, the same each time.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, in a sentence.
    pub detail: Cow<'static, str>,
    /// A URI of this occurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The number under which an operator finds the exact reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field as the request names it, with dots and indices for nested ones.
    pub field: Cow<'static, str>,
    /// What is wrong, in a sentence.
    pub detail: Cow<'static, str>,
}

impl Problem {
    /// A problem without a kind of its own.
    pub fn new(
        status: u16,
        title: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind: Cow::Borrowed("about:blank"),
            title: title.into(),
            status,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            error_id: None,
        }
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn field(
        mut self,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.errors.push(FieldError { field: field.into(), detail: detail.into() });
        self
    }

    /// Adds the number under which an operator finds the exact reason.
    #[must_use]
    pub fn error_id(mut self, error_id: impl Into<String>) -> Self {
        self.error_id = Some(error_id.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_is_not_there() {
        let problem = Problem::new(404, "Not found", "There is no such client.");
        insta::assert_snapshot!(
            serde_json::to_string(&problem).unwrap(),
            @r#"{"type":"about:blank","title":"Not found","status":404,"detail":"There is no such client."}"#
        );
    }

    #[test]
    fn names_the_fields_at_fault() {
        let problem = Problem::new(422, "Invalid", "Two fields are wrong.")
            .field("client_name", "is missing")
            .field("redirect_uris[1]", "has a fragment")
            .error_id("e-1");
        insta::assert_snapshot!(
            serde_json::to_string(&problem).unwrap(),
            @r#"{"type":"about:blank","title":"Invalid","status":422,"detail":"Two fields are wrong.","errors":[{"field":"client_name","detail":"is missing"},{"field":"redirect_uris[1]","detail":"has a fragment"}],"error_id":"e-1"}"#
        );
    }
}
