//! `/me`, `/roles`, `/scopes`, `/resources`, `/tokens`.

use axum::http::Method;
use domain::access::{CLIENT_MANAGER, PERMISSIONS, Place};
use serde_json::json;

use crate::harness::{ADMIN_EMAIL, ISSUER, both};
use crate::talk::{Caller, fields, ids};

#[tokio::test]
async fn tells_a_token_what_it_may_do_now_place_by_place() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let me = admin.get("/me").await.json();
        assert_eq!((&me["client_id"], &me["user"], &me["access"]), (&json!("mandate-admin"), &json!(null), &json!("full")));
        assert_eq!(me["instance_permissions"].as_array().unwrap().len(), PERMISSIONS.len());

        let ada = Caller::read_only_admin(&server).await.get("/me").await.json();
        assert_eq!((&ada["user"]["email"], &ada["access"]), (&json!(ADMIN_EMAIL), &json!("read_only")));
        let held: Vec<_> = ada["instance_permissions"].as_array().unwrap().iter().filter_map(|p| p.as_str()).collect();
        assert!(held.contains(&"oauth_client:read") && !held.contains(&"oauth_client:update"));

        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = admin.post("/teams", json!({ "organization": organization, "name": "Blue" })).await.text("id");
        let bound = (CLIENT_MANAGER, Place::Team(team.clone()));
        let manager = Caller::service(&server, "manager", &["oauth_client:read", "user:read"], bound).await;
        let me = manager.get("/me").await.json();
        let blue = json!({ "id": team, "name": "Blue", "organization": organization, "permissions": ["oauth_client:read"] });
        assert_eq!((&me["authorized_teams"], &me["instance_permissions"]), (&json!([blue]), &json!([])));
        let bound = (CLIENT_MANAGER, Place::Organization(organization.clone()));
        let wider = Caller::service(&server, "wider", &["oauth_client:read"], bound).await.get("/me").await.json();
        assert_eq!(wider["organization_permissions"], json!([{ "id": organization, "permissions": ["oauth_client:read"] }]));
    })
    .await;
}

