//! How tokens are asked for, limited and ended: the rows that no endpoint has to itself, each by
//! its name. Where this product decided otherwise, the decision is shown.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::Policy;
use domain::access::{self, Authority, CLIENT_MANAGER, Place, UpdateClients};
use domain::{clients, teams};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, App, PASSWORD, Server, both, both_with, encode, form};

const DAY: i64 = 86_400;

/// Changes a client as the operator.
pub async fn change(app: &App, patch: Value) {
    let may = Authority::operator("test@host").may::<UpdateClients>().unwrap();
    let mut work = app.server.instance.begin().await.unwrap();
    let call = app.server.operator();
    clients::change(&mut work, &call, &may, &app.id, (&patch, None)).await.unwrap();
    work.commit().await.unwrap();
}

/// A call of the management API by the Admin Client.
pub async fn api(server: &Arc<Server>, method: &str, path: &str, body: Value) -> Answer {
    let token = server.admin_client().own_token().await.text("access_token");
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"));
    let request = match body {
        Value::Null => request.body(Body::empty()),
        body => {
            let kind =
                if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request.header("content-type", kind).body(Body::from(body.to_string()))
        }
    };
    server.send(request.unwrap()).await
}

fn service(more: &Value) -> Value {
    let mut draft = json!({
        "client_id": "service", "client_name": "Service", "type": "service",
        "grant_types": ["client_credentials"], "scopes": ["user:read"],
    });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    draft
}

/// A token request from this address.
async fn own_token_from(app: &App, peer: &str) -> Answer {
    let fields = [("grant_type", "client_credentials")];
    let request = form("/oauth2/token", &fields).header("authorization", app.basic());
    let peer: SocketAddr = peer.parse().unwrap();
    app.server.send_from(peer, request.body(Body::from(encode(&fields))).unwrap()).await
}

/// REL-9, REL-30, RLT-6, RLT-7, COR-17, COR-19: what holds when nothing is said, and between which
/// ends, at the API.
#[tokio::test]
async fn rel9_lifetimes_have_defaults_and_ends() {
    both(|server| async move {
        let made = api(&server, "POST", "/clients", service(&json!({}))).await.json();
        assert_eq!((&made["access_token_lifetime"], &made["refresh_token_lifetime"]), (&json!(3600), &json!(7 * DAY)));
        for (field, good, bad) in [
            ("access_token_lifetime", [60, DAY], [59, DAY + 1]),
            ("refresh_token_lifetime", [3600, 365 * DAY], [3599, 365 * DAY + 1]),
            ("refresh_overlap", [0, 120], [-1, 121]),
        ] {
            for value in good {
                let answer = api(&server, "PATCH", "/clients/service", json!({ field: value })).await;
                assert_eq!(answer.json()[field], value, "{field} {}", answer.body);
            }
            for value in bad {
                let answer = api(&server, "PATCH", "/clients/service", json!({ field: value })).await;
                assert_eq!(answer.status.as_u16(), 400, "{field} {value}");
                assert!(answer.body.contains(field), "{}", answer.body);
            }
        }
        let app = server.register(service(&json!({ "client_id": "brief", "client_name": "Brief", "access_token_lifetime": 600 }))).await;
        assert_eq!(app.own_token().await.json()["expires_in"], 600);
    })
    .await;
}

/// RLT-7: 28 days are absolute; using the refresh token does not make them longer.
#[tokio::test]
async fn rlt7_refreshing_never_extends_the_end() {
    both(|server| async move {
        let web = server.web_app().await;
        change(&web, json!({ "refresh_token_lifetime": 28 * DAY })).await;
        let mut refresh = web.sign_in(&[]).await.text("refresh_token");
        for _ in 0..27 {
            server.clock.step(DAY);
            refresh = web.refresh(&refresh).await.text("refresh_token");
        }
        server.clock.step(DAY - 1);
        refresh = web.refresh(&refresh).await.text("refresh_token");
        assert!(refresh.starts_with("mrt_"));
        server.clock.step(1);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant");
        change(&web, json!({ "refresh_token_idle_lifetime": 7200 })).await;
        let idle = web.sign_in(&[]).await.text("refresh_token");
        server.clock.step(7201);
        assert_eq!(web.refresh(&idle).await.verdict(), "400 invalid_grant", "the idle limit");
    })
    .await;
}

