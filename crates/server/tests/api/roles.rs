//! `/roles` and `/bindings`: what is given counts at once, and nobody gives more than they hold.

use axum::http::Method;
use domain::access::{self, CLIENT_MANAGER, MEMBER, PLATFORM_ADMINISTRATOR, Place};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, PASSWORD, both};
use crate::talk::{Caller, fields, ids};

async fn team(admin: &Caller) -> (String, String) {
    let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
    let new = json!({ "organization": organization, "name": "Blue" });
    let team = admin.post("/teams", new).await.text("id");
    (organization, team)
}

async fn role(admin: &Caller, name: &str, permissions: &[&str]) -> String {
    let made = admin.post("/roles", json!({ "name": name, "permissions": permissions })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

fn bound(subject: &str, role: &str, place: &Value) -> Value {
    json!({ "subject": subject, "role": role, "place": place })
}

#[tokio::test]
async fn defines_changes_and_deletes_roles() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let scope = json!({ "name": "orders:write", "kind": "write", "description": "Change orders" });
        assert_eq!(admin.post("/scopes", scope).await.status, 201);
        let new = json!({ "name": "Clerk", "permissions": ["orders:write", "oauth_client:read", "orders:write"] });
        assert_eq!(admin.post("/roles?dry_run=true", new.clone()).await.status, 200);
        let made = admin.post("/roles", new.clone()).await;
        assert_eq!(made.status, 201, "nothing was left of the rehearsal: {}", made.body);
        assert_eq!(made.json()["permissions"], json!(["oauth_client:read", "orders:write"]));
        assert_eq!(fields(&admin.post("/roles", new).await), ["name"]);
        for (body, field) in [
            (json!({ "name": "x", "permissions": ["nonsense:read"] }), "permissions"),
            (json!({ "name": "x", "permissions": ["as_user:write"] }), "permissions"),
            (json!({ "name": "x", "permissions": ["openid"] }), "permissions"),
            (json!({ "name": "", "permissions": [] }), "name"),
            (json!({ "name": "x" }), "permissions"),
            (json!({ "name": "x", "permissions": [], "is_system": true }), "is_system"),
        ] {
            assert_eq!(fields(&admin.post("/roles", body).await), [field]);
        }
        let at = format!("/roles/{}", made.text("id"));
        let etag = made.header("etag").to_owned();
        let patch = json!({ "name": "Reader", "permissions": ["oauth_client:read"] });
        let changed = admin.call(Method::PATCH, &at, &[("if-match", &etag)], Some(patch.clone())).await;
        assert_eq!((changed.status.as_u16(), changed.text("name")), (200, "Reader".into()), "{}", changed.body);
        assert_eq!(admin.call(Method::PATCH, &at, &[("if-match", &etag)], Some(patch)).await.status, 412);
        assert_eq!(admin.get(&at).await.json()["permissions"], json!(["oauth_client:read"]));
        assert_eq!(admin.delete(&at).await.status, 204);
        assert_eq!(admin.get(&at).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_role_given_changed_and_taken_counts_in_the_very_next_request() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (_, blue) = team(&admin).await;
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let me = async || {
            let node = service.get_with("/api/v1/me", &token).await.json();
            node["authorized_teams"][0]["permissions"].clone()
        };
        let reader = role(&admin, "Reader", &["oauth_client:read"]).await;
        assert_eq!(me().await, Value::Null);
        let given =
            admin.post("/bindings", bound("service", &reader, &json!({ "team": blue }))).await;
        assert_eq!(given.status, 201, "{}", given.body);
        assert_eq!(me().await, json!(["oauth_client:read"]));
        let again =
            admin.post("/bindings", bound("service", &reader, &json!({ "team": blue }))).await;
        assert_eq!(
            (again.status.as_u16(), again.json()["ids"].clone()),
            (409, json!([given.text("id")]))
        );
        let held = admin.delete(&format!("/roles/{reader}")).await;
        assert_eq!(
            (held.status.as_u16(), held.json()["ids"].clone()),
            (409, json!([given.text("id")]))
        );
        assert_eq!(
            admin.patch(&format!("/roles/{reader}"), json!({ "permissions": [] })).await.status,
            200
        );
        assert_eq!(me().await, Value::Null);
        assert_eq!(
            admin
                .patch(&format!("/roles/{reader}"), json!({ "permissions": ["oauth_client:read"] }))
                .await
                .status,
            200
        );
        assert_eq!(me().await, json!(["oauth_client:read"]));
        assert_eq!(
            ids(&admin.get("/bindings?subject=service").await, "role"),
            std::slice::from_ref(&reader)
        );
        let at = format!("/bindings/{}", given.text("id"));
        assert_eq!(admin.delete(&format!("{at}?dry_run=true")).await.status, 200);
        assert_eq!(admin.delete(&at).await.status, 204);
        assert_eq!(me().await, Value::Null);
        assert_eq!(admin.delete(&at).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_binding_of_nobody_of_nothing_and_nowhere() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (acme, blue) = team(&admin).await;
        server.service().await;
        let at = json!({ "team": blue });
        for (body, field) in [
            (bound("usr_none", MEMBER, &at), "subject"),
            (bound("service", "role_none", &at), "role"),
            (bound("service", MEMBER, &json!({ "team": "team_none" })), "place"),
            (bound("service", MEMBER, &json!({ "organization": blue })), "place"),
            (bound("service", MEMBER, &json!({ "instance": false })), "place"),
            (bound("service", MEMBER, &json!({ "instance": true, "team": blue })), "place"),
            (bound("service", MEMBER, &json!("instance")), "place"),
        ] {
            assert_eq!(fields(&admin.post("/bindings", body.clone()).await), [field], "{body}");
        }
        let own = json!({
            "client_id": "own", "client_name": "own", "type": "service", "organization": acme, "scopes": [],
        });
        assert_eq!(admin.post("/clients", own).await.status, 201);
        let beyond = bound("own", MEMBER, &json!({ "instance": true }));
        assert_eq!(fields(&admin.post("/bindings", beyond).await), ["place"]);
        assert_eq!(admin.post("/bindings", bound("own", MEMBER, &at)).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_more_than_they_hold_there() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (acme, blue) = team(&admin).await;
        let governs = role(&admin, "Roles", &["role:read", "role:manage", "user:read"]).await;
        let place = Place::Organization(acme.clone());
        let scopes = ["role:read", "role:manage", "user:read"];
        let manager = Caller::service(&server, "manager", &scopes, (&governs, place)).await;
        server.service().await;
        let ours = json!({
            "client_id": "ours", "client_name": "Ours", "type": "service", "scopes": ["user:read"], "organization": acme,
        });
        assert_eq!(admin.post("/clients", ours).await.status, 201);
        let reads = role(&admin, "Reads", &["user:read"]).await;
        let mighty = bound("manager", PLATFORM_ADMINISTRATOR, &json!({ "organization": acme }));
        for (body, status) in [
            (mighty, 403),
            (bound("service", CLIENT_MANAGER, &json!({ "team": blue })), 403),
            (bound("service", &reads, &json!({ "team": blue })), 403),
            (bound("ours", &reads, &json!({ "team": blue })), 201),
        ] {
            let answer = manager.post("/bindings", body.clone()).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.body);
        }
        let beyond = bound("service", &reads, &json!({ "instance": true }));
        assert_eq!(fields(&manager.post("/bindings", beyond).await), ["place"]);
        let define = json!({ "name": "More", "permissions": ["user:read"] });
        assert_eq!(
            manager.post("/roles", define).await.status,
            403,
            "roles are the whole instance's"
        );
        let seen = ids(&manager.get("/bindings").await, "subject");
        assert!(
            seen.contains(&"ours".to_owned()) && !seen.contains(&"mandate-admin".to_owned()),
            "{seen:?}"
        );
        let own = ids(&admin.get("/bindings?subject=mandate-admin").await, "id");
        assert_eq!(manager.delete(&format!("/bindings/{}", own[0])).await.status, 404);

        let wide = Caller::service(&server, "wide", &scopes, (&governs, Place::Instance)).await;
        let more = json!({ "name": "More", "permissions": ["user:delete"] });
        let refused = wide.post("/roles", more).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("user:delete"), "{}", refused.body);
        let strong = role(&admin, "Strong", &["user:delete"]).await;
        let weaken = json!({ "permissions": [] });
        assert_eq!(wide.patch(&format!("/roles/{strong}"), weaken).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn refuses_to_take_the_last_platform_administrator() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let me = Caller::acting_for(&server, ADMIN_EMAIL, "full").await;
        let ada = me.get("/me").await.json()["user"]["id"].as_str().unwrap().to_owned();
        let query = format!("/bindings?subject={ada}&role={PLATFORM_ADMINISTRATOR}");
        let binding = ids(&admin.get(&query).await, "id");
        let at = format!("/bindings/{}", binding[0]);
        for caller in [&me, &admin] {
            assert_eq!(caller.delete(&at).await.status, 409);
            assert_eq!(caller.delete(&format!("{at}?dry_run=true")).await.status, 409);
        }
        assert_eq!(ids(&admin.get(&query).await, "id"), binding, "nothing was taken");
    })
    .await;
}

#[tokio::test]
async fn defines_permissions_that_roles_hold_and_keeps_those_in_use() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "name": "orders:cancel", "kind": "write", "description": "Cancel orders" });
        assert_eq!(admin.post("/permissions?dry_run=true", new.clone()).await.status, 200);
        let made = admin.post("/permissions", new.clone()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.header("location"), "https://mandate.test/api/v1/permissions/orders:cancel");
        assert_eq!(
            made.json(),
            json!({ "name": "orders:cancel", "kind": "write", "description": "Cancel orders", "is_system": false })
        );
        assert_eq!(fields(&admin.post("/permissions", new).await), ["name"]);
        let scope = json!({ "name": "orders:read", "kind": "read", "description": "See orders" });
        assert_eq!(admin.post("/scopes", scope).await.status, 201);
        for (body, field) in [
            (json!({ "name": "orders", "kind": "read" }), "name"),
            (json!({ "name": "Orders:read", "kind": "read" }), "name"),
            (json!({ "name": "as_user:read", "kind": "read" }), "name"),
            (json!({ "name": "user:read", "kind": "read" }), "name"),
            (json!({ "name": "orders:read", "kind": "write" }), "kind"),
            (json!({ "name": "x:y", "kind": "maybe" }), "kind"),
            (json!({ "name": "x:y", "kind": "read", "zebra": 1 }), "zebra"),
        ] {
            assert_eq!(fields(&admin.post("/permissions", body.clone()).await), [field], "{body}");
        }
        let listed = ids(&admin.get("/permissions").await, "name");
        assert!(listed.contains(&"orders:cancel".into()) && listed.contains(&"audit:read".into()));
        assert!(listed.is_sorted());

        let clerk = role(&admin, "Clerk", &["orders:cancel"]).await;
        let at = "/permissions/orders:cancel";
        let refused = admin.delete(at).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["ids"]), (409, &json!([clerk])));
        let described = admin.patch(at, json!({ "description": "Call orders off" })).await;
        assert_eq!(described.text("description"), "Call orders off");
        assert_eq!(admin.delete(&format!("/roles/{clerk}")).await.status, 204);
        assert_eq!(admin.delete(&format!("{at}?dry_run=true")).await.status, 200);
        assert_eq!(admin.delete(at).await.status, 204);
        assert_eq!(admin.get(at).await.status, 404);
        for built_in in ["/permissions/user:read", "/permissions/audit:read"] {
            assert_eq!(admin.delete(built_in).await.status, 409);
            assert_eq!(admin.patch(built_in, json!({ "description": "x" })).await.status, 409);
        }
        let told = ids(&admin.get("/audit-events?object_kind=permission").await, "action");
        assert_eq!(told, ["permission.deleted", "permission.updated", "permission.created"]);
        let reader = Caller::read_only_admin(&server).await;
        assert_eq!(reader.get("/permissions").await.status, 200);
        let new = json!({ "name": "x:y", "kind": "read" });
        assert_eq!(reader.post("/permissions", new).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_a_role_that_allows_more_than_they_may() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let person = json!({ "email": "boss@example.com", "display_name": "Boss" });
        let boss = admin.post("/users", person).await.text("id");
        let instance = json!({ "instance": true });
        let strong = bound(&boss, PLATFORM_ADMINISTRATOR, &instance);
        let held = admin.post("/bindings", strong).await.text("id");
        let weak = role(&admin, "Role keeper", &["role:manage", "role:read"]).await;
        let keeper = Caller::service(
            &server,
            "keeper",
            &["role:manage", "role:read"],
            (weak.as_str(), Place::Instance),
        )
        .await;
        let refused = keeper.delete(&format!("/bindings/{held}")).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        let member = admin.post("/bindings", bound(&boss, MEMBER, &instance)).await.text("id");
        assert_eq!(keeper.delete(&format!("/bindings/{member}")).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_at_once_leave_one() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let person =
            json!({ "email": "bob@example.com", "display_name": "Bob", "password": PASSWORD });
        let bob = admin.post("/users", person).await.text("id");
        let second = bound(&bob, PLATFORM_ADMINISTRATOR, &json!({ "instance": true }));
        assert_eq!(admin.post("/bindings", second).await.status, 201);
        let (ada, bob) = (
            Caller::acting_for(&server, ADMIN_EMAIL, "full").await,
            Caller::acting_for(&server, "bob@example.com", "full").await,
        );
        let query = format!("/bindings?role={PLATFORM_ADMINISTRATOR}");
        let page = admin.get(&query).await;
        let (held, subjects) = (ids(&page, "id"), ids(&page, "subject"));
        let own = |who: &str| {
            let at = subjects.iter().position(|subject| subject == who).unwrap();
            format!("/bindings/{}", held[at])
        };
        let [of_ada, of_bob] = [&ada, &bob].map(async |caller| {
            caller.get("/me").await.json()["user"]["id"].as_str().unwrap().to_owned()
        });
        let (of_ada, of_bob) = (own(&of_ada.await), own(&of_bob.await));
        let (one, two) = tokio::join!(ada.delete(&of_bob), bob.delete(&of_ada));
        let done = [&one, &two].into_iter().filter(|answer| answer.status == 204).count();
        assert_eq!(done, 1, "{} {} on {}", one.body, two.body, server.engine);
        let people = ids(&admin.get(&query).await, "subject");
        assert_eq!(people.iter().filter(|subject| subject.starts_with("usr_")).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn rlt54_who_may_not_end_tokens_gives_and_takes_no_role_that_ends_them() {
    both(|server| async move {
        let everywhere = (PLATFORM_ADMINISTRATOR, Place::Instance);
        let delegate =
            Caller::service(&server, "giver", &["role:manage", "role:read"], everywhere).await;
        let person = json!({ "email": "sam@example.com", "display_name": "Sam" });
        let sam = Caller::admin(&server).await.post("/users", person).await.text("id");
        let mut new = bound(&sam, MEMBER, &json!({ "instance": true }));
        new["revoke_tokens"] = json!(true);
        let refused = delegate.post("/bindings", new.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text("permission")),
            (403, "token:revoke".into())
        );
        assert_eq!(
            ids(&delegate.get(&format!("/bindings?subject={sam}")).await, "id"),
            [""; 0],
            "nothing was given"
        );
        new["revoke_tokens"] = json!("yes");
        assert_eq!(fields(&delegate.post("/bindings", new.clone()).await), ["revoke_tokens"]);
        new["revoke_tokens"] = json!(false);
        let given = delegate.post("/bindings", new).await;
        assert_eq!(given.status, 201, "{}", given.body);
        let at = format!("/bindings/{}", given.text("id"));
        assert_eq!(delegate.delete(&format!("{at}?revoke_tokens=true")).await.status, 403);
        assert_eq!(delegate.delete(&at).await.status, 204, "nothing was taken before");
    })
    .await;
}

#[tokio::test]
async fn rlt54_who_may_not_end_tokens_edits_no_role_so_that_they_end() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let everywhere = (PLATFORM_ADMINISTRATOR, Place::Instance);
        let scopes = ["role:manage", "role:read", "user:read"];
        let delegate = Caller::service(&server, "giver", &scopes, everywhere).await;
        let reader = role(&admin, "Reader", &["user:read"]).await;
        let at = format!("/roles/{reader}");
        let none = json!({ "permissions": [], "revoke_tokens": true });
        let refused = delegate.patch(&at, none.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text("permission")),
            (403, "token:revoke".into())
        );
        assert_eq!(admin.get(&at).await.json()["permissions"], json!(["user:read"]), "undone");
        assert_eq!(delegate.patch(&at, json!({ "permissions": [] })).await.status, 200);
        let wrong = admin.patch(&at, json!({ "revoke_tokens": "yes" })).await;
        assert_eq!(fields(&wrong), ["revoke_tokens"]);
        assert_eq!(admin.patch(&at, none).await.json()["revoked_clients"], 0, "nobody holds it");
    })
    .await;
}

