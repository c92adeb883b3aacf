//! `/clients`.

use axum::http::Method;
use domain::access::{CLIENT_MANAGER, Place};
use serde_json::{Value, json};

use crate::harness::both;
use crate::talk::{Caller, fields, ids};

const NEW: &str = "/clients";

#[tokio::test]
async fn registers_a_client_and_shows_its_secret_this_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let answer = admin
            .post(NEW, json!({ "client_name": "backend-service", "type": "service", "scopes": ["oauth_client:read"] }))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let (id, secret) = (answer.text("client_id"), answer.text("client_secret"));
        assert!(secret.starts_with("mcs_"));
        assert_eq!(answer.header("location"), format!("https://mandate.test/api/v1/clients/{id}"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.text("created_at"), "2027-01-15T08:00:00Z");
        assert_eq!(server.client(&id, Some(&secret)).own_token().await.verdict(), "200");

        let read = admin.get(&format!("/clients/{id}")).await;
        assert_eq!(read.header("etag"), answer.header("etag"));
        let mut expected = answer.json();
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(read.json(), expected);
    })
    .await;
}

#[tokio::test]
async fn l03_never_shows_a_secret_again() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("keeper").await;
        let (id, first) = (made.text("client_id"), made.text("client_secret"));
        let rotated = admin
            .post(&format!("/clients/{id}/secrets"), json!({ "confirm_name": "keeper" }))
            .await;
        let second = rotated.text("client_secret");
        assert!(second.starts_with("mcs_") && second != first);
        for path in [
            format!("/clients/{id}"),
            "/clients".into(),
            format!("/clients/{id}/secrets"),
            format!("/clients/{id}/audit-events"),
            "/audit-events?limit=200".into(),
        ] {
            for accept in ["application/json", "text/csv"] {
                if accept == "text/csv" && !path.contains("audit") {
                    continue;
                }
                let body = admin.call(Method::GET, &path, &[("accept", accept)], None).await.body;
                assert!(body.contains("keeper") || body.contains("First secret"), "{path}: {body}");
                assert!(!body.contains(&first) && !body.contains(&second), "{path} as {accept}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn makes_one_client_of_a_request_that_is_sent_again() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let draft = json!({ "client_name": "once", "type": "service" });
        let key = [("idempotency-key", "0f8fad5b-d9cb-469f")];
        let first = admin.call(Method::POST, NEW, &key, Some(draft.clone())).await;
        let again = admin.call(Method::POST, NEW, &key, Some(draft)).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
        assert_eq!(again.text("client_id"), first.text("client_id"));
        assert_eq!(again.json()["secret_already_shown"], true);
        assert!(again.json().get("client_secret").is_none());
        let bad = admin
            .call(
                Method::POST,
                NEW,
                &[("idempotency-key", "a b")],
                Some(json!({ "client_name": "x" })),
            )
            .await;
        assert_eq!(fields(&bad), ["Idempotency-Key"]);
    })
    .await;
}

