//! `/logout` and `/signed-out`: row K06, and what an application may ask for (K08).

use crate::cast::{BEN, SESSION, disable, person, signed_in};
use crate::harness::{ADMIN_EMAIL, Browser, PASSWORD, both};

/// A browser that still has this session's cookie.
fn replay(of: &Browser, session: &str) -> Browser {
    let mut browser = of.server.browser();
    browser.cookies.insert(SESSION.into(), session.into());
    browser
}

#[tokio::test]
async fn k06_a_cookie_is_worth_nothing_after_signing_out() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let session = browser.cookies[SESSION].clone();
        let question = browser.get("/logout").await;
        assert!(question.body.contains("Sign out?") && question.body.contains(ADMIN_EMAIL));
        assert!(browser.get("/account").await.status.is_success(), "asking ends nothing");
        let end = browser.submit(&question, "/logout", &[]).await;
        assert!(end.body.contains("You are signed out"), "{}", end.body);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
        let answer = replay(&browser, &session).get("/account").await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/login?next=%2Faccount"));
    })
    .await;
}

#[tokio::test]
async fn k06_a_cookie_is_worth_nothing_once_its_person_is_disabled() {
    both(|server| async move {
        let user = person(&server, BEN, "Ben").await;
        let mut browser = signed_in(&server, BEN).await;
        disable(&server, &user).await;
        assert_eq!(browser.get("/account").await.location(), "/login?next=%2Faccount");
        let refused = browser.sign_in(BEN).await;
        assert!(refused.body.contains("do not belong together"));
    })
    .await;
}

#[tokio::test]
async fn ends_by_itself_when_idle_and_when_old() {
    both(|server| async move {
        let mut idle = signed_in(&server, ADMIN_EMAIL).await;
        server.clock.step(2 * 3600 + 1);
        assert_eq!(idle.get("/account").await.status.as_u16(), 303);

        let mut busy = signed_in(&server, ADMIN_EMAIL).await;
        for hour in 1..=12 {
            server.clock.step(3600);
            let alive = busy.get("/account").await.status.is_success();
            assert_eq!(alive, hour < 12, "after {hour} hours of use");
            domain::sessions::flush(&server.instance).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_to_sign_out_by_a_form_of_another_site() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        assert_eq!(browser.post("/logout", &[]).await.status.as_u16(), 403);
        assert!(browser.get("/account").await.status.is_success());
    })
    .await;
}

#[tokio::test]
async fn signing_out_twice_ends_on_the_same_page() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let question = browser.get("/logout").await;
        let mut second = browser.clone();
        browser.submit(&question, "/logout", &[]).await;
        let answer = second.submit(&question, "/logout", &[]).await;
        assert!(answer.body.contains("You are signed out"), "{} {}", answer.status, answer.body);
        assert_eq!(server.browser().get("/logout").await.location(), "/signed-out");
    })
    .await;
}

/// A link to `/logout` on a page of somebody else must not disturb a sign-in under way.
#[tokio::test]
async fn signing_out_nobody_disturbs_nothing() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = server.browser();
        let page = browser.visit(&app.authorize_path(&[])).await;
        assert_eq!(browser.get("/logout").await.location(), "/signed-out");
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        let next = browser.submit(&page, "/login", &fields).await;
        assert!(next.body.contains("name=\"decision\""), "{}", next.body);
    })
    .await;
}

#[tokio::test]
async fn the_signed_out_page_never_lies() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        assert_eq!(browser.get("/signed-out").await.location(), "/account");
    })
    .await;
}

/// K08: a made-up or borrowed question leads nowhere.
#[tokio::test]
async fn k08_follows_no_return_address_that_is_not_sealed_for_this_browser() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        for path in [
            "/logout?request=made-up",
            "/logout?return_to=https://evil.example",
            "/logout?post_logout_redirect_uri=https://evil.example",
        ] {
            let question = browser.get(path).await;
            assert!(question.status.is_success());
            assert!(!question.body.contains("evil.example"), "{path}");
            assert_eq!(question.field("request"), None, "{path}");
        }
        let question = browser.get("/logout").await;
        let token = question.field("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("request", "made-up"),
            ("return_to", "https://evil.example"),
        ];
        assert_eq!(browser.post("/logout", &fields).await.location(), "/signed-out");
    })
    .await;
}

#[tokio::test]
async fn asks_for_the_application_and_returns_to_it() {
    both(|server| async move {
        let back = "https://app.example/bye";
        let more = serde_json::json!({ "post_logout_redirect_uris": [back] });
        let app = crate::cast::deputy(&server, more).await;
        let hint = app.sign_in(&[]).await.text("id_token");

        // The hint names Ada; Ben sits in front of this browser, so he is asked.
        person(&server, BEN, "Ben").await;
        let mut browser = signed_in(&server, BEN).await;
        let query = crate::harness::encode(&[
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", back),
            ("state", "s"),
        ]);
        let question = browser.visit(&format!("/oauth2/logout?{query}")).await;
        assert!(question.body.contains("Harbour Notes") && question.body.contains("Ben"));
        let token = question.field("form_token").unwrap();
        let request = question.field("request").unwrap();
        let fields = [("form_token", token.as_str()), ("request", &request)];
        let answer = browser.post("/logout", &fields).await;
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, "https://app.example/bye?state=s")
        );
        assert!(!browser.cookies.contains_key(SESSION));
    })
    .await;
}
