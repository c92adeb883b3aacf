//! `/tokens`, `/grants`, `/sessions`, `/settings`: what people and clients hold now, and its end.

use axum::http::Method;
use domain::access::{CLIENT_MANAGER, Place};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, PASSWORD, both};
use crate::talk::{Caller, fields, ids};

#[tokio::test]
async fn cor38_lists_living_tokens_and_ends_one_or_all_that_a_grant_gave() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let web = server.web_app().await;
        let issued = web.sign_in(&[("scope", "openid offline_access")]).await;
        let (access, refresh) = (issued.text("access_token"), issued.text("refresh_token"));
        let page = admin.get("/tokens?client_id=web-app").await;
        assert_eq!(ids(&page, "kind"), ["refresh", "access"]);
        let mut shown = page.json()["items"][1].clone();
        let user = shown["user"].clone();
        for changing in ["id", "user", "grant"] {
            assert!(shown.as_object_mut().unwrap().remove(changing).unwrap().is_string());
        }
        assert_eq!(
            shown,
            json!({
                "kind": "access", "client_id": "web-app", "scopes": ["offline_access", "openid"],
                "access": "read_only", "authorized_teams": [], "status": "active",
                "audience": ["https://mandate.test/oauth2/userinfo"],
                "issued_at": "2027-01-15T08:00:00Z", "last_used_at": null, "expires_at": "2027-01-15T09:00:00Z",
            })
        );
        assert!(!page.body.contains(&access) && !page.body.contains(&refresh));
        let of_ada = format!("/tokens?user={}", user.as_str().unwrap());
        assert_eq!(ids(&admin.get(&of_ada).await, "kind"), ["refresh", "access"]);
        assert_eq!(ids(&admin.get("/tokens?kind=refresh").await, "client_id"), ["web-app"]);
        assert_eq!(ids(&admin.get("/tokens?user=usr_nobody").await, "id"), Vec::<String>::new());

        let id = ids(&page, "id")[1].clone();
        let tried = admin.delete(&format!("/tokens/{id}?dry_run=true")).await;
        assert_eq!((tried.status.as_u16(), web.is_active(&access).await), (200, true));
        assert_eq!(admin.delete(&format!("/tokens/{id}")).await.status, 204);
        assert!(!web.is_active(&access).await && web.is_active(&refresh).await);
        assert_eq!(admin.delete(&format!("/tokens/{id}")).await.status, 404);
        let second = web.refresh(&refresh).await;
        let (access, refresh) = (second.text("access_token"), second.text("refresh_token"));
        let id = ids(&admin.get("/tokens?kind=refresh&client_id=web-app").await, "id")[0].clone();
        assert_eq!(admin.delete(&format!("/tokens/{id}")).await.status, 204);
        assert!(!web.is_active(&access).await && !web.is_active(&refresh).await);
        assert_eq!(ids(&admin.get("/tokens?client_id=web-app").await, "id"), Vec::<String>::new());
        let told = admin.get("/audit-events?action=token.revoked").await.json();
        assert_eq!(told["items"][0]["changes"], json!([{ "field": "token", "before": id, "after": null }]));
    })
    .await;
}

