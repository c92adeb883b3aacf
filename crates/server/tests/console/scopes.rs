//! The catalogue of scopes: what is built in stays, what is used stays, the rest is one's own.

use serde_json::json;

use crate::cast::{admin, auditor, complaints, send};
use crate::harness::both;

const LIST: &str = "/console/scopes";

#[tokio::test]
async fn a_scope_of_ones_own_is_added_given_and_does_not_vanish_while_used() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let page = browser.get(LIST).await;
        assert!(page.body.contains("sync:profile:read"), "built in");
        for (name, words, want) in [
            ("", "See orders", "name: `resource:action` without"),
            ("orders", "See orders", "name: `resource:action` without"),
            ("openid", "x", "name: `resource:action` without"),
            ("as_user:read", "x", "name: This name is built in."),
            ("orders:read", "", "description: Say what it allows"),
        ] {
            let typed = [("name", name), ("description", words)];
            let refused = send(&mut browser, &page, LIST, &typed).await;
            assert_eq!(refused.status, 422, "{name}");
            assert!(complaints(&refused)[0].starts_with(want), "{:?}", complaints(&refused));
            assert!(refused.body.contains(&format!("value=\"{name}\"")), "what was typed stays");
        }
        let new = [("name", "orders:read"), ("description", "See <your> orders")];
        let added = send(&mut browser, &page, LIST, &new).await;
        assert_eq!(
            added.location(),
            "/console/scopes?done=scope-added",
            "{:?}",
            complaints(&added)
        );
        let again = send(&mut browser, &page, LIST, &new).await;
        assert_eq!(complaints(&again), ["name: There is a scope of this name already."]);
        server
            .register(json!({"client_id": "shop", "client_name": "Shop", "type": "service",
                "scopes": ["orders:read"]}))
            .await;
        let page = browser.get(&format!("{LIST}?q=orders")).await;
        assert!(
            page.body.contains("1 client</a>") && page.body.contains("See &#60;your&#62; orders")
        );
        assert!(page.body.contains("/console/clients?scope=orders%3Aread"));
        let delete = "/console/scopes:delete";
        let refused = send(&mut browser, &page, delete, &[("scope", "orders:read")]).await;
        assert_eq!(refused.status, 409);
        assert!(complaints(&refused)[0].contains("may ask for this scope"));
        let refused = send(&mut browser, &page, delete, &[("scope", "openid")]).await;
        assert_eq!(refused.status, 409);
        let danger = browser.get("/console/clients/shop/danger").await;
        let gone = [("confirm_name", "Shop")];
        send(&mut browser, &danger, "/console/clients/shop/delete", &gone).await;
        let deleted = send(&mut browser, &page, delete, &[("scope", "orders:read")]).await;
        assert_eq!(deleted.location(), "/console/scopes?done=scope-deleted");
        assert!(!browser.get(LIST).await.body.contains("<code>orders:read</code>"));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_reads_the_catalogue_and_adds_nothing() {
    both(|server| async move {
        let mut auditor = auditor(&server).await;
        let page = auditor.get(LIST).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Needs the permission scope:manage"));
        for path in [LIST, "/console/scopes:delete"] {
            let new = [("name", "a:b"), ("description", "x"), ("scope", "a:b")];
            assert_eq!(send(&mut auditor, &page, path, &new).await.status, 403, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_is_described_anew_and_one_in_use_keeps_its_kind() {
    const EDIT: &str = "/console/scopes/edit";
    both(|server| async move {
        let mut browser = admin(&server).await;
        let list = browser.get(LIST).await;
        let new = [("name", "tides:read"), ("description", "See the tides")];
        send(&mut browser, &list, LIST, &new).await;
        let at = format!("{EDIT}?name=tides%3Aread");
        assert!(browser.get(LIST).await.body.contains(&format!("href=\"{at}\"")));
        let page = browser.get(&at).await;
        assert_eq!(page.status, 200);
        let wrong = send(&mut browser, &page, EDIT, &[("description", "")]).await;
        assert_eq!(wrong.status, 422);
        assert!(complaints(&wrong)[0].starts_with("description: "), "{:?}", complaints(&wrong));
        let changes = [("description", "See every <tide>"), ("kind", "write")];
        let saved = send(&mut browser, &page, EDIT, &changes).await;
        assert_eq!(saved.location(), format!("{EDIT}?done=scope-saved&name=tides%3Aread"));
        let page = browser.get(saved.location()).await;
        assert!(page.body.contains("Saved. People read it at their next consent."));
        assert!(page.body.contains("value=\"See every &#60;tide&#62;\""));
        // Somebody else was quicker: nothing is overwritten.
        let late = send(&mut browser, &wrong, EDIT, &[("description", "Mine")]).await;
        assert_eq!(late.status, 409);
        assert!(complaints(&late)[0].contains("changed this scope meanwhile"));
        server
            .register(json!({"client_id": "pier", "client_name": "Pier", "type": "service",
                "access": "full", "scopes": ["tides:read"]}))
            .await;
        let page = browser.get(&at).await;
        assert!(
            page.body.contains("1 client</a> may ask for it")
                && page.body.contains("It is in use.")
        );
        assert!(!page.body.contains("action=\"/console/scopes:delete\""));
        let forged = send(&mut browser, &page, EDIT, &[("kind", "read")]).await;
        assert_eq!(forged.status, 409);
        let words = send(&mut browser, &page, EDIT, &[("description", "See the tides")]).await;
        assert!(words.location().contains("done=scope-saved"), "{:?}", complaints(&words));
    })
    .await;
}

#[tokio::test]
async fn what_is_built_in_and_what_an_auditor_sees_cannot_be_changed() {
    both(|server| async move {
        let page = admin(&server).await.get("/console/scopes/edit?name=openid").await;
        assert!(page.body.contains("Built in: it stays as it is."));
        let mut auditor = auditor(&server).await;
        let page = auditor.get("/console/scopes/edit?name=openid").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("action=\"/console/scopes/edit\""));
        let missing = auditor.get("/console/scopes/edit?name=no:such").await;
        assert_eq!(missing.status, 404);
    })
    .await;
}
