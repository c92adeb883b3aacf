//! "Test it" and "View as curl": what the page knows, and that no secret is where it must not be.

use std::sync::Arc;

use serde_json::json;

use crate::cast::{admin, copied, send};
use crate::harness::one;

const LIST: &str = "/console/clients";

#[tokio::test]
async fn the_secret_stands_in_the_test_of_the_sheet_and_in_no_other() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let page = browser.get(&format!("{LIST}/new?kind=service")).await;
    let changes = [("client_name", "Tried"), ("scopes", "oauth_client:read")];
    let saved = send(&mut browser, &page, LIST, &changes).await;
    let secret = copied(&saved, "the client secret").unwrap();
    let id = copied(&saved, "the client ID").unwrap();
    assert!(saved.body.contains(&format!("data-secret=\"{secret}\"")));
    assert!(saved.body.contains("data-token=\"/oauth2/token\""));
    let overview = browser.get(&format!("{LIST}/{id}")).await;
    assert!(!overview.body.contains(&secret));
    assert!(overview.body.contains("<label for=\"test-secret\">Its secret</label>"));
    assert!(overview.body.contains("data-method=\"client_secret_basic\""));
}

#[tokio::test]
async fn a_public_client_is_tried_by_a_sign_in_and_asked_for_no_secret() {
    let server = Arc::new(one().await);
    server.native_app().await;
    let page = admin(&server).await.get(&format!("{LIST}/native-app")).await;
    assert!(page.body.contains("data-method=\"none\"") && page.body.contains("Try a sign-in"));
    assert!(!page.body.contains("id=\"test-secret\"") && !page.body.contains("Get a token"));
}

#[tokio::test]
async fn each_reason_of_a_risk_comes_with_what_helps() {
    let server = Arc::new(one().await);
    let draft =
        json!({"client_id": "risky", "client_name": "Risky", "type": "service", "access": "full"});
    server.register(draft).await;
    let page = admin(&server).await.get(&format!("{LIST}/risky")).await;
    for words in [
        "It has full access: its tokens may change and delete things.",
        "Make it read only, if it only looks.",
        "List the addresses it asks from.",
        "Name a responsible team or a contact.",
        "href=\"/console/clients/risky/settings\"",
        "40 of 100 points",
    ] {
        assert!(page.body.contains(words), "{words}");
    }
}

#[tokio::test]
async fn every_form_of_a_client_can_be_seen_as_a_call_without_a_secret() {
    let server = Arc::new(one().await);
    let service = server.service().await;
    let secret = service.secret.clone().unwrap();
    let mut browser = admin(&server).await;
    for (tab, calls) in [
        ("danger", vec!["-X PATCH", "/revoke-tokens", "-X DELETE", "confirm_name=Service"]),
        ("credentials", vec!["-X POST", "/clients/service/secrets", "retire_previous_after"]),
    ] {
        let page = browser.get(&format!("{LIST}/service/{tab}")).await;
        for call in calls {
            assert!(page.body.contains(call), "{tab}: {call}");
        }
        assert!(!page.body.contains(&secret));
    }
    let page = browser.get(&format!("{LIST}/new?kind=service")).await;
    let asked = [("client_name", "By curl"), ("scopes", "oauth_client:read"), ("curl", "true")];
    let shown = send(&mut browser, &page, LIST, &asked).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("curl -s -X POST") && shown.body.contains("Nothing was created"));
    assert!(shown.body.contains("&#34;client_name&#34;: &#34;By curl&#34;"));
    assert!(browser.get(&format!("{LIST}?q=By+curl")).await.body.contains("Nothing matches"));
}
