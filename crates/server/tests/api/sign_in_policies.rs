//! `/sign-in-policies`: THE-36, who may sign in, and how long they stay.

use std::sync::Arc;

use domain::access::{AUDITOR, MEMBER, PLATFORM_ADMINISTRATOR, Place, SECURITY_ADMINISTRATOR};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, PASSWORD, Server, both};
use crate::talk::{Caller, fields, ids};

const GRACE: &str = "grace@example.com";
const DENIED: &str = "your account may not sign in here for now";

async fn person(admin: &Caller, email: &str) -> String {
    let draft = json!({ "email": email, "display_name": email, "password": PASSWORD });
    let made = admin.post("/users", draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

fn policy(name: &str, priority: i64, access: &str) -> Value {
    json!({ "name": name, "priority": priority, "access": access })
}

fn with(mut draft: Value, name: &str, value: Value) -> Value {
    draft[name] = value;
    draft
}

async fn add(admin: &Caller, draft: Value) -> String {
    let made = admin.post("/sign-in-policies", draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

/// Does this person get in? What the page said otherwise.
async fn comes_in(server: &Arc<Server>, email: &str) -> Result<(), String> {
    let mut browser = server.browser();
    let page = browser.sign_in(email).await;
    if browser.get("/account").await.status == 200 { Ok(()) } else { Err(page.body) }
}

/// The name of the policy that decides about somebody.
async fn deciding(admin: &Caller, user: &str) -> String {
    let answer = admin.get(&format!("/users/{user}/sign-in-policy")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.text("name")
}

#[tokio::test]
async fn the_36_the_highest_priority_that_is_for_a_person_decides_and_the_default_for_everybody_else()
 {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let grace = person(&admin, GRACE).await;
        let other = person(&admin, "otto@example.com").await;
        let low = with(policy("Low", 10, "deny"), "users", json!([grace]));
        let low = add(&admin, low).await;
        assert_eq!(deciding(&admin, &grace).await, "Low");
        assert!(comes_in(&server, GRACE).await.unwrap_err().contains(DENIED));
        let high = with(policy("High", 900, "allow"), "users", json!([grace]));
        let high = add(&admin, high).await;
        assert_eq!(deciding(&admin, &grace).await, "High");
        comes_in(&server, GRACE).await.expect("the first match decides");
        assert_eq!(deciding(&admin, &other).await, "Default");
        comes_in(&server, "otto@example.com").await.expect("the default lets them in");
        let moved =
            admin.patch(&format!("/sign-in-policies/{low}"), json!({ "priority": 1000 })).await;
        assert_eq!(moved.status, 200, "{}", moved.body);
        assert!(comes_in(&server, GRACE).await.is_err(), "the order counts, not the age");
        let listed = admin.get("/sign-in-policies").await;
        assert_eq!(ids(&listed, "id"), [low.as_str(), high.as_str(), "default"]);
        assert_eq!(admin.delete(&format!("/sign-in-policies/{low}")).await.status, 204);
        comes_in(&server, GRACE).await.expect("the next one decides");
        assert_eq!(admin.delete(&format!("/users/{grace}")).await.status, 204);
        let left = admin.get(&format!("/sign-in-policies/{high}")).await.json();
        assert_eq!(left["users"], json!([]), "who is gone is in no policy");
    })
    .await;
}

#[tokio::test]
async fn the_36_is_for_people_for_teams_and_for_roles() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let grace = person(&admin, GRACE).await;
        let home = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = json!({ "organization": home, "name": "Blue" });
        let team = admin.post("/teams", team).await.text("id");
        let for_team = with(policy("Team", 20, "allow"), "teams", json!([team]));
        add(&admin, for_team).await;
        let for_role = with(policy("Role", 30, "allow"), "roles", json!([AUDITOR]));
        add(&admin, for_role).await;
        let nobody = add(&admin, policy("Nobody", 40, "deny")).await;
        assert_eq!(
            deciding(&admin, &grace).await,
            "Default",
            "a policy for nobody decides nothing"
        );
        let bind = async |role: &str, place: Value| {
            let binding = json!({ "subject": grace, "role": role, "place": place });
            admin.post("/bindings", binding).await.text("id")
        };
        let take = async |id: &str| {
            assert_eq!(admin.delete(&format!("/bindings/{id}")).await.status, 204);
        };
        let direct = bind(MEMBER, json!({ "team": team })).await;
        assert_eq!(deciding(&admin, &grace).await, "Team");
        take(&direct).await;
        let above = bind(MEMBER, json!({ "organization": home })).await;
        assert_eq!(deciding(&admin, &grace).await, "Team", "by a role at its organization");
        bind(AUDITOR, json!({ "team": team })).await;
        assert_eq!(deciding(&admin, &grace).await, "Role", "held anywhere");
        take(&above).await;
        let named = json!({ "users": [grace], "access": "allow" });
        let named = admin.patch(&format!("/sign-in-policies/{nobody}"), named).await;
        assert_eq!(named.status, 200, "{}", named.body);
        assert_eq!(deciding(&admin, &grace).await, "Nobody");
    })
    .await;
}