#[tokio::test]
async fn names_every_wrong_field_at_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let answer = admin
            .post(NEW, json!({ "client_nam": "x", "access_token_lifetime": "1 h", "grant_types": ["magic"], "risk": {} }))
            .await;
        assert_eq!(answer.status, 400);
        assert_eq!(fields(&answer), ["access_token_lifetime", "client_nam", "grant_types", "risk"]);
        let answer = admin
            .post(NEW, json!({
                "client_name": "x", "type": "user_authorized", "redirect_uris": ["http://example.com/cb"],
                "scopes": ["openid", "no:such"], "access_token_lifetime": 0,
            }))
            .await;
        let wrong = fields(&answer);
        for field in ["redirect_uris", "scopes", "access_token_lifetime"] {
            assert!(wrong.iter().any(|w| w.starts_with(field)), "{field} in {wrong:?}");
        }
        assert_eq!(ids(&admin.get("/clients?q=x&type=user_authorized").await, "client_name"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn refuses_full_access_with_long_tokens_unless_confirmed() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let draft = json!({ "client_name": "bold", "type": "service", "access": "full", "access_token_lifetime": 7200 });
        assert_eq!(fields(&admin.post(NEW, draft.clone()).await), ["confirm_high_risk"]);
        let mut confirmed = draft;
        confirmed["confirm_high_risk"] = true.into();
        assert_eq!(admin.post(NEW, confirmed).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn one_of_twenty_concurrent_creates_of_a_name_wins() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..20 {
            let (admin, name) = (admin.clone(), if n % 2 == 0 { "Twin" } else { "twin" });
            tries.spawn(async move {
                admin.post(NEW, json!({ "client_name": name, "type": "service" })).await
            });
        }
        let answers = tries.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(fields(answer), ["client_name"], "{}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn changes_only_the_version_that_was_read() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("versioned").await;
        let (path, etag) =
            (format!("/clients/{}", made.text("client_id")), made.header("etag").to_owned());
        let told = |text: &str| Some(json!({ "description": text }));
        let first = admin.call(Method::PATCH, &path, &[("if-match", &etag)], told("one")).await;
        assert_eq!(first.status, 200, "{}", first.body);
        assert_ne!(first.header("etag"), etag);
        for old in [etag.as_str(), "\"0\"", "W/\"1\"", "\"other\""] {
            let stale = admin.call(Method::PATCH, &path, &[("if-match", old)], told("two")).await;
            assert_eq!(stale.status, 412, "{old}");
            assert_eq!(stale.text("current_etag"), first.header("etag"));
        }
        let bare = admin.call(Method::PATCH, &path, &[("if-match", "1")], told("two")).await;
        assert_eq!(fields(&bare), ["If-Match"]);
        assert_eq!(
            admin.patch(&path, json!({ "description": "three" })).await.text("description"),
            "three"
        );
        let gone = format!("{path}?confirm_name=versioned");
        let stale = admin.call(Method::DELETE, &gone, &[("if-match", &etag)], None).await;
        assert_eq!(stale.status, 412);
        assert_eq!(admin.get(&path).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_patch_merges_and_null_takes_the_default() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("patched").await;
        let path = format!("/clients/{}", made.text("client_id"));
        let changed = admin
            .call(
                Method::PATCH,
                &path,
                &[],
                Some(json!({ "access_token_lifetime": 600, "contacts": ["ada@example.com"] })),
            )
            .await
            .json();
        assert_eq!(
            (&changed["access_token_lifetime"], &changed["contacts"][0]),
            (&json!(600), &json!("ada@example.com"))
        );
        let reset = admin.patch(&path, json!({ "access_token_lifetime": null })).await.json();
        assert_eq!(
            (&reset["access_token_lifetime"], &reset["contacts"][0]),
            (&json!(3600), &json!("ada@example.com"))
        );
        let unknown = admin.patch(&path, json!({ "acces": "full" })).await;
        assert_eq!(fields(&unknown), ["acces"]);
    })
    .await;
}

#[tokio::test]
async fn a_rehearsal_changes_nothing_and_shows_no_secret() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let tried = admin
            .post(
                "/clients?dry_run=true",
                json!({ "client_id": "tried", "client_name": "tried", "type": "service" }),
            )
            .await;
        assert_eq!(
            (tried.status.as_u16(), tried.json()["dry_run"].clone()),
            (200, json!(true)),
            "{}",
            tried.body
        );
        assert!(tried.json().get("client_secret").is_none() && !tried.body.contains("mcs_"));
        assert_eq!(tried.header("location"), "");
        assert_eq!(admin.get("/clients/tried").await.status, 404);

        let made = admin.create_client("stays").await;
        let path = format!("/clients/{}", made.text("client_id"));
        let tried =
            admin.patch(&format!("{path}?dry_run=true"), json!({ "enabled": false })).await.json();
        assert_eq!(
            tried["changes"],
            json!([{ "field": "enabled", "before": true, "after": false }])
        );
        let tried = admin.delete(&format!("{path}?confirm_name=stays&dry_run=true")).await;
        assert_eq!((tried.status.as_u16(), tried.json()), (200, json!({ "dry_run": true })));
        let tried = admin.post(&format!("{path}/revoke-tokens?dry_run=true"), Value::Null).await;
        assert_eq!(tried.status, 200);
        let read = admin.get(&path).await;
        assert_eq!(
            (read.header("etag"), read.json()["enabled"].clone()),
            (made.header("etag"), json!(true))
        );

        let refused = admin
            .post("/clients?dry_run=true", json!({ "client_name": "Stays", "type": "service" }))
            .await;
        assert_eq!(fields(&refused), ["client_name"], "a rehearsal refuses what the write would");
    })
    .await;
}

