//! Redirect URIs at the authorization endpoint: byte for byte, or a page of ours.

use crate::harness::both;

#[tokio::test]
async fn b01_an_unknown_or_disabled_client_is_told_on_a_page() {
    both(|server| async move {
        let web = server.web_app().await;
        let unknown = server.get(&web.authorize_path(&[("client_id", "nobody")])).await;
        assert_eq!((unknown.status.as_u16(), unknown.location()), (400, ""));
        server.pause("web-app").await;
        let disabled = server.get(&web.authorize_path(&[])).await;
        assert_eq!((disabled.status.as_u16(), disabled.location()), (400, ""));
    })
    .await;
}

#[tokio::test]
async fn b02_b03_b04_nothing_but_the_registered_bytes_is_redirected_to() {
    let server = std::sync::Arc::new(crate::harness::one().await);
    let web = server.web_app().await;
    for uri in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://App.example/cb",
        "HTTPS://app.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb#f",
        "https://app.example:443/cb",
        "https://app.example/cb/../x",
        "https://app.example/%63b",
        "https://app.example/cb%2e%2e%2f",
        "https://app.example/cb..;/",
        "https://app.example\\@evil.test/cb",
        "https://app.example@evil.test/cb",
        "https://app.example/cb\t",
        " https://app.example/cb",
        "//app.example/cb",
        "https://evil.test/https://app.example/cb",
        "javascript:alert(1)",
        "http://127.0.0.1:80@evil.test/",
    ] {
        let answer = server.get(&web.authorize_path(&[("redirect_uri", uri)])).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{uri}");
        assert!(answer.body.contains("err_"), "the page names its error id");
    }
    assert_eq!(server.get(&web.authorize_path(&[])).await.status.as_u16(), 303);
}

#[tokio::test]
async fn b08_a_public_client_s_loopback_port_is_free_and_nothing_else() {
    both(|server| async move {
        let native = server.native_app().await;
        let ask = async |uri: &str| {
            server.get(&native.authorize_path(&[("redirect_uri", uri)])).await.status.as_u16()
        };
        assert_eq!(ask("http://127.0.0.1:49152/cb").await, 303);
        assert_eq!(ask("http://127.0.0.1/cb").await, 303);
        for uri in [
            "http://localhost:49152/cb",
            "http://[::1]:49152/cb",
            "http://127.0.0.1:49152/other",
            "https://127.0.0.1:49152/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:80@evil.test/cb",
            "http://127.0.0.2:49152/cb",
        ] {
            assert_eq!(ask(uri).await, 400, "{uri}");
        }
    })
    .await;
}

#[tokio::test]
async fn b11_several_registered_and_none_named_is_a_page() {
    both(|server| async move {
        let draft = serde_json::json!({
            "client_id": "two", "client_name": "Two", "type": "user_authorized", "grant_types": ["authorization_code"],
            "redirect_uris": ["https://app.example/a", "https://app.example/b"], "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let two = server.register(draft).await;
        assert_eq!(server.get(&two.authorize_path(&[("redirect_uri", "")])).await.status.as_u16(), 400);
        let web = server.web_app().await;
        assert_eq!(server.get(&web.authorize_path(&[("redirect_uri", "")])).await.status.as_u16(), 303, "the only one");
        let repeated = format!("{}&redirect_uri=https%3A%2F%2Fevil.test", web.authorize_path(&[]));
        assert_eq!(server.get(&repeated).await.status.as_u16(), 400);
    })
    .await;
}
