//! `/users` and `/sessions`.

use std::sync::Arc;

use axum::http::Method;
use domain::access::{self, Authority, May, PLATFORM_ADMINISTRATOR, Place, Rights, UpdateUsers};
use domain::{Actor, Refusal, UserId, accounts, sessions};
use mandate::app::Outfit;
use serde_json::json;

use crate::harness::{ADMIN_EMAIL, PASSWORD, both, servers, whereabouts};
use crate::talk::{Caller, fields, ids};

async fn invite(admin: &Caller, email: &str) -> String {
    let answer = admin.post("/users", json!({ "email": email, "display_name": "Somebody" })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.text("id")
}

#[tokio::test]
async fn invites_who_has_no_password_by_a_link_shown_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin
            .post("/users", json!({ "email": "Bob@Example.com", "display_name": "Bob" }))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let link = made.text("invitation_url");
        assert!(link.starts_with("https://mandate.test/invitation?link=mlk_"), "{link}");
        let page = server.get(link.strip_prefix("https://mandate.test").unwrap()).await;
        assert!(page.status == 200 && page.body.contains("name=\"password\""), "{}", page.body);
        let path = format!("/users/{}", made.text("id"));
        assert_eq!(made.location(), format!("https://mandate.test/api/v1{path}"));
        let read = admin.get(&path).await;
        assert_eq!(
            (read.header("etag"), read.text("status")),
            (made.header("etag"), "active".into())
        );
        assert!(!admin.get("/audit-events").await.body.contains("mlk_"));

        let password = "seven quiet otters on a raft";
        let made = admin
            .post(
                "/users",
                json!({ "email": "eve@example.com", "display_name": "Eve", "password": password }),
            )
            .await;
        assert_eq!(made.status, 201);
        assert!(made.json().get("invitation_url").is_none());
        assert!(!admin.get("/audit-events").await.body.contains("otters"));
    })
    .await;
}

#[tokio::test]
async fn refuses_people_who_are_not_as_they_must_be() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = |body| admin.post("/users", body);
        assert_eq!(
            fields(&new(json!({ "email": ADMIN_EMAIL, "display_name": "Ada" })).await),
            ["email"]
        );
        assert_eq!(
            fields(&new(json!({ "email": "nobody", "display_name": "" })).await),
            ["email", "display_name"]
        );
        let short =
            json!({ "email": "x@example.com", "display_name": "X", "password": "too short" });
        assert_eq!(fields(&new(short).await), ["password"]);
        let unknown = json!({ "email": "x@example.com", "display_name": "X", "role": "admin" });
        assert_eq!(fields(&new(unknown).await), ["role"]);
        assert_eq!(fields(&new(json!({ "email": 7 })).await), ["email", "display_name"]);
        assert!(ids(&admin.get("/users?q=x@example").await, "id").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_disabled_person_is_nobody_at_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = invite(&admin, "bob@example.com").await;
        let bob = Caller::acting_for(&server, "bob@example.com", "full").await;
        assert_eq!(bob.get("/me").await.json()["user"]["id"], json!(id));
        let path = format!("/users/{id}");
        let etag = admin.get(&path).await.header("etag").to_owned();
        let tried = admin
            .patch(&format!("{path}?dry_run=true"), json!({ "status": "disabled" }))
            .await
            .json();
        assert_eq!((&tried["status"], &tried["dry_run"]), (&json!("disabled"), &json!(true)));
        assert_eq!(bob.get("/me").await.status, 200);
        let body = Some(json!({ "status": "disabled", "display_name": "Robert" }));
        let changed = admin.call(Method::PATCH, &path, &[("if-match", &etag)], body).await;
        assert_eq!(
            (changed.text("status"), changed.text("display_name")),
            ("disabled".into(), "Robert".into())
        );
        assert_eq!(admin.get(&path).await.header("etag"), changed.header("etag"));
        assert_eq!(bob.get("/me").await.status, 401);
        assert_eq!(ids(&admin.get("/users?status=disabled").await, "id"), [id]);
        assert_eq!(
            admin.patch(&path, json!({ "status": "active" })).await.text("status"),
            "active"
        );
        assert_eq!(bob.get("/me").await.status, 401, "what died stays dead");
        let stale = admin
            .call(
                Method::PATCH,
                &path,
                &[("if-match", &etag)],
                Some(json!({ "status": "disabled" })),
            )
            .await;
        assert_eq!(stale.status, 412);
        for (body, field) in [
            (json!({ "status": "gone" }), "status"),
            (json!({ "status": null }), "status"),
            (json!({ "email": null }), "email"),
            (json!({ "id": "usr_x" }), "id"),
            (json!({ "password": "x" }), "password"),
        ] {
            assert_eq!(fields(&admin.patch(&path, body).await), [field]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let ada = ids(&admin.get(&format!("/users?q={ADMIN_EMAIL}")).await, "id").remove(0);
        let path = format!("/users/{ada}");
        assert_eq!(admin.patch(&path, json!({ "status": "disabled" })).await.status, 409);
        assert_eq!(admin.delete(&path).await.status, 409);
        assert_eq!(admin.get(&path).await.text("status"), "active");
    })
    .await;
}

