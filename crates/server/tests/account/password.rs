//! `/account/password`: rows K03 and K07.

use crate::cast::{SESSION, signed_in};
use crate::harness::{ADMIN_EMAIL, Answer, Browser, PASSWORD, both};

async fn change(browser: &mut Browser, old: &str, new: &str) -> Answer {
    let page = browser.get("/account/password").await;
    let fields = [("current_password", old), ("password", new)];
    browser.submit(&page, "/account/password", &fields).await
}

/// K03: length counts, composition does not.
#[tokio::test]
async fn k03_judges_a_new_password_by_its_length_and_by_what_everybody_tries() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        for (new, why) in [
            ("fourteen chars", "at least 15 characters"),
            ("passwordpassword", "tried first"),
            ("aaaaaaaaaaaaaaaaaaaa", "repetition"),
            ("ada@example.com", "your own name or address"),
            (&"x".repeat(129), "at most 128"),
        ] {
            let answer = change(&mut browser, PASSWORD, new).await;
            assert_eq!(answer.status.as_u16(), 422, "{new}");
            assert!(answer.body.contains(why), "{new}: {}", answer.body);
            assert!(answer.body.contains("href=\"#password\""));
        }
        let long = "sixty-four characters are a lot of characters to type in the end";
        assert_eq!(long.len(), 64);
        let mut old = PASSWORD.to_owned();
        for new in [long, "großes Meer, 静かな海, тихо", "neither digits nor signs"] {
            let answer = change(&mut browser, &old, new).await;
            assert!(answer.body.contains("Your password is changed"), "{new}: {}", answer.body);
            new.clone_into(&mut old);
        }
    })
    .await;
}

/// K07: the old password is asked, other sessions end, this one stays.
#[tokio::test]
async fn k07_asks_the_old_password_and_ends_every_other_session() {
    both(|server| async move {
        let app = server.web_app().await;
        let token = app.sign_in(&[]).await;
        let mut other = signed_in(&server, ADMIN_EMAIL).await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let session = browser.cookies[SESSION].clone();
        let new = "another long password of mine";

        let wrong = change(&mut browser, "not my old password", new).await;
        assert_eq!(wrong.status.as_u16(), 422);
        assert!(wrong.body.contains("This is not your password."));
        assert!(wrong.body.contains("href=\"#current_password\""), "{}", wrong.body);
        assert!(!wrong.body.contains(new), "a typed password comes back");
        assert!(other.get("/account").await.status.is_success());

        let done = change(&mut browser, PASSWORD, new).await;
        assert!(done.body.contains("Your password is changed"), "{}", done.body);
        assert_eq!(browser.cookies[SESSION], session);
        assert_eq!(other.get("/account").await.status.as_u16(), 303);
        assert!(!app.is_active(&token.text("access_token")).await);
        assert_eq!(app.refresh(&token.text("refresh_token")).await.verdict(), "400 invalid_grant");

        let page = other.get("/login").await;
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        assert!(
            other.submit(&page, "/login", &fields).await.body.contains("do not belong together")
        );
    })
    .await;
}

#[tokio::test]
async fn guessing_the_old_password_is_throttled_too() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let mut looked_at = 0;
        for n in 0..12 {
            let old = format!("guess number {n}");
            let answer = change(&mut browser, &old, "another long password of mine").await;
            assert_eq!(answer.status.as_u16(), 422);
            looked_at += usize::from(answer.body.contains("This is not your password."));
        }
        assert!((1..=6).contains(&looked_at), "{looked_at}");
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_not_signed_in_signs_in_first() {
    both(|server| async move {
        let mut browser = server.browser();
        let answer = browser.get("/account/password").await;
        assert_eq!(answer.location(), "/login?next=%2Faccount%2Fpassword");
        let page = browser.visit("/account/password").await;
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        let landed = browser.submit(&page, "/login", &fields).await;
        assert!(landed.body.contains("Change your password"), "{}", landed.body);
    })
    .await;
}
