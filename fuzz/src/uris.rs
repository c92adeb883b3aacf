//! Redirect URIs, resources, and the answer that goes to one: beside the parser that browsers use.

use protocol::authorization_response::{Answer, AuthorizationResponse, Outcome};
use protocol::redirect_uri::{MAX_CHARACTERS, RedirectUri, difference};
use protocol::resource::Resource;
use protocol::response::ResponseMode;
use url::Url;

use crate::grammar::speaks_plainly;

/// What a browser would make of a URI that was accepted here.
fn in_a_browser(uri: &RedirectUri) -> Url {
    let text = uri.as_str();
    let url = Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert!(url.username().is_empty() && url.password().is_none(), "{text:?} names somebody");
    assert_eq!(url.fragment(), None, "{text:?}");
    if url.has_host() || uri.host().is_some() {
        let (ours, theirs) = (uri.host().unwrap_or_default(), url.host_str().unwrap_or_default());
        assert!(theirs.eq_ignore_ascii_case(ours), "{text:?} goes to {theirs}");
    }
    let loopback = ["127.0.0.1", "[::1]", "localhost"];
    match url.scheme() {
        "https" => {}
        "http" => assert!(loopback.contains(&url.host_str().unwrap_or_default()), "{text:?}"),
        scheme => assert!(scheme.contains('.'), "{text:?}"),
    }
    url
}

/// An accepted URI is what was sent, and nothing else matches it but another port of this machine.
pub fn redirect_uris(bytes: &[u8]) {
    let Some([registered, presented]) = crate::parts(bytes) else { return };
    for confidential in [true, false] {
        let Ok(uri) = RedirectUri::register(registered, confidential) else { continue };
        assert_eq!(uri.as_str(), registered);
        assert!(uri.matches(registered, confidential));
        let ours = in_a_browser(&uri);
        if presented != registered && uri.matches(presented, confidential) {
            assert!(!confidential && uri.is_loopback(), "{presented:?} for {registered:?}");
            let mut theirs = Url::parse(presented).expect("a browser can go there");
            assert!(theirs.set_port(ours.port()).is_ok());
            assert_eq!(theirs, ours);
        }
    }
    let stored = [RedirectUri::stored(registered)];
    let told = difference(&stored, presented);
    let whole = |spans: &[protocol::redirect_uri::Span]| {
        spans.iter().map(|span| span.text.as_str()).collect::<String>()
    };
    assert_eq!(whole(&told.expected), registered);
    let shown: String = presented.chars().take(MAX_CHARACTERS + 1).collect();
    assert_eq!(whole(&told.received), shown);
    assert_eq!(told.first_differing_char.is_none(), registered == shown);
}

/// A resource is an absolute URI without a fragment, byte for byte as it was sent.
pub fn resources(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Resource::parse(text) {
        Ok(resource) => {
            assert_eq!(resource.as_str(), text);
            let url = Url::parse(text).expect("an absolute URI");
            assert_eq!(url.fragment(), None);
            let json = serde_json::Value::from(text);
            assert_eq!(
                Resource::try_from(String::from(resource)).map(String::from).ok(),
                json.as_str().map(str::to_owned)
            );
        }
        Err(error) => speaks_plainly(&error),
    }
}

/// An answer stays at its redirect URI, and gives back the state byte for byte.
pub fn responses(bytes: &[u8]) {
    let Some([registered, state]) = crate::parts(bytes) else { return };
    let Ok(uri) = RedirectUri::register(registered, true) else { return };
    let answer =
        Answer { outcome: Outcome::Code("a-code"), state: Some(state), issuer: "https://a.test" };
    let there = in_a_browser(&uri);
    for mode in [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost] {
        match AuthorizationResponse::new(uri.as_str(), mode, &answer) {
            AuthorizationResponse::Redirect { location } => {
                assert!(location.bytes().all(|b| b.is_ascii_graphic()), "{location:?}");
                let mut went = Url::parse(&location).expect("a browser can go there");
                let carried = match mode {
                    ResponseMode::Fragment => went.fragment(),
                    _ => went.query(),
                };
                let carried = carried.unwrap_or_default().to_owned();
                let pairs: Vec<_> = form_urlencoded::parse(carried.as_bytes()).collect();
                assert!(pairs.iter().any(|(n, v)| n == "state" && v == state), "{location:?}");
                went.set_fragment(None);
                went.set_query(there.query());
                assert_eq!(went, there);
            }
            AuthorizationResponse::FormPost { action, fields } => {
                assert_eq!(action, registered);
                assert!(fields.iter().any(|(n, v)| *n == "state" && v == state));
            }
        }
    }
}