#[tokio::test]
async fn l06_deletes_for_good_once_the_name_is_typed() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        let token = app.own_token().await.text("access_token");
        let path = "/clients/service";
        assert_eq!(fields(&admin.delete(path).await), ["confirm_name"]);
        assert_eq!(
            fields(&admin.delete(&format!("{path}?confirm_name=service")).await),
            ["confirm_name"]
        );
        let gone = admin.delete(&format!("{path}?confirm_name=Service")).await;
        assert_eq!((gone.status.as_u16(), gone.body.as_str()), (204, ""));
        assert_eq!(admin.get(path).await.status, 404);
        assert_eq!(admin.delete(&format!("{path}?confirm_name=Service")).await.status, 404);
        assert_eq!(Caller::new(&server, &token).get("/me").await.status, 401);
        let again = admin
            .post(
                NEW,
                json!({ "client_id": "service", "client_name": "Service", "type": "service" }),
            )
            .await;
        assert_eq!(fields(&again), ["client_id"]);
        let system = admin.delete("/clients/mandate-admin?confirm_name=Admin%20Client").await;
        assert_eq!(
            (system.status.as_u16(), system.json()["ids"].clone()),
            (409, json!(["mandate-admin"]))
        );
    })
    .await;
}

#[tokio::test]
async fn deletes_many_or_none() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let mut made = Vec::new();
        for n in 0..3 {
            made.push(admin.create_client(&format!("bulk {n}")).await.text("client_id"));
        }
        let path = "/clients/bulk-delete";
        let all = |ids: &[&str]| json!({ "client_ids": ids });
        let missing = admin.post(path, all(&[&made[0], "gone", &made[1]])).await;
        assert_eq!(
            (missing.status.as_u16(), missing.json()["ids"].clone()),
            (409, json!(["gone"]))
        );
        let system = admin.post(path, all(&[&made[0], "mandate-sync"])).await;
        assert_eq!(
            (system.status.as_u16(), system.json()["ids"].clone()),
            (409, json!(["mandate-sync"]))
        );
        let many: Vec<String> = (0..501).map(|n| format!("c{n}")).collect();
        assert_eq!(fields(&admin.post(path, json!({ "client_ids": many })).await), ["client_ids"]);
        assert_eq!(fields(&admin.post(path, json!({ "client_ids": [] })).await), ["client_ids"]);
        assert_eq!(fields(&admin.post(path, json!({})).await), ["client_ids"]);
        let left = ids(&admin.get("/clients?q=bulk").await, "client_id");
        assert_eq!(left.len(), 3, "nothing was deleted by what was refused");
        let tried = admin.post(&format!("{path}?dry_run=true"), all(&[&made[0]])).await.json();
        assert_eq!(tried, json!({ "deleted": 1, "dry_run": true }));
        let done = admin.post(path, all(&[&made[0], &made[1], &made[0], &made[2]])).await;
        assert_eq!(done.json(), json!({ "deleted": 3 }));
        assert!(ids(&admin.get("/clients?q=bulk").await, "client_id").is_empty());
    })
    .await;
}