#[tokio::test]
async fn the_36_a_denial_is_told_only_after_the_right_password_and_stands_in_the_trail() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let grace = person(&admin, GRACE).await;
        let mut alive = server.browser();
        alive.sign_in(GRACE).await;
        let draft = with(policy("Ashore", 500, "deny"), "users", json!([grace]));
        add(&admin, draft).await;
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let wrong = [("email", GRACE), ("password", "not her password at all")];
        let page = browser.submit(&page, "/login", &wrong).await;
        assert!(!page.body.contains(DENIED), "nobody else learns of it");
        let page = browser.sign_in(GRACE).await;
        assert!(page.body.contains(DENIED), "{}", page.body);
        assert!(!page.body.contains("Ashore"), "which one is for the operator");
        let told = admin.get("/audit-events?action=user.policy_refused&outcome=refused").await;
        assert_eq!(ids(&told, "action"), ["user.policy_refused"]);
        let entry = told.json()["items"][0].clone();
        assert_eq!(entry["object"]["id"], json!(grace));
        assert_eq!(entry["changes"][0]["after"], "Ashore");
        let user = admin.get(&format!("/users/{grace}")).await.json();
        assert_eq!(user["status"], "active", "it is no lock");
        assert_eq!(alive.get("/account").await.status, 200, "who is signed in stays so");
    })
    .await;
}

#[tokio::test]
async fn the_36_a_policy_decides_how_long_sessions_last() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let grace = person(&admin, GRACE).await;
        let draft = with(policy("Short", 500, "allow"), "users", json!([grace]));
        let draft = with(draft, "session_lifetime", json!(3600));
        let short = add(&admin, with(draft, "session_idle_lifetime", json!(600))).await;
        let (mut idle, mut busy, mut other) =
            (server.browser(), server.browser(), server.browser());
        idle.sign_in(GRACE).await;
        busy.sign_in(GRACE).await;
        other.sign_in(ADMIN_EMAIL).await;
        let told = admin.get("/audit-events?action=user.signed_in&person=grace@example.com").await;
        assert_eq!(told.json()["items"][0]["changes"][0]["after"], "Short");
        // What was decided stays: a longer policy is for the next sign-in.
        let path = format!("/sign-in-policies/{short}");
        let longer = json!({ "session_lifetime": 86_400 * 3, "session_idle_lifetime": 86_400 });
        assert_eq!(admin.patch(&path, longer).await.status, 200);
        for _ in 0..5 {
            server.clock.step(599);
            assert_eq!(busy.get("/account").await.status, 200);
            domain::sessions::flush(&server.instance).await.unwrap();
        }
        assert_ne!(idle.get("/account").await.status, 200, "ten minutes unused");
        server.clock.step(599);
        assert_eq!(busy.get("/account").await.status, 200, "59 minutes and 54 seconds");
        domain::sessions::flush(&server.instance).await.unwrap();
        server.clock.step(6);
        assert_ne!(busy.get("/account").await.status, 200, "an hour, however busy");
        assert_eq!(other.get("/account").await.status, 200, "the settings count for others");
        // Longer than the settings say, too: 12 hours, or 2 unused.
        let mut long = server.browser();
        long.sign_in(GRACE).await;
        server.clock.step(86_400 - 60);
        assert_eq!(long.get("/account").await.status, 200);
        assert_ne!(other.get("/account").await.status, 200);
        server.sweep().await;
        assert_eq!(long.get("/account").await.status, 200, "the sweep knows");
    })
    .await;
}

