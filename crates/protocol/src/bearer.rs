//! Bearer tokens in the `Authorization` header, and the challenge of a refusal (RFC 6750 §2.1, §3;
//! OAuth 2.1 §5.2, §5.3).
//!
//! Tokens in a body or a query are never read. Refuses to know what the token is worth.

use std::fmt;

use crate::error::{Code, Error};

/// Finds the token of an `Authorization: Bearer …` header. `Ok(None)` when there is no header or
/// one of another scheme: that is not an error, and is answered without an error code.
///
/// `invalid_request` for more than one word after the scheme; `invalid_token` for an empty token
/// and for characters that no token has.
pub fn parse(authorization: Option<&str>) -> Result<Option<&str>, Error> {
    let Some(header) = authorization else { return Ok(None) };
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = rest.trim_matches(' ');
    if token.is_empty() {
        return Err(Error::new(Code::InvalidToken, "The access token is empty."));
    }
    if token.contains([' ', ',']) {
        return Err(Error::new(
            Code::InvalidRequest,
            "The Authorization header must hold one access token and nothing else.",
        ));
    }
    if !is_b64token(token) {
        return Err(Error::new(Code::InvalidToken, "The access token is malformed."));
    }
    Ok(Some(token))
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// The `WWW-Authenticate: Bearer` of a 401 or 403. `Display` is the header value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// What is protected.
    pub realm: Option<&'a str>,
    /// Why it was refused; left out when no token came at all (RFC 6750 §3.1).
    pub error: Option<Code>,
    /// The sentence for the caller.
    pub description: Option<&'a str>,
    /// The scopes that would be enough.
    pub scope: Option<&'a str>,
}

impl<'a> Challenge<'a> {
    /// The challenge for a refusal.
    pub fn of(error: &'a Error) -> Self {
        Self { error: Some(error.code), description: Some(&error.description), ..Self::default() }
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")?;
        let parts = [
            ("realm", self.realm),
            ("error", self.error.map(Code::as_str)),
            ("error_description", self.description),
            ("scope", self.scope),
        ];
        let present = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (at, (name, value)) in present.enumerate() {
            f.write_str(if at == 0 { " " } else { ", " })?;
            write!(f, "{name}={}", Quoted(value))?;
        }
        Ok(())
    }
}

/// A quoted-string (RFC 9110 §5.6.4) that cannot be left from inside: what could end it or split
/// the header is replaced, not escaped, because few clients unescape.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = self.0.chars().map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            c if c.is_whitespace() => ' ',
            _ => '?',
        });
        write!(f, "\"{}\"", safe.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_token_whatever_the_case_of_the_scheme() {
        for (header, token) in [
            (None, None),
            (Some("Basic YTpi"), None),
            (Some("BearerX abc"), None),
            (Some(""), None),
            (Some("Bearer mat_abc-123"), Some("mat_abc-123")),
            (Some("bEARER a.b.c"), Some("a.b.c")),
            (Some("Bearer   abc== "), Some("abc==")),
        ] {
            assert_eq!(parse(header), Ok(token), "{header:?}");
        }
    }

    #[test]
    fn refuses_none_two_and_malformed_tokens() {
        for (header, code) in [
            ("Bearer", Code::InvalidToken),
            ("Bearer ", Code::InvalidToken),
            ("Bearer =", Code::InvalidToken),
            ("Bearer a\"b", Code::InvalidToken),
            ("Bearer caf\u{e9}", Code::InvalidToken),
            ("Bearer a=b", Code::InvalidToken),
            ("Bearer a b", Code::InvalidRequest),
            ("Bearer a, Bearer b", Code::InvalidRequest),
        ] {
            assert_eq!(parse(Some(header)).unwrap_err().code, code, "{header:?}");
        }
    }

    #[test]
    fn challenges_without_a_code_when_no_token_came() {
        insta::assert_snapshot!(Challenge::default(), @"Bearer");
        let realm = Challenge { realm: Some("Mandate"), ..Challenge::default() };
        insta::assert_snapshot!(realm, @r#"Bearer realm="Mandate""#);
        let error = Error::new(Code::InsufficientScope, "The token lacks a scope.");
        let challenge = Challenge { scope: Some("openid"), ..Challenge::of(&error) };
        insta::assert_snapshot!(challenge, @r#"Bearer error="insufficient_scope", error_description="The token lacks a scope.", scope="openid""#);
    }

    proptest! {
        #[test]
        fn quotes_so_that_nothing_escapes(text in any::<String>()) {
            let value = Challenge { realm: Some(&text), ..Challenge::default() }.to_string();
            prop_assert!(value.bytes().all(|byte| (0x20..=0x7E).contains(&byte)));
            prop_assert_eq!(value.matches('"').count(), 2);
            prop_assert!(!value.contains('\\'));
        }
    }
}
