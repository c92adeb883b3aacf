//! What the server tells about itself (RFC 8414 §2; OpenID Connect Discovery §3; RFC 9207 §3).
//!
//! One document for both well-known addresses. It lists what works, not what is planned. Refuses
//! to know settings: what can differ between two installations is passed in.

use serde::Serialize;

use crate::jose::Algorithm;
use crate::prompt::Prompt;

/// What differs between installations.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The scopes that may be asked for.
    pub scopes: &'a [&'a str],
    /// The claims that ID token and userinfo can hold.
    pub claims: &'a [&'a str],
    /// The algorithms that ID tokens can be signed with.
    pub signing_algorithms: &'a [Algorithm],
    /// The values of `prompt` that are understood.
    pub prompts: &'a [Prompt],
    /// The legacy grants that are switched on; usually none.
    pub legacy: Legacy,
}

/// The legacy grants. Neither is named in the metadata while it is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Legacy {
    /// The resource owner password grant.
    pub password: bool,
    /// The implicit grant.
    pub implicit: bool,
}

/// The metadata document. Fields are written in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the member of the same name in the RFCs above")]
#[expect(clippy::struct_excessive_bools, reason = "the RFCs define these members as booleans")]
pub struct Metadata<'a> {
    pub issuer: &'a str,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: &'a [&'a str],
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: [&'static str; 3],
    pub revocation_endpoint_auth_methods_supported: [&'static str; 3],
    pub introspection_endpoint_auth_methods_supported: [&'static str; 2],
    pub code_challenge_methods_supported: [&'static str; 1],
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: &'a [Algorithm],
    pub claims_supported: &'a [&'a str],
    pub prompt_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub claims_parameter_supported: bool,
}

const WITH_SECRET: [&str; 2] = ["client_secret_basic", "client_secret_post"];
const WITH_OR_WITHOUT_SECRET: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The document for this issuer, which stands in it byte for byte.
pub fn metadata<'a>(issuer: &'a str, offered: &Offered<'a>) -> Metadata<'a> {
    let base = issuer.trim_end_matches('/');
    let endpoint = |name: &str| format!("{base}/oauth2/{name}");
    Metadata {
        issuer,
        authorization_endpoint: endpoint("authorize"),
        token_endpoint: endpoint("token"),
        revocation_endpoint: endpoint("revoke"),
        introspection_endpoint: endpoint("introspect"),
        userinfo_endpoint: endpoint("userinfo"),
        end_session_endpoint: endpoint("logout"),
        jwks_uri: endpoint("jwks"),
        scopes_supported: offered.scopes,
        response_types_supported: with_legacy(
            &["code"],
            offered.legacy.implicit,
            &["token", "id_token", "id_token token"],
        ),
        response_modes_supported: with_legacy(
            &["query", "form_post"],
            offered.legacy.implicit,
            &["fragment"],
        ),
        grant_types_supported: grant_types(offered.legacy),
        token_endpoint_auth_methods_supported: WITH_OR_WITHOUT_SECRET,
        revocation_endpoint_auth_methods_supported: WITH_OR_WITHOUT_SECRET,
        introspection_endpoint_auth_methods_supported: WITH_SECRET,
        code_challenge_methods_supported: ["S256"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: offered.signing_algorithms,
        claims_supported: offered.claims,
        prompt_values_supported: offered.prompts.iter().map(|prompt| prompt.as_str()).collect(),
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        claims_parameter_supported: false,
    }
}

fn grant_types(legacy: Legacy) -> Vec<&'static str> {
    let usual = ["authorization_code", "refresh_token", "client_credentials"];
    let with_password = with_legacy(&usual, legacy.password, &["password"]);
    with_legacy(&with_password, legacy.implicit, &["implicit"])
}

fn with_legacy(usual: &[&'static str], is_on: bool, legacy: &[&'static str]) -> Vec<&'static str> {
    let legacy = legacy.iter().filter(|_| is_on);
    usual.iter().chain(legacy).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered() -> Offered<'static> {
        Offered {
            scopes: &["openid", "profile"],
            claims: &["sub", "email"],
            signing_algorithms: &[Algorithm::Rs256, Algorithm::Es256],
            prompts: &[Prompt::None, Prompt::Login],
            legacy: Legacy::default(),
        }
    }

    #[test]
    fn tells_what_works_in_a_stable_order() {
        let document = metadata("https://id.example.com", &offered());
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
        {
          "issuer": "https://id.example.com",
          "authorization_endpoint": "https://id.example.com/oauth2/authorize",
          "token_endpoint": "https://id.example.com/oauth2/token",
          "revocation_endpoint": "https://id.example.com/oauth2/revoke",
          "introspection_endpoint": "https://id.example.com/oauth2/introspect",
          "userinfo_endpoint": "https://id.example.com/oauth2/userinfo",
          "end_session_endpoint": "https://id.example.com/oauth2/logout",
          "jwks_uri": "https://id.example.com/oauth2/jwks",
          "scopes_supported": [
            "openid",
            "profile"
          ],
          "response_types_supported": [
            "code"
          ],
          "response_modes_supported": [
            "query",
            "form_post"
          ],
          "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials"
          ],
          "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none"
          ],
          "revocation_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none"
          ],
          "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post"
          ],
          "code_challenge_methods_supported": [
            "S256"
          ],
          "subject_types_supported": [
            "public"
          ],
          "id_token_signing_alg_values_supported": [
            "RS256",
            "ES256"
          ],
          "claims_supported": [
            "sub",
            "email"
          ],
          "prompt_values_supported": [
            "none",
            "login"
          ],
          "authorization_response_iss_parameter_supported": true,
          "request_parameter_supported": false,
          "request_uri_parameter_supported": false,
          "claims_parameter_supported": false
        }
        "#);
    }

    #[test]
    fn keeps_the_issuer_byte_for_byte() {
        let document = metadata("https://id.example.com/a/", &offered());
        assert_eq!(document.issuer, "https://id.example.com/a/");
        assert_eq!(document.token_endpoint, "https://id.example.com/a/oauth2/token");
    }

    #[test]
    fn names_a_legacy_grant_only_while_it_is_on() {
        let off = serde_json::to_string(&metadata("https://a.example", &offered())).unwrap();
        for word in ["password", "implicit", "fragment", "\"token\"", "plain"] {
            assert!(!off.contains(word), "{word}");
        }
        let legacy = Legacy { password: true, implicit: true };
        let on = metadata("https://a.example", &Offered { legacy, ..offered() });
        let grants = on.grant_types_supported.join(" ");
        assert_eq!(grants, "authorization_code refresh_token client_credentials password implicit");
        assert!(on.response_types_supported.contains(&"id_token token"));
    }
}
