//! `/users/{id}/second-factor`, and what policies, settings, people and sessions tell of second factors
//! (THE-36).

use domain::access::{PLATFORM_ADMINISTRATOR, Place, SECURITY_ADMINISTRATOR};
use serde_json::json;

use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, PASSWORD, both};
use crate::talk::{Caller, fields, ids};

#[tokio::test]
async fn an_administrator_sees_whether_there_is_one_and_resets_it() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let ada = admin.get("/users?second_factor=false").await;
        assert_eq!(ids(&ada, "email"), [ADMIN_EMAIL]);
        let id = ada.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/users/{id}/second-factor");
        assert_eq!(admin.get(&path).await.status, 404);
        let none = admin.delete(&path).await;
        assert_eq!(none.status, 409);
        assert!(none.body.contains("They have no second factor."), "{}", none.body);

        let phone = Phone::of_the_administrator(&server).await;
        assert_eq!(ids(&admin.get("/users?second_factor=true").await, "email"), [ADMIN_EMAIL]);
        assert_eq!(ids(&admin.get("/users?second_factor=false").await, "id"), Vec::<String>::new());
        assert_eq!(admin.get(&format!("/users/{id}")).await.json()["second_factor"], true);
        let held = admin.get(&path).await.json();
        assert_eq!((&held["kind"], &held["recovery_codes"]), (&json!("totp"), &json!(10)));
        assert_eq!(held.as_object().unwrap().len(), 4, "never the seed: {held}");

        let mut browser = server.browser();
        let page = browser.sign_in(ADMIN_EMAIL).await;
        browser.submit(&page, "/login/second-factor", &[("code", &phone.code(&server))]).await;
        let sessions = admin.get("/sessions").await.json();
        assert_eq!(sessions["items"][0]["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(sessions["items"][1]["amr"], json!(["pwd"]), "the one that set it up");

        let tried = admin.delete(&format!("{path}?dry_run=true")).await;
        assert_eq!(tried.status, 200, "{}", tried.body);
        assert_eq!(admin.get(&path).await.status, 200);
        let reader = Caller::read_only_admin(&server).await;
        assert_eq!(reader.get(&path).await.status, 200);
        assert_eq!(reader.delete(&path).await.status, 403);
        assert_eq!(admin.delete(&path).await.status, 204);
        assert_eq!(admin.get(&path).await.status, 404);
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        assert_eq!(browser.get("/account").await.status, 200, "the password alone");

        for (action, outcome) in
            [("user.second_factor_added", "success"), ("user.second_factor_reset", "success")]
        {
            let told = admin.get(&format!("/audit-events?action={action}")).await.json();
            assert_eq!(told["items"][0]["outcome"], outcome, "{action}: {told}");
            assert_eq!(told["items"][0]["object"]["name"], ADMIN_EMAIL);
            let category = "/audit-events?category=authentication&limit=200";
            let all = admin.get(category).await.body;
            assert!(all.contains(action), "{action} is about authentication");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_resets_the_second_factor_of_somebody_who_may_do_more() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        Phone::of_the_administrator(&server).await;
        let ada = ids(&admin.get("/users").await, "id").remove(0);
        let role = (SECURITY_ADMINISTRATOR, Place::Instance);
        let helper = Caller::service(&server, "helper", &["user:update"], role).await;
        let refused = helper.delete(&format!("/users/{ada}/second-factor")).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert!(refused.body.contains("may do more than you"), "{}", refused.body);
    })
    .await;
}

#[tokio::test]
async fn the_36_policies_and_settings_carry_profile_and_second_factor() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let usual = admin.get("/sign-in-policies/default").await.json();
        assert_eq!(usual["second_factor"], "optional");
        assert_eq!(usual["sign_on_profile"], "local");
        let on = admin.patch("/settings", json!({ "second_factor_required": true })).await;
        assert_eq!(on.json()["second_factor_required"], true, "{}", on.body);
        let usual = admin.get("/sign-in-policies/default").await.json();
        assert_eq!(usual["second_factor"], "required");

        let draft = json!({
            "name": "Administrators", "priority": 900, "access": "allow",
            "roles": [PLATFORM_ADMINISTRATOR], "second_factor": "required",
            "sign_on_profile": "local",
        });
        let made = admin.post("/sign-in-policies", draft.clone()).await;
        assert_eq!((made.status.as_u16(), made.text("second_factor")), (201, "required".into()));
        let path = format!("/sign-in-policies/{}", made.text("id"));
        let softer = admin.patch(&path, json!({ "second_factor": "optional" })).await;
        assert_eq!(softer.text("second_factor"), "optional", "{}", softer.body);
        let told = admin.get("/audit-events?action=sign_in_policy.updated").await.json();
        assert_eq!(
            told["items"][0]["changes"],
            json!([{ "field": "second_factor", "before": "required", "after": "optional" }])
        );
        for (patch, field) in [
            (json!({ "second_factor": "maybe" }), "second_factor"),
            (json!({ "sign_on_profile": "active_directory" }), "sign_on_profile"),
            (json!({ "access": "deny", "second_factor": "required" }), "second_factor"),
        ] {
            let refused = admin.patch(&path, patch.clone()).await;
            assert!(fields(&refused).contains(&field.to_owned()), "{patch}: {}", refused.body);
        }
        // What the policy of somebody says counts, not the default.
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        assert_eq!(browser.get("/account").await.status, 200);
        let other = json!({ "email": "o@example.com", "display_name": "O", "password": PASSWORD });
        admin.post("/users", other).await;
        let page = server.browser().sign_in("o@example.com").await;
        assert!(page.body.contains("Set up a second factor"), "{}", page.body);
    })
    .await;
}
