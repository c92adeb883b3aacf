//! Ends on request: of a person, of a person at one client, with a change of a client; and what
//! becomes of refresh tokens that come again.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use domain::access::AUDITOR;
use serde_json::{Value, json};

use super::policy::api;
use crate::harness::{ADMIN_EMAIL, Answer, App, PASSWORD, Server, both, encode, form};

async fn id_of_ada(server: &Server) -> String {
    let mut work = server.instance.read();
    domain::accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap().id.to_string()
}

#[tokio::test]
async fn ends_what_a_person_gave_to_one_client_or_to_all() {
    both(|server| async move {
        let (web, native) = (server.web_app().await, server.native_app().await);
        let ada = id_of_ada(&server).await;
        let (at_web, at_native) = (web.sign_in(&[]).await, native.sign_in(&[]).await);
        let tried = api(
            &server,
            "POST",
            &format!("/users/{ada}/revoke-tokens?client_id=web-app&dry_run=true"),
            Value::Null,
        )
        .await;
        assert_eq!((tried.status.as_u16(), tried.json()["ended"].clone()), (200, json!(1)));
        assert!(web.is_active(&at_web.text("access_token")).await, "tried only");
        let one = api(
            &server,
            "POST",
            &format!("/users/{ada}/revoke-tokens?client_id=web-app"),
            Value::Null,
        )
        .await;
        assert_eq!(one.json()["ended"], 1, "{}", one.body);
        assert!(!web.is_active(&at_web.text("access_token")).await);
        assert_eq!(web.refresh(&at_web.text("refresh_token")).await.verdict(), "400 invalid_grant");
        let alive = native.refresh(&at_native.text("refresh_token")).await;
        assert_eq!(alive.verdict(), "200", "another client's");
        let again = web.sign_in(&[]).await;
        let all = api(&server, "POST", &format!("/users/{ada}/revoke-tokens"), Value::Null).await;
        assert_eq!(all.json()["ended"], 2, "{}", all.body);
        assert!(!web.is_active(&again.text("access_token")).await);
        assert_eq!(
            native.refresh(&alive.text("refresh_token")).await.verdict(),
            "400 invalid_grant"
        );
        let unknown = api(&server, "POST", "/users/usr_nobody/revoke-tokens", Value::Null).await;
        assert_eq!(unknown.status.as_u16(), 404);
        let trail = api(&server, "GET", "/audit-events", Value::Null).await;
        assert!(trail.body.contains("user.tokens_revoked"));
    })
    .await;
}

/// RLT-54, natively: a change ends the tokens when it is asked to, and only then.
#[tokio::test]
async fn a_change_of_a_client_ends_its_tokens_on_request() {
    both(|server| async move {
        let web = server.web_app().await;
        let given = web.sign_in(&[]).await;
        let token = given.text("access_token");
        api(&server, "PATCH", "/clients/web-app", json!({ "team_restrictions": { "organizations": [], "teams": [] }, "description": "x" })).await;
        assert!(web.is_active(&token).await);
        let changed = api(&server, "PATCH", "/clients/web-app", json!({ "description": "y", "revoke_tokens": true })).await;
        assert_eq!(changed.status.as_u16(), 200, "{}", changed.body);
        assert!(!web.is_active(&token).await);
        assert_eq!(web.refresh(&given.text("refresh_token")).await.verdict(), "400 invalid_grant");
        let shown = api(&server, "GET", "/clients/web-app", Value::Null).await;
        assert!(shown.json().get("revoke_tokens").is_none(), "it is no setting");
    })
    .await;
}

