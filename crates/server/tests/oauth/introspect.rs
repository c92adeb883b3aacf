//! `POST /oauth2/introspect` (RFC 7662).

use std::sync::Arc;

use domain::access::{self, Authority, CLIENT_MANAGER, Place};
use domain::roles::{self, NewRole, Patch};
use domain::{accounts, teams};
use serde_json::json;

use crate::harness::{ADMIN_EMAIL, App, Server, both};

#[tokio::test]
async fn tells_what_a_token_of_a_person_means() {
    both(|server| async move {
        let web = server.web_app().await;
        let access = web.sign_in(&[("scope", "openid email")]).await.text("access_token");
        let mut meaning = web.introspect(&access).await;
        for changing in ["sub", "jti"] {
            assert!(meaning.as_object_mut().unwrap().remove(changing).is_some());
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(serde_json::to_string_pretty(&meaning).unwrap(), @r#"
            {
              "access": "read_only",
              "active": true,
              "amr": [
                "pwd"
              ],
              "aud": "https://mandate.test/oauth2/userinfo",
              "auth_time": 1800000000,
              "authorized_teams": [],
              "client_id": "web-app",
              "exp": 1800003600,
              "iat": 1800000000,
              "instance_permissions": [],
              "iss": "https://mandate.test",
              "scope": "email openid",
              "token_type": "Bearer",
              "username": "ada@example.com"
            }
            "#);
        }
    })
    .await;
}

#[tokio::test]
async fn g01_refuses_whoever_does_not_prove_who_asks() {
    both(|server| async move {
        let (web, native) = (server.web_app().await, server.native_app().await);
        let access = web.sign_in(&[]).await.text("access_token");
        assert_eq!(
            server.post("/oauth2/introspect", &[("token", &access)]).await.verdict(),
            "401 invalid_client"
        );
        let public = native.post("/oauth2/introspect", &[("token", &access)]).await;
        assert_eq!(public.verdict(), "401 invalid_client");
        assert_eq!(web.post("/oauth2/introspect", &[]).await.verdict(), "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn g01_anything_that_is_not_alive_or_not_yours_is_exactly_inactive() {
    both(|server| async move {
        let (web, service) = (server.web_app().await, server.service().await);
        let mine = web.sign_in(&[]).await;
        let access = mine.text("access_token");
        let inactive = json!({"active": false});
        let tampered = format!(
            "{}{}",
            &access[..access.len() - 1],
            if access.ends_with('A') { 'B' } else { 'A' }
        );
        for token in
            ["", "x", "mat_", "mat_tooshort", "eyJhbGciOiJub25lIn0.e30.", &tampered, &access[..20]]
        {
            if !token.is_empty() {
                assert_eq!(web.introspect(token).await, inactive, "{token}");
            }
        }
        assert_eq!(service.introspect(&access).await, inactive, "another client's");
        assert_eq!(service.introspect(&mine.text("refresh_token")).await, inactive);
        server.clock.step(3600);
        assert_eq!(web.introspect(&access).await, inactive, "expired");
    })
    .await;
}

#[tokio::test]
async fn cor52_whoever_holds_the_permission_sees_every_token() {
    both(|server| async move {
        let (web, admin) = (server.web_app().await, server.admin_client());
        let access = web.sign_in(&[]).await.text("access_token");
        assert_eq!(admin.introspect(&access).await["active"], true, "as a client");
        let bearer = admin.own_token().await.text("access_token");
        let ask = async |bearer: &str| {
            let request = crate::harness::form("/oauth2/introspect", &[])
                .header("authorization", format!("Bearer {bearer}"));
            server
                .send(request.body(axum::body::Body::from(format!("token={access}"))).unwrap())
                .await
        };
        assert_eq!(ask(&bearer).await.json()["active"], true, "by bearer token");
        assert_eq!(
            ask(&access).await.verdict(),
            "401 invalid_token",
            "a token that does not hold it"
        );
        assert_eq!(ask("nonsense").await.verdict(), "401 invalid_token");
    })
    .await;
}

#[tokio::test]
async fn l05_a_paused_client_s_tokens_die_and_stay_dead() {
    both(|server| async move {
        let (service, admin) = (server.service().await, server.admin_client());
        let token = service.own_token().await.text("access_token");
        server.pause("service").await;
        assert!(!admin.is_active(&token).await);
        assert_eq!(service.own_token().await.verdict(), "401 invalid_client");
        server.resume("service").await;
        assert!(!admin.is_active(&token).await, "old tokens stay dead");
        let fresh = service.own_token().await.text("access_token");
        assert!(admin.is_active(&fresh).await);
    })
    .await;
}

#[tokio::test]
async fn g07_a_jwt_access_token_is_what_rfc_9068_says_and_can_be_revoked() {
    both(|server| async move {
        let draft = json!({
            "client_id": "jwt", "client_name": "JWT", "type": "service", "access_token_format": "jwt",
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        let app: App = server.register(draft).await;
        let token = app.own_token().await.text("access_token");
        let header = header(&token);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
        let claims = crate::token::claims(&token);
        assert_eq!(claims["aud"], "https://mandate.test/api/v1");
        for (name, want) in [("iss", "https://mandate.test"), ("sub", "jwt"), ("client_id", "jwt"), ("scope", "oauth_client:read")] {
            assert_eq!(claims[name], want);
        }
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_800_000_000), &json!(1_800_003_600)));
        assert_eq!(app.introspect(&token).await["active"], true);
        let forged = format!("{}.{}.{}", token.split('.').next().unwrap(), token.split('.').nth(1).unwrap(), "A".repeat(86));
        assert_eq!(app.introspect(&forged).await, json!({"active": false}));
        app.revoke(&token).await;
        assert_eq!(app.introspect(&token).await, json!({"active": false}));
    })
    .await;
}

fn header(token: &str) -> serde_json::Value {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// A person who administers everything and belongs to three teams, and a token for two of them.
async fn a_token_with_teams(server: &Arc<Server>) -> (App, String) {
    let (call, operator) = (server.operator(), Authority::operator("test@host"));
    let mut work = server.instance.begin().await.unwrap();
    let ada = accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap();
    let may = operator.may().unwrap();
    let acme = teams::create_organization(&mut work, &call, &may, "Acme").await.unwrap();
    for name in ["Blue", "Red", "Green"] {
        let team = teams::create_team(&mut work, &call, &may, &acme.id, name).await.unwrap();
        let place = Place::Team(team.id);
        access::bind(&mut work, call.now, ada.id.as_str(), CLIENT_MANAGER, &place).await.unwrap();
    }
    work.commit().await.unwrap();
    let web = server
        .register(json!({
            "client_id": "teams-app", "client_name": "Teams App", "type": "user_authorized", "access": "full",
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid", "as_user:read", "as_user:write"], "team_selection": "multiple",
            "require_consent": true,
        }))
        .await;
    let mut browser = server.browser();
    let path = web.authorize_path(&[("scope", "openid as_user:read as_user:write")]);
    browser.sign_in(ADMIN_EMAIL).await;
    let page = browser.visit(&path).await;
    let values = page.body.split("name=\"teams\" value=\"").skip(1).take(2);
    let ids: Vec<&str> = values.filter_map(|rest| rest.split('"').next()).collect();
    let mut fields = vec![("decision", "allow")];
    fields.extend(ids.iter().map(|id| ("teams", *id)));
    let answer = browser.submit(&page, "/consent", &fields).await;
    let code = answer.returned("code").unwrap_or_else(|| panic!("{} {}", answer.status, page.body));
    let token = web.redeem(&code).await.text("access_token");
    (web, token)
}

/// What a use costs must not grow with what a person may do: the same few statements for an
/// administrator of everything with teams as for somebody with nothing.
#[tokio::test]
async fn asks_the_database_once_however_much_the_person_may() {
    both(|server| async move {
        let (web, token) = a_token_with_teams(&server).await;
        let plain = server.web_app().await;
        let other = plain.sign_in(&[("scope", "openid")]).await.text("access_token");
        // The token with its client, its person and their roles, which proves the caller as well.
        for (app, token, wanted) in [(&web, &token, 1), (&plain, &other, 1)] {
            app.introspect(token).await;
            let before = server.instance.statements();
            let meaning = app.introspect(token).await;
            assert_eq!(server.instance.statements() - before, wanted, "{meaning}");
        }
        let meaning = web.introspect(&token).await;
        assert_eq!(meaning["authorized_teams"].as_array().unwrap().len(), 2, "{meaning}");
        assert!(meaning["instance_permissions"].as_array().unwrap().len() > 20);
    })
    .await;
}

/// Roles are remembered by their version: a change on one node counts in the next use on another.
#[tokio::test]
async fn a_role_changed_on_one_node_counts_in_the_next_introspection_on_the_other() {
    Box::pin(both(|server| async move {
        let second = Arc::new(server.second_node().await);
        let (call, operator) = (server.operator(), Authority::operator("test@host"));
        let manage = operator.may().unwrap();
        let role =
            |permissions: &[&str]| permissions.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let mut work = server.instance.begin().await.unwrap();
        let new = NewRole {
            name: "Clerk".into(),
            permissions: role(&["user:read"]),
            ..NewRole::default()
        };
        let clerk = roles::create(&mut work, &call, &manage, new).await.unwrap().role.id;
        let service = server.register(json!({
            "client_id": "clerk", "client_name": "Clerk", "type": "service", "access": "full",
            "scopes": ["user:read", "audit:read", "scope:read"],
        }));
        access::bind(&mut work, call.now, "clerk", &clerk, &Place::Instance).await.unwrap();
        work.commit().await.unwrap();
        let here = service.await;
        let there = second.client("clerk", here.secret.as_deref());
        let token = here.own_token().await.text("access_token");
        let may = async |app: &App| app.introspect(&token).await["instance_permissions"].clone();
        assert_eq!(
            [may(&here).await, may(&there).await],
            [json!(["user:read"]), json!(["user:read"])]
        );
        let change = async |permissions: &[&str], keep: bool| {
            let patch = Patch { permissions: Some(role(permissions)), ..Patch::default() };
            let mut work = server.instance.begin().await.unwrap();
            roles::change(&mut work, &call, &manage, (&clerk, None), patch).await.unwrap();
            // What the same work would see is not what others may remember.
            access::holdings_of(&mut work, "clerk").await.unwrap();
            if keep {
                work.commit().await.unwrap();
            }
        };
        change(&["audit:read"], false).await;
        assert_eq!(may(&here).await, json!(["user:read"]), "it was taken back");
        change(&["scope:read"], true).await;
        assert_eq!(
            [may(&here).await, may(&there).await],
            [json!(["scope:read"]), json!(["scope:read"])]
        );
        change(&[], true).await;
        assert_eq!([may(&there).await, may(&here).await], [json!([]), json!([])]);
    }))
    .await;
}

#[tokio::test]
async fn tells_no_user_name_that_the_scopes_do_not_tell() {
    both(|server| async move {
        let web = server.web_app().await;
        for (scope, told) in [
            ("openid", serde_json::Value::Null),
            ("openid as_user:read", serde_json::Value::Null),
            ("openid profile", "ada".into()),
            ("openid email", "ada@example.com".into()),
        ] {
            let token = web.sign_in(&[("scope", scope)]).await.text("access_token");
            let answer = web.introspect(&token).await;
            assert_eq!(answer["username"], told, "{scope}: {answer}");
            assert_eq!(answer.get("username").is_some(), !told.is_null(), "{scope}");
        }
    })
    .await;
}