#[tokio::test]
async fn cor38_pages_of_tokens_show_each_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let web = server.web_app().await;
        for _ in 0..4 {
            web.sign_in(&[("scope", "openid offline_access")]).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                admin.get(&format!("/tokens?client_id=web-app&limit=3&cursor={cursor}")).await;
            seen.extend(ids(&page, "id"));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 8);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 8);
        for (path, field) in [
            ("/tokens?cursor=x", "cursor"),
            ("/grants?cursor=x", "cursor"),
            ("/tokens?kind=id", "kind"),
            ("/grants?status=gone", "status"),
            ("/sessions?zebra=1", "zebra"),
        ] {
            assert_eq!(fields(&admin.get(path).await), [field], "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn cor40_a_grant_ends_with_everything_it_gave() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let web = server.web_app().await;
        let issued = web.sign_in(&[("scope", "openid offline_access")]).await;
        let (access, refresh) = (issued.text("access_token"), issued.text("refresh_token"));
        let page = admin.get("/grants?client_id=web-app&status=active").await;
        let mut shown = page.json()["items"][0].clone();
        let id = ids(&page, "id")[0].clone();
        for changing in ["id", "user"] {
            assert!(shown.as_object_mut().unwrap().remove(changing).unwrap().is_string());
        }
        assert_eq!(
            shown,
            json!({
                "client_id": "web-app", "scopes": ["offline_access", "openid"], "teams": [],
                "resources": ["https://mandate.test/oauth2/userinfo"], "status": "active",
                "consented_at": "2027-01-15T08:00:00Z", "expires_at": "2027-01-22T08:00:00Z",
            })
        );
        assert_eq!(admin.delete(&format!("/grants/{id}?dry_run=true")).await.status, 200);
        assert!(web.is_active(&access).await);
        assert_eq!(admin.delete(&format!("/grants/{id}")).await.status, 204);
        assert!(!web.is_active(&access).await && !web.is_active(&refresh).await);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant");
        assert_eq!(
            ids(&admin.get("/grants?client_id=web-app&status=active").await, "id"),
            Vec::<String>::new()
        );
        assert_eq!(
            ids(&admin.get("/grants?client_id=web-app&status=ended").await, "id"),
            [id.as_str()]
        );
        server.sweep().await;
        assert_eq!(admin.delete(&format!("/grants/{id}")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn who_watches_over_one_team_sees_and_ends_the_tokens_of_its_clients_alone() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = admin
            .post("/teams", json!({ "organization": organization, "name": "Blue" }))
            .await
            .text("id");
        let theirs = server
            .register(json!({
                "client_id": "theirs", "client_name": "Theirs", "type": "service",
                "organization": organization, "owner_team": team,
            }))
            .await;
        let service = server.service().await;
        let foreign = service.own_token().await.text("access_token");
        let own = theirs.own_token().await.text("access_token");
        let bound = (CLIENT_MANAGER, Place::Team(team));
        let watcher =
            Caller::service(&server, "watcher", &["token:read", "token:revoke"], bound).await;
        assert_eq!(ids(&watcher.get("/tokens").await, "client_id"), ["theirs"]);
        let foreign_id = ids(&admin.get("/tokens?client_id=service").await, "id")[0].clone();
        assert_eq!(watcher.delete(&format!("/tokens/{foreign_id}")).await.status, 404);
        assert!(service.is_active(&foreign).await);
        let own_id = ids(&watcher.get("/tokens").await, "id")[0].clone();
        assert_eq!(watcher.delete(&format!("/tokens/{own_id}")).await.status, 204);
        assert!(!theirs.is_active(&own).await);
        let web = server.web_app().await;
        let issued = web.sign_in(&[]).await.text("access_token");
        assert_eq!(ids(&watcher.get("/grants").await, "id"), Vec::<String>::new());
        let grant = ids(&admin.get("/grants").await, "id")[0].clone();
        assert_eq!(watcher.delete(&format!("/grants/{grant}")).await.status, 404);
        assert!(web.is_active(&issued).await);
    })
    .await;
}

#[tokio::test]
async fn cor71_sessions_end_as_the_settings_say_in_the_next_request_on_every_node() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let person =
            json!({ "email": "grace@example.com", "display_name": "Grace", "password": PASSWORD });
        let grace = admin.post("/users", person).await.text("id");
        let mut browser = server.browser();
        browser.sign_in("grace@example.com").await;
        let mut other = server.browser();
        other.sign_in(ADMIN_EMAIL).await;
        let of_grace = format!("/sessions?user={grace}");
        let session = admin.get(&of_grace).await.json();
        assert_eq!(session["items"].as_array().unwrap().len(), 1);
        assert_eq!(session["items"][0]["expires_at"], "2027-01-15T20:00:00Z");

        // Everybody out after an hour, whatever they do.
        let set = json!({ "session_lifetime": 3600 });
        let changed = admin.patch("/settings", set).await;
        assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"2\""));
        assert_eq!(
            admin.get(&of_grace).await.json()["items"][0]["expires_at"],
            "2027-01-15T09:00:00Z"
        );
        let second = std::sync::Arc::new(server.second_node().await);
        let mut there = second.browser();
        there.cookies.clone_from(&browser.cookies);
        server.clock.step(3599);
        assert_eq!(browser.get("/account").await.status, 200);
        assert_eq!(there.get("/account").await.status, 200);
        server.clock.step(1);
        assert_eq!(browser.get("/account").await.status, 303);
        assert_eq!(there.get("/account").await.status, 303);
        let admin = Caller::admin(&server).await;
        assert_eq!(ids(&admin.get("/sessions").await, "id"), Vec::<String>::new());

        // Out after ten idle minutes; and again as it was.
        let set = json!({ "session_lifetime": null, "session_idle_lifetime": 600 });
        assert_eq!(admin.patch("/settings", set).await.json()["session_lifetime"], 43_200);
        browser.sign_in("grace@example.com").await;
        server.clock.step(599);
        assert_eq!(browser.get("/account").await.status, 200);
        server.sweep().await;
        server.clock.step(599);
        assert_eq!(browser.get("/account").await.status, 200, "used in between");
        server.clock.step(600);
        assert_eq!(browser.get("/account").await.status, 303);
        let told = admin.get("/audit-events?action=settings.updated").await.json();
        assert_eq!(
            told["items"][1]["changes"],
            json!([{ "field": "session_lifetime", "before": 43_200, "after": 3600 }])
        );
    })
    .await;
}

