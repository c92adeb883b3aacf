//! Conditions in the headers of a request: at which version, under which key, in which form.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::operation::{Described, Parameter, Place, Signature, Type};
use super::problem::Failed;
use crate::app::App;

/// The version that the caller has read, from `If-Match`. `None`: whichever is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct IfMatch(pub Option<i64>);

/// The key under which a repeated request makes nothing new.
#[derive(Debug, Clone)]
pub(super) struct IdempotencyKey(pub Option<String>);

/// Does the caller want a table rather than JSON?
#[derive(Debug, Clone, Copy)]
pub(super) struct WantsCsv(pub bool);

impl FromRequestParts<Arc<App>> for IfMatch {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failed> {
        version(one(&parts.headers, header::IF_MATCH.as_str())?).map(Self)
    }
}

impl FromRequestParts<Arc<App>> for IdempotencyKey {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failed> {
        Ok(Self(one(&parts.headers, "Idempotency-Key")?.map(str::to_owned)))
    }
}

impl FromRequestParts<Arc<App>> for WantsCsv {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failed> {
        let accepted: Vec<_> = parts
            .headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        wants_csv(&accepted.join(",")).map(Self)
    }
}

impl Described for IfMatch {
    fn describe(signature: &mut Signature) {
        signature.is_conditional = true;
        signature.parameters.push(Parameter {
            name: "If-Match",
            place: Place::Header,
            kind: Type::Text,
            description: "The ETag the change is meant for. Another one is 412, none is accepted.",
        });
    }
}

impl Described for IdempotencyKey {
    fn describe(signature: &mut Signature) {
        signature.parameters.push(Parameter {
            name: "Idempotency-Key",
            place: Place::Header,
            kind: Type::Text,
            description: "1 to 200 visible characters. A repetition within a day answers with the object that \
                          the first request made, without its secret.",
        });
    }
}

impl Described for WantsCsv {
    fn describe(signature: &mut Signature) {
        signature.offers_csv = true;
    }
}

/// The only value of a header.
fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Failed> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(Some)
            .map_err(|_| Failed::field(name, "This header is not ASCII text.")),
        _ => Err(Failed::field(name, "This header is there more than once.")),
    }
}

/// A version behind an entity tag. A tag that is not one of ours can match nothing: version −1.
fn version(if_match: Option<&str>) -> Result<Option<i64>, Failed> {
    let Some(text) = if_match.map(str::trim) else { return Ok(None) };
    if text == "*" {
        return Ok(None);
    }
    if text.starts_with("W/\"") && text.len() > 3 && text.ends_with('"') {
        return Ok(Some(-1));
    }
    let tag = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|tag| !tag.contains('"'));
    let Some(tag) = tag else {
        return Err(Failed::field(
            "If-Match",
            "One ETag as it was given, in its quotes, such as \"7\".",
        ));
    };
    let is_plain = tag.bytes().all(|b| b.is_ascii_digit());
    Ok(Some(tag.parse().ok().filter(|_| is_plain).unwrap_or(-1)))
}

/// JSON unless `text/csv` is named and preferred; 406 where neither is accepted.
fn wants_csv(accept: &str) -> Result<bool, Failed> {
    let (mut csv, mut json) = (0.0_f32, 0.0_f32);
    for range in accept.split(',').filter(|range| !range.trim().is_empty()) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .filter_map(|p| p.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let quality =
            quality.and_then(|(_, value)| value.trim().parse::<f32>().ok()).unwrap_or(1.0);
        match media.as_str() {
            "text/csv" => csv = csv.max(quality),
            "application/json" | "application/*" | "*/*" => json = json.max(quality),
            "text/*" => csv = csv.max(quality * 0.9),
            _ => {}
        }
    }
    if accept.trim().is_empty() {
        return Ok(false);
    }
    if csv <= 0.0 && json <= 0.0 {
        let detail = "This is there as application/json and as text/csv.";
        return Err(Failed::new(StatusCode::NOT_ACCEPTABLE, detail));
    }
    Ok(csv > 0.0 && csv >= json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_an_etag() {
        for (text, want) in [
            (None, Ok(None)),
            (Some("*"), Ok(None)),
            (Some("\"7\""), Ok(Some(7))),
            (Some(" \"12\" "), Ok(Some(12))),
            (Some("W/\"7\""), Ok(Some(-1))),
            (Some("\"abc\""), Ok(Some(-1))),
            (Some("\"-7\""), Ok(Some(-1))),
            (Some("\"+7\""), Ok(Some(-1))),
            (Some("\"99999999999999999999\""), Ok(Some(-1))),
            (Some("\"\""), Ok(Some(-1))),
            (Some("7"), Err(())),
            (Some("\"7"), Err(())),
            (Some("\""), Err(())),
            (Some(""), Err(())),
            (Some("\"1\", \"2\""), Err(())),
        ] {
            assert_eq!(version(text).map_err(|_| ()), want, "{text:?}");
        }
    }

    #[test]
    fn gives_a_table_only_to_who_prefers_one() {
        for (accept, want) in [
            ("", Some(false)),
            ("*/*", Some(false)),
            ("text/csv", Some(true)),
            ("Text/CSV; charset=utf-8", Some(true)),
            ("application/json, text/csv;q=0.5", Some(false)),
            ("application/json;q=0.5, text/csv", Some(true)),
            ("text/csv, */*;q=0.1", Some(true)),
            ("text/csv;q=0, */*", Some(false)),
            ("text/html", None),
            ("text/csv;q=0", None),
        ] {
            assert_eq!(wants_csv(accept).ok(), want, "{accept}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_on_a_header(text in ".{0,60}") {
            let _ = (version(Some(&text)), wants_csv(&text));
        }
    }
}