#[tokio::test]
async fn deletes_a_person_whom_no_client_acts_for() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (bob, eve) =
            (invite(&admin, "bob@example.com").await, invite(&admin, "eve@example.com").await);
        Caller::acting_for(&server, "bob@example.com", "full").await;
        let held = admin.delete(&format!("/users/{bob}")).await;
        assert_eq!(
            (held.status.as_u16(), held.json()["ids"][0].clone()),
            (409, json!(format!("for-{bob}-full")))
        );
        assert_eq!(
            admin.delete(&format!("/users/{eve}?dry_run=true")).await.json(),
            json!({ "dry_run": true })
        );
        let other = admin
            .call(Method::DELETE, &format!("/users/{eve}"), &[("if-match", "\"77\"")], None)
            .await;
        assert_eq!(other.status, 412);
        assert_eq!(admin.delete(&format!("/users/{eve}")).await.status, 204);
        assert_eq!(admin.delete(&format!("/users/{eve}")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_person_can_be_rehearsed_and_none_is_made_by_trying() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "x@example.com", "display_name": "X" });
        let tried = admin.post("/users?dry_run=true", new.clone()).await;
        assert_eq!((tried.status.as_u16(), &tried.json()["dry_run"]), (200, &json!(true)));
        assert_eq!(tried.json().get("invitation_url"), None);
        assert!(ids(&admin.get("/users?q=x@example").await, "id").is_empty());
        for (body, field) in [
            (json!({ "email": "x", "display_name": "X" }), "email"),
            (json!({ "email": ADMIN_EMAIL.to_uppercase(), "display_name": "X" }), "email"),
            (
                json!({ "email": "x@example.com", "display_name": "X", "password": "short" }),
                "password",
            ),
        ] {
            assert_eq!(fields(&admin.post("/users?dry_run=true", body).await), [field]);
        }
        assert_eq!(admin.post("/users", new).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn a_locked_person_is_nobody_until_unlocked_and_what_died_stays_dead() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new =
            json!({ "email": "grace@example.com", "display_name": "Grace", "password": PASSWORD });
        let grace = admin.post("/users", new).await.text("id");
        let web = server.web_app().await;
        let mut browser = server.browser();
        let answer = browser.authorize(&web.authorize_path(&[]), "grace@example.com").await;
        let token = web.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        assert!(web.is_active(&token).await);
        let at = format!("/users/{grace}");
        let locked = admin.patch(&at, json!({ "status": "locked" })).await;
        assert_eq!((locked.status.as_u16(), locked.text("status")), (200, "locked".into()));
        assert!(!web.is_active(&token).await);
        assert_eq!(browser.get("/account").await.status, 303);
        assert!(browser.sign_in("grace@example.com").await.body.contains("name=\"password\""));
        assert_eq!(ids(&admin.get("/users?status=locked").await, "id"), [grace.as_str()]);
        assert_eq!(admin.patch(&at, json!({ "status": "active" })).await.text("status"), "active");
        assert!(!web.is_active(&token).await, "what died stays dead");
        browser.sign_in("grace@example.com").await;
        assert_eq!(browser.get("/account").await.status, 200);
        assert_eq!(fields(&admin.patch(&at, json!({ "status": "gone" })).await), ["status"]);
        let of_grace = format!("object_kind=user&object_id={grace}&actor=mandate-admin");
        let told = admin.get(&format!("/audit-events?{of_grace}")).await;
        assert_eq!(ids(&told, "action"), ["user.unlocked", "user.locked", "user.created"]);
        let mut work = server.instance.read();
        let ada = accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap();
        let last = admin.patch(&format!("/users/{}", ada.id), json!({ "status": "locked" })).await;
        assert_eq!(last.status, 409);
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_an_invitation_for_somebody_who_may_do_more() {
    both(|server| async move {
        let may: May<UpdateUsers> = Authority::operator("test@host").may().unwrap();
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "boss@example.com", "display_name": "Boss" });
        let boss = UserId::new(admin.post("/users", new).await.text("id"));
        let mut work = server.instance.begin().await.unwrap();
        let at = &Place::Instance;
        access::bind(&mut work, server.clock.now(), boss.as_str(), PLATFORM_ADMINISTRATOR, at)
            .await
            .unwrap();
        work.commit().await.unwrap();
        let rights = Rights { instance: ["user:update".to_owned()].into(), ..Rights::default() };
        let lesser = Authority::new(Actor::operator("lesser"), rights).may().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        let refused = accounts::invite(&mut work, &server.operator(), &lesser, &boss).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
        drop(work);
        let mut work = server.instance.begin().await.unwrap();
        assert!(accounts::invite(&mut work, &server.operator(), &may, &boss).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn somebody_without_a_password_is_invited_again_and_the_link_before_ends() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "grace@example.com", "display_name": "Grace" });
        let made = admin.post("/users", new).await;
        let path = |answer: &crate::harness::Answer| {
            let link = answer.text("invitation_url");
            link.strip_prefix("https://mandate.test").unwrap_or_else(|| panic!("{link}")).to_owned()
        };
        let (first, at) = (path(&made), format!("/users/{}/invitation", made.text("id")));
        server.clock.step(3 * 86_400);
        let admin = Caller::admin(&server).await;
        let tried = admin.call(Method::POST, &format!("{at}?dry_run=true"), &[], None).await;
        assert_eq!((tried.status.as_u16(), &tried.json()["dry_run"]), (200, &json!(true)));
        assert_eq!(tried.json().get("invitation_url"), None);
        assert_eq!(server.get(&first).await.status, 200, "what is only tried ends nothing");
        let again = admin.call(Method::POST, &at, &[], None).await;
        assert_eq!((again.status.as_u16(), again.text("user")), (201, made.text("id")));
        assert_eq!(again.text("expires_at"), "2027-01-25T08:00:00Z");
        assert_eq!(again.text("mail"), "off");
        assert_eq!(server.get(&first).await.status, 410, "the one before ends");
        assert!(!admin.get("/audit-events").await.body.contains("mlk_"));

        let mut browser = server.browser();
        let page = browser.get(&path(&again)).await;
        let inside = browser.submit(&page, "/invitation", &[("password", PASSWORD)]).await;
        assert!(inside.body.contains("grace@example.com"), "{}", inside.body);
        let refused = admin.call(Method::POST, &at, &[], None).await;
        assert_eq!(refused.status, 409);
        assert!(refused.text("detail").contains("a link to reset it"), "{}", refused.body);
        let nobody = admin.call(Method::POST, "/users/usr_x/invitation", &[], None).await;
        assert_eq!(nobody.status, 404);
        let of_grace = format!("object_kind=user&object_id={}", made.text("id"));
        let told = admin.get(&format!("/audit-events?{of_grace}")).await;
        assert_eq!(
            ids(&told, "action"),
            ["user.signed_in", "user.invitation_accepted", "user.invited", "user.created"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_reset_link_leads_to_another_password_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new =
            json!({ "email": "grace@example.com", "display_name": "Grace", "password": PASSWORD });
        let grace = admin.post("/users", new).await.text("id");
        let mut before = server.browser();
        before.sign_in("grace@example.com").await;
        let at = format!("/users/{grace}/password-reset-link");
        let tried = admin.call(Method::POST, &format!("{at}?dry_run=true"), &[], None).await;
        assert_eq!((tried.status.as_u16(), &tried.json()["dry_run"]), (200, &json!(true)));
        assert_eq!(tried.json().get("password_reset_url"), None);
        let made = admin.call(Method::POST, &at, &[], None).await;
        assert_eq!((made.status.as_u16(), made.text("user")), (201, grace.clone()));
        assert_eq!(made.text("expires_at"), "2027-01-16T08:00:00Z");
        let link = made.text("password_reset_url");
        let path = link.strip_prefix("https://mandate.test").unwrap();
        assert!(path.starts_with("/password-reset?link=mlk_"), "{link}");
        assert_eq!(before.get("/account").await.status, 200, "a link alone ends nothing");

        let mut browser = server.browser();
        let page = browser.get(path).await;
        assert!(page.body.contains("Choose another password"), "{}", page.body);
        let typed = [("password", "eleven green umbrellas at noon")];
        let inside = browser.submit(&page, "/password-reset", &typed).await;
        assert!(inside.body.contains("grace@example.com"), "{}", inside.body);
        assert_eq!(before.get("/account").await.status, 303, "signed out everywhere else");
        let again = browser.get(path).await;
        assert!(again.status == 410 && again.body.contains("ask whoever sent it for a new one"));
        assert!(!admin.get("/audit-events").await.body.contains("mlk_"));

        let invited = invite(&admin, "eve@example.com").await;
        let at = format!("/users/{invited}/password-reset-link");
        let refused = admin.call(Method::POST, &at, &[], None).await;
        assert_eq!(refused.status, 409);
        assert!(refused.text("detail").contains("Invite them instead"), "{}", refused.body);
        let nobody = admin.call(Method::POST, "/users/usr_x/password-reset-link", &[], None).await;
        assert_eq!(nobody.status, 404);
    })
    .await;
}