#[tokio::test]
async fn refuses_settings_out_of_bounds_stale_or_without_the_right() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let shown = admin.get("/settings").await;
        assert_eq!(
            shown.json(),
            json!({
                "session_lifetime": 43_200, "session_idle_lifetime": 7200,
                "second_factor_required": false, "audit_retention_days": 400,
            })
        );
        assert_eq!(shown.header("etag"), "\"1\"");
        for (patch, field) in [
            (json!({ "session_lifetime": 299 }), "session_lifetime"),
            (json!({ "session_idle_lifetime": "2 h" }), "session_idle_lifetime"),
            (json!({ "second_factor_required": 1 }), "second_factor_required"),
            (json!({ "audit_retention_days": 0 }), "audit_retention_days"),
            (json!({ "audit_retention_days": 1.5 }), "audit_retention_days"),
            (json!({ "issuer": "https://evil.example" }), "issuer"),
        ] {
            assert_eq!(fields(&admin.patch("/settings", patch.clone()).await), [field], "{patch}");
        }
        let set = json!({ "audit_retention_days": 30 });
        let tried = admin.patch("/settings?dry_run=true", set.clone()).await.json();
        assert_eq!((&tried["audit_retention_days"], &tried["dry_run"]), (&json!(30), &json!(true)));
        assert_eq!(admin.get("/settings").await.header("etag"), "\"1\"");
        let stale = [("if-match", "\"7\"")];
        let late = admin.call(Method::PATCH, "/settings", &stale, Some(set.clone())).await;
        assert_eq!(late.status, 412);
        let current = [("if-match", "\"1\"")];
        let taken = admin.call(Method::PATCH, "/settings", &current, Some(set.clone())).await;
        assert_eq!(taken.status, 200);
        let reader = Caller::read_only_admin(&server).await;
        assert_eq!(reader.get("/settings").await.status, 200);
        assert_eq!(reader.patch("/settings", set).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_at_once_to_the_settings_one_comes_late() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let current = [("if-match", "\"1\"")];
        let change = async |days: i64| {
            let set: Value = json!({ "audit_retention_days": days });
            admin.call(Method::PATCH, "/settings", &current, Some(set)).await.status.as_u16()
        };
        let (one, two) = tokio::join!(change(30), change(60));
        let mut both = [one, two];
        both.sort_unstable();
        assert_eq!(both, [200, 412]);
    })
    .await;
}
