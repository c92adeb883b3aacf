//! Authority that a person lends to an application: under whose name it acts, how one application
//! ends without the others, and what it never learns (COR-4, COR-5, COR-7, COR-40, COR-41, COR-61,
//! COR-69, COR-70).

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, App, ISSUER, PASSWORD, Server, both};
use crate::policy::api;

const BEN: &str = "ben@example.com";

/// A confidential application that reads and changes as the person, at the management API.
async fn deputy(server: &Arc<Server>, id: &str) -> App {
    server
        .register(json!({
            "client_id": id, "client_name": id, "type": "user_authorized", "access": "full",
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid", "as_user:read", "as_user:write"], "default_scopes": ["openid"],
            "default_resource": format!("{ISSUER}/api/v1"), "confirm_high_risk": true,
        }))
        .await
}

const ALL: (&str, &str) = ("scope", "openid as_user:read as_user:write");

/// Ben, with the usual password.
async fn ben(server: &Arc<Server>) -> String {
    let ben = json!({ "email": BEN, "display_name": "Ben", "password": PASSWORD });
    api(server, "POST", "/users", ben).await.text("id")
}

/// A call of the management API with this token.
pub async fn call(
    server: &Server,
    token: &str,
    (method, path): (&str, &str),
    body: Value,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// Who acted, and through which client, in each entry that fits, the latest first.
async fn actors(server: &Arc<Server>, query: &str) -> Vec<(Value, Value)> {
    let page = api(server, "GET", &format!("/audit-events?{query}"), Value::Null).await.json();
    let actor =
        |event: &Value| (event["actor"]["user"].clone(), event["actor"]["client_id"].clone());
    page["items"].as_array().unwrap().iter().map(actor).collect()
}

/// Decided: the trail tells every change; reading is no entry, but for an export of the trail.
#[tokio::test]
async fn cor4_cor41_what_a_token_changes_is_told_under_the_person_with_the_client_id() {
    both(|server| async move {
        server.service().await;
        let app = deputy(&server, "deputy").await;
        let issued = app.sign_in(&[ALL]).await;
        let (token, refresh) = (issued.text("access_token"), issued.text("refresh_token"));
        let ada = app.introspect(&token).await["sub"].clone();
        let next = app.refresh(&refresh).await.text("access_token");
        let described = |words: &str| json!({ "description": words });
        for (token, deed, body) in [
            (&token, ("PATCH", "/clients/service"), described("by the token")),
            (&next, ("PATCH", "/clients/service"), described("by the token after it")),
            (&token, ("POST", "/users"), json!({ "email": BEN, "display_name": "Ben" })),
            (&token, ("POST", "/organizations"), json!({ "name": "Harbour" })),
            (&next, ("DELETE", "/clients/service?confirm_name=Service"), Value::Null),
        ] {
            let done = call(&server, token, deed, body).await;
            assert!(done.status.is_success(), "{deed:?} {}", done.body);
        }
        let through = (ada.clone(), json!("deputy"));
        for action in ["client.updated", "user.created", "organization.created", "client.deleted"] {
            let told = actors(&server, &format!("action={action}&client_id=deputy")).await;
            let want = if action == "client.updated" { 2 } else { 1 };
            assert_eq!(told, vec![through.clone(); want], "{action}");
        }

        // The same person at the console is told apart from what acts for them.
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let page = browser.get("/console/scopes").await;
        let token = page.field("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("name", "tides:read"),
            ("kind", "read"),
            ("description", "See the tides"),
        ];
        let added = browser.post("/console/scopes", &fields).await;
        assert_eq!(added.status, 303, "{}", added.body);
        assert_eq!(actors(&server, "action=scope.created").await, [(ada.clone(), Value::Null)]);
        let of_ada = format!("actor={}", ada.as_str().unwrap());
        let all = actors(&server, &of_ada).await;
        assert!(all.iter().any(|(_, client)| client.is_null()) && all.contains(&through));
        let of_both = actors(&server, &format!("{of_ada}&client_id=deputy")).await;
        assert!(of_both.len() >= 5 && of_both.iter().all(|it| *it == through), "{of_both:?}");
    })
    .await;
}

/// REL-8, COR-4: a service whose context user somebody is acts under their name, with its own id.
#[tokio::test]
async fn rel08_cor4_what_a_service_changes_is_told_under_its_context_user() {
    both(|server| async move {
        let ada = api(&server, "GET", "/users?q=ada", Value::Null).await.json();
        let ada = ada["items"][0]["id"].clone();
        let robo = server
            .register(json!({
                "client_id": "robo", "client_name": "Robo", "type": "service", "access": "full",
                "grant_types": ["client_credentials"], "context_user": ada,
                "scopes": ["as_user:read", "as_user:write"],
                "default_resource": format!("{ISSUER}/api/v1"),
            }))
            .await;
        let token = robo.own_token().await.text("access_token");
        let harbour = json!({ "name": "Harbour" });
        let made = call(&server, &token, ("POST", "/organizations"), harbour).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let told = actors(&server, "action=organization.created").await;
        assert_eq!(told, [(ada, json!("robo"))]);
    })
    .await;
}

/// COR-5: one is paused, one deleted, one rotated; each dies at its next use, and the fourth never
/// notices.
#[tokio::test]
async fn cor5_one_client_ends_at_once_and_no_other_notices() {
    both(|server| async move {
        let mut all = Vec::new();
        for id in ["paused", "deleted", "rotated", "untouched"] {
            let app = deputy(&server, id).await;
            let issued = app.sign_in(&[ALL]).await;
            all.push((app, issued.text("access_token"), issued.text("refresh_token")));
        }
        let (witness, ..) = all[3].clone();
        let pause = json!({ "enabled": false });
        assert_eq!(api(&server, "PATCH", "/clients/paused", pause).await.status, 200);
        let delete = "/clients/deleted?confirm_name=deleted";
        assert_eq!(api(&server, "DELETE", delete, Value::Null).await.status, 204);
        let rotate = json!({
            "confirm_name": "rotated", "retire_previous_after": 0, "revoke_tokens": true,
        });
        let rotated = api(&server, "POST", "/clients/rotated/secrets", rotate).await;
        assert_eq!(rotated.status, 201, "{}", rotated.body);
        for (app, token, refresh) in &all[..3] {
            let refused = call(&server, token, ("GET", "/me"), Value::Null).await;
            assert_eq!(refused.status, 401, "{}", app.id);
            assert_ne!(app.refresh(refresh).await.verdict(), "200", "{}", app.id);
        }
        let (_, token, refresh) = &all[3];
        assert_eq!(call(&server, token, ("GET", "/me"), Value::Null).await.status, 200);
        assert!(witness.is_active(token).await);
        assert_eq!(witness.refresh(refresh).await.verdict(), "200");
        assert_eq!(witness.sign_in(&[ALL]).await.verdict(), "200");
    })
    .await;
}

/// COR-7, COR-3: a token is one person's, like a personal key; two people at one application never
/// share one, and using a refresh token never changes whose it is.
#[tokio::test]
async fn cor7_a_token_is_of_one_person_and_stays_theirs() {
    both(|server| async move {
        let ben = ben(&server).await;
        let app = deputy(&server, "deputy").await;
        let of_ada = app.sign_in(&[ALL]).await;
        let answer = server.browser().authorize(&app.authorize_path(&[ALL]), BEN).await;
        let of_ben = app.redeem(&answer.returned("code").unwrap()).await;
        let ada = app.introspect(&of_ada.text("access_token")).await["sub"].clone();
        assert_ne!(ada, json!(ben));
        for (issued, whose) in [(of_ada, ada), (of_ben, json!(ben))] {
            let next = app.refresh(&issued.text("refresh_token")).await;
            for token in [issued.text("access_token"), next.text("access_token")] {
                assert_eq!(app.introspect(&token).await["sub"], whose);
                let me = call(&server, &token, ("GET", "/me"), Value::Null).await.json();
                assert_eq!(me["user"]["id"], whose);
            }
        }
        // What Ben may not do, an application that acts for him may not do either.
        let token = token_of(&app, BEN).await;
        assert_eq!(call(&server, &token, ("GET", "/users"), Value::Null).await.status, 403);
    })
    .await;
}

/// An access token that this person gives, with everything the application may ask for.
async fn token_of(app: &App, email: &str) -> String {
    let answer = app.server.browser().authorize(&app.authorize_path(&[ALL]), email).await;
    app.redeem(&answer.returned("code").unwrap()).await.text("access_token")
}

/// COR-40: whose access was ended is sent through the whole flow at the next call, and asked again.
#[tokio::test]
async fn cor40_after_the_end_the_application_has_to_begin_again() {
    both(|server| async move {
        let app = deputy(&server, "deputy").await;
        let mut browser = server.browser();
        let code = app.code_in(&mut browser, &[ALL]).await;
        let issued = app.redeem(&code).await;
        let ended = api(&server, "POST", "/clients/deputy/revoke-tokens", json!({})).await;
        assert!(ended.status.is_success(), "{}", ended.body);
        let next = call(&server, &issued.text("access_token"), ("GET", "/me"), Value::Null).await;
        assert_eq!(next.status, 401);
        assert_eq!(app.refresh(&issued.text("refresh_token")).await.verdict(), "400 invalid_grant");
        assert_eq!(app.redeem(&code).await.verdict(), "400 invalid_grant");
        let code = app.code_in(&mut browser, &[ALL]).await;
        let issued = app.redeem(&code).await;
        let next = call(&server, &issued.text("access_token"), ("GET", "/me"), Value::Null).await;
        assert_eq!(next.status, 200);
    })
    .await;
}

/// An organization with these teams, and the person in each of them; their ids.
async fn teams(server: &Arc<Server>, user: &str, names: &[&str]) -> Vec<String> {
    let home = api(server, "POST", "/organizations", json!({ "name": "Harbour" })).await.text("id");
    let mut ids = Vec::new();
    for name in names {
        let team = json!({ "organization": home, "name": name });
        let id = api(server, "POST", "/teams", team).await.text("id");
        let bound =
            json!({ "subject": user, "role": domain::access::MEMBER, "place": { "team": id } });
        let bound = api(server, "POST", "/bindings", bound).await;
        assert_eq!(bound.status, 201, "{}", bound.body);
        ids.push(id);
    }
    ids
}

/// COR-69: the button says Allow. Clients register beforehand: nothing registers itself here (COR-54).
#[tokio::test]
async fn cor69_one_team_a_connection_and_another_team_is_another_connection() {
    both(|server| async move {
        let ben = ben(&server).await;
        let ids = teams(&server, &ben, &["Blue", "Red"]).await;
        let agent = server
            .register(json!({
                "client_id": "native-app", "client_name": "Deck Agent", "type": "user_authorized",
                "confidential": false, "auth_methods": ["none"], "team_selection": "single",
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_uris": ["http://127.0.0.1/cb"], "scopes": ["openid", "as_user:read"],
            }))
            .await;
        let mut browser = server.browser();
        browser.sign_in(BEN).await;
        let mut tokens = Vec::new();
        for id in &ids {
            let path = agent.authorize_path(&[("scope", "openid as_user:read")]);
            let page = browser.visit(&path).await;
            assert!(page.body.contains("For which team?"), "{}", page.body);
            assert!(page.body.contains("value=\"allow\">Allow</button>"), "{}", page.body);
            let chosen = [("decision", "allow"), ("teams", id.as_str())];
            let answer = browser.submit(&page, "/consent", &chosen).await;
            tokens.push(agent.redeem(&answer.returned("code").unwrap()).await);
        }
        let inspector = server
            .register(json!({
                "client_id": "inspector", "client_name": "Inspector", "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["tokens:introspect"],
            }))
            .await;
        for (issued, name) in tokens.iter().zip(["Blue", "Red"]) {
            let next = agent.refresh(&issued.text("refresh_token")).await;
            for token in [issued.text("access_token"), next.text("access_token")] {
                let told = inspector.introspect(&token).await;
                let teams = told["authorized_teams"].as_array().unwrap();
                assert_eq!((teams.len(), &teams[0]["name"]), (1, &json!(name)), "{told}");
            }
        }
        let account = browser.get("/account").await;
        assert_eq!(account.body.matches("class=\"grant\"").count(), 2, "two connections");
    })
    .await;
}

/// COR-70, COR-61: the person signs in here and nowhere else; a second factor is asked for there.
#[tokio::test]
async fn cor70_the_password_never_reaches_the_client_and_a_disabled_account_ends_its_access() {
    both(|server| async move {
        let ben = ben(&server).await;
        let app = deputy(&server, "deputy").await;
        let mut browser = server.browser();
        let page = browser.visit(&app.authorize_path(&[ALL])).await;
        let (_, form) = page.body.split_once("<form").unwrap();
        assert!(form.contains("action=\"/login\""), "the password is posted here: {form}");
        let back = browser.authorize(&app.authorize_path(&[ALL]), BEN).await;
        let code = back.returned("code").unwrap();
        let issued = app.redeem(&code).await;
        let (token, refresh) = (issued.text("access_token"), issued.text("refresh_token"));
        let told = app.introspect(&token).await.to_string();
        let claims = crate::token::claims(&issued.text("id_token")).to_string();
        for reached in [back.location(), &issued.body, &told, &claims] {
            assert!(!reached.contains("violet") && !reached.contains("$argon2"), "{reached}");
        }
        assert!(PASSWORD.starts_with("violet"));
        let by_password = [("grant_type", "password"), ("username", BEN), ("password", PASSWORD)];
        assert_eq!(app.token(&by_password).await.verdict(), "400 unsupported_grant_type");

        let off = json!({ "status": "disabled" });
        assert_eq!(api(&server, "PATCH", &format!("/users/{ben}"), off).await.status, 200);
        assert_eq!(call(&server, &token, ("GET", "/me"), Value::Null).await.status, 401);
        assert!(!app.is_active(&token).await);
        assert_eq!(app.refresh(&refresh).await.verdict(), "400 invalid_grant");
        let again = browser.authorize(&app.authorize_path(&[ALL]), BEN).await;
        assert_eq!(again.returned("code"), None, "{}", again.location());
        assert!(again.body.contains("name=\"password\""), "asked to sign in, in vain");
    })
    .await;
}
