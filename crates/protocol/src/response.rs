//! `response_type` and `response_mode` (RFC 6749 §3.1.1; OAuth 2.0 Multiple Response Type Encoding
//! Practices §2; OAuth 2.0 Form Post Response Mode).
//!
//! Refuses to know which response types are switched on: the implicit ones are read here so that
//! the refusal can name them.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};

/// What the authorization endpoint is asked to return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// `code`: the only one that is always on.
    Code,
    /// `token`: the legacy implicit grant.
    Token,
    /// `id_token`: the implicit flow of OpenID Connect, identity only.
    IdToken,
    /// `id_token token`: the implicit flow of OpenID Connect.
    IdTokenToken,
}

impl ResponseType {
    /// Reads a `response_type` parameter; the order of its words does not count.
    ///
    /// `unsupported_response_type` for any other one, the hybrid ones included.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "code" => Ok(Self::Code),
            "token" => Ok(Self::Token),
            "id_token" => Ok(Self::IdToken),
            "id_token token" | "token id_token" => Ok(Self::IdTokenToken),
            other => Err(Error::new(
                Code::UnsupportedResponseType,
                "This response_type is not supported. Use code.",
            )
            .expected("code")
            .received(other.chars().take(100).collect::<String>())),
        }
    }

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
        }
    }

    /// Whether it belongs to the legacy implicit grant, which is off unless switched on.
    pub const fn is_implicit(self) -> bool {
        !matches!(self, Self::Code)
    }

    /// Whether the answer itself carries an ID token.
    pub const fn gives_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken)
    }

    /// Whether the answer itself carries an access token.
    pub const fn gives_access_token(self) -> bool {
        matches!(self, Self::Token | Self::IdTokenToken)
    }
}

/// How the answer travels back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
    /// In the fragment of the redirect URI; for the implicit grant alone.
    Fragment,
}

impl ResponseMode {
    /// Reads a `response_mode` parameter. `invalid_request` for an unknown one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "query" => Ok(Self::Query),
            "form_post" => Ok(Self::FormPost),
            "fragment" => Ok(Self::Fragment),
            other => Err(Error::new(
                Code::InvalidRequest,
                "This response_mode is not supported. Use query or form_post.",
            )
            .received(other.chars().take(100).collect::<String>())),
        }
    }

    /// The mode that a response type has when none is asked for.
    pub const fn default_for(response_type: ResponseType) -> Self {
        if response_type.is_implicit() { Self::Fragment } else { Self::Query }
    }

    /// Refuses a mode that does not go with the response type: a code never stands in a fragment,
    /// a token never in a query, where logs and `Referer` headers would carry it.
    pub fn check_for(self, response_type: ResponseType) -> Result<(), Error> {
        let refused = match self {
            Self::FormPost => false,
            Self::Query => response_type.is_implicit(),
            Self::Fragment => !response_type.is_implicit(),
        };
        if refused {
            return Err(Error::new(
                Code::InvalidRequest,
                "This response_mode does not go with this response_type.",
            )
            .expected(Self::default_for(response_type).as_str())
            .received(self.as_str()));
        }
        Ok(())
    }

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_hybrid_and_unknown_response_types() {
        for text in ["", "code token", "code id_token", "CODE", "code ", "code code", "none"] {
            let refused = ResponseType::parse(text).unwrap_err();
            assert_eq!(refused.code, Code::UnsupportedResponseType, "{text:?}");
        }
        for known in ["code", "token", "id_token", "id_token token"] {
            assert_eq!(ResponseType::parse(known).unwrap().as_str(), known);
        }
        assert_eq!(ResponseType::parse("token id_token"), Ok(ResponseType::IdTokenToken));
    }

    #[test]
    fn refuses_an_unknown_mode() {
        for text in ["", "jwt", "query.jwt", "web_message", "Query"] {
            let refused = ResponseMode::parse(text).unwrap_err();
            assert_eq!(refused.code, Code::InvalidRequest, "{text:?}");
        }
    }

    #[test]
    fn keeps_codes_out_of_fragments_and_tokens_out_of_queries() {
        use ResponseMode::{FormPost, Fragment, Query};
        for (mode, response_type, allowed) in [
            (Query, ResponseType::Code, true),
            (FormPost, ResponseType::Code, true),
            (Fragment, ResponseType::Code, false),
            (Query, ResponseType::Token, false),
            (Query, ResponseType::IdToken, false),
            (Fragment, ResponseType::IdTokenToken, true),
            (FormPost, ResponseType::Token, true),
        ] {
            assert_eq!(
                mode.check_for(response_type).is_ok(),
                allowed,
                "{mode:?} {response_type:?}"
            );
            assert!(ResponseMode::default_for(response_type).check_for(response_type).is_ok());
        }
    }
}