/// REL-10, REL-11, COR-18: off unless the client holds the grant, and only with PKCE.
#[tokio::test]
async fn rel10_cor18_a_refresh_token_is_a_switch_and_needs_pkce() {
    both(|server| async move {
        let draft = json!({
            "client_name": "App", "client_id": "app", "type": "user_authorized", "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "pkce": "optional",
        });
        let made = api(&server, "POST", "/clients", draft).await;
        assert_eq!(made.json()["grant_types"], json!(["authorization_code"]), "off by default");
        let secret = made.text("client_secret");
        let app = server.client("app", Some(&secret));
        assert!(app.sign_in(&[]).await.json().get("refresh_token").is_none());
        change(&app, json!({ "grant_types": ["authorization_code", "refresh_token"] })).await;
        assert!(app.sign_in(&[]).await.json().get("refresh_token").is_some());
        let code = app.code(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
        let bare = app.token(&[("grant_type", "authorization_code"), ("code", &code)]).await;
        assert_eq!((bare.verdict(), bare.json().get("refresh_token").is_some()), ("200".into(), false));
    })
    .await;
}

/// REL-12 to REL-15, RLT-40: one address or range a line; asked at the token endpoint alone, before
/// the secret; the exact refusal; effective at the next request, on every node.
#[tokio::test]
async fn rel12_rel13_rel14_rel15_rlt40_trusted_addresses() {
    both(|server| async move {
        let web = server.web_app().await;
        let app = server.register(service(&json!({}))).await;
        let there = App { server: Arc::new(server.second_node().await), ..app.clone() };
        let token = app.own_token().await.text("access_token");
        assert_eq!(own_token_from(&there, "127.0.0.1:1").await.verdict(), "200");
        let lines = json!({ "trusted_ips": ["192.0.2.7\n10.0.0.0/8", "2001:db8::/32"] });
        let changed = api(&server, "PATCH", "/clients/service", lines).await;
        assert_eq!(
            changed.json()["trusted_ips"],
            json!(["192.0.2.7", "10.0.0.0/8", "2001:db8::/32"])
        );
        for (from, want) in [
            ("127.0.0.1:1", "400 invalid_client"),
            ("192.0.2.7:1", "200"),
            ("10.9.8.7:1", "200"),
            ("[::ffff:10.9.8.7]:1", "200"),
            ("[2001:db8:1::1]:1", "200"),
            ("[2001:db9::1]:1", "400 invalid_client"),
        ] {
            assert_eq!(
                own_token_from(&there, from).await.verdict(),
                want,
                "{from} at the other node"
            );
        }
        let wrong =
            App { secret: Some("a-wrong-secret-that-nobody-may-test".into()), ..app.clone() };
        for app in [&app, &wrong] {
            let refused = own_token_from(app, "203.0.113.9:1").await;
            let mut body = refused.json();
            assert!(body.as_object_mut().unwrap().remove("error_id").is_some());
            assert_eq!(refused.status.as_u16(), 400);
            assert_eq!(
                body,
                json!({
                    "error": "invalid_client", "error_description": "IP address not allowed.",
                    "message": "invalid_client. IP address not allowed.",
                })
            );
            assert!(refused.header("www-authenticate").starts_with("Basic"));
        }
        // Neither where the token is used nor where a person is asked.
        assert!(web.introspect(&token).await["active"] == false, "of another client");
        assert_eq!(
            app.get_with("/api/v1/users", &token).await.status.as_u16(),
            403,
            "alive: only its rights are missing"
        );
        change(&web, json!({ "trusted_ips": ["192.0.2.7"] })).await;
        let code = web.code(&[]).await;
        assert_eq!(web.redeem(&code).await.verdict(), "400 invalid_client");
    })
    .await;
}

/// REL-34, REL-35, COR-16: enabled and read-only when made; a context user need be no administrator,
/// and bounds what the client may do.
#[tokio::test]
async fn rel34_rel35_cor16_what_a_new_client_is() {
    both(|server| async move {
        let person = json!({ "email": "robo@example.com", "display_name": "Robo", "password": PASSWORD });
        let robo = api(&server, "POST", "/users", person).await.text("id");
        let made = api(&server, "POST", "/clients", service(&json!({ "context_user": robo }))).await;
        assert_eq!((&made.json()["enabled"], &made.json()["access"]), (&json!(true), &json!("read_only")));
        let app = server.client("service", Some(&made.text("client_secret")));
        let token = app.own_token().await.text("access_token");
        assert_eq!(app.get_with("/api/v1/users", &token).await.status.as_u16(), 403, "Robo may not");
        let writing = service(&json!({ "client_id": "writer", "client_name": "Writer", "scopes": ["user:create"] }));
        let refused = api(&server, "POST", "/clients", writing).await;
        assert!(refused.status.as_u16() == 400 && refused.body.contains("read-only"), "{}", refused.body);
        for (name, more) in [
            ("A", json!({ "grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/"], "context_user": robo })),
        ] {
            let draft = service(&json!({ "client_id": name, "client_name": name }));
            let mut draft = draft;
            draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert!(api(&server, "POST", "/clients", draft).await.body.contains("context_user"), "REL-8");
        }
    })
    .await;
}

