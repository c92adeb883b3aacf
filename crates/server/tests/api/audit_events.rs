//! `/audit-events`: L08.

use axum::http::Method;
use domain::access::{AUDITOR, Place};
use domain::audit::{self, Filter, Object};
use domain::{Actor, Call, UserId};
use mandate::web::trail::Table;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, both};
use crate::talk::{Caller, fields, ids};

const CSV: [(&str, &str); 1] = [("accept", "text/csv")];

#[tokio::test]
async fn l08_tells_each_change_once_with_who_when_from_and_to() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = admin.create_client("told").await.text("client_id");
        server.clock.step(60);
        let admin = Caller::admin(&server).await;
        let changed = admin.patch(&format!("/clients/{id}"), json!({ "description": "now" })).await;
        let page = admin.get(&format!("/clients/{id}/audit-events")).await.json();
        let actions: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, ["client.updated", "client.created"]);
        let newest = &page["items"][0];
        assert_eq!(
            newest["changes"],
            json!([{ "field": "description", "before": "", "after": "now" }])
        );
        assert_eq!(
            (&newest["at"], &newest["actor"]["client_id"]),
            (&json!("2027-01-15T08:01:00Z"), &json!("mandate-admin"))
        );
        assert_eq!(newest["actor"]["address"], "127.0.0.1");
        assert_eq!(newest["request_id"], changed.header("x-request-id"));
        assert_eq!(newest["object"], json!({ "kind": "client", "id": id, "name": "told" }));
    })
    .await;
}

#[tokio::test]
async fn l08_a_table_never_calculates() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin
            .post(
                "/clients",
                json!({ "client_name": "=HYPERLINK(\"http://evil\")", "type": "service" }),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/clients/{}/audit-events", made.text("client_id"));
        let table = admin.call(Method::GET, &path, &CSV, None).await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(table.header("content-disposition").starts_with("attachment"));
        let lines: Vec<_> = table.body.lines().collect();
        assert!(lines[0].starts_with("User Name,Action,Timestamp,"), "{}", lines[0]);
        assert!(
            lines[1]
                .starts_with("mandate-admin,audit.exported,2027-01-15T08:00:00Z,mandate-admin,"),
            "{}",
            lines[1]
        );
        assert!(
            lines[2]
                .starts_with("mandate-admin,client.created,2027-01-15T08:00:00Z,mandate-admin,"),
            "{}",
            lines[2]
        );
        assert!(lines[2].contains("\"'=HYPERLINK(\"\"http://evil\"\")\""), "{}", lines[2]);
        assert_eq!(lines.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_table_holds_all_that_the_filter_shows() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = admin.create_client("busy").await.text("client_id");
        let other = admin.create_client("other").await.text("client_id");
        let mut work = server.instance.begin().await.unwrap();
        for _ in 0..520 {
            let object = Object::new("client", id.as_str(), "busy");
            audit::record(&mut work, &server.operator(), "client.updated", &object, &[])
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
        let path = format!("/audit-events?object_kind=client&object_id={id}");
        let table = admin.call(Method::GET, &path, &CSV, None).await.body;
        // The head, 520 changes, the creation, and the entry of this very export.
        assert_eq!(table.lines().count(), 523);
        assert!(!table.contains(&other));
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("{path}&limit=200&cursor={cursor}")).await;
            seen.extend(ids(&page, "id"));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 522);
        let numbers: Vec<i64> = seen.iter().map(|id| id.parse().unwrap()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    })
    .await;
}

#[tokio::test]
async fn refuses_filters_that_are_none() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        for (query, field) in [
            ("cursor=x", "cursor"),
            ("cursor=-1", "cursor"),
            ("limit=500", "limit"),
            ("object_id=x", "object_kind"),
            ("outcome=maybe", "outcome"),
            ("from=yesterday", "from"),
            ("to=2027-01-15", "to"),
            ("zebra=x", "zebra"),
        ] {
            assert_eq!(
                fields(&admin.get(&format!("/audit-events?{query}")).await),
                [field],
                "{query}"
            );
        }
        let neither =
            admin.call(Method::GET, "/audit-events", &[("accept", "text/html")], None).await;
        assert_eq!(neither.status, 406);
    })
    .await;
}