#[tokio::test]
async fn who_governs_people_neither_stops_nor_becomes_who_may_do_more() {
    both(|server| async move {
        let mut work = server.instance.read();
        let ada = accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap().id;
        let role = (access::SECURITY_ADMINISTRATOR, Place::Instance);
        let scopes = ["user:read", "user:update", "user:delete"];
        let lesser = Caller::service(&server, "off-boarding", &scopes, role).await;
        let at = format!("/users/{ada}");
        let refused =
            |answer: &crate::harness::Answer| (answer.status.as_u16(), answer.text("permission"));
        let stopped = || (403, "settings:manage".to_owned());
        let disabled = lesser.patch(&at, json!({ "status": "disabled" })).await;
        assert_eq!(refused(&disabled), stopped());
        assert!(disabled.text("detail").contains("may do more than you"), "{}", disabled.body);
        assert_eq!(refused(&lesser.patch(&at, json!({ "status": "locked" })).await), stopped());
        assert_eq!(refused(&lesser.delete(&at).await), stopped());
        let moved = lesser.patch(&at, json!({ "email": "eve@example.com" })).await;
        assert_eq!(moved.status, 403);
        let link = format!("{at}/password-reset-link");
        assert_eq!(lesser.call(Method::POST, &link, &[], None).await.status, 403);
        let again = format!("{at}/invitation");
        assert_eq!(lesser.call(Method::POST, &again, &[], None).await.status, 403);
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        assert_eq!(browser.get("/console/users").await.status, 200, "untouched");

        let admin = Caller::admin(&server).await;
        let manager = invite(&admin, "mina@example.com").await;
        let mut work = server.instance.begin().await.unwrap();
        let (now, role) = (server.clock.now(), access::CLIENT_MANAGER);
        access::bind(&mut work, now, &manager, role, &Place::Instance).await.unwrap();
        work.commit().await.unwrap();
        let at = format!("/users/{manager}");
        let left = lesser.patch(&at, json!({ "status": "disabled" })).await;
        assert_eq!(left.status, 200, "a token for people alone is enough to off-board");
    })
    .await;
}

