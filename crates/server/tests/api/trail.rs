//! What belongs in the trail is in the trail: each event is made to happen, and looked for. That no
//! event is left out here is held by the house (`events`).

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::UserId;
use domain::access::{Authority, MEMBER};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Server, both};
use crate::talk::Caller;

/// How often each action is in the trail.
async fn told(admin: &Caller) -> BTreeMap<String, usize> {
    let (mut counts, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = admin.get(&format!("/audit-events?limit=200{cursor}")).await.json();
        for event in page["items"].as_array().unwrap() {
            *counts.entry(event["action"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return counts,
        }
    }
}

/// What came into the trail meanwhile: the actions, each as often as it happened.
async fn new(admin: &Caller, before: &BTreeMap<String, usize>) -> Vec<String> {
    let mut new = Vec::new();
    for (action, count) in told(admin).await {
        let more = count - before.get(&action).copied().unwrap_or_default();
        new.extend(std::iter::repeat_n(action, more));
    }
    new
}

/// Makes something, changes it and deletes it.
async fn lived(admin: &Caller, path: &str, draft: Value, change: Value) {
    let made = admin.post(path, draft).await;
    assert_eq!(made.status, 201, "{path}: {}", made.body);
    let id = made.json();
    let id = ["id", "name"].iter().find_map(|key| id[*key].as_str()).unwrap().to_owned();
    let id = id.replace(':', "%3A");
    let changed = admin.patch(&format!("{path}/{id}"), change).await;
    assert_eq!(changed.status, 200, "{path}: {}", changed.body);
    assert_eq!(admin.delete(&format!("{path}/{id}")).await.status, 204, "{path}");
}

#[tokio::test]
async fn every_change_of_places_roles_and_catalogues_is_told_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let before = told(&admin).await;
        lived(&admin, "/organizations", json!({ "name": "Acme" }), json!({ "name": "Ajax" })).await;
        let home = admin.post("/organizations", json!({ "name": "Home" })).await.text("id");
        let team = json!({ "organization": home, "name": "Blue" });
        lived(&admin, "/teams", team, json!({ "name": "Azure" })).await;
        let defined = json!({ "name": "tides:read", "kind": "read", "description": "Tides" });
        lived(&admin, "/permissions", defined.clone(), json!({ "description": "All tides" })).await;
        lived(&admin, "/scopes", defined, json!({ "description": "All tides" })).await;
        let role = json!({ "name": "Clerk", "permissions": ["user:read"] });
        lived(&admin, "/roles", role, json!({ "permissions": ["user:read", "team:read"] })).await;
        let resource = json!({ "identifier": "https://orders.example", "name": "Orders" });
        lived(&admin, "/resources", resource, json!({ "name": "All orders" })).await;
        let policy = json!({ "name": "Ashore", "priority": 7, "access": "deny" });
        lived(&admin, "/sign-in-policies", policy, json!({ "priority": 8 })).await;
        let days = json!({ "audit_retention_days": 30 });
        assert_eq!(admin.patch("/settings", days).await.status, 200);
        let mut work = server.instance.begin().await.unwrap();
        let may = Authority::operator("test@host").may().unwrap();
        domain::keys::rotate(&mut work, &server.operator(), &may).await.unwrap();
        work.commit().await.unwrap();
        let mut new = new(&admin, &before).await;
        new.dedup();
        let expected = "organization.created organization.deleted organization.updated \
            permission.created permission.deleted permission.updated \
            resource.created resource.deleted resource.updated \
            role.created role.deleted role.updated scope.created scope.deleted scope.updated \
            settings.updated sign_in_policy.created sign_in_policy.deleted \
            sign_in_policy.updated signing_key.published team.created team.deleted team.updated";
        assert_eq!(new.join(" "), expected);
    })
    .await;
}