/// RLT-54, natively: a role given or taken ends what its holder has alive when that is asked for, in
/// the same work, and only then.
#[tokio::test]
async fn rlt54_a_role_given_or_taken_ends_the_tokens_of_its_holder_on_request() {
    both(|server| async move {
        let (service, web) = (server.service().await, server.web_app().await);
        let ada = id_of_ada(&server).await;
        for holder in ["service", &ada] {
            let token = async || {
                let given = if holder == "service" {
                    service.own_token().await
                } else {
                    web.sign_in(&[]).await
                };
                given.text("access_token")
            };
            let app = if holder == "service" { &service } else { &web };
            let bind = async |more: Value| {
                let mut new = json!({
                    "subject": holder, "role": AUDITOR, "place": { "instance": true },
                });
                new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                let made = api(&server, "POST", "/bindings", new).await;
                assert_eq!(made.status.as_u16(), 201, "{}", made.body);
                format!("/bindings/{}", made.text("id"))
            };
            let one = token().await;
            let bound = bind(json!({})).await;
            assert!(app.is_active(&one).await, "{holder}: nobody asked");
            let tried = format!("{bound}?revoke_tokens=true&dry_run=true");
            assert_eq!(api(&server, "DELETE", &tried, Value::Null).await.status.as_u16(), 200);
            assert!(app.is_active(&one).await, "{holder}: tried only");
            let ending = format!("{bound}?revoke_tokens=true");
            assert_eq!(api(&server, "DELETE", &ending, Value::Null).await.status.as_u16(), 204);
            assert!(!app.is_active(&one).await, "{holder}: taken");
            let other = token().await;
            let bound = bind(json!({ "revoke_tokens": true })).await;
            assert!(!app.is_active(&other).await, "{holder}: given");
            let last = token().await;
            assert_eq!(api(&server, "DELETE", &bound, Value::Null).await.status.as_u16(), 204);
            assert!(app.is_active(&last).await, "{holder}: nobody asked");
        }
        let trail = api(&server, "GET", "/audit-events", Value::Null).await;
        assert_eq!(trail.body.matches("client.tokens_revoked").count(), 2, "{}", trail.body);
        assert_eq!(trail.body.matches("user.tokens_revoked").count(), 2);
    })
    .await;
}

/// RLT-54, natively: what a role allows is changed, and on request the tokens of the clients that hold
/// it, or act for a person who does, end with it; nobody else's, and on every node.
#[tokio::test]
async fn rlt54_a_role_edited_ends_the_tokens_of_the_clients_under_it_on_request() {
    both(|server| async move {
        let ada = id_of_ada(&server).await;
        let acting = server
            .register(json!({
                "client_id": "acting", "client_name": "Acting", "type": "service", "context_user": ada,
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
            }))
            .await;
        let (holder, web) = (server.service().await, server.web_app().await);
        let other = server
            .register(json!({
                "client_id": "other", "client_name": "Other", "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
            }))
            .await;
        let new = json!({ "name": "Clerk", "permissions": ["user:read"] });
        let role = api(&server, "POST", "/roles", new).await.text("id");
        for subject in ["service", &ada] {
            let new = json!({ "subject": subject, "role": role, "place": { "instance": true } });
            assert_eq!(api(&server, "POST", "/bindings", new).await.status.as_u16(), 201);
        }
        let there = Arc::new(server.second_node().await);
        let token = async |app: &App| app.own_token().await.text("access_token");
        let tokens = [token(&holder).await, token(&acting).await, token(&other).await];
        let persons = web.sign_in(&[]).await.text("access_token");
        let alive = async || {
            let mut alive = Vec::new();
            for (app, token) in [&holder, &acting, &other].into_iter().zip(&tokens) {
                let elsewhere = App { server: Arc::clone(&there), ..app.clone() };
                let both = (app.is_active(token).await, elsewhere.is_active(token).await);
                assert_eq!(both.0, both.1, "{}: on both nodes", app.id);
                alive.push(both.0);
            }
            alive
        };
        let at = format!("/roles/{role}");
        let edit = |more: &[&str], revoke: bool| {
            let held = [&["user:read"], more].concat();
            json!({ "permissions": held, "revoke_tokens": revoke })
        };
        let changed = api(&server, "PATCH", &at, edit(&["team:read"], false)).await;
        assert!(changed.json().get("revoked_clients").is_none(), "{}", changed.body);
        assert_eq!(alive().await, [true; 3], "nobody asked");
        let tried = format!("{at}?dry_run=true");
        let told = api(&server, "PATCH", &tried, edit(&[], true)).await;
        assert_eq!(told.json()["revoked_clients"], 2, "{}", told.body);
        assert_eq!(alive().await, [true; 3], "tried only");
        let told = api(&server, "PATCH", &at, edit(&[], true)).await;
        assert_eq!((told.status.as_u16(), &told.json()["revoked_clients"]), (200, &json!(2)));
        assert_eq!(alive().await, [false, false, true]);
        assert!(web.is_active(&persons).await, "people answer to their rights at each use");
        for app in [&holder, &acting] {
            let again = token(app).await;
            assert!(app.is_active(&again).await, "{}: the next token is a new one", app.id);
            let path = format!("/clients/{}/audit-events?action=client.tokens_revoked", app.id);
            let trail = api(&server, "GET", &path, Value::Null).await.json();
            let events = trail["items"].as_array().unwrap();
            assert_eq!(events.len(), 1, "{}", app.id);
            assert_eq!(
                events[0]["changes"],
                json!([{ "field": "role", "before": null, "after": role }])
            );
        }
    })
    .await;
}

