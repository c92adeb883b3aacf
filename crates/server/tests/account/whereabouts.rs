//! The place of a session, where a database knows it.

use std::sync::Arc;

use mandate::app::Outfit;

use crate::cast::{BEN, STRANGER, person, post_from, signed_in};
use crate::harness::{ADMIN_EMAIL, PASSWORD, both, servers, whereabouts};

#[tokio::test]
async fn a_session_shows_its_place_where_it_is_known() {
    for server in servers().await {
        let outfit = Outfit { whereabouts: Some(whereabouts()), ..Outfit::default() };
        let server = Arc::new(server.with(outfit));
        person(&server, BEN, "Ben").await;
        let mut ben = server.browser();
        let login = ben.get("/login").await;
        let token = login.field("form_token").unwrap();
        let fields = [("form_token", token.as_str()), ("email", BEN), ("password", PASSWORD)];
        assert_eq!(post_from(STRANGER, &ben, "/login", &fields).await.status, 303);
        let mut here = signed_in(&server, BEN).await;
        let account = here.get("/account").await.body;
        assert!(account.contains("Berlin, Germany · 127.0.0.1"), "{account}");
        assert!(account.contains("Place unknown · 203.0.113.9"), "{account}");

        let mut ada = signed_in(&server, ADMIN_EMAIL).await;
        let console = ada.get("/console/sessions/browsers").await.body;
        assert!(console.contains("<span>Berlin, Germany</span>"), "{console}");
        assert!(console.contains("<span>unknown</span>"), "{console}");
    }
}

#[tokio::test]
async fn without_a_database_every_place_is_unknown() {
    both(|server| async move {
        let mut ada = signed_in(&server, ADMIN_EMAIL).await;
        assert!(ada.get("/account").await.body.contains("Place unknown · 127.0.0.1"));
    })
    .await;
}
