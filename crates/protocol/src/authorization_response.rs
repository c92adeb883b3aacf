//! The answer of the authorization endpoint (RFC 6749 §4.1.2, §4.1.2.1, §4.2.2; RFC 9207 §2;
//! OAuth 2.0 Form Post Response Mode §2).
//!
//! Spells an answer for a redirect URI that has been checked before. Every answer, a refusal too,
//! names the issuer, so that a client with several servers cannot be confused about who answered.
//!
//! Refuses to know whether the answer is deserved. The status (303) and the page around the form
//! belong to the door.

use crate::error::Error;
use crate::response::ResponseMode;
use crate::scope::Scopes;

/// What is answered. No `Debug`: it carries codes and tokens.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The code, the tokens or the refusal.
    pub outcome: Outcome<'a>,
    /// The `state` of the request, echoed byte for byte.
    pub state: Option<&'a str>,
    /// The issuer, byte for byte as in the metadata.
    pub issuer: &'a str,
}

/// How the request ended.
#[derive(Clone, Copy)]
pub enum Outcome<'a> {
    /// An authorization code.
    Code(&'a str),
    /// Tokens of the legacy implicit grant.
    Tokens(ImplicitTokens<'a>),
    /// A refusal: its code and description. The reason stays behind.
    Refused(&'a Error),
}

/// What the implicit grant answers (RFC 6749 §4.2.2; OpenID Connect Core §3.2.2.5).
#[derive(Clone, Copy)]
pub struct ImplicitTokens<'a> {
    /// The access token and its lifetime in seconds, when asked for.
    pub access_token: Option<(&'a str, u64)>,
    /// The ID token, when asked for.
    pub id_token: Option<&'a str>,
    /// The scopes granted, when they differ from those asked for.
    pub scope: Option<&'a Scopes>,
}

/// An answer ready for the browser. No `Debug`: it carries codes and tokens.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// The value of a `Location` header, ASCII only.
    Redirect {
        /// The redirect URI with the answer in its query or fragment.
        location: String,
    },
    /// A form that the browser posts at once.
    FormPost {
        /// The redirect URI.
        action: String,
        /// Names and values, not yet escaped for HTML.
        fields: Vec<(&'static str, String)>,
    },
}

impl AuthorizationResponse {
    /// Spells the answer for the redirect URI. A query that the redirect URI already has is kept
    /// (RFC 6749 §3.1.2).
    pub fn new(redirect_uri: &str, mode: ResponseMode, answer: &Answer<'_>) -> Self {
        let fields = answer.fields();
        if mode == ResponseMode::FormPost {
            return Self::FormPost { action: redirect_uri.to_owned(), fields };
        }
        let separator = match mode {
            ResponseMode::Fragment => "#",
            _ if !redirect_uri.contains('?') => "?",
            _ if redirect_uri.ends_with(['?', '&']) => "",
            _ => "&",
        };
        let mut location = String::with_capacity(redirect_uri.len() + 256);
        location.push_str(redirect_uri);
        location.push_str(separator);
        for (at, (name, value)) in fields.iter().enumerate() {
            if at > 0 {
                location.push('&');
            }
            location.push_str(name);
            location.push('=');
            push_encoded(&mut location, value);
        }
        Self::Redirect { location }
    }
}

impl Answer<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&'static str, String)> = Vec::with_capacity(6);
        match self.outcome {
            Outcome::Code(code) => fields.push(("code", code.to_owned())),
            Outcome::Tokens(tokens) => {
                if let Some((token, lifetime)) = tokens.access_token {
                    fields.push(("access_token", token.to_owned()));
                    fields.push(("token_type", "Bearer".to_owned()));
                    fields.push(("expires_in", lifetime.to_string()));
                }
                if let Some(token) = tokens.id_token {
                    fields.push(("id_token", token.to_owned()));
                }
                if let Some(scope) = tokens.scope {
                    fields.push(("scope", scope.to_string()));
                }
            }
            Outcome::Refused(error) => {
                fields.push(("error", error.code.as_str().to_owned()));
                fields.push(("error_description", error.description.clone().into_owned()));
            }
        }
        if let Some(state) = self.state {
            fields.push(("state", state.to_owned()));
        }
        fields.push(("iss", self.issuer.to_owned()));
        fields
    }
}

/// Form encoding with `%20` for a space instead of `+`: both are read alike by a form decoder,
/// and apps that read the query with a plain URI decoder get the state back too.
fn push_encoded(location: &mut String, value: &str) {
    for piece in form_urlencoded::byte_serialize(value.as_bytes()) {
        location.push_str(if piece == "+" { "%20" } else { piece });
    }
}