/// REL-49, COR-60: to see, to create, to update, to rotate and to delete a client are five rights.
#[tokio::test]
async fn rel49_each_right_over_clients_opens_its_own_door_and_no_other() {
    const RIGHTS: [&str; 5] = [
        "oauth_client:read",
        "oauth_client:create",
        "oauth_client:update",
        "oauth_client:rotate",
        "oauth_client:delete",
    ];
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        for (n, right) in RIGHTS.into_iter().enumerate() {
            let role = json!({ "name": format!("Role {n}"), "permissions": [right] });
            let role = admin.post("/roles", role).await.text("id");
            let target = format!("target-{n}");
            let id = admin.create_client(&target).await.text("client_id");
            let held = (role.as_str(), Place::Instance);
            let caller = Caller::service(&server, &format!("holder-{n}"), &RIGHTS, held).await;
            let at = format!("/clients/{id}");
            let new = json!({ "client_name": format!("new-{n}"), "type": "service" });
            let answers = [
                caller.get(&at).await,
                caller.post("/clients", new).await,
                caller.patch(&at, json!({ "description": "x" })).await,
                caller.post(&format!("{at}/secrets"), json!({ "confirm_name": target })).await,
                caller.delete(&format!("{at}?confirm_name={target}")).await,
            ];
            for (door, answer) in RIGHTS.into_iter().zip(answers) {
                if door == right {
                    assert!(answer.status.is_success(), "{right}: {}", answer.body);
                } else {
                    let refused = (answer.status.as_u16(), answer.text("permission"));
                    assert_eq!(refused, (403, door.to_owned()), "{right}: {}", answer.body);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn lists_roles_with_their_permissions() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let names = ids(&admin.get("/roles").await, "name");
        assert!(
            names.contains(&"Platform administrator".into()) && names.contains(&"Auditor".into()),
            "{names:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn adds_scopes_and_deletes_those_that_nobody_holds() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "name": "orders:read", "kind": "read", "description": "See your orders" });
        assert_eq!(admin.post("/scopes?dry_run=true", new.clone()).await.json()["dry_run"], true);
        assert_eq!(admin.post("/scopes", new.clone()).await.status, 201);
        assert_eq!(fields(&admin.post("/scopes", new).await), ["name"]);
        assert_eq!(fields(&admin.post("/scopes", json!({ "name": "a:b", "kind": "identity" })).await), ["kind"]);
        assert_eq!(fields(&admin.post("/scopes", json!({})).await), ["name", "kind"]);
        assert!(ids(&admin.get("/scopes").await, "name").contains(&"orders:read".into()));
        let holder = json!({ "client_id": "holder", "client_name": "holder", "type": "service", "scopes": ["orders:read"] });
        assert_eq!(admin.post("/clients", holder).await.status, 201);
        assert_eq!(admin.delete("/scopes/orders%3Aread").await.status, 409);
        assert_eq!(admin.patch("/clients/holder", json!({ "scopes": [] })).await.status, 200);
        assert_eq!(admin.delete("/scopes/orders:read").await.status, 204);
        assert_eq!(admin.delete("/scopes/orders:read").await.status, 404);
        assert_eq!(admin.delete("/scopes/openid").await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn adds_and_deletes_resource_servers() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let built_in = ids(&admin.get("/resources").await, "identifier");
        assert!(built_in.contains(&format!("{ISSUER}/api/v1")), "{built_in:?}");
        let new = json!({ "identifier": "https://orders.example", "name": "Orders", "introspecting_clients": ["mandate-sync"] });
        let made = admin.post("/resources", new.clone()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/resources/{}", made.text("id"));
        assert_eq!(admin.get(&path).await.json()["introspecting_clients"], json!(["mandate-sync"]));
        assert_eq!(fields(&admin.post("/resources", new).await), ["identifier"]);
        for (body, field) in [
            (json!({ "identifier": "orders", "name": "x" }), "identifier"),
            (json!({ "identifier": "https://x.example#f", "name": "x" }), "identifier"),
            (json!({ "identifier": "https://x.example", "name": "x", "introspecting_clients": "all" }), "introspecting_clients"),
        ] {
            assert_eq!(fields(&admin.post("/resources", body).await), [field]);
        }
        assert_eq!(admin.delete(&path).await.status, 204);
        assert_eq!(admin.get(&path).await.status, 404);
        assert_eq!(admin.delete("/resources/api").await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn ends_one_token_by_its_jti() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        let (one, other) = (
            app.own_token().await.text("access_token"),
            app.own_token().await.text("access_token"),
        );
        let jti = app.introspect(&one).await["jti"].as_str().unwrap().to_owned();
        assert_eq!(admin.delete(&format!("/tokens/{jti}?dry_run=true")).await.status, 200);
        assert!(app.is_active(&one).await);
        assert_eq!(admin.delete(&format!("/tokens/{jti}")).await.status, 204);
        assert!(!app.is_active(&one).await && app.is_active(&other).await);
        assert_eq!(admin.delete(&format!("/tokens/{jti}")).await.status, 404);
        assert_eq!(admin.delete("/tokens/nonsense").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_teams_manager_cannot_end_tokens_of_others() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        let token = app.own_token().await.text("access_token");
        let jti = app.introspect(&token).await["jti"].as_str().unwrap().to_owned();
        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let bound = (CLIENT_MANAGER, Place::Organization(organization.clone()));
        let manager = Caller::service(&server, "manager", &["token:revoke"], bound).await;
        let own = json!({ "client_id": "own", "client_name": "own", "type": "service", "organization": organization });
        let own = server.register(own).await;
        let mine = own.own_token().await.text("access_token");
        let public = own.introspect(&mine).await["jti"].as_str().unwrap().to_owned();
        assert_eq!(manager.delete(&format!("/tokens/{public}")).await.status, 204);
        assert!(!own.is_active(&mine).await);
        let answer = manager.delete(&format!("/tokens/{jti}")).await;
        assert_eq!(answer.status, 404, "for them it is not there: {}", answer.body);
        assert!(app.is_active(&token).await);
    })
    .await;
}

#[tokio::test]
async fn changes_a_scope_but_not_its_kind_while_somebody_uses_it() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "name": "orders:read", "kind": "read", "description": "See your orders" });
        let made = admin.post("/scopes", new).await;
        let (at, etag) = ("/scopes/orders%3Aread", made.header("etag").to_owned());
        assert_eq!(admin.get(at).await.header("etag"), etag);
        let patch = json!({ "description": "See what you ordered" });
        let changed = admin.call(Method::PATCH, at, &[("if-match", &etag)], Some(patch.clone())).await;
        assert_eq!((changed.status.as_u16(), changed.text("description")), (200, "See what you ordered".into()), "{}", changed.body);
        assert_eq!(admin.call(Method::PATCH, at, &[("if-match", &etag)], Some(patch)).await.status, 412);
        for (body, field) in [
            (json!({ "kind": "identity" }), "kind"),
            (json!({ "kind": null }), "kind"),
            (json!({ "description": "" }), "description"),
            (json!({ "description": "x".repeat(301) }), "description"),
            (json!({ "resource": "res_none" }), "resource"),
            (json!({ "name": "orders:write" }), "name"),
            (json!({ "is_system": true }), "is_system"),
        ] {
            assert_eq!(fields(&admin.patch(at, body).await), [field]);
        }
        let holder = json!({ "client_id": "holder", "client_name": "holder", "type": "service", "scopes": ["orders:read"] });
        assert_eq!(admin.post("/clients", holder).await.status, 201);
        let before = admin.get(at).await.body;
        for path in [at.to_owned(), format!("{at}?dry_run=true")] {
            let refused = admin.patch(&path, json!({ "kind": "write" })).await;
            assert_eq!((refused.status.as_u16(), refused.json()["ids"].clone()), (409, json!(["holder"])), "{}", refused.body);
        }
        assert_eq!(admin.get(at).await.body, before);
        assert_eq!(admin.patch("/clients/holder", json!({ "scopes": [] })).await.status, 200);
        let role = admin.post("/roles", json!({ "name": "Clerk", "permissions": ["orders:read"] })).await.text("id");
        assert_eq!(admin.patch(at, json!({ "kind": "write" })).await.status, 409, "a role allows it as one that reads");
        assert_eq!(admin.delete(&format!("/roles/{role}")).await.status, 204);
        let tried = admin.patch(&format!("{at}?dry_run=true"), json!({ "kind": "write" })).await;
        assert_eq!((tried.text("kind"), tried.json()["dry_run"].clone()), ("write".into(), json!(true)));
        assert_eq!(admin.get(at).await.text("kind"), "read");
        assert_eq!(admin.patch(at, json!({ "kind": "write" })).await.text("kind"), "write");
        // A role that allows it from now on allows a permission that writes.
        assert_eq!(admin.post("/roles", json!({ "name": "Clerk", "permissions": ["orders:read"] })).await.status, 201);
        let looks = Caller::read_only_admin(&server).await;
        assert_eq!(looks.patch(at, json!({ "description": "x" })).await.status, 403);
        assert_eq!(admin.patch("/scopes/openid", json!({ "description": "x" })).await.status, 409);
        assert_eq!(admin.patch("/scopes/none", json!({})).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn changes_a_resource_but_never_its_identifier() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "identifier": "https://orders.example", "name": "Orders" });
        let made = admin.post("/resources", new).await;
        let (at, etag) = (format!("/resources/{}", made.text("id")), made.header("etag").to_owned());
        let patch = json!({ "name": "Shop", "introspecting_clients": ["mandate-sync"], "identifier": "https://orders.example" });
        let changed = admin.call(Method::PATCH, &at, &[("if-match", &etag)], Some(patch.clone())).await;
        assert_eq!((changed.status.as_u16(), changed.text("name")), (200, "Shop".into()), "{}", changed.body);
        assert_eq!(admin.call(Method::PATCH, &at, &[("if-match", &etag)], Some(patch)).await.status, 412);
        assert_eq!(admin.get(&at).await.json()["introspecting_clients"], json!(["mandate-sync"]));
        for (body, field) in [
            (json!({ "identifier": "https://other.example" }), "identifier"),
            (json!({ "name": "" }), "name"),
            (json!({ "introspecting_clients": ["nobody"] }), "introspecting_clients"),
            (json!({ "introspecting_clients": ["mandate-cli"] }), "introspecting_clients"),
            (json!({ "introspecting_clients": null }), "introspecting_clients"),
            (json!({ "scopes": [] }), "scopes"),
        ] {
            assert_eq!(fields(&admin.patch(&at, body).await), [field]);
        }
        assert_eq!(admin.patch(&format!("{at}?dry_run=true"), json!({ "introspecting_clients": [] })).await.status, 200);
        assert_eq!(admin.get(&at).await.json()["introspecting_clients"], json!(["mandate-sync"]));
        assert_eq!(fields(&admin.patch("/resources/api", json!({ "name": "x" })).await), ["name"]);
        let built_in = admin.patch("/resources/api", json!({ "introspecting_clients": ["mandate-sync"] })).await;
        assert_eq!(built_in.status, 200, "{}", built_in.body);
    })
    .await;
}