/// REL-36, REL-37: who, what and when first, then everything a history view shows.
#[tokio::test]
async fn rel37_the_trail_has_every_column() {
    both(|server| async move {
        server.service().await;
        let token = server.admin_client().own_token().await.text("access_token");
        let request = Request::get("/api/v1/audit-events")
            .header("accept", "text/csv")
            .header("authorization", format!("Bearer {token}"));
        let csv = server.send(request.body(Body::empty()).unwrap()).await;
        let head =
            csv.body.lines().next().unwrap_or_default().trim_start_matches('\u{feff}').to_owned();
        assert!(head.starts_with("User Name,Action,Timestamp"), "{head}");
        for column in
            ["Address", "Object Kind", "Object ID", "Object Name", "Changes", "Request ID", "ID"]
        {
            assert!(head.split(',').any(|c| c == column), "{column}: {head}");
        }
    })
    .await;
}

/// REL-31, REL-47, RLT-1, RLT-2, RLT-4, RLT-5, RLT-30: what each flow gives, for one client that holds
/// several; a service acts for itself, and never gets a refresh token.
#[tokio::test]
async fn rel47_rlt2_rlt4_rlt5_rlt30_what_each_flow_gives() {
    let policy = Policy { legacy_password: true, ..Policy::default() };
    both_with(policy, |server| async move {
        let app = server
            .register(json!({
                "client_id": "several", "client_name": "Several", "type": "custom",
                "grant_types": ["authorization_code", "client_credentials", "password", "refresh_token"],
                "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "email"], "default_scopes": ["openid"],
            }))
            .await;
        let own = app.own_token().await.json();
        let by_code = app.sign_in(&[]).await.json();
        let fields = [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)];
        let by_password = app.token(&fields).await.json();
        for (answer, refreshes, who) in [(&own, false, "service"), (&by_code, true, "code"), (&by_password, true, "password")] {
            assert!(answer["access_token"].is_string(), "{who}");
            assert_eq!(answer.get("refresh_token").is_some(), refreshes, "{who}");
            assert_eq!(answer.get("id_token").is_some(), refreshes, "{who}");
        }
        let sub = async |answer: &Value| app.introspect(answer["access_token"].as_str().unwrap()).await["sub"].clone();
        assert_eq!(sub(&own).await, "several");
        assert_eq!(sub(&by_code).await, sub(&by_password).await, "RLT-1: on behalf of the person");
        assert_ne!(sub(&by_code).await, "several");
    })
    .await;
}

