//! The list of clients: what narrows it, how it goes on, and several clients at once.

use std::sync::Arc;

use serde_json::json;

use crate::cast::{admin, auditor, complaints, places, send};
use crate::harness::{Answer, Browser, Server, both, one};

const LIST: &str = "/console/clients";

/// The names on a page, in order.
fn names(page: &Answer) -> Vec<String> {
    let rows = page.body.split("class=\"row-link\"").skip(1);
    rows.map(|row| {
        let (_, row) = row.split_once("<bdi>").unwrap();
        row.split('<').next().unwrap().to_owned()
    })
    .collect()
}

async fn seen(browser: &mut Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("{LIST}?{query}")).await;
    assert_eq!(page.status, 200, "{query}");
    names(&page)
}

async fn fleet(server: &Arc<Server>) {
    let (home, harbour, _) = places(server).await;
    for draft in [
        json!({"client_id": "notes", "client_name": "Notes", "redirect_uris": ["https://notes.example/cb"],
               "organization": home, "team_restrictions": {"teams": [harbour]}}),
        json!({"client_id": "agent", "client_name": "Agent", "confidential": false,
               "redirect_uris": ["http://127.0.0.1/cb"]}),
        json!({"client_id": "export", "client_name": "Export", "type": "service", "access": "full",
               "scopes": ["oauth_client:read"]}),
    ] {
        server.register(draft).await;
    }
    server.pause("agent").await;
}