/// THE-37: named permissions, built-in roles that are edited and never deleted, and one's own.
#[tokio::test]
async fn the_37_built_in_roles_can_be_edited_but_not_renamed_and_not_deleted() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let roles = admin.get("/roles").await.json();
        let built_in: Vec<&Value> = roles["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["is_system"] == true)
            .collect();
        let counts: Vec<(&str, usize)> = built_in
            .iter()
            .map(|it| (it["name"].as_str().unwrap(), it["permissions"].as_array().unwrap().len()))
            .collect();
        let expected = [
            ("Auditor", 11),
            ("Client manager", 7),
            ("Member", 0),
            ("Platform administrator", access::PERMISSIONS.len()),
            ("Security administrator", access::PERMISSIONS.len() - 1),
        ];
        assert_eq!(counts, expected);
        for role in &built_in {
            let path = format!("/roles/{}", role["id"].as_str().unwrap());
            let gone = admin.delete(&path).await;
            assert_eq!(gone.status, 409, "{}", gone.body);
            assert!(gone.body.contains("cannot be deleted"), "{}", gone.body);
        }
        // Whoever holds it may do less, or more, from the next request on.
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let held = bound("service", CLIENT_MANAGER, &json!({ "instance": true }));
        assert_eq!(admin.post("/bindings", held).await.status, 201);
        let clients = async || service.get_with("/api/v1/clients", &token).await.status.as_u16();
        assert_eq!(clients().await, 200);
        let path = format!("/roles/{CLIENT_MANAGER}");
        let less = json!({ "permissions": ["token:read"], "description": "Looks after tokens." });
        let less = admin.patch(&path, less).await;
        assert_eq!((less.status.as_u16(), less.json()["is_system"].clone()), (200, json!(true)));
        assert_eq!(clients().await, 403);
        let renamed = admin.patch(&path, json!({ "name": "Boss" })).await;
        assert_eq!(fields(&renamed), ["name"]);
        let told =
            admin.get(&format!("/audit-events?object_kind=role&object_id={CLIENT_MANAGER}")).await;
        assert_eq!(ids(&told, "action"), ["role.updated"]);
        let all = json!({ "permissions": [] });
        let all = admin.patch(&format!("/roles/{PLATFORM_ADMINISTRATOR}"), all).await;
        assert_eq!(all.status, 409, "somebody may always do everything");
        // What an administrator changed stays when the server starts again.
        let mut work = server.instance.begin().await.unwrap();
        access::ensure_built_in(&mut work).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(admin.get(&path).await.json()["permissions"], json!(["token:read"]));
        // Nobody edits above what they hold themselves.
        let role = role(&admin, "Roles only", &["role:read", "role:manage"]).await;
        let bound = (role.as_str(), Place::Instance);
        let some = Caller::service(&server, "some", &["role:read", "role:manage"], bound).await;
        let more =
            some.patch(&format!("/roles/{MEMBER}"), json!({ "permissions": ["user:read"] })).await;
        assert_eq!(more.status, 403, "{}", more.body);
        // A permission is resource:action, built in or one's own.
        let permissions = admin.get("/permissions").await.json();
        let names = permissions["items"].as_array().unwrap().iter();
        let mut names = names.map(|it| it["name"].as_str().unwrap());
        assert!(names.all(|name| name.split_once(':').is_some()));
        let built_in = admin.delete("/permissions/user%3Aread").await;
        assert_eq!(built_in.status, 409, "the built-in ones are fixed");
    })
    .await;
}