#[tokio::test]
async fn ends_every_token_without_pausing_the_client() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        let token = app.own_token().await.text("access_token");
        assert_eq!(
            admin.post("/clients/service/revoke-tokens", Value::Null).await.json()["enabled"],
            true
        );
        assert_eq!(Caller::new(&server, &token).get("/me").await.status, 401);
        assert_eq!(app.own_token().await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn lists_page_by_page_what_the_filters_let_through() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        for n in 0..5 {
            admin.create_client(&format!("Listed {n}")).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/clients?q=listed&limit=2&cursor={cursor}")).await;
            seen.extend(ids(&page, "client_name"));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ["Listed 0", "Listed 1", "Listed 2", "Listed 3", "Listed 4"]);
        let back =
            ids(&admin.get("/clients?q=listed&sort=name&descending=true").await, "client_name");
        assert_eq!(back.first().map(String::as_str), Some("Listed 4"));
        assert_eq!(
            ids(&admin.get("/clients?scope=scim:write").await, "client_id"),
            ["mandate-admin", "mandate-sync"]
        );
        assert_eq!(
            ids(&admin.get("/clients?enabled=false").await, "client_id"),
            Vec::<String>::new()
        );
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("cursor=nonsense", "cursor"),
            ("sort=size", "sort"),
            ("enabled=maybe", "enabled"),
            ("type=web", "type"),
            ("filter=x", "filter"),
            ("unused_days=-1", "unused_days"),
        ] {
            assert_eq!(fields(&admin.get(&format!("/clients?{query}")).await), [field], "{query}");
        }
    })
    .await;
}

/// Two teams of one organization: their ids.
async fn two_teams(admin: &Caller) -> (String, String) {
    let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
    let mut teams = Vec::new();
    for name in ["Blue", "Green"] {
        let team =
            admin.post("/teams", json!({ "organization": organization, "name": name })).await;
        assert_eq!(team.status, 201, "{}", team.body);
        teams.push(team.text("id"));
    }
    (teams.remove(0), teams.remove(0))
}

const MANAGES: [&str; 5] = [
    "oauth_client:read",
    "oauth_client:create",
    "oauth_client:update",
    "oauth_client:rotate",
    "oauth_client:delete",
];

