//! Strangers' bytes through every parser: nothing panics, and what is accepted keeps its promises.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use protocol::authorization_request::AuthorizationRequest;
use protocol::client_authentication::Presented;
use protocol::error::Error;
use protocol::pkce::Challenge;
use protocol::prompt::{self, Prompts};
use protocol::redirect_uri::{RedirectUri, difference};
use protocol::resource::Resource;
use protocol::response::{ResponseMode, ResponseType};
use protocol::token_request::TokenRequest;
use protocol::{Params, bearer, duration, jose};

/// Names the parsers know, with values from a few true ones to anything at all.
fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "resource",
        "request",
        "ui_locales",
        "grant_type",
        "code",
        "refresh_token",
        "username",
        "password",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "redirect_uri",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "code",
            "token",
            "form_post",
            "openid profile",
            "S256",
            "none",
            "login",
            "60",
            "https://a.example",
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "",
        ])
        .prop_map(str::to_owned),
        "[^\\x00]{0,40}",
    ];
    prop::collection::vec((name, value), 0..8).prop_map(|pairs| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.finish()
    })
}

fn speaks_plainly(error: &Error) -> bool {
    let body = serde_json::to_string(error).unwrap_or_default();
    let plain = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    body.starts_with("{\"error\":\"") && error.description.bytes().all(plain)
}

proptest! {
    #[test]
    fn reads_any_request_or_says_why_not(query in query(), header in prop::option::of(any::<String>())) {
        let params = Params::parse(query.as_bytes()).unwrap();
        let (client, redirect_uri) = AuthorizationRequest::client_and_redirect(&params);
        prop_assert!(client != Some("") && redirect_uri != Some(""));
        let _ = AuthorizationRequest::error_reply(&params);
        match AuthorizationRequest::parse(&params) {
            Ok(request) => {
                let sealed = serde_json::to_vec(&request).unwrap();
                prop_assert!(serde_json::from_slice::<AuthorizationRequest>(&sealed).unwrap() == request);
                prop_assert!(request.response_mode.check_for(request.response_type).is_ok());
            }
            Err(error) => prop_assert!(speaks_plainly(&error)),
        }
        if let Err(error) = TokenRequest::parse(&params) {
            prop_assert!(speaks_plainly(&error));
        }
        match Presented::parse(header.as_deref(), &params) {
            Ok(Presented::None { .. }) => prop_assert!(header.is_none()),
            Ok(presented) => prop_assert!(presented.candidates().count() <= 2),
            Err(error) => prop_assert!(speaks_plainly(&error)),
        }
    }

    #[test]
    fn reads_any_basic_header(bytes: Vec<u8>, body in prop_oneof![Just(""), Just("client_id=a")]) {
        let params = Params::parse(body.as_bytes()).unwrap();
        let header = format!("Basic {}", STANDARD.encode(&bytes));
        if let Ok(presented) = Presented::parse(Some(&header), &params) {
            let raw = String::from_utf8(bytes).unwrap();
            let mut pairs = presented.candidates();
            let as_sent = |(id, secret): (&str, &protocol::client_authentication::Secret)| {
                format!("{id}:{}", secret.expose()) == raw
            };
            let undecodable = raw.contains(['%', '+']);
            prop_assert!(pairs.any(as_sent) || (undecodable && body == "client_id=a"));
        }
    }

    #[test]
    fn reads_any_text(text in any::<String>()) {
        let _ = (ResponseType::parse(&text), ResponseMode::parse(&text), Prompts::parse(&text));
        let _ = (prompt::max_age(&text), duration::parse(&text), jose::Algorithm::parse(&text));
        let _ = (Resource::parse(&text), Challenge::parse(Some(&text), Some("S256")));
        let _ = (bearer::parse(Some(&text)), bearer::parse(Some(&format!("Bearer {text}"))));
        let _ = difference(&[RedirectUri::stored("https://a.example/cb")], &text);
    }

    #[test]
    fn finds_only_tokens_that_fit_a_header(text in "\\PC{0,40}") {
        if let Ok(Some(token)) = bearer::parse(Some(&format!("Bearer {text}"))) {
            prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
