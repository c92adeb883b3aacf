//! Pausing and resuming, and the clients that are there from the first start.

use std::collections::BTreeSet;

use domain::{Refusal, clients};
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{audited, change, create, said, web};

#[tokio::test]
async fn pauses_for_good_what_was_issued_and_resumes_the_client() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        let id = made.id.as_str();
        let mut work = house.begin().await;
        let paused =
            clients::pause(&mut work, &house.call(), &house.may(), id, None).await.unwrap().after;
        assert_eq!((paused.enabled, paused.epoch), (false, made.epoch + 1));
        // Paused already: nothing more happens.
        let again = clients::pause(&mut work, &house.call(), &house.may(), id, None).await.unwrap();
        assert_eq!((again.changes.len(), again.after.epoch), (0, paused.epoch));
        let resumed =
            clients::resume(&mut work, &house.call(), &house.may(), id, None).await.unwrap().after;
        assert_eq!((resumed.enabled, resumed.epoch), (true, paused.epoch), "old tokens stay dead");
        clients::revoke_tokens(&mut work, &house.call(), &house.may(), id).await.unwrap();
        work.commit().await.unwrap();
        let want = ["client.created", "client.paused", "client.resumed", "client.tokens_revoked"];
        assert_eq!(audited(&house, id).await, want);
        let now = clients::find(&mut house.read(), id).await.unwrap().unwrap();
        assert_eq!(now.epoch, paused.epoch + 1);
    }
}

#[tokio::test]
async fn finds_the_risk_that_only_time_brings() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        house.clock.step(91 * 86_400);
        let (mut after, mut rounds) = (String::new(), 0);
        let (instance, now) = (&house.instance, house.clock.now());
        while let Some(next) = clients::review_risks(instance, now, &after, 2).await.unwrap() {
            (after, rounds) = (next, rounds + 1);
        }
        assert_eq!(rounds, 3, "six clients, two at a time");
        let shown = clients::show(&mut house.read(), &house.may(), made.id.as_str()).await.unwrap();
        assert!(shown.risk.reasons.contains(&clients::risk::Reason::Unused));
        assert!(shown.risk.score > made.risk.score);
        assert_eq!(shown.version, made.version, "{}", house.engine());
    }
}

#[tokio::test]
async fn lays_down_the_system_clients_once() {
    for house in instances().await {
        change(&house, "mandate-cli", json!({"description": "edited"})).await.unwrap();
        let mut work = house.begin().await;
        clients::ensure_defaults(&mut work, &house.call(), clients::ADMIN_CLIENT).await.unwrap();
        work.commit().await.unwrap();
        let page = clients::list(&mut house.read(), &house.may(), &clients::ListQuery::default())
            .await
            .unwrap();
        let ids: BTreeSet<_> = page.items.iter().map(|item| item.id.as_str()).collect();
        let want =
            ["mandate-admin", "mandate-cli", "mandate-desktop", "mandate-mobile", "mandate-sync"];
        assert_eq!(ids, BTreeSet::from(want));
        assert!(page.items.iter().all(|item| item.is_system && item.secrets == 0));
        for id in want {
            let shown = clients::show(&mut house.read(), &house.may(), id).await.unwrap();
            assert!(id != "mandate-cli" || shown.description == "edited");
            // Each is good by the rules for everybody's clients.
            assert_eq!(
                said(change(&house, id, json!({"description": "good"})).await),
                "accepted",
                "{id}"
            );
        }
        let admin = clients::find(&mut house.read(), clients::ADMIN_CLIENT).await.unwrap().unwrap();
        assert!(
            admin.scopes.contains("tokens:introspect") && admin.scopes.contains("settings:manage")
        );
    }
}

#[tokio::test]
async fn takes_the_bootstrap_secret_only_while_there_is_none() {
    async fn give(house: &House, secret: &str) -> Result<bool, Refusal> {
        let mut work = house.begin().await;
        let secret = domain::Plain::new(secret);
        let took =
            clients::set_bootstrap_secret(&mut work, &house.call(), clients::ADMIN_CLIENT, secret)
                .await?;
        work.commit().await?;
        Ok(took)
    }
    for house in instances().await {
        assert!(
            said(give(&house, "too short").await)
                .starts_with("client_secret: A secret of your own")
        );
        assert!(give(&house, &"first".repeat(8)).await.unwrap());
        assert!(!give(&house, &"second".repeat(8)).await.unwrap());
        let admin = clients::find(&mut house.read(), clients::ADMIN_CLIENT).await.unwrap().unwrap();
        let verdict = |secret: String| {
            clients::secrets::verify(&house.read(), &admin, &secret, house.clock.now())
        };
        assert!(matches!(verdict("first".repeat(8)), clients::secrets::Verdict::Living { .. }));
        assert_eq!(verdict("second".repeat(8)), clients::secrets::Verdict::Wrong);
    }
}