#[tokio::test]
async fn a_teams_manager_neither_sees_nor_touches_clients_of_others() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (blue, green) = two_teams(&admin).await;
        let manager = Caller::service(&server, "manager", &MANAGES, (CLIENT_MANAGER, Place::Team(blue.clone()))).await;
        let organization = admin.get(&format!("/teams/{blue}")).await.text("organization");
        let theirs = admin
            .post(NEW, json!({ "client_name": "theirs", "type": "service", "organization": organization, "owner_team": green }))
            .await;
        assert_eq!(theirs.status, 201, "{}", theirs.body);
        let own = manager.post(NEW, json!({ "client_name": "own", "type": "service" })).await;
        assert_eq!((own.status.as_u16(), own.text("owner_team")), (201, blue), "{}", own.body);
        assert_eq!(ids(&manager.get(NEW).await, "client_name"), ["own"]);

        let path = format!("/clients/{}", theirs.text("client_id"));
        for (method, path, body) in [
            (Method::GET, path.clone(), None),
            (Method::PATCH, path.clone(), Some(json!({ "description": "mine now" }))),
            (Method::DELETE, format!("{path}?confirm_name=theirs"), None),
            (Method::GET, format!("{path}/secrets"), None),
            (Method::POST, format!("{path}/secrets"), Some(json!({ "confirm_name": "theirs" }))),
        ] {
            let answer = manager.call(method.clone(), &path, &[], body).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        }
        let bulk = json!({ "client_ids": [theirs.text("client_id")] });
        assert_eq!(manager.post("/clients/bulk-delete", bulk).await.status, 409, "for them it is not there");
        let elsewhere = json!({ "client_name": "x", "type": "service", "organization": organization, "owner_team": green });
        assert_eq!(manager.post(NEW, elsewhere).await.status, 403);
        assert_eq!(admin.get(&path).await.header("etag"), theirs.header("etag"), "nothing happened to it");
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_a_client_that_may_do_more_than_they() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (blue, _) = two_teams(&admin).await;
        let manager = Caller::service(&server, "manager", &MANAGES, (CLIENT_MANAGER, Place::Team(blue))).await;
        let wide = json!({ "client_name": "wide", "type": "service", "access": "full", "scopes": ["user:create"] });
        let answer = manager.post(NEW, wide).await;
        assert_eq!((answer.status.as_u16(), answer.text("permission")), (403, "user:create".into()), "{}", answer.body);
        let own = manager.post(NEW, json!({ "client_name": "own", "type": "service" })).await;
        let path = format!("/clients/{}", own.text("client_id"));
        assert_eq!(manager.patch(&path, json!({ "scopes": ["user:read"] })).await.status, 403);
        assert_eq!(manager.patch(&path, json!({ "verified": true })).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_create_of_a_public_client_answers_like_that_of_a_confidential_one() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let draft = json!({ "client_name": "native", "confidential": false, "redirect_uris": ["http://127.0.0.1/cb"] });
        let key = [("idempotency-key", "7d444840-9dc0")];
        let first = admin.call(Method::POST, NEW, &key, Some(draft.clone())).await;
        let again = admin.call(Method::POST, NEW, &key, Some(draft)).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{}", again.body);
        assert_eq!(first.json().get("secret_already_shown"), None);
        assert_eq!(again.json()["secret_already_shown"], true);
        assert_eq!(again.text("client_id"), first.text("client_id"));
        let mut read = again.json();
        read.as_object_mut().unwrap().remove("secret_already_shown");
        assert_eq!(admin.get(&format!("/clients/{}", first.text("client_id"))).await.json(), read);
    })
    .await;
}

#[tokio::test]
async fn deletes_and_rotates_only_the_version_that_was_read() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("versioned").await;
        let path = format!("/clients/{}", made.text("client_id"));
        let old = made.header("etag").to_owned();
        let rotation = json!({ "confirm_name": "versioned", "retire_previous_after": null });
        let secrets = format!("{path}/secrets");
        let if_old = [("if-match", old.as_str())];
        let added = admin.call(Method::POST, &secrets, &if_old, Some(rotation.clone())).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let now = admin.get(&path).await.header("etag").to_owned();
        assert_ne!(now, old, "a new secret is a new version");
        let one = format!("{secrets}/{}", added.text("id"));
        for (method, path, body) in [
            (Method::POST, secrets.clone(), Some(rotation.clone())),
            (Method::POST, format!("{secrets}?dry_run=true"), Some(rotation)),
            (Method::DELETE, one.clone(), None),
            (Method::DELETE, format!("{path}?confirm_name=versioned"), None),
        ] {
            let stale = admin.call(method.clone(), &path, &if_old, body).await;
            assert_eq!(
                (stale.status.as_u16(), stale.text("current_etag")),
                (412, now.clone()),
                "{method} {path}"
            );
        }
        assert_eq!(admin.get(&path).await.header("etag"), now, "nothing happened");
        // Of ten who read the same version, one deletes the secret.
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (admin, one, now) = (admin.clone(), one.clone(), now.clone());
            tries.spawn(async move {
                admin.call(Method::DELETE, &one, &[("if-match", &now)], None).await.status.as_u16()
            });
        }
        let mut answers = tries.join_all().await;
        answers.sort_unstable();
        assert_eq!(answers, [vec![204], vec![412; 9]].concat());
        let now = admin.get(&path).await.header("etag").to_owned();
        let gone = admin
            .call(
                Method::DELETE,
                &format!("{path}?confirm_name=versioned"),
                &[("if-match", &now)],
                None,
            )
            .await;
        assert_eq!(gone.status, 204);
    })
    .await;
}
