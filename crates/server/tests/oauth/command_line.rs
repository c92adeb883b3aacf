//! A command line that was written for another product signs its user in: discovery under `/oauth/`,
//! fixed loopback ports, a state of its own, a refresh (COR-9, COR-62 to COR-68).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, App, ISSUER, Server, both};
use crate::policy::api;
use crate::token::claims;

/// The ports that the vendor registered, because its own server compares them.
const PORTS: [u16; 5] = [21783, 24861, 27654, 31847, 38129];
const SCOPE: &str = "openid profile email offline_access";
/// 32 bytes each, as base64url: what the command line draws.
const VERIFIER: &str = "Yb0c7yPQ7nT1mZQ0pL5hXw2sVJ9eRk3uGd8aKqFvNiM";
const STATE: &str = "q3fJ0_-wZr8kT6yLx2Vn1sHc9uBd7pEoGm5aRiKtXjQ";
/// Seconds that it waits for the browser.
const PATIENCE: i64 = 300;
const DAY: i64 = 86_400;

fn loopback(host: &str, port: u16) -> String {
    format!("http://{host}:{port}/callback")
}

async fn vendor_cli(server: &Arc<Server>) -> App {
    let redirects: Vec<String> = PORTS.iter().map(|port| loopback("localhost", *port)).collect();
    let app = server
        .register(json!({
            "client_name": "Vendor CLI", "type": "user_authorized", "confidential": false,
            "auth_methods": ["none"], "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": redirects, "access_token_format": "jwt",
            "scopes": ["openid", "profile", "email", "offline_access"],
        }))
        .await;
    let redirect_uri = loopback("localhost", PORTS[0]);
    App { verifier: VERIFIER.into(), redirect_uri, ..app }
}

/// The path of an endpoint that the metadata names.
fn endpoint(metadata: &Value, name: &str) -> String {
    metadata[name].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned()
}

/// Posts to the endpoint as a public client.
async fn token(app: &App, at: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = [fields, &[("client_id", app.id.as_str())]].concat();
    app.server.post(at, &fields).await
}

/// COR-9, COR-62 to COR-64, COR-66, COR-68.
#[tokio::test]
async fn cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in() {
    both(|server| async move {
        let cli = vendor_cli(&server).await;
        let found = server.get("/oauth/.well-known/openid-configuration").await.json();
        let authorize = endpoint(&found, "authorization_endpoint");
        let at = endpoint(&found, "token_endpoint");
        assert!(authorize.starts_with("/oauth2/") && at.starts_with("/oauth2/"), "{found}");

        // The page waits in the browser for almost as long as the command line does.
        let path = cli.authorize_path(&[("scope", SCOPE), ("state", STATE)]);
        let path = path.replacen("/oauth2/authorize", &authorize, 1);
        let mut browser = server.browser();
        browser.visit(&path).await;
        server.clock.step(PATIENCE - 1);
        let back = browser.authorize(&path, ADMIN_EMAIL).await;
        let listener = loopback("localhost", PORTS[0]);
        assert!(back.location().starts_with(&format!("{listener}?")), "{}", back.location());
        assert_eq!(back.returned("state").as_deref(), Some(STATE));
        assert_ne!(cli.challenge(), STATE);

        let code = back.returned("code").unwrap();
        let exchange = |verifier: &'static str| {
            let (cli, at, code, listener) = (&cli, &at, &code, &listener);
            async move {
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", listener.as_str()),
                    ("code_verifier", verifier),
                ];
                token(cli, at, &fields).await
            }
        };
        assert_eq!(exchange(STATE).await.verdict(), "400 invalid_grant", "not the verifier");
        let issued = exchange(VERIFIER).await;
        assert_eq!(issued.verdict(), "200", "{}", issued.body);
        let now = server.clock.now();
        assert_eq!(claims(&issued.text("access_token"))["exp"], now + 3600);
        assert_eq!(
            (&issued.json()["token_type"], &issued.json()["expires_in"]),
            (&json!("Bearer"), &json!(3600))
        );
        assert_eq!(issued.text("scope"), "email offline_access openid profile");
        assert!(issued.text("id_token").starts_with("eyJ"));

        // It asks again 30 seconds before the end, and keeps what the answer does not replace.
        let mut refresh = issued.text("refresh_token");
        for _ in 0..3 {
            server.clock.step(3600 - 30);
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let next = token(&cli, &at, &fields).await;
            assert_eq!(next.verdict(), "200", "{}", next.body);
            if let Some(new) = next.json()["refresh_token"].as_str() {
                refresh = new.to_owned();
            }
        }
        server.clock.step(7 * DAY);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(token(&cli, &at, &fields).await.verdict(), "400 invalid_grant", "COR-68");
    })
    .await;
}