/// RLT-9, RLT-33, RLT-42: the error set of RFC 6749, and only a 429 says when to try again.
#[tokio::test]
async fn rlt9_rlt33_rlt42_errors_and_when_to_retry() {
    both(|server| async move {
        let app = server.register(service(&json!({ "max_active_tokens": 1 }))).await;
        let wrong = App { secret: Some("wrong".into()), ..app.clone() };
        let own = ("grant_type", "client_credentials");
        for (app, fields, want) in [
            (&app, vec![], "400 invalid_request"),
            (&app, vec![own, own], "400 invalid_request"),
            (&app, vec![own, ("client_secret", "x")], "400 invalid_request"),
            (&wrong, vec![own], "401 invalid_client"),
            (
                &app,
                vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
                "400 unauthorized_client",
            ),
            (
                &app,
                vec![("grant_type", "authorization_code"), ("code", "x")],
                "400 unauthorized_client",
            ),
            (&app, vec![("grant_type", "other")], "400 unsupported_grant_type"),
            (&app, vec![own, ("scope", "no:such")], "400 invalid_scope"),
        ] {
            let answer = app.token(&fields).await;
            assert_eq!(answer.verdict(), want, "{fields:?}");
            assert_eq!(answer.header("retry-after"), "", "{fields:?}");
            let challenged = answer.header("www-authenticate").starts_with("Basic");
            assert_eq!(challenged, want.starts_with("401"), "{fields:?}");
        }
        let web = server.web_app().await;
        assert_eq!(web.refresh("mrt_unknown").await.verdict(), "400 invalid_grant");
        assert_eq!(app.own_token().await.verdict(), "200");
        let full = app.own_token().await;
        assert_eq!(
            (full.verdict(), full.header("retry-after")),
            ("429 too_many_tokens".into(), "3600")
        );
    })
    .await;
}

/// RLT-10, RLT-34: revoking an access token ends that one; its refresh token lives on. Revoking the
/// refresh token ends both.
#[tokio::test]
async fn rlt10_revoking_an_access_token_leaves_the_refresh_token() {
    both(|server| async move {
        let web = server.web_app().await;
        let given = web.sign_in(&[]).await;
        web.revoke(&given.text("access_token")).await;
        assert!(!web.is_active(&given.text("access_token")).await);
        let next = web.refresh(&given.text("refresh_token")).await;
        assert_eq!(next.verdict(), "200");
        web.revoke(&next.text("refresh_token")).await;
        assert!(!web.is_active(&next.text("access_token")).await);
        assert_eq!(web.refresh(&next.text("refresh_token")).await.verdict(), "400 invalid_grant");
    })
    .await;
}

/// RLT-22, RLT-24, RLT-28, RLT-32: every request mints another token whose time starts then, for the
/// scopes of the client; the quota is the client's own, 200 at most, and off when it is not set.
#[tokio::test]
async fn rlt22_rlt24_rlt28_rlt32_many_tokens_at_once() {
    both(|server| async move {
        let app = server.register(service(&json!({ "scopes": ["user:read", "team:read"] }))).await;
        let mut texts = HashSet::new();
        for _ in 0..3 {
            server.clock.step(100);
            let answer = app.own_token().await;
            assert_eq!(
                (answer.json()["expires_in"].clone(), answer.text("scope")),
                (json!(3600), "team:read user:read".into())
            );
            assert_eq!(
                (answer.header("cache-control"), answer.header("pragma")),
                ("no-store", "no-cache")
            );
            assert!(answer.header("content-type").starts_with("application/json"));
            texts.insert(answer.text("access_token"));
        }
        assert_eq!(texts.len(), 3);
        for text in &texts {
            assert!(app.is_active(text).await);
        }
        for (value, status) in
            [(json!(200), 200), (json!(201), 400), (json!(0), 400), (Value::Null, 200)]
        {
            let answer =
                api(&server, "PATCH", "/clients/service", json!({ "max_active_tokens": value }))
                    .await;
            assert_eq!(answer.status.as_u16(), status, "{value}");
        }
    })
    .await;
}

