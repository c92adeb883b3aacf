//! `/audit-events/overview`: THE-38, how much happened, by outcome, category and action.

use domain::access::{AUDITOR, Place};
use domain::audit::{self, Object};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, PASSWORD, both};
use crate::talk::{Caller, fields, ids};

const GRACE: &str = "grace@example.com";

/// The counts under a name: total, success, refused.
fn counts(body: &Value, list: &str, key: &str, name: &str) -> (i64, i64, i64) {
    let found = body[list].as_array().unwrap().iter().find(|row| row[key] == name);
    let row = found.unwrap_or_else(|| panic!("{name} in {body}"));
    let number = |field: &str| row[field].as_i64().unwrap();
    (number("total"), number("success"), number("refused"))
}

#[tokio::test]
async fn the_38_counts_total_successful_refused_and_the_rate_by_category_and_action() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let person = json!({ "email": GRACE, "display_name": "Grace", "password": PASSWORD });
        let grace = admin.post("/users", person).await.text("id");
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let wrong = [("email", GRACE), ("password", "not her password at all")];
        for _ in 0..3 {
            browser.submit(&page, "/login", &wrong).await;
        }
        server.clock.step(60);
        browser.sign_in(GRACE).await;
        let admin = Caller::admin(&server).await;
        let all = admin.get("/audit-events/overview").await;
        assert_eq!(all.status, 200, "{}", all.body);
        let all = all.json();
        // Three failures within a minute are one entry, and count as three.
        assert_eq!(counts(&all, "actions", "action", "user.sign_in_failed"), (3, 0, 3));
        assert_eq!(counts(&all, "actions", "action", "user.created"), (2, 2, 0));
        // Her sign-in, and the secret of the client that asks.
        assert_eq!(counts(&all, "categories", "category", "authentication"), (5, 2, 3));
        assert_eq!(counts(&all, "categories", "category", "notifications"), (0, 0, 0));
        let names: Vec<&str> = all["categories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["category"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["access", "authentication", "identity", "notifications", "system"]);
        let sum = |list: &str| -> i64 {
            all[list].as_array().unwrap().iter().map(|row| row["total"].as_i64().unwrap()).sum()
        };
        let total = all["total"].as_i64().unwrap();
        assert_eq!((sum("categories"), sum("actions")), (total, total), "everything once");
        assert_eq!(all["success"].as_i64().unwrap() + 3, total);
        assert_eq!(all["refused"], 3);
        assert_eq!(all["success_per_mille"].as_i64().unwrap(), (total - 3) * 1000 / total);
        let totals: Vec<i64> = all["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["total"].as_i64().unwrap())
            .collect();
        assert!(totals.windows(2).all(|pair| pair[0] >= pair[1]), "the most frequent first");
        // By or about a person, whatever they are called by.
        for typed in [grace.as_str(), "Grace%40Example.com"] {
            let hers = admin.get(&format!("/audit-events/overview?person={typed}")).await.json();
            let of = (&hers["total"], &hers["success"], &hers["refused"]);
            assert_eq!(of, (&json!(5), &json!(2), &json!(3)), "{typed}: {hers}");
            let entries = admin.get(&format!("/audit-events?person={typed}")).await;
            assert_eq!(
                ids(&entries, "action").join(" "),
                "user.signed_in user.sign_in_failed user.created"
            );
        }
        let nobody = admin.get("/audit-events/overview?person=nobody").await.json();
        assert_eq!((&nobody["total"], &nobody["success_per_mille"]), (&json!(0), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn the_38_counts_a_week_unless_told_and_90_days_at_most() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        server.clock.step(60);
        admin.create_client("old").await;
        server.clock.step(6 * 86_400);
        let admin = Caller::admin(&server).await;
        let week = admin.get("/audit-events/overview").await.json();
        // With the five that every server begins with.
        assert_eq!(counts(&week, "actions", "action", "client.created"), (6, 6, 0));
        assert_eq!(week["to"], "2027-01-21T08:01:01Z");
        assert_eq!(week["from"], "2027-01-14T08:01:01Z");
        server.clock.step(2 * 86_400);
        let admin = Caller::admin(&server).await;
        let week = admin.get("/audit-events/overview").await.json();
        assert!(
            week["actions"].as_array().unwrap().iter().all(|row| row["action"] != "client.created")
        );
        let asked = "from=2027-01-15T08:01:00Z&to=2027-01-15T08:01:01Z";
        let second = admin.get(&format!("/audit-events/overview?{asked}")).await.json();
        assert_eq!(counts(&second, "categories", "category", "access"), (1, 1, 0));
        let entries = admin.get(&format!("/audit-events?category=access&{asked}")).await;
        assert_eq!(ids(&entries, "action"), ["client.created"]);
        for (query, field) in [
            ("from=2026-10-01T00:00:00Z", "from"),
            ("from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:00Z", "from"),
            ("from=yesterday", "from"),
            ("zebra=x", "zebra"),
        ] {
            let answer = admin.get(&format!("/audit-events/overview?{query}")).await;
            assert_eq!(fields(&answer), [field], "{query}");
        }
        assert_eq!(fields(&admin.get("/audit-events?category=weather").await), ["category"]);
    })
    .await;
}

#[tokio::test]
async fn the_38_each_category_shows_exactly_its_entries_and_a_strange_event_is_of_the_system() {
    both(|server| async move {
        let mut work = server.instance.begin().await.unwrap();
        let call = server.operator();
        for action in [
            "role.updated",
            "session.ended",
            "team.created",
            "user.invited",
            "settings.updated",
            "rocket.launched",
        ] {
            audit::record(&mut work, &call, action, &Object::new("thing", "1", "one"), &[])
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
        let admin = Caller::admin(&server).await;
        for (category, actions) in [
            ("access", "role.updated"),
            ("authentication", "session.ended"),
            ("identity", "team.created"),
            ("notifications", "user.invited"),
            ("system", "rocket.launched settings.updated"),
        ] {
            let path = format!("/audit-events?object_kind=thing&category={category}");
            assert_eq!(ids(&admin.get(&path).await, "action").join(" "), actions);
        }
    })
    .await;
}

#[tokio::test]
async fn the_38_refuses_whoever_may_not_read_the_whole_trail() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let home = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let bound = (AUDITOR, Place::Organization(home));
        let narrow = Caller::service(&server, "narrow", &["audit:read"], bound).await;
        assert_eq!(narrow.get("/audit-events/overview").await.status, 403);
        let bound = (AUDITOR, Place::Instance);
        let wide = Caller::service(&server, "wide", &["audit:read"], bound).await;
        let path = format!("/audit-events/overview?person={ADMIN_EMAIL}");
        assert_eq!(wide.get(&path).await.status, 200);
    })
    .await;
}
