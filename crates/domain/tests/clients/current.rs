//! The cached client proves itself current: no change is missed, none that was rolled back is
//! believed.

use std::sync::Arc;

use domain::clients::{self, Client};
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{change, create, web, with};

async fn found(house: &House, id: &str) -> Option<Arc<Client>> {
    clients::find(&mut house.read(), id).await.unwrap()
}

#[tokio::test]
async fn gives_the_same_copy_until_something_changes() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        let id = made.id.as_str();
        let first = found(&house, id).await.unwrap();
        assert!(Arc::ptr_eq(&first, &found(&house, id).await.unwrap()));
        let by_number =
            clients::find_by_number(&mut house.read(), made.number).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &by_number));
        change(&house, id, json!({"description": "new"})).await.unwrap();
        assert_eq!(found(&house, id).await.unwrap().description, "new");
    }
}

#[tokio::test]
async fn sees_a_change_of_settings_secrets_epoch_and_existence_at_once() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        let secret = made.secret.unwrap();
        assert!(found(&house, id).await.unwrap().enabled);
        change(&house, id, json!({"enabled": false})).await.unwrap();
        assert!(!found(&house, id).await.unwrap().enabled);

        let mut work = house.begin().await;
        let rotation = clients::secrets::Rotation {
            confirm_name: "App".into(),
            retire_previous_after: Some(0),
            ..Default::default()
        };
        clients::secrets::rotate(&mut work, &house.call(), &house.may(), id, rotation)
            .await
            .unwrap();
        work.commit().await.unwrap();
        let client = found(&house, id).await.unwrap();
        let verdict =
            clients::secrets::verify(&house.read(), &client, secret.reveal(), house.clock.now());
        assert!(!matches!(verdict, clients::secrets::Verdict::Living { .. }));

        let mut work = house.begin().await;
        clients::delete(&mut work, &house.call(), &house.may(), id, "App").await.unwrap();
        work.commit().await.unwrap();
        assert!(found(&house, id).await.is_none());
        assert!(
            clients::find_by_number(&mut house.read(), made.object.number).await.unwrap().is_none()
        );
    }
}

/// A preview runs the change and drops it. What it looked like meanwhile must not be served as
/// the version that a later, real change makes.
#[tokio::test]
async fn never_serves_a_change_that_was_rolled_back() {
    for house in instances().await {
        let id = create(&house, web("App")).await.unwrap().object.id.as_str().to_owned();
        found(&house, &id).await;
        let mut preview = house.begin().await;
        let wide = json!({"access": "full", "redirect_uris": ["https://evil.example/cb"]});
        clients::change(&mut preview, &house.call(), &house.may(), &id, (&wide, None))
            .await
            .unwrap();
        let inside = clients::find(&mut preview, &id).await.unwrap().unwrap();
        assert_eq!(inside.redirect_uris, ["https://evil.example/cb"], "the preview sees itself");
        drop(preview);
        assert_eq!(
            found(&house, &id).await.unwrap().redirect_uris,
            ["https://app.example.com/callback"]
        );
        change(&house, &id, json!({"description": "real"})).await.unwrap();
        let now = found(&house, &id).await.unwrap();
        assert_eq!(now.redirect_uris, ["https://app.example.com/callback"], "{}", house.engine());
        assert_eq!(now.description, "real");
    }
}

/// While one task keeps swapping between two settings of two fields, no reader ever sees a mix.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_mixes_two_versions() {
    for house in instances().await {
        let both = |n: u32| json!({"description": n.to_string(), "redirect_uris": [format!("https://a.example/{n}")]});
        let draft = with(web("App"), both(0));
        let id = create(&house, draft).await.unwrap().object.id.as_str().to_owned();
        let house = Arc::new(house);
        let writer = {
            let (house, id) = (Arc::clone(&house), id.clone());
            tokio::spawn(async move {
                for n in 1..60 {
                    change(&house, &id, both(n)).await.unwrap();
                }
            })
        };
        let mut reads = 0;
        while !writer.is_finished() || reads < 10 {
            let client = found(&house, &id).await.unwrap();
            assert_eq!(client.redirect_uris, [format!("https://a.example/{}", client.description)]);
            reads += 1;
            tokio::task::yield_now().await;
        }
        writer.await.unwrap();
        assert_eq!(found(&house, &id).await.unwrap().description, "59");
    }
}