async fn statistics(server: &Arc<Server>, id: &str) -> Value {
    api(server, "GET", &format!("/clients/{id}/token-statistics"), Value::Null).await.json()
}

#[tokio::test]
async fn counts_retries_and_suspected_theft_apart() {
    both(|server| async move {
        let web = server.web_app().await;
        let nothing = json!({ "count": 0, "last_at": null, "last_address": null });
        let refresh = web.sign_in(&[]).await.text("refresh_token");
        assert_eq!(
            statistics(&server, "web-app").await,
            json!({
                "living_access_tokens": 1, "living_refresh_tokens": 1, "max_active_tokens": null,
                "retries": nothing, "suspected_theft": nothing,
            })
        );
        web.refresh(&refresh).await;
        for _ in 0..2 {
            server.clock.step(5);
            assert_eq!(web.refresh(&refresh).await.verdict(), "200");
        }
        let told = statistics(&server, "web-app").await;
        assert_eq!(
            told["retries"],
            json!({ "count": 2, "last_at": "2027-01-15T08:00:10Z", "last_address": "127.0.0.1" })
        );
        assert_eq!(told["suspected_theft"], nothing);
        server.clock.step(31);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant");
        let told = statistics(&server, "web-app").await;
        assert_eq!(
            (&told["suspected_theft"]["count"], &told["living_refresh_tokens"]),
            (&json!(1), &json!(0))
        );
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let page = browser.get("/console/clients/web-app/tokens").await;
        assert!(
            page.body.contains("Retries: 2") && page.body.contains("Suspected theft: 1"),
            "{}",
            page.body
        );
    })
    .await;
}

/// The password grant of an administrator from an address.
async fn by_password(app: &App, peer: &str) -> Answer {
    with_password(app, peer, PASSWORD).await
}

