//! The ceiling behind the forms: a team's manager posts what the API would refuse too.

use domain::access::{CLIENT_MANAGER, Place};
use serde_json::json;

use crate::cast::{MANAGER, copied, person, places, send};
use crate::harness::both;

#[tokio::test]
async fn a_form_takes_over_no_client_that_may_do_more_than_who_sends_it() {
    both(|server| async move {
        let (organization, harbour, quay) = places(&server).await;
        let draft = |id: &str, scope: &str| {
            json!({
                "client_id": id, "client_name": id, "type": "service", "scopes": [scope],
                "organization": organization, "owner_team": harbour,
            })
        };
        let wide = server.register(draft("wide", "user:read")).await;
        let elsewhere = server.register(draft("elsewhere", "oauth_client:read")).await;
        let mut work = server.instance.begin().await.unwrap();
        let (now, place) = (server.clock.now(), Place::Team(quay));
        domain::access::bind(&mut work, now, "elsewhere", CLIENT_MANAGER, &place).await.unwrap();
        work.commit().await.unwrap();
        let role = Some((CLIENT_MANAGER, Place::Team(harbour.clone())));
        let mut browser = person(&server, MANAGER, role).await;
        for client in [&wide, &elsewhere] {
            let id = &client.id;
            let page = browser.get(&format!("/console/clients/{id}/credentials")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let changes =
                [("confirm_name", id.as_str()), ("label", "mine"), ("retire_previous_after", "0")];
            let path = format!("/console/clients/{id}/rotate");
            let answer = send(&mut browser, &page, &path, &changes).await;
            assert!(answer.status.as_u16() >= 400, "{}", answer.body);
            assert_eq!(copied(&answer, "the client secret"), None);
            assert_eq!(client.own_token().await.verdict(), "200", "its secret still works");
        }
    })
    .await;
}
