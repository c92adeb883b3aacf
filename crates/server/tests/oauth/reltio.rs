//! Application clients as Reltio's scripts replace, end and delete them, and who may give one
//! another secret (RLT-53, RLT-55, RLT-56, RLT-57); the password grant with a second factor (RLT-38).

use std::sync::Arc;

use domain::access::{self, Place};
use serde_json::{Value, json};

use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, Answer, App, PASSWORD, Server, both, both_with};
use crate::policy::api;
use crate::profiles::{managed, on, organization};

const SECRET: &str = "a-secret-of-thirty-two-characters";

/// A client that asks people for their password itself, and its first step for the administrator.
async fn first_step(server: &Arc<Server>, path: &str) -> (App, Answer) {
    let body = json!([{
        "clientId": "desk", "clientSecret": SECRET, "enabled": true,
        "authorizedGrantTypes": ["password", "refresh_token"],
        "clientAuthenticationMethods": ["client_secret_basic"],
    }]);
    let made = managed(server, "POST", path, body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let desk = server.client("desk", Some(SECRET));
    let fields = [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)];
    let first = desk.post("/oauth/token", &fields).await;
    (desk, first)
}

async fn second_step(desk: &App, token: &str, totp: &str) -> Answer {
    let fields = [("grant_type", "state_token"), ("state_token", token), ("totp", totp)];
    desk.post("/oauth/token", &fields).await
}

#[tokio::test]
async fn rlt38_a_password_gives_a_state_token_and_a_code_the_tokens() {
    both_with(on(), |server| async move {
        let path = format!("/oauth/customers/{}/clients", organization(&server).await);
        let phone = Phone::of_the_administrator(&server).await;
        let (desk, first) = first_step(&server, &path).await;
        assert_eq!(first.status, 200, "{}", first.body);
        let told = first.json();
        let token = told["state_token"]["token"].as_str().unwrap();
        let expected = json!({
            "expires_in": 599,
            "state_token": {
                "mfaType": "AUTHENTICATOR", "expires_in": "600", "status": "ENROLL", "token": token,
            },
        });
        assert_eq!(told, expected, "and no access token");
        assert_eq!(first.header("cache-control"), "no-store");

        let wrong = second_step(&desk, token, "000000").await;
        assert_eq!(wrong.verdict(), "400 invalid_grant");
        let code = phone.code(&server);
        let given = second_step(&desk, token, &code).await;
        assert_eq!(given.status, 200, "{}", given.body);
        assert_eq!(given.text("token_type"), "bearer");
        assert!(desk.is_active(&given.text("access_token")).await);
        assert_eq!(second_step(&desk, token, &code).await.verdict(), "400 invalid_grant", "twice");
    })
    .await;
}

/// A token that was given for both is not given again for the password alone.
#[tokio::test]
async fn rlt21_the_living_token_is_given_again_only_for_what_was_proved() {
    both_with(on(), |server| async move {
        let path = format!("/oauth/customers/{}/clients", organization(&server).await);
        let phone = Phone::of_the_administrator(&server).await;
        let (desk, first) = first_step(&server, &path).await;
        let reuse = json!({ "token_issuance": "reuse" });
        assert_eq!(api(&server, "PATCH", "/clients/desk", reuse).await.status.as_u16(), 200);
        let token = first.json()["state_token"]["token"].as_str().unwrap().to_owned();
        let both = second_step(&desk, &token, &phone.code(&server)).await.text("access_token");
        assert_eq!(desk.introspect(&both).await["amr"], json!(["pwd", "otp", "mfa"]));
        let users = api(&server, "GET", "/users", Value::Null).await.json();
        let ada = users["items"][0]["id"].as_str().unwrap().to_owned();
        let reset = format!("/users/{ada}/second-factor");
        assert_eq!(api(&server, "DELETE", &reset, Value::Null).await.status.as_u16(), 204);
        let fields =
            [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)];
        let one = desk.post("/oauth/token", &fields).await.text("access_token");
        assert_ne!(one, both);
        assert_eq!(desk.introspect(&one).await["amr"], json!(["pwd"]));
        assert_eq!(desk.post("/oauth/token", &fields).await.text("access_token"), one, "again");
    })
    .await;
}