/// RLT-36, RLT-41: opaque texts stay within 400 characters; a JWT is a setting of the client.
#[tokio::test]
async fn rlt41_a_token_is_opaque_or_a_jwt_as_the_client_says() {
    both(|server| async move {
        let web = server.web_app().await;
        let given = web.sign_in(&[("scope", "openid email as_user:read")]).await;
        for kind in ["access_token", "refresh_token"] {
            assert!((20..=400).contains(&given.text(kind).len()), "{kind}");
        }
        change(&web, json!({ "access_token_format": "jwt" })).await;
        let jwt = web.sign_in(&[]).await.text("access_token");
        assert_eq!(jwt.split('.').count(), 3);
        assert!(web.is_active(&jwt).await);
    })
    .await;
}

/// RLT-39, COR-54: what is not there is not there: no paths of Reltio to manage second factors, no
/// registration by strangers, no secret shown again.
#[tokio::test]
async fn rlt39_cor54_what_is_not_available() {
    let policy = Policy { profile_reltio: true, legacy_password: true, ..Policy::default() };
    both_with(policy, |server| async move {
        for path in
            ["/oauth/users/mfaDetails", "/oauth/users/mfa/associateQRCode", "/oauth2/register"]
        {
            assert_eq!(server.get(path).await.status.as_u16(), 404, "{path}");
        }
        let service = server.service().await;
        let shown = api(&server, "GET", "/clients/service/secrets", Value::Null).await;
        assert!(
            !shown.body.contains(service.secret.as_deref().unwrap()) && shown.body.contains("mcs_")
        );
    })
    .await;
}

async fn place(server: &Server, name: &str) -> (String, String) {
    let authority = Authority::operator("test@host");
    let call = server.operator();
    let mut work = server.instance.begin().await.unwrap();
    let made = teams::create_organization(&mut work, &call, &authority.may().unwrap(), name)
        .await
        .unwrap();
    let team = teams::create_team(
        &mut work,
        &call,
        &authority.may().unwrap(),
        &made.id,
        &format!("{name} One"),
    )
    .await
    .unwrap();
    work.commit().await.unwrap();
    (made.id, team.id)
}

/// RLT-55: who manages the clients of one team cannot take over a wider one.
#[tokio::test]
async fn rlt55_a_manager_of_one_team_does_not_reset_a_wider_secret() {
    both(|server| async move {
        let (_, team) = place(&server, "Harbour").await;
        let manager = server
            .register(json!({
                "client_id": "manager", "client_name": "Manager", "type": "service", "access": "full",
                "grant_types": ["client_credentials"], "scopes": ["as_user:read", "as_user:write"],
                "default_resource": "https://mandate.test/api/v1",
            }))
            .await;
        let mut work = server.instance.begin().await.unwrap();
        access::bind(&mut work, server.clock.now(), "manager", CLIENT_MANAGER, &Place::Team(team)).await.unwrap();
        work.commit().await.unwrap();
        server.service().await;
        let token = manager.own_token().await.text("access_token");
        let request = Request::post("/api/v1/clients/service/secrets")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(json!({ "confirm_name": "Service" }).to_string()))
            .unwrap();
        assert_eq!(server.send(request).await.status.as_u16(), 404, "not even seen");
        let listed = manager.get_with("/api/v1/clients", &token).await;
        assert_eq!(listed.json()["items"], json!([]));
    })
    .await;
}

/// RLT-58: who made it, who changed it, when it last got a token.
#[tokio::test]
async fn rlt58_a_client_tells_its_history() {
    both(|server| async move {
        let app = server.register(service(&json!({}))).await;
        api(
            &server,
            "PATCH",
            "/clients/service",
            json!({ "description": "Loads at night", "contacts": ["ops@example.com"] }),
        )
        .await;
        app.own_token().await;
        server.sweep().await;
        let shown = api(&server, "GET", "/clients/service", Value::Null).await.json();
        assert_eq!(
            (&shown["created_by"], &shown["updated_by"]),
            (&json!("test@host"), &json!("mandate-admin"))
        );
        for member in ["created_at", "updated_at", "last_used_at"] {
            assert!(shown[member].is_string(), "{member}");
        }
        assert_eq!(shown["contacts"], json!(["ops@example.com"]));
    })
    .await;
}

