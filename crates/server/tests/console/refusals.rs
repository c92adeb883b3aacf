//! What was refused: the exact reason behind an error number, for those who may read it.

use domain::access::{CLIENT_MANAGER, Place};

use crate::cast::{MANAGER, admin, auditor, person};
use crate::harness::both;

#[tokio::test]
async fn marks_the_characters_that_differ_and_tells_the_caller_nothing() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = server.browser();
        let path = app.authorize_path(&[("redirect_uri", "https://app.example/Cb")]);
        let page = browser.get(&path).await;
        assert_eq!(page.status, 400);
        assert!(!page.body.contains("https://app.example/cb"), "what is registered is not told");
        let (_, rest) = page.body.split_once("err_").unwrap();
        let id: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
        let path = format!("/console/errors/err_{id}");
        let mut auditor = auditor(&server).await;
        // Before and after it was written.
        for _ in 0..2 {
            let told = auditor.get(&path).await;
            assert_eq!(told.status, 200, "{path}");
            assert!(told.body.contains("https://app.example/<mark>c</mark>b"), "{}", told.body);
            assert!(told.body.contains("https://app.example/<mark>C</mark>b"));
            assert!(told.body.contains("Web App") && told.body.contains("127.0.0.1"));
            server.sweep().await;
        }
        let list = auditor.get("/console/errors").await;
        assert!(list.body.contains(&format!("err_{id}")));
        let found = auditor.get(&format!("/console/errors?q=err_{id}")).await;
        assert_eq!(found.location(), path);
        let by_client = auditor.get("/console/errors?q=web-app").await;
        assert!(by_client.body.contains(&format!("err_{id}")));
        let activity = auditor.get("/console/clients/web-app/activity").await;
        assert!(activity.body.contains(&path), "{}", activity.body);
    })
    .await;
}

#[tokio::test]
async fn a_hostile_value_is_shown_as_text() {
    both(|server| async move {
        let app = server.web_app().await;
        let hostile = "https://app.example/<script>alert(1)</script>\u{202e}";
        server.browser().get(&app.authorize_path(&[("redirect_uri", hostile)])).await;
        server.sweep().await;
        let mut browser = admin(&server).await;
        let list = browser.get("/console/errors").await;
        let (_, rest) = list.body.split_once("href=\"/console/errors/").unwrap();
        let page =
            browser.get(&format!("/console/errors/{}", rest.split('"').next().unwrap())).await;
        for page in [list, page] {
            assert!(!page.body.contains("<script>alert") && !page.body.contains('\u{202e}'));
        }
    })
    .await;
}

#[tokio::test]
async fn is_not_there_for_who_may_not_read_it() {
    both(|server| async move {
        let mut manager = person(&server, MANAGER, Some((CLIENT_MANAGER, Place::Instance))).await;
        for path in ["/console/errors", "/console/errors/err_x"] {
            let answer = manager.get(path).await;
            assert_eq!(answer.status, 403);
            assert!(answer.body.contains("audit:read"));
        }
        let mut browser = admin(&server).await;
        assert_eq!(browser.get("/console/errors/err_unknown").await.status, 404);
        let empty = browser.get("/console/errors?q=err_unknown").await;
        assert!(empty.body.contains("Nothing matches"));
    })
    .await;
}
