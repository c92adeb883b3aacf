//! What every page of a person has around it: rows C12 and C13.

use crate::cast::{consent_page, signed_in};
use crate::harness::{ADMIN_EMAIL, Answer, PASSWORD, both};

fn is_walled(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    for (n, source) in answer.body.split("src=\"").enumerate().skip(1) {
        assert!(source.starts_with("/assets/"), "{what}: source {n} is foreign");
    }
    for loaded in answer.body.split("<link ").skip(1) {
        let href = loaded.split("href=\"").nth(1).unwrap();
        assert!(href.starts_with("/assets/"), "{what}: {href:.40}");
    }
    for inline in [" style=\"", " onclick=", "<style", "javascript:"] {
        assert!(!answer.body.contains(inline), "{what}: {inline}");
    }
}

#[tokio::test]
async fn c12_c13_no_page_is_framed_cached_or_loads_from_elsewhere() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut anon = server.browser();
        is_walled(&anon.get("/login").await, "login");
        is_walled(&anon.get("/signed-out").await, "signed out");
        is_walled(&anon.get("/setup?link=x").await, "setup");
        is_walled(&anon.get("/invitation?link=x").await, "invitation");
        is_walled(&anon.get("/login?request=x").await, "expired");
        is_walled(&anon.post("/login", &[]).await, "refused form");
        is_walled(&anon.sign_in("eve@example.com").await, "failed sign-in");
        is_walled(&consent_page(&mut anon, &app.authorize_path(&[]), ADMIN_EMAIL).await, "consent");
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        for path in ["/account", "/account/password", "/account/second-factor", "/logout"] {
            is_walled(&browser.get(path).await, path);
        }
        let page = browser.get("/account/second-factor").await;
        let fields = [("deed", "set-up"), ("password", PASSWORD)];
        let begun = browser.submit(&page, "/account/second-factor", &fields).await;
        is_walled(&begun, "the seed of a second factor");
        let redirect = server.browser().get("/account").await;
        assert_eq!(redirect.header("cache-control"), "no-store");
        assert_eq!(redirect.header("referrer-policy"), "no-referrer");
    })
    .await;
}

#[tokio::test]
async fn every_page_of_forms_works_without_script() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut anon = server.browser();
        let pages = [
            anon.get("/login").await,
            consent_page(&mut server.browser(), &app.authorize_path(&[]), ADMIN_EMAIL).await,
            signed_in(&server, ADMIN_EMAIL).await.get("/account/password").await,
            signed_in(&server, ADMIN_EMAIL).await.get("/logout").await,
        ];
        for page in pages {
            let form = page.body.split("<form").nth(1).unwrap();
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("method=\"post\"") && form.contains("type=\"submit\""));
            assert!(form.contains("name=\"form_token\""));
        }
    })
    .await;
}