#[tokio::test]
async fn filters_live_in_the_address() {
    both(|server| async move {
        fleet(&server).await;
        let mut browser = admin(&server).await;
        for (query, want) in [
            ("q=NOTES", vec!["Notes"]),
            ("q=export", vec!["Export"]),
            ("q=https://notes.example/cb", vec!["Notes"]),
            ("q=nothing-like-it", vec![]),
            ("type=service&access=full&q=Export", vec!["Export"]),
            ("status=disabled", vec!["Agent"]),
            ("team=some", vec!["Notes"]),
            ("scope=oauth_client:read&q=Export", vec!["Export"]),
            ("grant=client_credentials&q=Export", vec!["Export"]),
            ("use=unused", vec![]),
            ("secret=expiring", vec![]),
            ("risk=high&q=Export", vec![]),
            ("risk=medium&q=Export", vec!["Export"]),
            // What it does not understand it ignores.
            ("type=nonsense&status=&sort=sideways&cursor=bad&q=Notes", vec!["Notes"]),
        ] {
            assert_eq!(seen(&mut browser, query).await, want, "{query}");
        }
        let all = seen(&mut browser, "").await;
        assert_eq!(all.len(), 8, "three of ours and the five of the server");
        let newest = seen(&mut browser, "sort=newest").await;
        assert_ne!(all, newest);
        let page = browser.get(&format!("{LIST}?q=Notes&sort=risk")).await;
        assert!(page.body.contains("<option value=\"risk\" selected>"));
        assert!(page.body.contains("value=\"Notes\""), "the field keeps what was typed");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_leads_through_all_of_them_once() {
    let server = Arc::new(one().await);
    for number in 0..60 {
        let (id, name) = (format!("app-{number:02}"), format!("App {number:02}"));
        let redirect = ["https://a.example/cb"];
        server
            .register(json!({"client_id": id, "client_name": name, "redirect_uris": redirect}))
            .await;
    }
    let mut browser = admin(&server).await;
    let first = browser.get(&format!("{LIST}?q=App+&sort=")).await;
    let found = names(&first);
    assert_eq!(found.len(), 50);
    let (before, _) = first.body.split_once("\">Next").unwrap();
    let next = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&");
    assert!(next.contains("q=App"), "the filter goes along: {next}");
    let second = browser.get(&format!("{LIST}{next}")).await;
    let rest = names(&second);
    assert!(rest.len() >= 10 && rest.iter().all(|name| !found.contains(name)));
    assert!(second.body.contains("Back to the start"));
}

#[tokio::test]
async fn deletes_several_after_a_word_was_typed_and_all_or_none() {
    both(|server| async move {
        fleet(&server).await;
        let mut browser = admin(&server).await;
        let list = browser.get(LIST).await;
        let token = list.field("form_token").unwrap();
        let picked =
            [("form_token", token.as_str()), ("client_ids", "notes"), ("client_ids", "export")];
        let path = "/console/clients:delete";
        let question = browser.post(path, &picked).await;
        assert_eq!(question.status, 200);
        assert!(question.body.contains("Delete 2 clients?"), "{}", question.body);
        let wrong = send(&mut browser, &question, path, &[("confirm", "yes")]).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(complaints(&wrong), ["confirm: Type delete to confirm."]);
        // One of them goes away meanwhile: nothing is deleted.
        let mut other = admin(&server).await;
        let danger = other.get(&format!("{LIST}/export/danger")).await;
        let gone = send(
            &mut other,
            &danger,
            &format!("{LIST}/export/delete"),
            &[("confirm_name", "Export")],
        )
        .await;
        assert_eq!(gone.location(), "/console/clients?done=deleted");
        let refused = send(&mut browser, &question, path, &[("confirm", "delete")]).await;
        assert_eq!(refused.status, 409);
        assert_eq!(
            complaints(&refused),
            ["client_ids: Some of these clients are gone already. Nothing was deleted. (export)"]
        );
        assert_eq!(seen(&mut browser, "q=notes").await, ["Notes"]);
        // System clients refuse all of them, even if a form is forged.
        let forged = [
            ("form_token", token.as_str()),
            ("client_ids", "notes"),
            ("client_ids", "mandate-cli"),
            ("asked", "true"),
            ("confirm", "delete"),
        ];
        let refused = browser.post(path, &forged).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        let one = [
            ("form_token", token.as_str()),
            ("client_ids", "notes"),
            ("asked", "true"),
            ("confirm", "delete"),
        ];
        let deleted = browser.post(path, &one).await;
        assert_eq!(
            (deleted.status.as_u16(), deleted.location()),
            (303, "/console/clients?done=deleted-all")
        );
        assert!(seen(&mut browser, "q=notes").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn disables_several_at_once_and_their_tokens_die() {
    both(|server| async move {
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let mut browser = admin(&server).await;
        let list = browser.get(LIST).await;
        let form_token = list.field("form_token").unwrap();
        let path = "/console/clients:disable";
        let missing = [
            ("form_token", form_token.as_str()),
            ("client_ids", "service"),
            ("client_ids", "nobody"),
        ];
        assert_eq!(browser.post(path, &missing).await.status, 409);
        assert!(server.admin_client().is_active(&token).await, "all or none");
        let picked = [("form_token", form_token.as_str()), ("client_ids", "service")];
        let answer = browser.post(path, &picked).await;
        assert_eq!(answer.location(), "/console/clients?done=disabled-all");
        assert!(!server.admin_client().is_active(&token).await);
        assert!(browser.get(answer.location()).await.body.contains("Disabled, all of them."));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_is_shown_no_boxes_to_tick() {
    let server = Arc::new(one().await);
    fleet(&server).await;
    let mut auditor = auditor(&server).await;
    let list = auditor.get(LIST).await;
    assert!(names(&list).contains(&"Notes".to_owned()));
    assert!(!list.body.contains("name=\"client_ids\""));
    let token = list.field("form_token").unwrap();
    for path in ["/console/clients:delete", "/console/clients:disable"] {
        let picked = [("form_token", token.as_str()), ("client_ids", "notes")];
        let answer = auditor.post(path, &picked).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("oauth_client:"), "it names the permission");
    }
}

#[tokio::test]
async fn a_search_takes_whatever_somebody_has_in_hand() {
    let server = Arc::new(one().await);
    fleet(&server).await;
    let mut browser = admin(&server).await;
    for (q, want) in [
        ("export", "/console/clients/export"),
        ("notes.example", "/console/clients?q=notes.example"),
        ("err_123", "/console/errors?q=err_123"),
        ("nobody@example.com", "/console/users?q=nobody%40example.com"),
        ("<script>", "/console/clients?q=%3Cscript%3E"),
        ("//evil.example", "/console/clients?q=%2F%2Fevil.example"),
    ] {
        let encoded = crate::harness::encode(&[("q", q)]);
        let answer = browser.get(&format!("/console/search?{encoded}")).await;
        assert_eq!(answer.location(), want, "{q}");
    }
}

#[tokio::test]
async fn columns_are_those_that_the_address_names() {
    let server = Arc::new(one().await);
    fleet(&server).await;
    let mut browser = admin(&server).await;
    let usual = browser.get(LIST).await;
    assert!(usual.body.contains("class=\"client-table hide-owner\""));
    let named = browser.get(&format!("{LIST}?columns=client&columns=owner&columns=used")).await;
    for column in ["type", "access", "scopes", "tokens", "secrets", "status"] {
        assert!(named.body.contains(&format!(" hide-{column}")), "{column}");
    }
    assert!(!named.body.contains("hide-owner") && !named.body.contains("hide-used"));
}

#[tokio::test]
async fn the_menu_of_a_row_names_the_right_that_is_missing() {
    let server = Arc::new(one().await);
    fleet(&server).await;
    let page = auditor(&server).await.get(&format!("{LIST}?q=Export")).await;
    for right in ["oauth_client:update", "oauth_client:rotate", "oauth_client:delete"] {
        assert!(page.body.contains(&format!("Needs the permission {right}")), "{right}");
    }
    assert!(!page.body.contains("action=\"/console/clients/export/disable\""));
    let page = admin(&server).await.get(&format!("{LIST}?q=mandate-cli")).await;
    assert!(page.body.contains("This server relies on it: it cannot be deleted."));
    assert!(page.body.contains("It is public and has no secret."));
}
