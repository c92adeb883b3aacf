//! The metadata documents and the JWKS.

use crate::harness::{both, one};

#[tokio::test]
async fn a01_every_address_tells_the_same_of_the_same_issuer() {
    both(|server| async move {
        let first = server.get("/.well-known/oauth-authorization-server").await;
        assert_eq!(first.json()["issuer"], "https://mandate.test");
        for path in [
            "/.well-known/openid-configuration",
            "/oauth/.well-known/openid-configuration",
            "/oauth/.well-known/oauth-authorization-server",
        ] {
            assert_eq!(server.get(path).await.json(), first.json(), "{path}");
        }
    })
    .await;
}

#[expect(clippy::too_many_lines, reason = "the document is shown whole")]
#[tokio::test]
async fn a02_a03_a04_promises_what_holds_and_nothing_more() {
    let metadata = one().await.get("/.well-known/openid-configuration").await.json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&metadata).unwrap(), @r#"
    {
      "authorization_endpoint": "https://mandate.test/oauth2/authorize",
      "authorization_response_iss_parameter_supported": true,
      "claims_parameter_supported": false,
      "claims_supported": [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "amr",
        "azp",
        "at_hash",
        "name",
        "preferred_username",
        "email",
        "email_verified",
        "authorized_teams",
        "teams"
      ],
      "code_challenge_methods_supported": [
        "S256"
      ],
      "end_session_endpoint": "https://mandate.test/oauth2/logout",
      "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials"
      ],
      "id_token_signing_alg_values_supported": [
        "RS256",
        "ES256",
        "EdDSA",
        "PS256"
      ],
      "introspection_endpoint": "https://mandate.test/oauth2/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post"
      ],
      "issuer": "https://mandate.test",
      "jwks_uri": "https://mandate.test/oauth2/jwks",
      "prompt_values_supported": [
        "none",
        "login",
        "consent",
        "select_account"
      ],
      "request_parameter_supported": false,
      "request_uri_parameter_supported": false,
      "response_modes_supported": [
        "query",
        "form_post"
      ],
      "response_types_supported": [
        "code"
      ],
      "revocation_endpoint": "https://mandate.test/oauth2/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none"
      ],
      "scopes_supported": [
        "openid",
        "profile",
        "email",
        "offline_access",
        "as_user:read",
        "as_user:write"
      ],
      "subject_types_supported": [
        "public"
      ],
      "token_endpoint": "https://mandate.test/oauth2/token",
      "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none"
      ],
      "userinfo_endpoint": "https://mandate.test/oauth2/userinfo"
    }
    "#);
}

#[tokio::test]
async fn a07_the_jwks_holds_public_members_only() {
    both(|server| async move {
        let answer = server.get("/oauth2/jwks").await;
        assert_eq!(answer.header("cache-control"), "public, max-age=900");
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        let kids: std::collections::HashSet<_> =
            keys.iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect();
        assert_eq!((keys.len(), kids.len()), (4, 4));
        for key in keys {
            let allowed = ["kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"];
            assert!(
                key.as_object().unwrap().keys().all(|name| allowed.contains(&name.as_str())),
                "{key}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn every_algorithm_has_a_published_key_of_its_own() {
    both(|server| async move {
        let jwks = server.get("/oauth2/jwks").await.json();
        for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
            let app = server
                .register(serde_json::json!({
                    "client_name": format!("Signed by {alg}"),
                    "type": "custom",
                    "grant_types": ["authorization_code"],
                    "redirect_uris": ["https://app.example/cb"],
                    "scopes": ["openid"],
                    "id_token_signed_response_alg": alg,
                }))
                .await;
            let token = app.sign_in(&[("scope", "openid")]).await.text("id_token");
            assert_eq!(header(&token)["alg"], alg);
            // What a strict library does: the same `kid`, and `alg` of the key is that of the token.
            let fits = |key: &&serde_json::Value| key["kid"] == header(&token)["kid"];
            let key = jwks["keys"].as_array().unwrap().iter().find(fits).unwrap();
            assert_eq!(key["alg"], alg);
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs() {
    both(|server| async move {
        let web = server.web_app().await;
        let kid = async || {
            let token = web.sign_in(&[]).await.text("id_token");
            crate::metadata::kid(&token)
        };
        let before = kid().await;
        server.rotate_keys().await;
        server.clock.step(31);
        assert_eq!(
            server.get("/oauth2/jwks").await.json()["keys"].as_array().unwrap().len(),
            8,
            "published"
        );
        assert_eq!(kid().await, before, "not signing yet");
        server.clock.step(3600);
        let after = kid().await;
        assert_ne!(after, before, "signing now");
        let published = server.get("/oauth2/jwks").await.body;
        assert!(published.contains(&before) && published.contains(&after), "both verify");
        server.clock.step(25 * 3600);
        server.sweep().await;
        server.clock.step(31);
        assert!(!server.get("/oauth2/jwks").await.body.contains(&before), "retired");
    })
    .await;
}

pub fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

fn header(token: &str) -> serde_json::Value {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a10_every_answer_has_its_safety_headers() {
    let server = one().await;
    for path in ["/", "/login", "/oauth2/jwks", "/nothing-here", "/oauth2/authorize", "/healthz"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("strict-transport-security").contains("max-age="), "{path}");
        assert!(answer.header("server").is_empty(), "{path}");
        if answer.header("content-type").starts_with("text/html") {
            assert!(
                answer.header("content-security-policy").contains("frame-ancestors 'none'"),
                "{path}"
            );
            assert!(!answer.header("content-security-policy").contains("unsafe-inline"), "{path}");
            assert_eq!(
                (answer.header("x-frame-options"), answer.header("referrer-policy")),
                ("DENY", "no-referrer"),
                "{path}"
            );
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}
