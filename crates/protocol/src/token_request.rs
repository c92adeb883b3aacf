//! The request to the token endpoint (RFC 6749 §4.1.3, §4.3.2, §4.4.2, §6; OAuth 2.1 §3.2.2,
//! §4.1.3; RFC 7636 §4.5; RFC 8707 §2.2).
//!
//! Reads what is asked for. Who asks is in `client_authentication`; whether it is granted is
//! known elsewhere. Refuses to know which grants are on: an unknown one is named, not refused.

use std::fmt;

use crate::authorization_request::resources;
use crate::error::{Code, Error};
use crate::params::Params;
use crate::resource::Resource;
use crate::scope::Scopes;

/// A well-formed token request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// The grant and what belongs to it.
    pub grant: Grant,
    /// The scopes asked for; `None` when the parameter was left out.
    pub scope: Option<Scopes>,
    /// The resources asked for, each once, in order.
    pub resources: Vec<Resource>,
}

/// What the tokens are asked in exchange for.
///
/// `Debug` names the grant alone: what stands in it are secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum Grant {
    /// `authorization_code`.
    AuthorizationCode {
        /// The code.
        code: String,
        /// The redirect URI, where the client still sends it (RFC 6749 §4.1.3).
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        verifier: Option<String>,
    },
    /// `refresh_token`.
    RefreshToken {
        /// The refresh token.
        token: String,
    },
    /// `client_credentials`.
    ClientCredentials,
    /// `password`: the legacy resource owner grant.
    Password {
        /// Who signs in.
        username: String,
        /// Their password.
        password: String,
    },
    /// `state_token`: the second step of the legacy password grant, as Reltio's scripts know it.
    StateToken {
        /// What the first step answered with.
        token: String,
        /// The code of the second factor.
        totp: String,
    },
    /// Any other `grant_type`, as sent.
    Other(String),
}

impl TokenRequest {
    /// Reads a token request. `invalid_request` for a repeated parameter and for one that the
    /// grant needs and that is missing; `invalid_scope` and `invalid_target` as their modules say.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        params.single()?;
        Ok(Self {
            grant: Grant::parse(params)?,
            scope: params.get("scope").map(Scopes::parse).transpose()?,
            resources: resources(params)?,
        })
    }
}

impl Grant {
    fn parse(params: &Params) -> Result<Self, Error> {
        let optional = |name| params.get(name).map(str::to_owned);
        Ok(match required(params, "grant_type")?.as_str() {
            "authorization_code" => Self::AuthorizationCode {
                code: required(params, "code")?,
                redirect_uri: optional("redirect_uri"),
                verifier: optional("code_verifier"),
            },
            "refresh_token" => Self::RefreshToken { token: required(params, "refresh_token")? },
            "client_credentials" => Self::ClientCredentials,
            "password" => Self::Password {
                username: required(params, "username")?,
                password: required(params, "password")?,
            },
            "state_token" => Self::StateToken {
                token: required(params, "state_token")?,
                totp: required(params, "totp")?,
            },
            other => Self::Other(other.chars().take(200).collect()),
        })
    }

    /// The `grant_type` on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::RefreshToken { .. } => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Password { .. } => "password",
            Self::StateToken { .. } => "state_token",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn required(params: &Params, name: &str) -> Result<String, Error> {
    params.get(name).map(str::to_owned).ok_or_else(|| {
        Error::new(Code::InvalidRequest, format!("The parameter {name} is missing."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<TokenRequest, Error> {
        TokenRequest::parse(&Params::parse(body.as_bytes())?)
    }

    #[test]
    fn reads_each_grant() {
        let code = parse("grant_type=authorization_code&code=c&code_verifier=v").unwrap();
        assert!(
            code.grant
                == Grant::AuthorizationCode {
                    code: "c".into(),
                    redirect_uri: None,
                    verifier: Some("v".into())
                }
        );
        let refresh = parse("grant_type=refresh_token&refresh_token=r&scope=b+a").unwrap();
        assert!(refresh.grant == Grant::RefreshToken { token: "r".into() });
        assert_eq!(refresh.scope.unwrap().as_str(), "a b");
        let password = parse("grant_type=password&username=u&password=p%26q").unwrap();
        assert!(password.grant == Grant::Password { username: "u".into(), password: "p&q".into() });
        let second = parse("grant_type=state_token&state_token=s&totp=123456").unwrap();
        assert!(second.grant == Grant::StateToken { token: "s".into(), totp: "123456".into() });
        let machine = parse("grant_type=client_credentials&scope=&extra=1").unwrap();
        assert!(machine.grant == Grant::ClientCredentials);
        assert_eq!(machine.scope, None);
        let other = parse("grant_type=urn:x:y").unwrap();
        assert!(other.grant == Grant::Other("urn:x:y".into()));
    }

    #[test]
    fn reads_each_resource_once() {
        let request = parse(
            "grant_type=client_credentials&resource=urn:a:1&resource=urn:b:2&resource=urn:a:1",
        );
        let resources = request.unwrap().resources;
        assert_eq!(
            resources.iter().map(Resource::as_str).collect::<Vec<_>>(),
            ["urn:a:1", "urn:b:2"]
        );
    }

    #[test]
    fn refuses_by_name_what_is_missing_or_repeated() {
        let refusal = |body| parse(body).unwrap_err().to_string();
        insta::assert_snapshot!(
            refusal(""),
            @"invalid_request: The parameter grant_type is missing."
        );
        insta::assert_snapshot!(
            refusal("grant_type=authorization_code&code="),
            @"invalid_request: The parameter code is missing."
        );
        insta::assert_snapshot!(
            refusal("grant_type=refresh_token"),
            @"invalid_request: The parameter refresh_token is missing."
        );
        insta::assert_snapshot!(
            refusal("grant_type=password&username=u"),
            @"invalid_request: The parameter password is missing."
        );
        insta::assert_snapshot!(
            refusal("grant_type=client_credentials&scope=a&scope=a"),
            @"invalid_request: The parameter scope stands more than once."
        );
        insta::assert_snapshot!(
            refusal("grant_type=client_credentials&resource=api"),
            @"invalid_target: The resource must be an absolute URI."
        );
    }

    #[test]
    fn keeps_secrets_out_of_debug() {
        for body in [
            "grant_type=authorization_code&code=hush&code_verifier=hush",
            "grant_type=refresh_token&refresh_token=hush",
            "grant_type=password&username=u&password=hush",
        ] {
            let shown = format!("{:?}", parse(body).unwrap());
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
