//! The settings of the server: changed while it runs, honoured in the next request, never a secret.

use crate::cast::{STRANGER, admin, auditor, complaints, person, send};
use crate::harness::{ADMIN_SECRET, ISSUER, both, master_key};

const PAGE: &str = "/console/settings";

#[tokio::test]
async fn a_shorter_life_of_sessions_counts_in_the_next_request() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("Left empty: 12 hours."), "{}", page.body);
        for (field, typed, want) in [
            ("session_lifetime", "soon", "session_lifetime: "),
            ("session_lifetime", "1 s", "session_lifetime: It can be from 5 minutes to 365 days."),
            ("audit_retention_days", "many", "audit_retention_days: Write a whole number."),
            ("audit_retention_days", "0", "audit_retention_days: A whole number from 1"),
        ] {
            let refused = send(&mut browser, &page, PAGE, &[(field, typed)]).await;
            assert_eq!(refused.status, 422, "{typed}");
            assert!(complaints(&refused)[0].starts_with(want), "{:?}", complaints(&refused));
            assert!(refused.body.contains(&format!("value=\"{typed}\"")), "what was typed stays");
        }
        server.clock.step(600);
        assert_eq!(sten.get("/account").await.status, 200);
        let typed = [("session_lifetime", "5 m"), ("session_idle_lifetime", "30 m")];
        let saved = send(&mut browser, &page, PAGE, &typed).await;
        assert_eq!(saved.location(), format!("{PAGE}?done=settings-saved"));
        assert_eq!(sten.get("/account").await.status, 303, "signed in ten minutes ago");
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("value=\"5 minutes\"") || page.body.contains("value=\"5 m\""));
        let audit = browser.get("/console/audit?kind=settings").await;
        assert!(audit.body.contains("Changed the settings of the server"), "{}", audit.body);
        let on = send(&mut browser, &page, PAGE, &[("second_factor_required", "on")]).await;
        assert_eq!(on.location(), format!("{PAGE}?done=settings-saved"));
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("<option value=\"on\" selected>"), "{}", page.body);
        let wrong = send(&mut browser, &page, PAGE, &[("second_factor_required", "5")]).await;
        assert_eq!(complaints(&wrong), ["second_factor_required: Choose on or off."]);
        let typed = [
            ("session_lifetime", ""),
            ("session_idle_lifetime", ""),
            ("second_factor_required", ""),
        ];
        let saved = send(&mut browser, &page, PAGE, &typed).await;
        assert_eq!(saved.location(), format!("{PAGE}?done=settings-saved"), "empty: as configured");
        let late = send(&mut browser, &page, PAGE, &[("session_lifetime", "1 h")]).await;
        assert_eq!(late.status, 409, "somebody who read an older version");
        assert!(complaints(&late)[0].starts_with("settings: Somebody else changed this"));
    })
    .await;
}

#[tokio::test]
async fn the_configuration_is_shown_without_a_secret_and_an_auditor_changes_nothing() {
    both(|server| async move {
        let mut otto = auditor(&server).await;
        let page = otto.get(PAGE).await;
        assert_eq!(page.status, 200);
        for told in [ISSUER, "Legacy grants", "Trusted proxies", "Needs the permission settings:"] {
            assert!(page.body.contains(told), "{told}");
        }
        let engine = if server.engine == "sqlite" { "SQLite" } else { "PostgreSQL" };
        assert!(page.body.contains(engine));
        for secret in [ADMIN_SECRET, master_key().as_str(), "postgres://"] {
            assert!(!page.body.contains(secret));
        }
        assert_eq!(send(&mut otto, &page, PAGE, &[("session_lifetime", "1 h")]).await.status, 403);
    })
    .await;
}