/// RLT-31, RLT-51, RLT-59: roles per place; an organization holds its later teams too, and the
/// tenants of a service are those it is bound in.
#[tokio::test]
async fn rlt59_a_role_reaches_the_place_it_is_held_in() {
    both(|server| async move {
        let (organization, team) = place(&server, "Harbour").await;
        place(&server, "Elsewhere").await;
        let app = server.register(service(&json!({ "scopes": ["as_user:read"] }))).await;
        let tenants = async |app: &App| {
            let token = app.own_token().await.text("access_token");
            let told = app.introspect(&token).await;
            assert_eq!(told["username"], "service");
            let names = told["authorized_teams"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(tenants(&app).await, Vec::<String>::new());
        let mut work = server.instance.begin().await.unwrap();
        access::bind(&mut work, 0, "service", access::AUDITOR, &Place::Team(team)).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(tenants(&app).await, ["Harbour One"]);
        let mut work = server.instance.begin().await.unwrap();
        access::bind(
            &mut work,
            0,
            "service",
            access::AUDITOR,
            &Place::Organization(organization.clone()),
        )
        .await
        .unwrap();
        let may = Authority::operator("test@host").may().unwrap();
        teams::create_team(&mut work, &server.operator(), &may, &organization, "Harbour Two")
            .await
            .unwrap();
        work.commit().await.unwrap();
        assert_eq!(tenants(&app).await, ["Harbour One", "Harbour Two"]);
        let person = json!({ "email": "robo@example.com", "display_name": "Robo" });
        let robo = api(&server, "POST", "/users", person).await.text("id");
        let refused =
            api(&server, "PATCH", "/clients/service", json!({ "context_user": robo })).await;
        assert!(refused.body.contains("never both"), "{}", refused.body);
    })
    .await;
}

/// RLT-60: this product's own password policy: long, not listed, not one's own name.
#[tokio::test]
async fn rlt60_refuses_a_password_that_is_easy_to_guess() {
    both(|server| async move {
        for password in ["short", "passwordpassword", "ann.harbour@example.com"] {
            let person = json!({ "email": "ann.harbour@example.com", "display_name": "Ann", "password": password });
            let refused = api(&server, "POST", "/users", person).await;
            assert_eq!(refused.status.as_u16(), 400, "{password}");
            assert!(refused.body.contains("password"), "{}", refused.body);
        }
    })
    .await;
}

/// COR-20: beyond 90 days the risk of the client says so; full access with long access tokens has
/// to be confirmed.
#[tokio::test]
async fn cor20_long_lives_are_warned_of() {
    both(|server| async move {
        let draft = json!({
            "client_id": "long", "client_name": "Long", "type": "user_authorized", "scopes": ["openid"],
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
        });
        api(&server, "POST", "/clients", draft).await;
        for (days, warned) in [(30, false), (90, false), (91, true)] {
            let patch = json!({ "refresh_token_lifetime": days * DAY });
            let answer = api(&server, "PATCH", "/clients/long", patch).await;
            assert_eq!(answer.body.contains("long_refresh_tokens"), warned, "{days}: {}", answer.body);
        }
        let risky = json!({ "access": "full", "access_token_lifetime": 3601 });
        let refused = api(&server, "PATCH", "/clients/long", risky.clone()).await;
        assert!(refused.status.as_u16() == 400 && refused.body.contains("confirm_high_risk"));
        let mut confirmed = risky;
        confirmed["confirm_high_risk"] = json!(true);
        assert_eq!(api(&server, "PATCH", "/clients/long", confirmed).await.status.as_u16(), 200);
    })
    .await;
}
