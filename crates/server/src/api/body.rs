//! The body of a request: one JSON object, read once, every wrong field named at once.
//!
//! Bounded in size and depth. Refuses another media type, text with NUL (no store takes it) and
//! unknown fields by name. What the values must be like is the rules' affair.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use domain::{FieldError, Refusal};
use serde_json::{Map, Value};

use super::operation::{Described, Signature};
use super::problem::Failed;
use crate::app::App;

/// The largest body, bytes.
const LIMIT: usize = 1024 * 1024;

/// What a body is read into.
pub(super) trait FromJson: Sized + Send {
    /// Its schema.
    const SCHEMA: &'static str;

    /// Reads it.
    fn from_json(value: Value) -> Result<Self, Refusal>;
}

/// A body that was read.
pub(super) struct Json<T>(pub T);

impl<T: FromJson> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Failed> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.method, &parts.headers) {
            let detail = "The body must be application/json.";
            return Err(Failed::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let Ok(bytes) = axum::body::to_bytes(body, LIMIT).await else {
            let detail = "The body is longer than 1 MiB, or was cut off.";
            return Err(Failed::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        };
        Ok(Self(T::from_json(parse(&bytes)?)?))
    }
}

impl<T: FromJson> Described for Json<T> {
    fn describe(signature: &mut Signature) {
        signature.body = Some(T::SCHEMA);
    }
}

/// `application/json`, and for a change also `application/merge-patch+json` (RFC 7396 §4).
fn is_json(method: &Method, headers: &HeaderMap) -> bool {
    let text =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_patch =
        *method == Method::PATCH && essence.eq_ignore_ascii_case("application/merge-patch+json");
    is_patch || essence.eq_ignore_ascii_case("application/json")
}

fn parse(bytes: &[u8]) -> Result<Value, Failed> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Failed::field("", format!("The body is not JSON that can be read: {error}."))
    })?;
    match nul(&value, "") {
        None => Ok(value),
        Some(field) => Err(Failed::field(&field, "The character NUL is not text.")),
    }
}

/// The first place with a NUL character, with dots and indices.
fn nul(value: &Value, at: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(n, item)| nul(item, &format!("{at}[{n}]")))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            if name.contains('\0') { Some(at.replace('\0', "\u{FFFD}")) } else { nul(member, &at) }
        }),
        _ => None,
    }
}

