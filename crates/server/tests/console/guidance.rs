//! What the pages advise, and that nothing optional is asked for.

use crate::cast::{admin, complaints, copied, send};
use crate::harness::both;

const LIST: &str = "/console/clients";

/// THE-21: where a secret is shown, how it is kept; where an application cannot keep one, what it
/// uses instead.
#[tokio::test]
async fn the21_says_how_a_secret_is_kept_and_who_uses_pkce_instead() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let kinds = browser.get("/console/clients/new").await;
        let public = kinds.body.matches("Authorization code with PKCE, public").count();
        assert!(public >= 2, "applications of browsers and devices: {}", kinds.body);
        let page = browser.get("/console/clients/new?kind=service").await;
        let saved = send(&mut browser, &page, LIST, &[("client_name", "Nightly")]).await;
        assert!(copied(&saved, "the client secret").is_some(), "{:?}", complaints(&saved));
        let advice = "Treat it like a password: never in front-end code, a public repository";
        assert!(saved.body.contains(advice), "{}", saved.body);
        let page = browser.get("/console/clients/new?kind=app").await;
        let changes = [("client_name", "Tool"), ("redirect_uris", "http://127.0.0.1/cb")];
        let saved = send(&mut browser, &page, LIST, &changes).await;
        assert_eq!(copied(&saved, "the client secret"), None, "{:?}", complaints(&saved));
        assert!(!saved.body.contains(advice));
    })
    .await;
}

/// REL-30: the lifetime that is usual for the flow is named and offered, and not forced.
#[tokio::test]
async fn rel30_recommends_the_access_token_lifetime_of_the_flow() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        for (kind, advice) in [
            ("service", "1 hour is usual for services: a new token costs one request."),
            ("web", "1 hour is usual for web applications."),
        ] {
            let page = browser.get(&format!("/console/clients/new?kind={kind}")).await;
            assert!(page.body.contains(advice), "{kind}: {}", page.body);
            assert!(page.body.contains("Use 1 h</button>"), "{kind}");
        }
        let page = browser.get("/console/clients/new?kind=service").await;
        let longer = [("client_name", "Long"), ("access_token_lifetime", "7 h 40 m")];
        let saved = send(&mut browser, &page, LIST, &longer).await;
        assert!(copied(&saved, "the client secret").is_some(), "{:?}", complaints(&saved));
    })
    .await;
}

/// THE-11: a client without a description is as good as another, and what is written is shown.
#[tokio::test]
async fn the11_a_description_is_optional_and_shown_where_there_is_one() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        for (name, description) in [("Plain", ""), ("Told", "Counts the ships at night.")] {
            let page = browser.get("/console/clients/new?kind=service").await;
            let id = name.to_lowercase();
            let changes =
                [("client_id", id.as_str()), ("client_name", name), ("description", description)];
            let saved = send(&mut browser, &page, LIST, &changes).await;
            assert!(copied(&saved, "the client secret").is_some(), "{:?}", complaints(&saved));
            let shown = browser.get(&format!("{LIST}/{id}")).await;
            assert!(shown.body.contains(description), "{}", shown.body);
        }
        let page = browser.get("/console/clients/new?kind=service").await;
        let long = "x".repeat(5_000);
        let changes = [("client_name", "Long"), ("description", long.as_str())];
        let refused = send(&mut browser, &page, LIST, &changes).await;
        assert!(complaints(&refused).iter().any(|it| it.starts_with("description: ")));
    })
    .await;
}
