//! The refusals of the protocol: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1,
//! RFC 7591 §3.2.2, RFC 8707 §2, OpenID Connect Core §3.1.2.6.
//!
//! An error speaks to two people. The caller reads the code and one true sentence. The operator
//! reads the reason: what was expected, what came. The reason is never serialised.
//!
//! Refuses to know whether an error is redirected, shown on a page or sent as JSON.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// A registered error code, or one of the two of ours (`too_many_tokens`, `rate_limited`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the code of the same name in the RFCs above")]
pub enum Code {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    AccessDenied,
    UnsupportedResponseType,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    AccountSelectionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    InvalidToken,
    InsufficientScope,
    UnsupportedTokenType,
    TooManyTokens,
    RateLimited,
    InvalidRedirectUri,
    InvalidClientMetadata,
}

impl Code {
    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::TooManyTokens => "too_many_tokens",
            Self::RateLimited => "rate_limited",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
        }
    }

    /// The HTTP status of an answer that is not redirected.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::TooManyTokens | Self::RateLimited => 429,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the operator may read about a refusal. It can hold values of the request, so it is
/// redacted before it is kept and never leaves for the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// What would have been accepted.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// What happened, in words. Empty when the description says it all.
    pub note: String,
}

/// A refusal: its code, the sentence for the caller, the reason for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The code on the wire.
    pub code: Code,
    /// The one true sentence the caller reads. Always of the characters of RFC 6749 §5.2.
    pub description: Cow<'static, str>,
    /// For the operator only.
    pub reason: Reason,
}

impl Error {
    /// A refusal with the sentence the caller reads. Characters outside RFC 6749 §5.2
    /// (`%x20-21 / %x23-5B / %x5D-7E`) are replaced: quotes by `'`, a backslash by `/`, white
    /// space by a space, others by `?`.
    pub fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let description = if description.bytes().all(is_allowed) {
            description
        } else {
            Cow::Owned(description.chars().map(replacement).collect())
        };
        Self { code, description, reason: Reason::default() }
    }

    /// Tells the operator what happened.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.reason.note = note.into();
        self
    }

    /// Tells the operator what would have been accepted.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.reason.expected = Some(expected.into());
        self
    }

    /// Tells the operator what came.
    #[must_use]
    pub fn received(mut self, received: impl Into<String>) -> Self {
        self.reason.received = Some(received.into());
        self
    }
}

const fn is_allowed(byte: u8) -> bool {
    matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

fn replacement(c: char) -> char {
    match c {
        '"' => '\'',
        '\\' => '/',
        c if c.is_ascii() && is_allowed(c as u8) => c,
        c if c.is_whitespace() => ' ',
        _ => '?',
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl std::error::Error for Error {}

/// The JSON of RFC 6749 §5.2: `error` and `error_description`, nothing else.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Error", 2)?;
        body.serialize_field("error", self.code.as_str())?;
        body.serialize_field("error_description", &self.description)?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_the_caller_nothing_of_the_reason() {
        let error = Error::new(Code::InvalidGrant, "The code has expired.")
            .because("the code was issued for another redirect URI")
            .expected("https://app.example/cb")
            .received("https://evil.example/cb");
        insta::assert_snapshot!(
            serde_json::to_string(&error).unwrap(),
            @r#"{"error":"invalid_grant","error_description":"The code has expired."}"#
        );
        insta::assert_snapshot!(error, @"invalid_grant: The code has expired.");
        assert_eq!(error.reason.received.as_deref(), Some("https://evil.example/cb"));
    }

    #[test]
    fn replaces_what_a_description_may_not_hold() {
        let error = Error::new(Code::InvalidRequest, "The \"name\" of\nC:\\ is caf\u{e9}.\0");
        assert_eq!(error.description, "The 'name' of C:/ is caf?.?");
    }

    #[test]
    fn keeps_the_status_of_each_code() {
        let of = |code: Code| (code.as_str(), code.status());
        assert_eq!(of(Code::InvalidClient), ("invalid_client", 401));
        assert_eq!(of(Code::InvalidToken), ("invalid_token", 401));
        assert_eq!(of(Code::InsufficientScope), ("insufficient_scope", 403));
        assert_eq!(of(Code::TooManyTokens), ("too_many_tokens", 429));
        assert_eq!(of(Code::RateLimited), ("rate_limited", 429));
        assert_eq!(of(Code::ServerError), ("server_error", 500));
        assert_eq!(of(Code::TemporarilyUnavailable), ("temporarily_unavailable", 503));
        assert_eq!(of(Code::InvalidGrant), ("invalid_grant", 400));
        assert_eq!(of(Code::AccessDenied), ("access_denied", 400));
    }

    proptest! {
        #[test]
        fn speaks_only_the_characters_of_the_rfc(text in any::<String>()) {
            let error = Error::new(Code::InvalidRequest, text.clone());
            prop_assert!(error.description.bytes().all(is_allowed));
            prop_assert_eq!(error.description.chars().count(), text.chars().count());
        }
    }
}
