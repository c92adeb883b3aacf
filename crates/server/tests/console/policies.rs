//! `/console/sign-in-policies`: THE-36 in the hands of an administrator.

use domain::access::{CLIENT_MANAGER, Place};

use crate::cast::{MANAGER, STRANGER, admin, auditor, complaints, person, places, send, user_id};
use crate::harness::both;

const LIST: &str = "/console/sign-in-policies";

/// The page of the policy of this name, as the list links it.
fn page_of(list: &str, name: &str) -> String {
    let (before, _) = list.split_once(&format!("<bdi>{name}</bdi></a>")).unwrap();
    let (_, href) = before.rsplit_once("href=\"").unwrap();
    href.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_36_a_policy_is_written_changed_and_deleted_and_stands_on_the_page_of_whom_it_is_for() {
    both(|server| async move {
        let (.., harbour, _) = places(&server).await;
        person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let list = browser.get(LIST).await;
        assert_eq!(list.status, 200);
        assert!(list.body.contains("Everybody else"), "the default is there");
        assert!(list.body.contains("12 hours, or 2 hours unused"), "{}", list.body);
        let form = browser.get(&format!("{LIST}/new")).await;
        let typed = [
            ("name", "Ashore"),
            ("priority", "five"),
            ("session_lifetime", "soon"),
            ("users", "sten@example.com"),
        ];
        let wrong = send(&mut browser, &form, LIST, &typed).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(complaints(&wrong).len(), 1, "{:?}", complaints(&wrong));
        assert!(wrong.body.contains("value=\"soon\""), "what was typed stays");
        let wrong = send(&mut browser, &wrong, LIST, &[("session_lifetime", "1 m")]).await;
        let said = complaints(&wrong).join("\n");
        assert!(said.contains("priority: A whole number from 1 to 1000"), "{said}");
        assert!(said.contains("session_lifetime: It can be from 5 minutes to 365 days."), "{said}");
        let right = [("priority", "5"), ("session_lifetime", "4 h"), ("teams", harbour.as_str())];
        let added = send(&mut browser, &wrong, LIST, &right).await;
        assert!(added.location().starts_with(LIST), "{}", added.body);
        let list = browser.visit(added.location()).await;
        assert!(list.body.contains("1 person, 1 team"), "{}", list.body);
        let page = page_of(&list.body, "Ashore");
        let sten = user_id(&server, STRANGER).await;
        let theirs = browser.get(&format!("/console/users/{sten}")).await;
        assert!(theirs.body.contains("Their sessions end after 4 hours."), "{}", theirs.body);
        assert!(theirs.body.contains(&page));
        let form = browser.get(&page).await;
        assert!(form.body.contains("sten@example.com") && form.body.contains("4 hours"));
        assert!(form.body.contains("/console/sessions/browsers"), "where sessions are ended");
        let codes = send(&mut browser, &form, &page, &[("second_factor", "required")]).await;
        assert_eq!(codes.status, 303, "{}", codes.body);
        let theirs = browser.get(&format!("/console/users/{sten}")).await;
        assert!(theirs.body.contains("They need a second factor."), "{}", theirs.body);
        assert!(browser.get(LIST).await.body.contains("Required"));
        let form = browser.get(&page).await;
        let both = send(&mut browser, &form, &page, &[("access", "deny")]).await;
        let said = complaints(&both).join("\n");
        assert!(said.contains("second_factor: Whoever is denied is asked for nothing"), "{said}");
        let deny = [("access", "deny"), ("session_lifetime", ""), ("second_factor", "optional")];
        let saved = send(&mut browser, &form, &page, &deny).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let theirs = browser.get(&format!("/console/users/{sten}")).await;
        assert!(theirs.body.contains("They may not sign in."));
        let late = send(&mut browser, &form, &page, &[("name", "Late")]).await;
        assert_eq!(late.status, 409);
        assert!(complaints(&late)[0].contains("Somebody else changed this"), "{}", late.body);
        let form = browser.get(&page).await;
        let delete = format!("{page}/delete");
        let kept = send(&mut browser, &form, &delete, &[("confirm_name", "ashore")]).await;
        assert_eq!(kept.status, 422);
        let gone = send(&mut browser, &form, &delete, &[("confirm_name", "Ashore")]).await;
        assert_eq!(gone.status, 303, "{}", gone.body);
        assert!(!browser.get(LIST).await.body.contains("Ashore"));
        let trail = browser.get("/console/audit?kind=sign_in_policy").await;
        for told in
            ["Added a sign-in policy", "Changed a sign-in policy", "Deleted a sign-in policy"]
        {
            assert!(trail.body.contains(told), "{told}");
        }
        assert!(trail.body.contains("Harbour") && trail.body.contains("Person sten@example.com"));
    })
    .await;
}

#[tokio::test]
async fn the_36_who_may_only_read_sees_what_it_says_and_others_see_nothing() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let form = browser.get(&format!("{LIST}/new")).await;
        let typed = [("name", "Ashore"), ("priority", "5"), ("access", "deny")];
        send(&mut browser, &form, LIST, &typed).await;
        let page = page_of(&browser.get(LIST).await.body, "Ashore");
        let mut reader = auditor(&server).await;
        let shown = reader.get(&page).await;
        assert_eq!(shown.status, 200);
        assert!(shown.body.contains("May not sign in") && !shown.body.contains("Save policy"));
        assert!(reader.get(LIST).await.body.contains("Only somebody who may do everything"));
        let refused = send(&mut reader, &form, LIST, &typed).await;
        assert_eq!(refused.status, 403);
        let mut narrow = person(&server, MANAGER, Some((CLIENT_MANAGER, Place::Instance))).await;
        for path in [LIST, page.as_str()] {
            assert_eq!(narrow.get(path).await.status, 403, "{path}");
        }
        assert!(
            !narrow.get("/console/clients").await.body.contains(LIST),
            "no way that leads nowhere"
        );
    })
    .await;
}

#[tokio::test]
async fn the_36_refuses_to_name_an_administrator_in_a_denial() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let form = browser.get(&format!("{LIST}/new")).await;
        let typed =
            [("name", "All"), ("priority", "5"), ("access", "deny"), ("users", "ada@example.com")];
        let refused = send(&mut browser, &form, LIST, &typed).await;
        assert_eq!(refused.status, 422);
        let said = complaints(&refused).join("\n");
        assert!(said.starts_with("users: ada@example.com is a platform administrator"), "{said}");
        assert_eq!(browser.get(&format!("{LIST}/default")).await.location(), "/console/settings");
    })
    .await;
}