/// The fields of an object while they are taken one by one; complains about all of them at once.
#[derive(Debug)]
pub(super) struct Fields {
    left: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of `value`.
    pub fn of(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(left) => Ok(Self { left, errors: Vec::new() }),
            _ => Err(Refusal::field("", "A JSON object is needed.")),
        }
    }

    /// Text that must be there.
    pub fn text(&mut self, name: &str) -> String {
        let text = self.perhaps_text(name);
        if text.is_none() && self.errors.iter().all(|error| error.field != name) {
            self.refuse::<()>(name, "This field is needed.");
        }
        text.unwrap_or_default()
    }

    /// Text that may be left out or null.
    pub fn perhaps_text(&mut self, name: &str) -> Option<String> {
        match self.left.remove(name)? {
            Value::String(text) => Some(text),
            Value::Null => None,
            _ => self.refuse(name, "Text is needed."),
        }
    }

    /// Text that may be left out, but not be null: a change cannot take it away.
    pub fn changed_text(&mut self, name: &str) -> Option<String> {
        if self.left.get(name).is_some_and(Value::is_null) {
            self.left.remove(name);
            return self.refuse(name, "This field cannot be null.");
        }
        self.perhaps_text(name)
    }

    /// A whole number; `absent` where it is left out, `None` where it is null.
    pub fn number_or(&mut self, name: &str, absent: Option<i64>) -> Option<i64> {
        match self.left.remove(name) {
            None => absent,
            Some(Value::Null) => None,
            Some(value) => match value.as_i64() {
                Some(number) => Some(number),
                None => self.refuse(name, "A whole number is needed."),
            },
        }
    }

    /// `true` or `false`; false where it is left out.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.left.remove(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => self.refuse(name, "true or false is needed.").unwrap_or_default(),
        }
    }

    /// `true` or `false`; `None` where it is left out or null.
    pub fn perhaps_flag(&mut self, name: &str) -> Option<bool> {
        match self.left.remove(name)? {
            Value::Null => None,
            Value::Bool(flag) => Some(flag),
            _ => self.refuse(name, "true, false or null is needed."),
        }
    }

    /// An instant as RFC 3339 writes it, as seconds since 1970.
    pub fn perhaps_instant(&mut self, name: &str) -> Option<i64> {
        let text = self.perhaps_text(name)?;
        match text.parse::<jiff::Timestamp>() {
            Ok(instant) => Some(instant.as_second()),
            Err(_) => self.refuse(name, "An instant as in 2027-01-31T12:00:00Z is needed."),
        }
    }

    /// A list of texts; empty where it is left out or null.
    pub fn perhaps_texts(&mut self, name: &str) -> Vec<String> {
        match self.left.get(name) {
            None => Vec::new(),
            Some(Value::Null) => self.left.remove(name).map(|_| Vec::new()).unwrap_or_default(),
            Some(_) => self.texts(name),
        }
    }

    /// A list of texts that must be there.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Value::Array(items)) = self.left.remove(name) else {
            return self.refuse(name, "A list of texts is needed.").unwrap_or_default();
        };
        let texts: Option<Vec<String>> =
            items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.or_else(|| self.refuse(name, "A list of texts is needed.")).unwrap_or_default()
    }

    /// A list of texts that may be left out, but not be null.
    pub fn changed_texts(&mut self, name: &str) -> Option<Vec<String>> {
        self.left.contains_key(name).then(|| self.texts(name))
    }

    /// Is it there, null or not?
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// A value of any kind, as it is.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name)
    }

    /// Complains about a field.
    pub fn refuse<T>(&mut self, name: &str, message: &str) -> Option<T> {
        self.errors.push(FieldError { field: name.into(), message: message.into() });
        None
    }

    /// Gives `read` if nothing was wrong and nothing is left.
    pub fn done<T>(mut self, read: T) -> Result<T, Refusal> {
        let unknown = std::mem::take(&mut self.left);
        for name in unknown.keys() {
            let shown: String = name.chars().take(64).collect();
            self.refuse::<()>(&shown, "There is no such field here.");
        }
        if self.errors.is_empty() { Ok(read) } else { Err(Refusal::Invalid(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn refuses_what_is_nested_too_deeply_without_falling_over() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(deep.as_bytes()).is_err());
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert!(parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn names_the_place_of_a_nul() {
        for (body, place) in [
            (json!({"a": "x\0"}), Some("a")),
            (json!({"a": {"b": ["x", "\0"]}}), Some("a.b[1]")),
            (json!({"a\0": 1}), Some("a\u{FFFD}")),
            (json!({"a": "x"}), None),
        ] {
            assert_eq!(nul(&body, "").as_deref(), place, "{body}");
        }
    }

    #[test]
    fn complains_about_every_field_at_once() {
        let body = json!({"label": 7, "expires_at": "tomorrow", "flag": "yes", "ids": [1], "zebra": 0, "n": 1.5});
        let mut fields = Fields::of(body).unwrap();
        fields.text("confirm_name");
        fields.text("label");
        fields.perhaps_instant("expires_at");
        fields.flag("flag");
        fields.texts("ids");
        fields.number_or("n", None);
        insta::assert_snapshot!(fields.done(()).unwrap_err().to_string().replace("; ", "\n"), @r"
        confirm_name: This field is needed.
        label: Text is needed.
        expires_at: An instant as in 2027-01-31T12:00:00Z is needed.
        flag: true or false is needed.
        ids: A list of texts is needed.
        n: A whole number is needed.
        zebra: There is no such field here.
        ");
    }

    #[test]
    fn tells_left_out_from_null() {
        let mut fields = Fields::of(json!({"a": null, "b": 5})).unwrap();
        assert_eq!(fields.number_or("a", Some(86_400)), None);
        assert_eq!(fields.number_or("b", Some(86_400)), Some(5));
        assert_eq!(fields.number_or("c", Some(86_400)), Some(86_400));
    }

    #[test]
    fn takes_a_merge_patch_for_changes_only() {
        let headers =
            |text: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, text.parse().unwrap())]);
        for (method, content_type, want) in [
            (Method::POST, "application/json", true),
            (Method::POST, "Application/JSON; charset=utf-8", true),
            (Method::PATCH, "application/json", true),
            (Method::PATCH, "application/merge-patch+json", true),
            (Method::POST, "application/merge-patch+json", false),
            (Method::POST, "text/plain", false),
            (Method::POST, "application/x-www-form-urlencoded", false),
            (Method::POST, "", false),
        ] {
            assert_eq!(is_json(&method, &headers(content_type)), want, "{method} {content_type}");
        }
        assert!(!is_json(&Method::POST, &HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
