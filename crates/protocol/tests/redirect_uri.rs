//! What may be registered as a redirect URI, and that nothing else ever matches it.

use proptest::prelude::*;
use protocol::redirect_uri::{RedirectUri, Refusal};

fn refusal(text: &str) -> Option<Refusal> {
    let public = RedirectUri::register(text, false).err();
    assert_eq!(RedirectUri::register(text, true).err(), public, "{text:?}");
    public
}

fn registered(text: &str) -> RedirectUri {
    RedirectUri::register(text, false).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

#[test]
fn registers_https_loopback_and_private_use() {
    for text in [
        "https://app.example/callback",
        "https://app.example",
        "https://app.example/",
        "https://App.Example:8443/a//b/%20c/caf%C3%A9?tenant=1&next=/x%2Fy",
        "https://app.example?only=query",
        "https://app.example/@person/cb;v=1",
        "https://xn--bcher-kva.example/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:444/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080/cb",
        "http://[::1]/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000",
        "com.example.app:/callback",
        "dev.mandate.mobile:/callback",
        "com.example.app://callback",
        "com.example.app:/",
    ] {
        assert_eq!(refusal(text), None, "{text}");
        assert_eq!(registered(text).as_str(), text);
    }
}

fn refuses(table: &[(&str, Refusal)]) {
    for (text, expected) in table {
        assert_eq!(refusal(text), Some(*expected), "{text:?}");
        assert!(expected.sentence().ends_with('.'), "{expected:?}");
    }
}

#[test]
fn refuses_characters_by_name() {
    let long = format!("https://app.example/{}", "a".repeat(2_000));
    refuses(&[
        ("", Refusal::Empty),
        (&long, Refusal::TooLong),
        (" https://app.example", Refusal::Whitespace),
        ("https://app.example/a b", Refusal::Whitespace),
        ("https://app.example/\t", Refusal::Whitespace),
        ("https://app.example/\r\nx", Refusal::Whitespace),
        ("https://app.example/\u{a0}", Refusal::Whitespace),
        ("https://app.example/\u{1}", Refusal::ControlCharacter),
        ("https://app.example/\u{7f}", Refusal::ControlCharacter),
        ("https://app.example/%0d%0aSet-Cookie", Refusal::ControlCharacter),
        ("https://app.example/%00", Refusal::ControlCharacter),
        ("https://app.example\\@evil.example/", Refusal::Backslash),
        ("https://app.example/a%5Cb", Refusal::Backslash),
        ("https://b\u{fc}cher.example/", Refusal::NotAscii),
        ("https://app.example/\u{202e}", Refusal::NotAscii),
        ("https://*.example/cb", Refusal::Wildcard),
        ("https://app.example/*", Refusal::Wildcard),
        ("https://app.example/#", Refusal::Fragment),
        ("com.example.app:/cb#x", Refusal::Fragment),
        ("https://app.example/<script>", Refusal::ForeignCharacter),
        ("https://app.example/%zz", Refusal::ForeignCharacter),
        ("https://app.example/{id}", Refusal::ForeignCharacter),
    ]);
}

#[test]
fn refuses_schemes_by_name() {
    refuses(&[
        ("/callback", Refusal::NotAbsolute),
        ("//app.example/cb", Refusal::NotAbsolute),
        ("app.example", Refusal::NotAbsolute),
        ("HTTPS://app.example/", Refusal::CapitalScheme),
        ("javascript:alert(1)", Refusal::DangerousScheme),
        ("JavaScript://app.example/%250aalert(1)", Refusal::DangerousScheme),
        ("data:text/html,x", Refusal::DangerousScheme),
        ("vbscript:x", Refusal::DangerousScheme),
        ("file:///etc/passwd", Refusal::DangerousScheme),
        ("http://app.example/cb", Refusal::PlainHttp),
        ("http://127.0.0.2/cb", Refusal::PlainHttp),
        ("http://localhost.evil.example/cb", Refusal::PlainHttp),
        ("http://LOCALHOST/cb", Refusal::PlainHttp),
        ("http://[::2]/cb", Refusal::PlainHttp),
        ("http://0x7f.1/cb", Refusal::PlainHttp),
        ("myapp:/cb", Refusal::SchemeWithoutDot),
        ("myapp://cb", Refusal::SchemeWithoutDot),
        ("urn:ietf:wg:oauth:2.0:oob", Refusal::SchemeWithoutDot),
        ("ftp://app.example/", Refusal::SchemeWithoutDot),
        ("com.:/cb", Refusal::SchemeWithoutDot),
        ("a..b:/cb", Refusal::SchemeWithoutDot),
        ("localhost:3000/cb", Refusal::SchemeWithoutDot),
        ("com.example.app:callback", Refusal::PrivateUseWithoutSlash),
        ("com.example.app:", Refusal::PrivateUseWithoutSlash),
        ("app.example:443/cb", Refusal::PrivateUseWithoutSlash),
    ]);
}

#[test]
fn refuses_hosts_and_paths_by_name() {
    refuses(&[
        ("https:", Refusal::EmptyHost),
        ("https:/app.example", Refusal::EmptyHost),
        ("https://", Refusal::EmptyHost),
        ("https:///app.example", Refusal::EmptyHost),
        ("https://:443/cb", Refusal::EmptyHost),
        ("https://?x", Refusal::EmptyHost),
        ("com.example.app:///cb", Refusal::EmptyHost),
        ("https://app.example@evil.example/cb", Refusal::UserInformation),
        ("http://127.0.0.1:80@evil.example/", Refusal::UserInformation),
        ("https://@app.example/", Refusal::UserInformation),
        ("https://app.example:/cb", Refusal::InvalidPort),
        ("https://app.example:0/cb", Refusal::InvalidPort),
        ("https://app.example:65536/cb", Refusal::InvalidPort),
        ("https://app.example:443:1/cb", Refusal::InvalidPort),
        ("https://app.example:0443/cb", Refusal::InvalidPort),
        ("https://[::1]x/cb", Refusal::InvalidPort),
        ("https://app.example/cb/../x", Refusal::DotSegment),
        ("https://app.example/./cb", Refusal::DotSegment),
        ("https://app.example/..", Refusal::DotSegment),
        ("https://app.example/%2e%2E/x", Refusal::DotSegment),
        ("https://app.example/.%2e/x", Refusal::DotSegment),
        ("https://app.example/a%2f..%2fx", Refusal::DotSegment),
        ("https://app.example/%252e%252e/x", Refusal::DotSegment),
        ("https://app.example/..;/x", Refusal::DotSegment),
        ("https://app.example/..%3Bv/x", Refusal::DotSegment),
        ("com.example.app:/../x", Refusal::DotSegment),
        ("https://127.1/cb", Refusal::Ambiguous),
        ("https://0x7f000001/cb", Refusal::Ambiguous),
        ("https://ex%61mple.com/cb", Refusal::Ambiguous),
        ("https://[0:0:0:0:0:0:0:1]/cb", Refusal::Ambiguous),
        ("https://[::1/cb", Refusal::InvalidPort),
        ("https://a]b/cb", Refusal::InvalidPort),
    ]);
}

#[test]
fn lets_a_public_client_alone_register_any_loopback_port() {
    assert!(RedirectUri::register("http://127.0.0.1:0/cb", false).is_ok());
    let refused = RedirectUri::register("http://127.0.0.1:0/cb", true);
    assert_eq!(refused, Err(Refusal::InvalidPort));
}

#[test]
fn matches_byte_for_byte() {
    let uri = registered("https://app.example/callback?a=1");
    assert!(uri.matches("https://app.example/callback?a=1", true));
    for presented in [
        "",
        "https://app.example/callback",
        "https://app.example/callback?a=1&b=2",
        "https://app.example/callback?a=1#",
        "https://app.example/callback/?a=1",
        "https://app.example/Callback?a=1",
        "https://APP.example/callback?a=1",
        "https://app.example:443/callback?a=1",
        "https://app.example//callback?a=1",
        "https://app.example/x/../callback?a=1",
        "https://app.example/%63allback?a=1",
        "https://app.example@evil.example/callback?a=1",
        "http://app.example/callback?a=1",
        " https://app.example/callback?a=1",
        "https://app.example/callback?a=1\0",
    ] {
        assert!(!uri.matches(presented, true), "{presented:?}");
        assert!(!uri.matches(presented, false), "{presented:?}");
    }
}

#[test]
fn ignores_the_loopback_port_of_a_public_client_alone() {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        for own in ["", ":8080", ":0"] {
            let uri = registered(&format!("http://{host}{own}/cb"));
            for port in ["", ":1", ":80", ":49152", ":65535"] {
                let presented = format!("http://{host}{port}/cb");
                assert!(uri.matches(&presented, false), "{uri} {presented}");
                assert_eq!(uri.matches(&presented, true), own == port, "{uri} {presented}");
            }
        }
    }
}