#[tokio::test]
async fn l08_each_filter_shows_exactly_what_fits_it() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        admin.create_client("first").await;
        let person =
            json!({ "email": "grace@example.com", "display_name": "Grace", "password": PASSWORD });
        let grace = admin.post("/users", person).await.text("id");
        server.clock.step(3600);
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let wrong = [("email", "grace@example.com"), ("password", "not her password at all")];
        browser.submit(&page, "/login", &wrong).await;
        server.clock.step(60);
        browser.sign_in("grace@example.com").await;
        let mut work = server.instance.begin().await.unwrap();
        let object = Object::new("client", "by-hand", "by hand");
        audit::record(&mut work, &server.operator(), "client.updated", &object, &[]).await.unwrap();
        work.commit().await.unwrap();
        let admin = Caller::admin(&server).await;
        let actions = async |query: &str| {
            ids(&admin.get(&format!("/audit-events?{query}")).await, "action").join(" ")
        };
        let of_grace = "user.signed_in";
        assert_eq!(actions(&format!("actor={grace}")).await, of_grace);
        assert_eq!(actions("actor=Grace%40Example.com").await, of_grace);
        assert_eq!(actions("actor=mandate-admin").await, "user.created client.created");
        assert_eq!(actions("client_id=mandate-admin").await, "user.created client.created");
        assert!(actions("actor=test%40host").await.starts_with("client.updated "));
        assert_eq!(actions("actor=nobody").await, "");
        assert_eq!(actions("outcome=refused").await, "user.sign_in_failed");
        assert_eq!(actions("action=client.updated").await, "client.updated");
        assert_eq!(
            actions("object_kind=user&outcome=success&from=2027-01-15T08:30:00Z").await,
            of_grace
        );
        assert_eq!(
            actions(&format!("object_kind=user&object_id={grace}")).await,
            "user.signed_in user.sign_in_failed user.created"
        );
        let hour = "from=2027-01-15T09:00:00Z&to=2027-01-15T09:01:00Z";
        assert_eq!(actions(hour).await, "user.sign_in_failed");
        let minute = "from=2027-01-15T09:01:00Z&object_kind=client";
        assert_eq!(actions(minute).await, "client.updated");
        let table = admin.call(Method::GET, &format!("/audit-events?{minute}"), &CSV, None).await;
        assert_eq!(table.body.lines().count(), 2, "{}", table.body);
        let told = admin.get("/audit-events?action=audit.exported").await.json();
        assert_eq!(
            told["items"][0]["changes"],
            json!([
                { "field": "object_kind", "before": null, "after": "client" },
                { "field": "from", "before": null, "after": 1_800_003_660 },
            ])
        );
    })
    .await;
}

/// What they did, what was done to them, and what they did to themselves, which is one entry.
#[tokio::test]
async fn l08_pages_by_or_about_a_person_hold_each_entry_once_in_its_order() {
    both(|server| async move {
        let operator = server.operator();
        let by = |user: &str| Call {
            actor: Actor { user: Some(UserId::new(user)), client: None, operator: None },
            ..operator.clone()
        };
        let (grace, other) = (by("usr_grace"), by("usr_other"));
        let object = |kind: &str, id: &str| Object::new(kind, id, "");
        let (hers, theirs) = (object("user", "usr_grace"), object("user", "usr_other"));
        let client = object("client", "usr_grace");
        let (mut work, mut wanted) = (server.instance.begin().await.unwrap(), 0);
        for n in 0..840 {
            // More of one side than a table reads at once, so that the sides do not keep step.
            let (call, object, is_wanted) = match n % 7 {
                0 => (&grace, &theirs, true),
                1..=3 => (&other, &hers, true),
                4 => (&grace, &hers, true),
                5 => (&other, &theirs, false),
                _ => (&operator, &client, false),
            };
            audit::record(&mut work, call, "user.updated", object, &[]).await.unwrap();
            wanted += usize::from(is_wanted);
        }
        work.commit().await.unwrap();
        let admin = Caller::admin(&server).await;
        for more in ["", "&from=2027-01-15T08:00:00Z&action=user.updated"] {
            let path = format!("/audit-events?person=usr_grace{more}");
            let table = admin.call(Method::GET, &path, &CSV, None).await.body;
            let last = table.lines().skip(1).filter_map(|line| line.rsplit(',').next());
            let written: Vec<String> = last.map(str::to_owned).collect();
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = admin.get(&format!("{path}&limit=37&cursor={cursor}")).await;
                seen.extend(ids(&page, "id"));
                match page.json()["next_cursor"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!((seen.len(), &seen), (wanted, &written), "the pages are the table");
            let numbers: Vec<i64> = seen.iter().map(|id| id.parse().unwrap()).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
        }
        let counted = admin.get("/audit-events/overview?person=usr_grace").await.json();
        assert_eq!(counted["total"], json!(wanted));
    })
    .await;
}

#[tokio::test]
async fn l08_a_long_table_is_sent_in_pieces_that_stay_small() {
    const ROWS: usize = 20_000;
    both(|server| async move {
        let mut work = server.instance.begin().await.unwrap();
        let object = Object::new("client", "long", "long");
        for _ in 0..ROWS {
            audit::record(&mut work, &server.operator(), "client.updated", &object, &[])
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
        let filter = Filter { action: Some("client.updated".into()), ..Filter::default() };
        let mut table = Table::taken(&server.instance, &server.operator(), filter).await.unwrap();
        let (mut lines, mut longest) = (0, 0);
        while let Some(piece) = table.next().await.unwrap() {
            longest = longest.max(piece.len());
            lines += piece.lines().count();
        }
        assert_eq!(lines, ROWS + 1);
        assert!(longest < 100_000, "{longest} bytes at once");
    })
    .await;
}

#[tokio::test]
async fn who_audits_one_team_reads_the_trail_of_its_clients_alone() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = admin.post("/teams", json!({ "organization": organization, "name": "Blue" })).await.text("id");
        let new = |name: &str, owner: Value| json!({
            "client_id": name, "client_name": name, "type": "service", "organization": organization, "owner_team": owner,
        });
        assert_eq!(admin.post("/clients", new("theirs", json!(team))).await.status, 201);
        assert_eq!(admin.post("/clients", new("foreign", Value::Null)).await.status, 201);
        let bound = (AUDITOR, Place::Team(team));
        let auditor = Caller::service(&server, "auditor", &["audit:read", "oauth_client:read"], bound).await;
        assert_eq!(ids(&auditor.get("/clients/theirs/audit-events").await, "action"), ["client.created"]);
        assert_eq!(auditor.get("/clients/foreign/audit-events").await.status, 404);
        assert_eq!(auditor.get("/clients/none/audit-events").await.status, 404);
        assert_eq!(auditor.get("/audit-events").await.status, 403);
    })
    .await;
}