#[tokio::test]
async fn a_session_has_the_place_of_its_address() {
    for server in servers().await {
        let outfit = Outfit { whereabouts: Some(whereabouts()), ..Outfit::default() };
        let server = Arc::new(server.with(outfit));
        server.browser().sign_in(ADMIN_EMAIL).await;
        let admin = Caller::admin(&server).await;
        let session = admin.get("/sessions").await.json()["items"][0].clone();
        assert_eq!(
            (&session["address"], &session["place"]),
            (&json!("127.0.0.1"), &json!("Berlin, Germany"))
        );
    }
}

#[tokio::test]
async fn ends_a_browser_session_by_its_public_name() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let mut work = server.instance.begin().await.unwrap();
        let ada = accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap();
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let (_, cookie) = sessions::begin(
            &mut work,
            &server.operator(),
            &ada,
            (agent, accounts::Amr::Password, None),
        )
        .await
        .unwrap();
        work.commit().await.unwrap();
        let alive = || async {
            let mut work = server.instance.read();
            sessions::resume(&mut work, server.clock.now(), cookie.reveal())
                .await
                .unwrap()
                .is_some()
        };
        let page = admin.get("/sessions").await;
        assert_eq!(page.json()["items"][0]["browser"], "Firefox 140", "{}", page.body);
        let id = ids(&page, "id").remove(0);
        assert_eq!(admin.delete(&format!("/sessions/{id}?dry_run=true")).await.status, 200);
        assert!(alive().await);
        assert_eq!(admin.delete(&format!("/sessions/{id}")).await.status, 204);
        assert!(!alive().await);
        assert_eq!(admin.delete(&format!("/sessions/{id}")).await.status, 404);
        assert_eq!(admin.delete("/sessions/nonsense").await.status, 404);
    })
    .await;
}