/// COR-64, COR-65, decided: `localhost`, 127.0.0.1 and `::1` are three hosts, compared as registered;
/// the port is free for a public client, so that the five fixed ones do no harm. A confidential
/// client's port is exact.
#[tokio::test]
async fn cor65_a_loopback_host_is_compared_and_a_public_clients_port_is_free() {
    both(|server| async move {
        let cli = vendor_cli(&server).await;
        let open = async |app: &App, uri: &str| {
            server.get(&app.authorize_path(&[("redirect_uri", uri)])).await.status.as_u16()
        };
        for port in PORTS.iter().chain(&[40_000]) {
            assert_eq!(open(&cli, &loopback("localhost", *port)).await, 303, "{port}");
            for host in ["127.0.0.1", "[::1]", "localhost.", "LOCALHOST"] {
                assert_eq!(open(&cli, &loopback(host, *port)).await, 400, "{host}:{port}");
            }
        }
        // Whoever listens on both registers both, as the clients of this server itself do.
        let hosts = ["127.0.0.1", "[::1]"];
        let redirects: Vec<String> = hosts.iter().map(|host| loopback(host, 1)).collect();
        let draft = json!({
            "client_name": "Both", "type": "user_authorized", "confidential": false,
            "auth_methods": ["none"], "grant_types": ["authorization_code"],
            "redirect_uris": redirects, "scopes": ["openid"],
        });
        let both_hosts = server.register(draft).await;
        for host in hosts {
            let uri = loopback(host, 24_861);
            assert_eq!(open(&both_hosts, &uri).await, 303, "{host}");
            let path = both_hosts.authorize_path(&[("redirect_uri", &uri)]);
            let back = server.browser().authorize(&path, ADMIN_EMAIL).await;
            assert!(back.location().starts_with(&format!("{uri}?code=")), "{}", back.location());
        }
        let draft = json!({
            "client_name": "Kept", "type": "user_authorized", "grant_types": ["authorization_code"],
            "redirect_uris": [loopback("localhost", 21_783)], "scopes": ["openid"],
        });
        let confidential = server.register(draft).await;
        assert_eq!(open(&confidential, &loopback("localhost", 21_783)).await, 303);
        assert_eq!(open(&confidential, &loopback("localhost", 24_861)).await, 400);
    })
    .await;
}

/// COR-66: with rotation off a refresh gives the refresh token that the client has, so a client
/// that keeps its own stays signed in either way. Only a confidential client may have it so.
#[tokio::test]
async fn cor66_with_rotation_off_the_client_keeps_its_refresh_token() {
    both(|server| async move {
        let draft = |confidential: bool| {
            json!({
                "client_name": format!("Keeper {confidential}"), "type": "user_authorized",
                "confidential": confidential, "refresh_rotation": "keep",
                "auth_methods": [if confidential { "client_secret_basic" } else { "none" }],
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_uris": ["https://app.example/cb"], "scopes": ["openid"],
            })
        };
        let refused = api(&server, "POST", "/clients", draft(false)).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
        assert!(refused.body.contains("refresh_rotation"), "{}", refused.body);
        let keeper = server.register(draft(true)).await;
        let kept = keeper.sign_in(&[]).await.text("refresh_token");
        for _ in 0..3 {
            server.clock.step(3600);
            let next = keeper.refresh(&kept).await;
            assert_eq!(next.verdict(), "200", "{}", next.body);
            assert_eq!(next.text("refresh_token"), kept, "nothing new to keep");
        }
        server.clock.step(7 * DAY);
        assert_eq!(keeper.refresh(&kept).await.verdict(), "400 invalid_grant");
    })
    .await;
}