#[tokio::test]
async fn the_36_the_default_always_applies_and_cannot_be_deleted() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let hours = json!({ "session_lifetime": 7200 });
        assert_eq!(admin.patch("/settings", hours).await.status, 200);
        let default = admin.get("/sign-in-policies/default").await;
        let body = default.json();
        assert_eq!((&body["is_default"], &body["priority"]), (&json!(true), &json!(0)));
        assert_eq!((&body["access"], &body["session_lifetime"]), (&json!("allow"), &json!(7200)));
        let gone = admin.delete("/sign-in-policies/default").await;
        assert_eq!(gone.status, 409, "{}", gone.body);
        assert!(gone.body.contains("cannot be deleted"));
        let changed = admin.patch("/sign-in-policies/default", json!({ "access": "deny" })).await;
        assert_eq!(changed.status, 409);
        for n in 1..=3 {
            add(&admin, policy(&format!("P{n}"), n, "deny")).await;
        }
        let first = admin.get("/sign-in-policies?limit=2").await;
        assert_eq!(ids(&first, "name"), ["P3", "P2"]);
        let cursor = first.text("next_cursor");
        let last = admin.get(&format!("/sign-in-policies?limit=2&cursor={cursor}")).await;
        assert_eq!(ids(&last, "name"), ["P1", "Default"]);
    })
    .await;
}

#[tokio::test]
async fn the_36_refuses_fields_that_are_none_and_a_priority_twice() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let first = add(&admin, policy("First", 1, "allow")).await;
        let second = add(&admin, policy("Second", 1000, "deny")).await;
        let ok = policy("Third", 5, "allow");
        for (name, value, field) in [
            ("name", json!(""), "name"),
            ("name", json!("FIRST"), "name"),
            ("priority", json!(0), "priority"),
            ("priority", json!(1001), "priority"),
            ("priority", json!(1000), "priority"),
            ("priority", Value::Null, "priority"),
            ("access", json!("perhaps"), "access"),
            ("description", json!("x".repeat(301)), "description"),
            ("session_lifetime", json!(299), "session_lifetime"),
            ("session_idle_lifetime", json!(59), "session_idle_lifetime"),
            ("users", json!(["usr_nobody"]), "users"),
            ("teams", json!(["team_nowhere"]), "teams"),
            ("roles", json!(["role_none"]), "roles"),
            ("mfa", json!(true), "mfa"),
        ] {
            let answer =
                admin.post("/sign-in-policies", with(ok.clone(), name, value.clone())).await;
            assert_eq!(fields(&answer), [field], "{name}: {value}");
        }
        let path = format!("/sign-in-policies/{second}");
        let session = admin.patch(&path, json!({ "session_lifetime": 600 })).await;
        assert_eq!(fields(&session), ["session_lifetime"], "a denial has no session");
        let taken = admin.patch(&path, json!({ "priority": 1 })).await;
        assert_eq!(fields(&taken), ["priority"]);
        let stale = admin
            .call(
                axum::http::Method::PATCH,
                &path,
                &[("if-match", "\"7\"")],
                Some(json!({ "name": "X" })),
            )
            .await;
        assert_eq!(stale.status, 412);
        let tried = admin.post("/sign-in-policies?dry_run=true", ok).await;
        assert_eq!((tried.status.as_u16(), tried.json()["dry_run"].clone()), (200, json!(true)));
        let listed = admin.get("/sign-in-policies").await;
        assert_eq!(ids(&listed, "id"), [second.as_str(), first.as_str(), "default"]);
        assert_eq!(admin.get("/sign-in-policies/pol_none").await.status, 404);
        assert_eq!(admin.get("/users/usr_nobody/sign-in-policy").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_36_refuses_to_deny_a_platform_administrator_and_never_locks_everybody_out() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let ada = admin.get(&format!("/users?q={ADMIN_EMAIL}")).await.json();
        let ada = ada["items"][0]["id"].as_str().unwrap().to_owned();
        let named = with(policy("Named", 5, "deny"), "users", json!([ada]));
        let answer = admin.post("/sign-in-policies", named).await;
        assert_eq!(fields(&answer), ["users"]);
        assert!(answer.body.contains("ada@example.com is a platform administrator"));
        let role = with(policy("Role", 5, "deny"), "roles", json!([PLATFORM_ADMINISTRATOR]));
        assert_eq!(fields(&admin.post("/sign-in-policies", role).await), ["roles"]);
        // By way of a team, or of a role that she gets: the denial passes over her.
        let home = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = json!({ "organization": home, "name": "Blue" });
        let team = admin.post("/teams", team).await.text("id");
        let grace = person(&admin, GRACE).await;
        let everybody = with(policy("Everybody", 900, "deny"), "teams", json!([team]));
        add(&admin, with(everybody, "roles", json!([AUDITOR]))).await;
        for (who, role) in [(&ada, MEMBER), (&ada, AUDITOR), (&grace, MEMBER)] {
            let binding = json!({ "subject": who, "role": role, "place": { "team": team } });
            assert_eq!(admin.post("/bindings", binding).await.status, 201);
        }
        assert_eq!(deciding(&admin, &ada).await, "Default");
        comes_in(&server, ADMIN_EMAIL).await.expect("never locked out");
        assert!(comes_in(&server, GRACE).await.is_err());
        // Somebody who becomes an administrator is denied no more; an allowing policy is for both.
        let soft = with(policy("Soft", 800, "allow"), "teams", json!([team]));
        add(&admin, soft).await;
        assert_eq!(deciding(&admin, &ada).await, "Soft");
        let place = json!({ "instance": true });
        let binding = json!({ "subject": grace, "role": PLATFORM_ADMINISTRATOR, "place": place });
        assert_eq!(admin.post("/bindings", binding).await.status, 201);
        comes_in(&server, GRACE).await.expect("an administrator now");
    })
    .await;
}

