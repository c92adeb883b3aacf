//! The person a client acts for (REL-8): what becomes of them is told at the client, with because of
//! whom; and a client acts for a person or for itself, never both.

use domain::UserId;
use domain::access::{AUDITOR, Authority, CLIENT_MANAGER, PLATFORM_ADMINISTRATOR};
use domain::teams::{self, Leaving};
use serde_json::{Value, json};

use crate::harness::{Answer, both};
use crate::talk::{Caller, fields};

async fn person(admin: &Caller, name: &str) -> String {
    let new = json!({
        "email": format!("{name}@example.com"), "display_name": name, "password": "a long enough password of theirs",
    });
    let made = admin.post("/users", new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

/// A service that acts for this person.
async fn acting_for(admin: &Caller, person: &str) -> Answer {
    let draft = json!({
        "client_id": "nightly", "client_name": "Nightly", "type": "service", "scopes": ["user:read"],
        "grant_types": ["client_credentials"], "context_user": person,
    });
    let made = admin.post("/clients", draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made
}

async fn bind(admin: &Caller, subject: &str, role: &str, place: Value) -> String {
    let new = json!({ "subject": subject, "role": role, "place": place });
    let made = admin.post("/bindings", new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

/// What an answer warns of: which, and since when.
#[track_caller]
fn warned(answer: &Answer) -> Vec<(String, Value)> {
    let client = answer.json();
    let warnings = client["warnings"].as_array().expect("one client tells its warnings");
    let of = |it: &Value| (it["code"].as_str().unwrap().to_owned(), it["since"].clone());
    warnings.iter().map(of).collect()
}

async fn codes(admin: &Caller) -> Vec<String> {
    let shown = admin.get("/clients/nightly").await;
    warned(&shown).into_iter().map(|(code, _)| code).collect()
}

/// What the trail of the client tells of its person: because of whom, and the changes.
async fn told(admin: &Caller) -> Vec<Value> {
    let action = "client.context_user_changed";
    let path = format!("/clients/nightly/audit-events?action={action}");
    let trail = admin.get(&path).await.json();
    let events = trail["items"].as_array().unwrap().iter();
    events.map(|event| event["changes"].clone()).collect()
}

#[tokio::test]
async fn rel8_a_client_warns_of_a_person_who_may_not_act_and_says_since_when() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let robo = person(&admin, "robo").await;
        assert_eq!(warned(&acting_for(&admin, &robo).await), []);
        let at = format!("/users/{robo}");
        for (status, want) in [
            ("disabled", &["context_user_disabled"][..]),
            ("active", &[]),
            ("locked", &["context_user_locked"]),
            ("active", &[]),
        ] {
            server.clock.step(60);
            admin.patch(&at, json!({ "status": status })).await;
            assert_eq!(codes(&admin).await, want, "{status}");
        }
        server.clock.step(60);
        admin.patch(&at, json!({ "status": "disabled" })).await;
        let shown = admin.get("/clients/nightly").await;
        let since = json!("2027-01-15T08:05:00Z");
        assert_eq!(warned(&shown), [("context_user_disabled".to_owned(), since)]);
        assert!(shown.body.contains("so it gets no tokens"), "{}", shown.body);
        let goes_on = json!({ "continue_without_context_user": true });
        let changed = admin.patch("/clients/nightly", goes_on).await;
        assert!(changed.body.contains("goes on without them"), "{}", changed.body);
        let told = told(&admin).await;
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(
            told[0],
            json!([
                { "field": "because_of", "before": null, "after": robo },
                { "field": "status", "before": "active", "after": "disabled" },
            ])
        );
        let listed = admin.get("/clients").await.json();
        assert!(listed["items"][0].get("warnings").is_none(), "a list does not ask for each");
    })
    .await;
}

#[tokio::test]
async fn rel8_a_client_warns_of_a_lost_role_until_it_is_held_again_or_another_person_is_chosen() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (robo, rita) = (person(&admin, "robo").await, person(&admin, "rita").await);
        let everywhere = json!({ "instance": true });
        let before = bind(&admin, &robo, CLIENT_MANAGER, everywhere.clone()).await;
        admin.delete(&format!("/bindings/{before}")).await;
        acting_for(&admin, &robo).await;
        assert_eq!(codes(&admin).await, [""; 0], "what was lost before is no loss of the client");

        let bound = bind(&admin, &robo, AUDITOR, everywhere.clone()).await;
        assert_eq!(codes(&admin).await, [""; 0]);
        server.clock.step(60);
        admin.delete(&format!("/bindings/{bound}")).await;
        let shown = admin.get("/clients/nightly").await;
        let lost = ("context_user_lost_role".to_owned(), json!("2027-01-15T08:01:00Z"));
        assert_eq!(warned(&shown), [lost]);
        assert!(shown.body.contains("lost the role Auditor"), "{}", shown.body);
        assert_eq!(
            told(&admin).await[0],
            json!([
                { "field": "because_of", "before": null, "after": robo },
                { "field": "role", "before": AUDITOR, "after": null },
                { "field": "place", "before": { "instance": true }, "after": null },
            ])
        );
        let again = bind(&admin, &robo, AUDITOR, everywhere.clone()).await;
        assert_eq!(codes(&admin).await, [""; 0], "held again");
        admin.delete(&format!("/bindings/{again}")).await;
        bind(&admin, &robo, PLATFORM_ADMINISTRATOR, everywhere).await;
        assert_eq!(
            codes(&admin).await,
            ["context_user_administrator", "context_user_lost_role"],
            "what they are now first"
        );
        let other = admin.patch("/clients/nightly", json!({ "context_user": rita })).await;
        assert_eq!(warned(&other), []);
        let back = admin.patch("/clients/nightly", json!({ "context_user": robo })).await;
        let administrator = ("context_user_administrator".to_owned(), Value::Null);
        assert_eq!(
            warned(&back),
            [administrator],
            "what was lost before they were chosen is not told"
        );
    })
    .await;
}