/// Joins a team and leaves it.
async fn membership(server: &Arc<Server>, team: &str, user: &str) {
    let (call, authority) = (server.operator(), Authority::operator("test@host"));
    let user = UserId::new(user);
    let may = authority.may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let whom = (team, &user);
    domain::teams::add_member(&mut work, &call, &may, whom, MEMBER).await.unwrap();
    domain::teams::remove_member(&mut work, &call, &may, team, &user).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn every_change_of_a_person_is_told_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let home = admin.post("/organizations", json!({ "name": "Home" })).await.text("id");
        let team = json!({ "organization": home, "name": "Blue" });
        let blue = admin.post("/teams", team).await.text("id");
        let before = told(&admin).await;
        let ben = json!({ "email": "ben@example.com", "display_name": "Ben" });
        let made = admin.post("/users", ben).await;
        assert!(!made.text("invitation_url").is_empty(), "{}", made.body);
        let ben = made.text("id");
        let at = format!("/users/{ben}");
        let bound = json!({ "subject": ben, "role": MEMBER, "place": { "team": blue } });
        let bound = admin.post("/bindings", bound).await.text("id");
        assert_eq!(admin.delete(&format!("/bindings/{bound}")).await.status, 204);
        membership(&server, &blue, &ben).await;
        let invited = admin.post(&format!("{at}/invitation"), json!({})).await;
        assert_eq!(invited.status, 201, "{}", invited.body);
        for patch in [
            json!({ "display_name": "Benedict" }),
            json!({ "status": "disabled" }),
            json!({ "status": "active" }),
            json!({ "status": "locked" }),
            json!({ "status": "active" }),
        ] {
            let answer = admin.patch(&at, patch).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        let ended = admin.post(&format!("{at}/revoke-tokens"), json!({})).await;
        assert!(ended.status.is_success(), "{}", ended.body);
        assert_eq!(admin.delete(&at).await.status, 204);
        let expected = "binding.created binding.deleted team.member_added team.member_removed \
            user.created user.deleted user.disabled user.enabled user.invited user.locked \
            user.tokens_revoked user.unlocked user.updated";
        assert_eq!(new(&admin, &before).await.join(" "), expected);
    })
    .await;
}

/// The administrator allows a web application something: its tokens.
async fn allowed(server: &Arc<Server>) -> (crate::harness::App, Value) {
    let app = server.web_app().await;
    let scope = [("scope", "openid as_user:read offline_access")];
    let tokens = app.sign_in(&scope).await;
    assert_eq!(tokens.verdict(), "200", "{}", tokens.body);
    (app, tokens.json())
}

#[tokio::test]
async fn what_a_person_allows_and_what_ends_is_told_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let before = told(&admin).await;
        let (app, tokens) = allowed(&server).await;
        let asks = app.authorize_path(&[("scope", "openid email"), ("prompt", "consent")]);
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let page = browser.visit(&asks).await;
        let denied = browser.submit(&page, "/consent", &[("decision", "deny")]).await;
        assert!(denied.location().contains("error=access_denied"), "{}", denied.body);
        // One token, one grant, all of one application.
        let access = tokens["access_token"].as_str().unwrap();
        let listed = admin.get("/tokens?client_id=web-app&kind=access").await.json();
        let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(admin.delete(&format!("/tokens/{id}")).await.status, 204);
        assert!(!app.is_active(access).await);
        let listed = admin.get("/grants?client_id=web-app").await.json();
        let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(admin.delete(&format!("/grants/{id}")).await.status, 204);
        let code = app.code_in(&mut browser, &[]).await;
        assert_eq!(app.redeem(&code).await.verdict(), "200");
        let account = browser.get("/account").await;
        let done = browser.submit(&account, "/account/apps/revoke", &[]).await;
        assert!(done.body.contains("No connected apps"), "{}", done.body);
        let sessions = admin.get("/sessions").await.json();
        let id = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(admin.delete(&format!("/sessions/{id}")).await.status, 204);
        let expected = "client.created consent.denied consent.given consent.withdrawn \
            grant.created grant.created grant.revoked session.ended token.revoked user.signed_in user.signed_in";
        assert_eq!(new(&admin, &before).await.join(" "), expected);
    })
    .await;
}

#[tokio::test]
async fn what_looks_like_theft_is_told_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (app, tokens) = allowed(&server).await;
        let before = told(&admin).await;
        let first = tokens["refresh_token"].as_str().unwrap();
        let second = app.refresh(first).await.text("refresh_token");
        server.clock.step(31);
        assert_eq!(app.refresh(first).await.verdict(), "400 invalid_grant");
        assert_eq!(app.refresh(&second).await.verdict(), "400 invalid_grant", "all of it ended");
        let code = app.code(&[]).await;
        assert_eq!(app.redeem(&code).await.verdict(), "200");
        assert_eq!(app.redeem(&code).await.verdict(), "400 invalid_grant");
        let expected = "authorization.code_reused grant.created grant.refresh_token_reused \
            user.signed_in";
        assert_eq!(new(&admin, &before).await.join(" "), expected);
    })
    .await;
}