#[tokio::test]
async fn rlt38_a_state_token_is_of_one_client_and_ends() {
    both_with(on(), |server| async move {
        let path = format!("/oauth/customers/{}/clients", organization(&server).await);
        let phone = Phone::of_the_administrator(&server).await;
        let (desk, first) = first_step(&server, &path).await;
        let token = first.json()["state_token"]["token"].as_str().unwrap().to_owned();
        let other = json!([{
            "clientId": "other", "clientSecret": SECRET, "authorizedGrantTypes": ["password"],
            "clientAuthenticationMethods": ["client_secret_basic"],
        }]);
        assert_eq!(managed(&server, "POST", &path, other).await.status, 200);
        let other = server.client("other", Some(SECRET));
        let code = phone.code(&server);
        let stolen = second_step(&other, &token, &code).await;
        assert_eq!(stolen.verdict(), "400 invalid_grant");
        assert!(stolen.body.contains("not of this client"), "{}", stolen.body);
        for changed in ["x".to_owned(), format!("{token}A"), token.to_uppercase()] {
            assert_eq!(second_step(&desk, &changed, &code).await.verdict(), "400 invalid_grant");
        }
        let missing = desk.post("/oauth/token", &[("grant_type", "state_token")]).await;
        assert_eq!(missing.verdict(), "400 invalid_request");
        server.clock.step(601);
        let late = second_step(&desk, &token, &phone.code(&server)).await;
        assert_eq!(late.verdict(), "400 invalid_grant");

        // Who has to have one and has none is sent to a page.
        let required = json!({ "second_factor_required": true });
        assert_eq!(api(&server, "PATCH", "/settings", required).await.status.as_u16(), 200);
        let ben =
            json!({ "email": "ben@example.com", "display_name": "Ben", "password": PASSWORD });
        assert_eq!(api(&server, "POST", "/users", ben).await.status.as_u16(), 201);
        let fields =
            [("grant_type", "password"), ("username", "ben@example.com"), ("password", PASSWORD)];
        let none = desk.post("/oauth/token", &fields).await;
        assert_eq!(none.verdict(), "400 invalid_grant");
        assert!(none.body.contains("has to set up a second factor first"), "{}", none.body);
    })
    .await;
}