#[test]
fn ignores_nothing_but_the_port() {
    let uri = registered("http://127.0.0.1/cb");
    for presented in [
        "http://localhost:49152/cb",
        "http://[::1]:49152/cb",
        "http://127.0.0.2:49152/cb",
        "https://127.0.0.1:49152/cb",
        "HTTP://127.0.0.1:49152/cb",
        "http://127.0.0.1:49152/cb/",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152",
        "http://127.0.0.1:49152/cb?x=1",
        "http://127.0.0.1:49152/cb#",
        "http://127.0.0.1:49152@evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:49152.evil.example/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:00080/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1: 80/cb",
        "http://127.0.0.1:\u{661}/cb",
        "http://127.0.0.1\\:80/cb",
        "http://127.1:80/cb",
    ] {
        assert!(!uri.matches(presented, false), "{presented:?}");
    }
    let secure = registered("https://localhost/cb");
    assert!(!secure.matches("https://localhost:8443/cb", false), "https is exact");
}

#[test]
fn tells_host_and_kind() {
    for (text, host, loopback, private_use) in [
        ("https://app.example:8443/cb", Some("app.example"), false, false),
        ("https://app.example?a=b/c", Some("app.example"), false, false),
        ("https://localhost/cb", Some("localhost"), false, false),
        ("http://[::1]:80/cb", Some("[::1]"), true, false),
        ("http://localhost", Some("localhost"), true, false),
        ("com.example.app:/cb", None, false, true),
        ("com.example.app://cb", Some("cb"), false, true),
    ] {
        let uri = registered(text);
        let told = (uri.host(), uri.is_loopback(), uri.is_private_use());
        assert_eq!(told, (host, loopback, private_use), "{text}");
    }
}

