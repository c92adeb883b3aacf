//! Markup in every text of a client, its secrets, scopes, resources and places: text wherever it is
//! shown, and nothing that a table would calculate.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::cast::admin;
use crate::harness::{ADMIN_EMAIL, Answer, Server, both};

const EVIL: &str = "=1+1\"><script>alert(1)</script><img src=x onerror=alert(2)>'";

async fn call(
    server: &Server,
    token: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("accept", if method == "GET" { "text/csv" } else { "application/json" })
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    server.send(request.body(body).unwrap()).await
}

fn plain(what: &str, page: &Answer) {
    assert_eq!(page.status, 200, "{what}: {}", page.body);
    assert!(
        !page.body.contains("<script>") && !page.body.contains("<img"),
        "{what}: {}",
        page.body
    );
    assert!(page.header("content-security-policy").contains("script-src 'self'"), "{what}");
}

#[tokio::test]
async fn i06_markup_in_every_text_stays_text_on_every_page_and_in_every_table() {
    both(|server| async move {
        let token = server.admin_client().own_token().await.text("access_token");
        let make = async |path: &str, body: Value| {
            let made = call(&server, &token, "POST", path, Some(body)).await;
            assert_eq!(made.status, 201, "{path}: {}", made.body);
            made.json()
        };
        let place = make("/organizations", json!({ "name": EVIL })).await["id"].clone();
        let team = make("/teams", json!({ "organization": place, "name": EVIL })).await["id"].clone();
        let resource = make("/resources", json!({ "identifier": "https://evil.example", "name": EVIL })).await["id"].clone();
        make("/scopes", json!({ "name": "evil:read", "kind": "read", "description": EVIL, "resource": resource })).await;
        make("/roles", json!({ "name": EVIL, "description": EVIL, "permissions": ["evil:read"] })).await;
        let client = json!({
            "client_id": "evil", "client_name": EVIL, "description": EVIL, "contacts": [EVIL], "claims": { "note": EVIL },
            "redirect_uris": ["https://app.example/cb"], "organization": place, "owner_team": team,
            "team_restrictions": { "teams": [team] }, "scopes": ["openid", "evil:read"], "require_consent": true,
        });
        make("/clients", client).await;
        let rotation = json!({ "confirm_name": EVIL, "label": EVIL, "retire_previous_after": null });
        make("/clients/evil/secrets", rotation).await;
        let changed = json!({ "description": format!("again {EVIL}") });
        assert_eq!(call(&server, &token, "PATCH", "/clients/evil", Some(changed)).await.status, 200);

        let mut browser = admin(&server).await;
        for path in [
            "", "/evil", "/evil/settings", "/evil/credentials", "/evil/access", "/evil/tokens", "/evil/activity",
            "/evil/audit", "/evil/danger", "?q=%3Cscript%3E&scope=%3Cscript%3E",
        ] {
            let path = format!("/console/clients{path}");
            plain(&path, &browser.get(&path).await);
        }
        for path in ["/console/scopes", "/console/audit", "/console/organizations"] {
            plain(path, &browser.get(path).await);
        }
        for path in ["/audit-events?limit=200", "/clients/evil/audit-events"] {
            let table = call(&server, &token, "GET", path, None).await;
            assert_eq!(table.status, 200, "{}", table.body);
            assert!(table.body.contains("script"), "{}", table.body);
            let calculates = table.body.contains(",=1+1") || table.body.contains(",\"=1+1");
            assert!(!calculates && !table.body.contains("\n=1+1"), "{}", table.body);
        }
        // The person who is asked reads it as text, too.
        let app = server.client("evil", None);
        let mut person = server.browser();
        person.sign_in(ADMIN_EMAIL).await;
        let asked = person.visit(&app.authorize_path(&[("scope", "openid evil:read")])).await;
        assert!(asked.body.contains("script"), "it is named: {}", asked.body);
        plain("/consent", &asked);
    })
    .await;
}