async fn with_password(app: &App, peer: &str, password: &str) -> Answer {
    let fields = [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", password)];
    let request = form("/oauth2/token", &fields).header("authorization", app.basic());
    let peer: SocketAddr = peer.parse().unwrap();
    app.server.send_from(peer, request.body(Body::from(encode(&fields))).unwrap()).await
}

/// REL-53: a person's own addresses, apart from those of clients.
#[tokio::test]
async fn rel53_a_person_signs_in_from_trusted_addresses_only() {
    let policy = domain::Policy { legacy_password: true, ..domain::Policy::default() };
    crate::harness::both_with(policy, |server| async move {
        let ada = id_of_ada(&server).await;
        let path = format!("/users/{ada}/trusted-ips");
        assert_eq!(
            api(&server, "GET", &path, Value::Null).await.json(),
            json!({ "trusted_ips": [], "trusted_ips_mode": "enforce", "observed": [], "proposed": [] })
        );
        let mut before = server.browser();
        before.sign_in(ADMIN_EMAIL).await;
        let wrong = api(&server, "PATCH", &path, json!({ "trusted_ips": ["10.0.0.5/8"] })).await;
        assert!(wrong.status.as_u16() == 400 && wrong.body.contains("Did you mean"), "{}", wrong.body);
        let set = api(&server, "PATCH", &path, json!({ "trusted_ips": ["192.0.2.0/24"] })).await;
        assert_eq!(set.json()["trusted_ips"], json!(["192.0.2.0/24"]));
        assert_eq!(before.get("/account").await.status.as_u16(), 200, "a session that is there stays");
        for node in [Arc::clone(&server), Arc::new(server.second_node().await)] {
            let mut browser = node.browser();
            let page = browser.sign_in(ADMIN_EMAIL).await;
            assert!(page.body.contains("may not sign in from this network"), "{}", page.body);
            let fields = [("email", ADMIN_EMAIL), ("password", "not the password at all")];
            let login = browser.get("/login").await;
            let guess = browser.submit(&login, "/login", &fields).await;
            assert!(!guess.body.contains("this network"), "a guess learns nothing");
        }
        let app = server
            .register(json!({
                "client_id": "trusted", "client_name": "Trusted", "type": "custom", "grant_types": ["password"],
                "scopes": ["email"],
            }))
            .await;
        assert_eq!(by_password(&app, "203.0.113.5:1").await.verdict(), "400 invalid_grant");
        assert_eq!(by_password(&app, "[::ffff:192.0.2.9]:1").await.verdict(), "200");
        let trail = api(&server, "GET", "/audit-events", Value::Null).await;
        assert!(trail.body.contains("user.address_refused"));
        api(&server, "PATCH", &path, json!({ "trusted_ips": [] })).await;
        assert_eq!(by_password(&app, "203.0.113.5:1").await.verdict(), "200");
    })
    .await;
}

/// REL-53: addresses of a person that are only observed refuse nobody, at the sign-in page and in the
/// password grant, and tell who would be refused and what would let them in.
#[tokio::test]
async fn rel53_a_persons_addresses_only_observed_let_everybody_in_and_tell() {
    let policy = domain::Policy { legacy_password: true, ..domain::Policy::default() };
    crate::harness::both_with(policy, |server| async move {
        let ada = id_of_ada(&server).await;
        let path = format!("/users/{ada}/trusted-ips");
        let wrong = api(&server, "PATCH", &path, json!({ "trusted_ips_mode": "watch" })).await;
        let told = "`enforce` or `observe` is needed.";
        assert!(wrong.status.as_u16() == 400 && wrong.body.contains(told), "{}", wrong.body);
        let observe = json!({ "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "observe" });
        assert_eq!(api(&server, "PATCH", &path, observe.clone()).await.json(), observe);
        let app = server
            .register(json!({
                "client_id": "trusted", "client_name": "Trusted", "type": "custom", "grant_types": ["password"],
                "scopes": ["email"],
            }))
            .await;
        for peer in ["10.1.2.3:1", "192.0.2.1:1", "192.0.2.1:2", "[::ffff:192.0.2.9]:1"] {
            assert_eq!(by_password(&app, peer).await.verdict(), "200", "{peer}");
        }
        let guess = with_password(&app, "198.51.100.1:1", "not the password at all").await;
        assert_eq!(guess.verdict(), "400 invalid_grant");
        server.clock.step(60);
        for node in [Arc::clone(&server), Arc::new(server.second_node().await)] {
            let mut browser = node.browser();
            browser.sign_in(ADMIN_EMAIL).await;
            assert_eq!(browser.get("/account").await.status.as_u16(), 200, "it is let in");
        }
        let told = async || api(&server, "GET", &path, Value::Null).await.json();
        let seen = told().await;
        let list = seen["observed"].as_array().unwrap();
        let lines: Vec<_> = list.iter().map(|it| (it["address"].as_str(), it["seen"].as_i64())).collect();
        assert_eq!(
            lines,
            [
                (Some("127.0.0.1"), Some(2)),
                (Some("192.0.2.1"), Some(2)),
                (Some("192.0.2.9"), Some(1))
            ],
            "not what is trusted, and no guess"
        );
        assert_eq!(
            (&list[0]["last_at"], &list[1]["last_at"], &list[0]["via"]),
            (&json!("2027-01-15T08:01:00Z"), &json!("2027-01-15T08:00:00Z"), &Value::Null)
        );
        assert_eq!(seen["proposed"], json!(["127.0.0.1", "192.0.2.0/24"]));
        let trusted = json!({ "trusted_ips": ["10.0.0.0/8", "192.0.2.0/24"] });
        let kept = api(&server, "PATCH", &path, trusted).await;
        assert_eq!(kept.json()["trusted_ips_mode"], "observe", "what is left out stays");
        assert_eq!(told().await["proposed"], json!(["127.0.0.1"]), "what is named is not told");

        // What is kept has a bound: from one more address they are let in, and it is not kept.
        let mut tx = server.database().await.begin().await.unwrap();
        for n in 0..500 {
            let address = format!("203.0.{}.{}", 113 + n / 250, n % 250);
            let sql = "INSERT INTO observed_sign_ins (user_id, address, seen, first_at, last_at)
                       VALUES ($1, $2, 1, $3, $3)";
            tx.execute(sql, db::params![ada, address, server.clock.now()]).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(by_password(&app, "198.51.100.2:1").await.verdict(), "200");
        let full = told().await.to_string();
        assert!(!full.contains("198.51.100.2"), "{full}");

        api(&server, "PATCH", &path, json!({ "trusted_ips_mode": "enforce" })).await;
        assert_eq!(by_password(&app, "203.0.113.5:1").await.verdict(), "400 invalid_grant");
        server.clock.step(31 * 24 * 3600);
        server.sweep().await;
        assert_eq!(told().await["observed"], json!([]), "nobody is told of last month");
        let trail = api(&server, "GET", "/audit-events?action=user.updated", Value::Null).await;
        let changed = &trail.json()["items"][0]["changes"];
        assert_eq!(
            changed,
            &json!([{ "field": "trusted_ips_mode", "before": "observe", "after": "enforce" }])
        );
    })
    .await;
}
