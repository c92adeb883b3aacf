//! Taking back what was just done: the same rules decide, and nothing that came after is overwritten.

use std::sync::Arc;

use crate::cast::{admin, auditor, complaints, send};
use crate::harness::{Answer, both, one};

const LIST: &str = "/console/clients";
const SETTINGS: &str = "/console/clients/service/settings";
const UNDO: &str = "/console/clients/service/undo";

/// Where the Undo of a page is sent, if there is one.
fn undo(page: &Answer) -> Option<String> {
    let (before, _) = page.body.split_once(">Undo</button>")?;
    let (_, form) = before.rsplit_once("action=\"")?;
    Some(form.split('"').next()?.to_owned())
}

#[tokio::test]
async fn a_pause_from_the_list_comes_back_to_the_same_view_and_can_be_taken_back() {
    both(|server| async move {
        let service = server.service().await;
        let mut browser = admin(&server).await;
        let page = browser.get(&format!("{LIST}?q=Service&sort=risk")).await;
        let token = page.field("form_token").unwrap();
        let path = "/console/clients/service/disable";
        let fields =
            [("form_token", token.as_str()), ("from", "list"), ("list", "q=Service&sort=risk")];
        let paused = browser.post(path, &fields).await;
        let back = "/console/clients?q=Service&sort=risk&done=disabled&about=service&from=list";
        assert_eq!(paused.location(), back);
        assert_eq!(service.own_token().await.verdict(), "401 invalid_client");
        let list = browser.get(back).await;
        assert_eq!(undo(&list).as_deref(), Some("/console/clients/service/enable"));
        assert!(list.body.contains("name=\"list\" value=\"q=Service&#38;sort=risk\""));
        let resumed = browser.post("/console/clients/service/enable", &fields).await;
        assert!(resumed.location().contains("done=enabled"));
        assert_eq!(service.own_token().await.status, 200);
        // The address alone offers nothing: the client is not as it says.
        assert_eq!(undo(&browser.get(back).await), None);
    })
    .await;
}

#[tokio::test]
async fn the_way_back_never_leaves_the_list() {
    let server = Arc::new(one().await);
    server.service().await;
    let mut browser = admin(&server).await;
    let token = browser.get(LIST).await.field("form_token").unwrap();
    for list in [
        "//evil.example",
        "https://evil.example/?x",
        "q=a&done=deleted&about=x",
        "\r\nSet-Cookie: a",
    ] {
        let fields = [("form_token", token.as_str()), ("from", "list"), ("list", list)];
        let paused = browser.post("/console/clients/service/disable", &fields).await;
        assert_eq!(paused.status, 303);
        let location = paused.location();
        assert!(location.starts_with("/console/clients?"), "{location}");
        assert_eq!(location.matches("done=").count(), 1, "{location}");
    }
}

#[tokio::test]
async fn a_change_of_settings_is_taken_back_by_the_values_before_it() {
    both(|server| async move {
        server.service().await;
        let mut browser = admin(&server).await;
        let page = browser.get(SETTINGS).await;
        let changes = [
            ("description", "For a while"),
            ("access_token_lifetime", "5 m"),
            ("contacts", "ops@example.com"),
        ];
        let saved = send(&mut browser, &page, SETTINGS, &changes).await;
        let told = browser.get(saved.location()).await;
        assert_eq!(undo(&told).as_deref(), Some(UNDO), "{:?}", complaints(&saved));
        let undone = send(&mut browser, &told, UNDO, &[]).await;
        assert_eq!(
            undone.location(),
            format!("{SETTINGS}?done=undone"),
            "{:?}",
            complaints(&undone)
        );
        let now = browser.get(undone.location()).await;
        assert!(now.body.contains("Undone. It is as it was before"));
        assert!(now.body.contains("value=\"1 hour\"") && !now.body.contains("For a while"));
        assert!(!now.body.contains("ops@example.com"));
        let trail = browser.get("/console/clients/service/audit").await;
        assert_eq!(
            trail.body.matches("Changed the settings").count(),
            2,
            "the Undo is recorded too"
        );
    })
    .await;
}

#[tokio::test]
async fn refuses_an_undo_after_another_change() {
    both(|server| async move {
        server.service().await;
        let mut browser = admin(&server).await;
        let page = browser.get(SETTINGS).await;
        let saved = send(&mut browser, &page, SETTINGS, &[("description", "Mine")]).await;
        let told = browser.get(saved.location()).await;
        let other = browser.get(SETTINGS).await;
        send(&mut browser, &other, SETTINGS, &[("contacts", "theirs@example.com")]).await;
        let late = send(&mut browser, &told, UNDO, &[]).await;
        assert_eq!(late.status, 409);
        assert_eq!(complaints(&late).len(), 1);
        assert!(complaints(&late)[0].contains("nothing was undone"));
        let now = browser.get(SETTINGS).await;
        assert!(now.body.contains("value=\"Mine\"") && now.body.contains("theirs@example.com"));
        assert_eq!(undo(&browser.get(saved.location()).await), None, "it is not offered any more");
        // A deed that is no change of settings is not undone by one either.
        let rotate = "/console/clients/service/revoke-tokens";
        send(&mut browser, &now, rotate, &[]).await;
        let version = browser.get(SETTINGS).await.field("version").unwrap();
        let again = send(&mut browser, &now, UNDO, &[("version", &version)]).await;
        assert_eq!(again.status, 409);
    })
    .await;
}

#[tokio::test]
async fn refuses_an_undo_of_who_may_not_change() {
    let server = Arc::new(one().await);
    server.service().await;
    let mut browser = admin(&server).await;
    let page = browser.get(SETTINGS).await;
    let saved = send(&mut browser, &page, SETTINGS, &[("description", "Mine")]).await;
    let mut auditor = auditor(&server).await;
    let seen = auditor.get(saved.location()).await;
    assert_eq!(undo(&seen), None);
    let version = seen.field("version").unwrap();
    let token = seen.field("form_token").unwrap();
    let fields = [("form_token", token.as_str()), ("version", version.as_str())];
    assert_eq!(auditor.post(UNDO, &fields).await.status, 403);
}