/// THE-39: people by part of a name or address, by status and by source, page by page.
#[tokio::test]
async fn the_39_lists_people_with_status_source_and_creation_by_part_of_a_name_page_by_page() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        for n in 0..7 {
            server.clock.step(1);
            invite(&admin, &format!("crew{n}@harbour.example")).await;
        }
        let find = async |query: &str| ids(&admin.get(&format!("/users?{query}")).await, "email");
        assert_eq!(find("q=CREW3").await, ["crew3@harbour.example"], "part, in any spelling");
        assert_eq!(find("q=harbour.ex").await.len(), 7);
        assert_eq!(find("q=omebod").await.len(), 7, "part of the name");
        assert!(find("q=%25").await.is_empty(), "nothing typed is a wildcard");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/users?q=harbour&limit=3{cursor}")).await;
            assert!(ids(&page, "id").len() <= 3);
            seen.extend(ids(&page, "email"));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let newest: Vec<String> =
            (0..7).rev().map(|n| format!("crew{n}@harbour.example")).collect();
        assert_eq!(seen, newest, "newest first, none twice");
        let listed = admin.get("/users?q=harbour").await.json();
        let id = |n: usize| listed["items"][n]["id"].as_str().unwrap().to_owned();
        for (n, status) in [(0, "disabled"), (1, "locked")] {
            let changed =
                admin.patch(&format!("/users/{}", id(n)), json!({ "status": status })).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
        assert_eq!(find("status=disabled").await, ["crew6@harbour.example"]);
        assert_eq!(find("status=locked").await, ["crew5@harbour.example"]);
        assert_eq!(find("q=harbour&status=active").await.len(), 5);
        let database = server.database().await;
        let mut tx = database.begin().await.unwrap();
        let sql = "UPDATE users SET source = 'directory' WHERE email_key = 'crew0@harbour.example'";
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find("source=directory").await, ["crew0@harbour.example"]);
        assert_eq!(find("q=harbour&source=local").await.len(), 6);
        let one = admin.get("/users?source=directory").await.json()["items"][0].clone();
        assert_eq!((&one["source"], &one["status"]), (&json!("directory"), &json!("active")));
        assert_eq!(one["created_at"], "2027-01-15T08:00:01Z");
        for query in ["status=dormant", "source=moon", "cursor=x"] {
            let field = query.split('=').next().unwrap();
            assert_eq!(fields(&admin.get(&format!("/users?{query}")).await), [field]);
        }
    })
    .await;
}