/// A client with every attribute that there is, in this organization.
async fn full(server: &Arc<Server>, path: &str) -> App {
    let body = json!([{
        "clientId": "sync", "clientName": "Sync", "clientDescription": "Loads at night",
        "clientEmail": "ops@example.com", "clientSecret": SECRET, "enabled": true,
        "authorizedGrantTypes": ["client_credentials", "authorization_code", "refresh_token"],
        "clientAuthenticationMethods": ["client_secret_basic"], "accessTokenValidity": 1800,
        "refreshTokenValidity": 7200, "redirectUri": "https://app.example/cb",
        "clientPermissions": { "roles": { "Auditor": [] } },
    }]);
    let made = managed(server, "POST", path, body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    server.client("sync", Some(SECRET))
}

/// Decided: the roles, too, are what the request says, and an absent lifetime is the usual one.
#[tokio::test]
async fn rlt53_a_put_empties_what_it_does_not_name_and_keeps_the_secret() {
    both_with(on(), |server| async move {
        let customer = organization(&server).await;
        let path = format!("/oauth/customers/{customer}/clients");
        let app = full(&server, &path).await;
        let path = format!("{path}/sync");
        let before = managed(&server, "GET", &path, Value::Null).await.json();
        assert_eq!(before["clientPermissions"], json!({ "roles": { "Auditor": [] } }));
        let bare = json!({ "authorizedGrantTypes": ["client_credentials"] });
        let after = managed(&server, "PUT", &path, bare).await;
        assert_eq!(after.status, 200, "{}", after.body);
        let after = after.json();
        for (member, empty) in [
            ("clientDescription", json!("")),
            ("clientEmail", Value::Null),
            ("redirectUri", json!([])),
            ("clientPermissions", json!({ "roles": {} })),
            ("authorizedGrantTypes", json!(["client_credentials"])),
            ("clientAuthenticationMethods", json!(["client_secret_basic", "client_secret_post"])),
            ("accessTokenValidity", json!(3600)),
            ("refreshTokenValidity", json!(2_419_200)),
            ("enabled", json!(true)),
        ] {
            assert_eq!(after[member], empty, "{member}: {after}");
            assert!(member == "enabled" || before[member] != empty, "{member} was set before");
        }
        assert_eq!(after["clientName"], "sync", "a client has a name: its id where none is given");
        for kept in ["clientId", "createdTime", "createdBy"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        assert_eq!(managed(&server, "GET", &path, Value::Null).await.json(), after);
        assert_eq!(app.own_token().await.verdict(), "200", "the secret is kept");
    })
    .await;
}

#[tokio::test]
async fn rlt56_rlt57_a_clients_tokens_end_and_a_deleted_client_stays_away() {
    both_with(on(), |server| async move {
        let customer = organization(&server).await;
        let list = format!("/oauth/customers/{customer}/clients");
        let app = full(&server, &list).await;
        let other = server.service().await;
        let untouched = other.own_token().await.text("access_token");
        let path = format!("{list}/sync");
        let done = json!({ "status": "success" });
        let before = app.own_token().await.text("access_token");
        let elsewhere = "/oauth/customers/instance/clients/sync/revoketokens";
        assert_eq!(managed(&server, "PUT", elsewhere, Value::Null).await.status, 404);
        assert!(app.is_active(&before).await);
        let all = format!("{path}/revoketokens");
        assert_eq!(managed(&server, "PUT", &all, Value::Null).await.json(), done);
        assert!(!app.is_active(&before).await);
        let after = app.own_token().await;
        assert_eq!(after.verdict(), "200", "it may ask again");
        assert!(other.is_active(&untouched).await);

        assert_eq!(managed(&server, "DELETE", &path, Value::Null).await.json(), done);
        assert_eq!(app.own_token().await.verdict(), "401 invalid_client");
        for method in ["GET", "DELETE"] {
            assert_eq!(managed(&server, method, &path, Value::Null).await.status, 404, "{method}");
        }
        let again = json!([{ "clientId": "sync", "authorizedGrantTypes": ["client_credentials"] }]);
        let refused = managed(&server, "POST", &list, again).await;
        assert_eq!(refused.verdict(), "400 invalid_request", "an id is never given again");
    })
    .await;
}

/// A service in the team's hands, and another to manage it with this role at this place.
async fn service(server: &Arc<Server>, id: &str, organization: &str, team: &str) {
    let draft = json!({
        "client_id": id, "client_name": id, "type": "service", "organization": organization,
        "owner_team": team, "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
    });
    let made = api(server, "POST", "/clients", draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// Gives a client this role at this place.
async fn bind(server: &Server, client: &str, role: &str, place: Place) {
    let mut work = server.instance.begin().await.unwrap();
    access::bind(&mut work, server.clock.now(), client, role, &place).await.unwrap();
    work.commit().await.unwrap();
}

/// The clients are in the hands of the manager's team; what they reach decides.
#[tokio::test]
async fn rlt55_who_may_reset_a_secret_there_resets_none_that_reaches_further() {
    both(|server| async move {
        let home = api(&server, "POST", "/organizations", json!({ "name": "Harbour" })).await;
        let home = home.text("id");
        let mut teams = Vec::new();
        for name in ["Blue", "Red"] {
            let team = json!({ "organization": home, "name": name });
            teams.push(api(&server, "POST", "/teams", team).await.text("id"));
        }
        let (blue, red) = (Place::Team(teams[0].clone()), Place::Team(teams[1].clone()));
        let reader = json!({ "name": "Reader", "permissions": ["oauth_client:read"] });
        let reader = api(&server, "POST", "/roles", reader).await.text("id");
        for (id, places) in [
            ("narrow", vec![blue.clone()]),
            ("beside", vec![blue.clone(), red]),
            ("wide", vec![Place::Organization(home.clone())]),
        ] {
            service(&server, id, &home, &teams[0]).await;
            for place in places {
                bind(&server, id, &reader, place).await;
            }
        }
        let manager = server
            .register(json!({
                "client_id": "manager", "client_name": "Manager", "type": "service",
                "access": "full", "scopes": ["as_user:read", "as_user:write"],
                "grant_types": ["client_credentials"],
                "default_resource": "https://mandate.test/api/v1",
            }))
            .await;
        let reset = async |id: &str| -> Answer {
            let token = manager.own_token().await.text("access_token");
            let at = format!("/clients/{id}/secrets");
            let body = json!({ "confirm_name": id });
            crate::delegation::call(&server, &token, ("POST", &at), body).await
        };
        bind(&server, "manager", access::CLIENT_MANAGER, blue).await;
        assert_eq!(reset("narrow").await.status, 201);
        for id in ["beside", "wide"] {
            let refused = reset(id).await;
            assert_eq!(refused.status, 403, "{id}: {}", refused.body);
            assert_eq!(refused.text("permission"), "oauth_client:read", "{id}: {}", refused.body);
        }
        bind(&server, "manager", access::CLIENT_MANAGER, Place::Organization(home)).await;
        for id in ["beside", "wide"] {
            assert_eq!(reset(id).await.status, 201, "{id}: who reaches every team may");
        }
    })
    .await;
}