#[tokio::test]
async fn rel8_a_role_is_lost_with_its_place_and_with_the_membership_too() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let robo = person(&admin, "robo").await;
        acting_for(&admin, &robo).await;
        let may = || Authority::operator("test@host").may().unwrap();
        let call = server.operator();
        for way in ["member", "team", "organization"] {
            let acme = admin.post("/organizations", json!({ "name": way })).await.text("id");
            let new = json!({ "organization": acme, "name": "Blue" });
            let blue = admin.post("/teams", new).await.text("id");
            let place = if way == "organization" {
                json!({ "organization": acme })
            } else {
                json!({ "team": blue })
            };
            bind(&admin, &robo, AUDITOR, place.clone()).await;
            let count = told(&admin).await.len();
            let mut work = server.instance.begin().await.unwrap();
            match way {
                "member" => {
                    let robo = UserId::new(&*robo);
                    teams::remove_member(&mut work, &call, &may(), &blue, &robo).await.unwrap();
                }
                "team" => {
                    let with = Leaving::WithMembers;
                    teams::delete_team(&mut work, &call, &may(), &blue, with).await.unwrap();
                }
                _ => {
                    let refused = Leaving::Refused;
                    teams::delete_team(&mut work, &call, &may(), &blue, refused).await.unwrap();
                    teams::delete_organization(&mut work, &call, &may(), &acme).await.unwrap();
                }
            }
            work.commit().await.unwrap();
            let told = told(&admin).await;
            assert_eq!(told.len(), count + 1, "{way}");
            assert_eq!(told[0][2]["before"], place, "{way}");
        }
        assert_eq!(codes(&admin).await.len(), 3, "each place is a loss of its own");
    })
    .await;
}

/// REL-8, RLT-51: from either side.
#[tokio::test]
async fn rel8_rlt51_a_client_acts_for_a_person_or_under_roles_of_its_own_never_both() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let robo = person(&admin, "robo").await;
        acting_for(&admin, &robo).await;
        let own = json!({ "subject": "nightly", "role": AUDITOR, "place": { "instance": true } });
        let refused = admin.post("/bindings", own.clone()).await;
        assert_eq!((refused.status.as_u16(), fields(&refused)), (400, vec!["subject".to_owned()]));

        let freed = admin.patch("/clients/nightly", json!({ "context_user": null })).await;
        assert_eq!(freed.status, 200, "{}", freed.body);
        let bound = admin.post("/bindings", own).await;
        assert_eq!(bound.status, 201, "{}", bound.body);
        let refused = admin.patch("/clients/nightly", json!({ "context_user": robo })).await;
        assert_eq!(fields(&refused), ["context_user"]);
        assert!(refused.body.contains("never both"), "{}", refused.body);
        assert_eq!(admin.get("/clients/nightly").await.json()["context_user"], Value::Null);

        admin.delete(&format!("/bindings/{}", bound.text("id"))).await;
        let chosen = admin.patch("/clients/nightly", json!({ "context_user": robo })).await;
        assert_eq!(chosen.json()["context_user"], robo, "{}", chosen.body);
    })
    .await;
}

/// However many clients act for a person, each of them tells what became of that person.
#[tokio::test]
async fn rel8_each_of_six_hundred_clients_tells_what_became_of_its_person() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let robo = person(&admin, "robo").await;
        for n in 0..600 {
            let draft = json!({
                "client_id": format!("nightly-{n}"), "client_name": format!("Nightly {n}"), "type": "service",
                "scopes": ["user:read"], "grant_types": ["client_credentials"], "context_user": robo,
            });
            let made = admin.post("/clients", draft).await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
        admin.patch(&format!("/users/{robo}"), json!({ "status": "disabled" })).await;
        let mut told = std::collections::BTreeSet::new();
        let mut path = "/audit-events?action=client.context_user_changed&limit=200".to_owned();
        loop {
            let page = admin.get(&path).await.json();
            for event in page["items"].as_array().unwrap() {
                assert_eq!(event["changes"][0]["after"], json!(robo), "{event}");
                assert!(told.insert(event["object"]["id"].as_str().unwrap().to_owned()), "told once");
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/audit-events?action=client.context_user_changed&limit=200&cursor={cursor}");
        }
        assert_eq!(told.len(), 600);
        let last = admin.get("/clients/nightly-599").await;
        assert_eq!(warned(&last)[0].0, "context_user_disabled");
        assert_ne!(warned(&last)[0].1, Value::Null, "since when");
    })
    .await;
}
