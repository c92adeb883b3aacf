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
        assert!(page.body.contains("needs the permission scope:manage"));
        for path in [LIST, "/console/scopes:delete"] {
            let new = [("name", "a:b"), ("description", "x"), ("scope", "a:b")];
            assert_eq!(send(&mut auditor, &page, path, &new).await.status, 403, "{path}");
        }
    })
    .await;
}