#[tokio::test]
async fn the_36_refuses_whoever_may_not_do_everything() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = add(&admin, policy("P", 5, "allow")).await;
        let path = format!("/sign-in-policies/{id}");
        let role =
            json!({ "name": "Settings", "permissions": ["settings:read", "settings:manage"] });
        let role = admin.post("/roles", role).await.text("id");
        let scopes = ["settings:read", "settings:manage"];
        let some = Caller::service(&server, "some", &scopes, (&role, Place::Instance)).await;
        for answer in [
            some.post("/sign-in-policies", policy("Q", 6, "deny")).await,
            some.patch(&path, json!({ "name": "Q" })).await,
            some.delete(&path).await,
        ] {
            assert_eq!(answer.status, 403);
            assert!(answer.body.contains("Only somebody who may do everything"), "{}", answer.body);
        }
        assert_eq!(some.get(&path).await.status, 200, "reading is another right");
        let security = (SECURITY_ADMINISTRATOR, Place::Instance);
        let security = Caller::service(&server, "security", &["settings:read"], security).await;
        assert_eq!(security.get("/sign-in-policies").await.status, 200);
        assert_eq!(security.delete(&path).await.status, 403);
        let member =
            Caller::service(&server, "member", &["user:read"], (MEMBER, Place::Instance)).await;
        assert_eq!(member.get("/sign-in-policies").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_36_every_change_of_a_policy_is_told_field_by_field() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let grace = person(&admin, GRACE).await;
        let id = add(&admin, with(policy("P", 5, "allow"), "description", json!("d"))).await;
        let path = format!("/sign-in-policies/{id}");
        let change = json!({ "priority": 6, "users": [grace], "session_lifetime": 600 });
        assert_eq!(admin.patch(&path, change.clone()).await.status, 200);
        let same = admin.patch(&path, change).await;
        assert_eq!(same.header("etag"), "\"2\"", "nothing differs, nothing is told");
        assert_eq!(admin.delete(&path).await.status, 204);
        let told =
            admin.get(&format!("/audit-events?object_kind=sign_in_policy&object_id={id}")).await;
        let deeds = "sign_in_policy.deleted sign_in_policy.updated sign_in_policy.created";
        assert_eq!(ids(&told, "action").join(" "), deeds);
        assert_eq!(
            told.json()["items"][1]["changes"],
            json!([
                { "field": "priority", "before": 5, "after": 6 },
                { "field": "session_lifetime", "before": null, "after": 600 },
                { "field": "users", "before": [], "after": [grace] },
            ])
        );
    })
    .await;
}
