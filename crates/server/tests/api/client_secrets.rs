//! `/clients/{id}/secrets`.

use serde_json::{Value, json};

use crate::harness::{Answer, both};
use crate::talk::{Caller, fields};

async fn rotate(admin: &Caller, id: &str, more: Value) -> Answer {
    let mut body = json!({ "confirm_name": "rotated" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post(&format!("/clients/{id}/secrets"), body).await
}

async fn states(admin: &Caller, id: &str) -> Vec<String> {
    let page = admin.get(&format!("/clients/{id}/secrets")).await.json();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_previous_secret_lives_a_day_unless_told_otherwise() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("rotated").await;
        let (id, first) = (made.text("client_id"), made.text("client_secret"));
        let second = rotate(&admin, &id, json!({ "label": "deploy" })).await;
        assert_eq!(
            (second.status.as_u16(), second.text("label")),
            (201, "deploy".into()),
            "{}",
            second.body
        );
        assert_eq!(
            admin
                .get(second.location().strip_prefix("https://mandate.test/api/v1").unwrap())
                .await
                .text("id"),
            second.text("id")
        );
        let previous = admin.get(&format!("/clients/{id}/secrets")).await.json();
        let ends =
            previous["items"].as_array().unwrap().iter().find(|s| s["label"] != "deploy").unwrap();
        assert_eq!(ends["expires_at"], "2027-01-16T08:00:00Z");
        for secret in [&first, &second.text("client_secret")] {
            assert_eq!(server.client(&id, Some(secret)).own_token().await.verdict(), "200");
        }
        server.clock.step(86_400);
        assert_eq!(server.client(&id, Some(&first)).own_token().await.status, 401);
        assert_eq!(
            server.client(&id, Some(&second.text("client_secret"))).own_token().await.verdict(),
            "200"
        );
    })
    .await;
}

#[tokio::test]
async fn null_keeps_the_others_and_zero_ends_them_now() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.create_client("rotated").await;
        let id = made.text("client_id");
        assert_eq!(rotate(&admin, &id, json!({ "retire_previous_after": null })).await.status, 201);
        assert_eq!(states(&admin, &id).await, ["alive", "alive"]);
        let tried = admin
            .post(
                &format!("/clients/{id}/secrets?dry_run=true"),
                json!({ "confirm_name": "rotated", "retire_previous_after": 0 }),
            )
            .await;
        assert_eq!(tried.status, 200);
        assert!(!tried.body.contains("client_secret"), "{}", tried.body);
        assert_eq!(states(&admin, &id).await, ["alive", "alive"]);
        let token = server
            .client(&id, Some(&made.text("client_secret")))
            .own_token()
            .await
            .text("access_token");
        assert_eq!(
            rotate(&admin, &id, json!({ "retire_previous_after": 0, "revoke_tokens": true }))
                .await
                .status,
            201
        );
        assert_eq!(states(&admin, &id).await.iter().filter(|state| *state == "alive").count(), 1);
        assert_eq!(
            server.client(&id, Some(&made.text("client_secret"))).own_token().await.status,
            401
        );
        assert_eq!(Caller::new(&server, &token).get("/me").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_name_that_is_not_typed_exactly_and_other_wrong_fields() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = admin.create_client("rotated").await.text("client_id");
        let path = format!("/clients/{id}/secrets");
        assert_eq!(fields(&admin.post(&path, json!({})).await), ["confirm_name"]);
        assert_eq!(
            fields(&admin.post(&path, json!({ "confirm_name": "Rotated" })).await),
            ["confirm_name"]
        );
        for (body, field) in [
            (json!({ "expires_at": "tomorrow" }), "expires_at"),
            (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
            (json!({ "retire_previous_after": -1 }), "retire_previous_after"),
            (json!({ "retire_previous_after": "1 d" }), "retire_previous_after"),
            (json!({ "label": 7 }), "label"),
            (json!({ "secret": "mine" }), "secret"),
        ] {
            assert_eq!(fields(&rotate(&admin, &id, body.clone()).await), [field], "{body}");
        }
        assert_eq!(states(&admin, &id).await, ["alive"]);
    })
    .await;
}

#[tokio::test]
async fn the_last_living_secret_stays_and_an_eleventh_is_refused() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let id = admin.create_client("rotated").await.text("client_id");
        let only =
            admin.get(&format!("/clients/{id}/secrets")).await.json()["items"][0]["id"].clone();
        let only = format!("/clients/{id}/secrets/{}", only.as_str().unwrap());
        assert_eq!(admin.delete(&only).await.status, 409);
        for _ in 0..9 {
            assert_eq!(
                rotate(&admin, &id, json!({ "retire_previous_after": null })).await.status,
                201
            );
        }
        assert_eq!(rotate(&admin, &id, json!({ "retire_previous_after": null })).await.status, 409);
        assert_eq!(admin.delete(&only).await.status, 204);
        assert_eq!(admin.get(&only).await.text("state"), "retired");
        assert_eq!(admin.delete(&format!("/clients/{id}/secrets/sec_none")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        server.native_app().await;
        let body = json!({ "confirm_name": "Native App" });
        assert_eq!(admin.post("/clients/native-app/secrets", body).await.status, 409);
        assert_eq!(admin.get("/clients/native-app/secrets").await.json()["items"], json!([]));
    })
    .await;
}
