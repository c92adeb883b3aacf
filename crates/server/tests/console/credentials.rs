//! Secrets: rotated with a typed name, shown once, retired; and who still uses which.

use std::sync::Arc;

use crate::cast::{admin, auditor, complaints, copied, send};
use crate::harness::{both, one};

const PAGE: &str = "/console/clients/service/credentials";
const ROTATE: &str = "/console/clients/service/rotate";

#[tokio::test]
async fn a_rotation_needs_the_exact_name_and_shows_its_secret_once() {
    both(|server| async move {
        let old = server.service().await;
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        let wrong =
            send(&mut browser, &page, ROTATE, &[("confirm_name", "service"), ("label", "CI")])
                .await;
        assert_eq!(wrong.status, 422);
        assert_eq!(
            complaints(&wrong),
            ["confirm_name: Type the name of the client exactly as it is."]
        );
        assert!(wrong.body.contains("value=\"CI\""), "what was typed stays");
        let changes =
            [("confirm_name", "Service"), ("label", "CI"), ("retire_previous_after", "3600")];
        let saved = send(&mut browser, &page, ROTATE, &changes).await;
        assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
        assert_eq!(saved.header("cache-control"), "no-store");
        let secret = copied(&saved, "the client secret").unwrap();
        assert!(saved.body.contains("stop working in 1 hour"));
        let new = server.client("service", Some(&secret));
        assert_eq!(new.own_token().await.status, 200);
        assert_eq!(old.own_token().await.status, 200, "the old one still works");
        server.clock.step(3601);
        assert_eq!(old.own_token().await.verdict(), "401 invalid_client");
        assert_eq!(new.own_token().await.status, 200);
        // The same form again makes no second secret.
        let again = send(&mut browser, &page, ROTATE, &changes).await;
        assert_eq!(again.status, 422);
        assert!(complaints(&again)[0].starts_with("rotate: This form was sent before"));
        assert!(!again.body.contains(&secret));
        let page = browser.get(PAGE).await;
        assert_eq!(page.body.matches(">Works<").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn says_whether_the_old_secret_can_go() {
    both(|server| async move {
        let old = server.service().await;
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        assert!(!page.body.contains("Retire<"), "the last one cannot be retired");
        let changes =
            [("confirm_name", "Service"), ("label", "New"), ("retire_previous_after", "never")];
        server.clock.step(60);
        let saved = send(&mut browser, &page, ROTATE, &changes).await;
        let new = server.client("service", Some(&copied(&saved, "the client secret").unwrap()));
        server.clock.step(86_400);
        browser = admin(&server).await;
        old.own_token().await;
        new.own_token().await;
        server.sweep().await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("Not yet safe to retire"), "{}", page.body);
        assert!(page.body.contains("by 127.0.0.1"));
        let (before, _) = page.body.rsplit_once("/retire\"").unwrap();
        let path = before.rsplit_once("action=\"").unwrap().1;
        let retired = send(&mut browser, &page, &format!("{path}/retire"), &[]).await;
        assert_eq!(retired.location(), "/console/clients/service/credentials?done=secret-retired");
        assert_eq!(old.own_token().await.verdict(), "401 invalid_client");
        assert_eq!(new.own_token().await.status, 200);
        server.sweep().await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("127.0.0.1 still uses the secret that ended"), "{}", page.body);
        assert!(page.body.contains("Used after retirement"));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_sees_secrets_by_their_hint_and_rotates_none() {
    let server = Arc::new(one().await);
    server.service().await;
    let mut auditor = auditor(&server).await;
    let page = auditor.get(PAGE).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Needs the permission oauth_client:rotate"));
    assert!(
        page.body.contains("disabled aria-describedby=\"rotate-refused\">Rotate secret</button>")
    );
    assert!(!page.body.contains("action=\"/console/clients/service/rotate\""));
    let changes = [("confirm_name", "Service"), ("retire_previous_after", "0")];
    let posted = send(&mut auditor, &page, ROTATE, &changes).await;
    assert_eq!(posted.status, 403);
    assert!(posted.body.contains("oauth_client:rotate"));
}

#[tokio::test]
async fn a_public_client_is_told_why_it_has_none() {
    let server = Arc::new(one().await);
    server.native_app().await;
    let page = admin(&server).await.get("/console/clients/native-app/credentials").await;
    assert!(page.body.contains("No secret, on purpose"));
    assert!(!page.body.contains("/rotate\""));
}