#[test]
fn takes_no_stored_text_for_loopback_that_only_begins_so() {
    for text in [
        "http://localhost.evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://[::1]x/cb",
        "http://localhost:/cb",
        "https://localhost/cb",
    ] {
        assert!(!RedirectUri::stored(text).is_loopback(), "{text}");
    }
}

/// Text that looks like a redirect URI often enough to reach every branch.
fn uri_like() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![Just("https://"), Just("http://"), Just("com.a.b:/"), Just("x:")];
    let host = prop_oneof![
        Just("localhost".to_owned()),
        Just("127.0.0.1".to_owned()),
        Just("[::1]".to_owned()),
        "[a-c.@:%]{0,8}",
    ];
    let port = prop_oneof![Just(String::new()), ":[0-9]{0,6}"];
    let path = "[/a-c.%25eEfF;?#\\\\*]{0,12}";
    (scheme, host, port, path).prop_map(|(s, h, p, rest)| format!("{s}{h}{p}{rest}"))
}

/// An independent reading of the one exception: the same text once the port is cut out.
fn without_port(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
    };
    let known = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
    (known && port.is_none_or(is_port)).then(|| format!("{host} {tail}"))
}

proptest! {
    #[test]
    fn matches_nothing_but_the_registered_bytes(ours in uri_like(), theirs in uri_like()) {
        let uri = RedirectUri::stored(ours.clone());
        prop_assert!(uri.matches(&ours, true) && uri.matches(&ours, false));
        prop_assert_eq!(uri.matches(&theirs, true), ours == theirs);
        if uri.matches(&theirs, false) && ours != theirs {
            let theirs = without_port(&theirs);
            prop_assert!(theirs.is_some());
            prop_assert!(uri.is_loopback());
        }
    }

    #[test]
    fn matches_each_loopback_port(
        host in prop_oneof![Just("127.0.0.1"), Just("[::1]"), Just("localhost")],
        port in 1..=65_535_u32,
        other in 1..=65_535_u32,
        path in "(/[a-c]{0,3}){0,2}",
    ) {
        let uri = registered(&format!("http://{host}:{port}{path}"));
        let presented = format!("http://{host}:{other}{path}");
        prop_assert!(uri.matches(&presented, false));
        prop_assert_eq!(uri.matches(&presented, true), port == other);
        prop_assert_eq!(without_port(uri.as_str()), without_port(&presented));
    }

    #[test]
    fn registers_only_what_a_browser_reads_alike(text in uri_like()) {
        if let Ok(uri) = RedirectUri::register(&text, false) {
            let browser = url::Url::parse(&text).unwrap();
            let host = browser.host_str().map(str::to_ascii_lowercase);
            prop_assert_eq!(host, uri.host().map(str::to_ascii_lowercase));
            prop_assert!(browser.username().is_empty() && browser.fragment().is_none());
            prop_assert!(browser.scheme() != "http" || uri.is_loopback());
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*'));
        }
    }

    #[test]
    fn never_panics(text in any::<String>(), presented in any::<String>()) {
        let _ = RedirectUri::register(&text, false);
        let uri = RedirectUri::stored(text);
        let _ = (uri.host(), uri.is_loopback(), uri.is_private_use());
        prop_assert!(!uri.matches(&presented, false) || uri.as_str() == presented);
    }
}
