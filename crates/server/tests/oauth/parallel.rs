//! Many at once: one winner for one code, one successor for one refresh token, and right answers
//! for 64 clients in parallel.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::harness::{App, both};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_used_by_fifty_has_one_winner() {
    both(|server| async move {
        let web = Arc::new(server.web_app().await);
        let code = Arc::new(web.code(&[]).await);
        let mut tries = JoinSet::new();
        for _ in 0..50 {
            let (web, code) = (Arc::clone(&web), Arc::clone(&code));
            tries.spawn(async move { web.redeem(&code).await.verdict() });
        }
        let verdicts = tries.join_all().await;
        assert_eq!(verdicts.iter().filter(|v| *v == "200").count(), 1, "{verdicts:?}");
        assert_eq!(
            verdicts.iter().filter(|v| *v == "400 invalid_grant").count(),
            49,
            "{verdicts:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refresh_token_used_by_fifty_has_one_successor() {
    both(|server| async move {
        let web = Arc::new(server.web_app().await);
        let refresh = Arc::new(web.sign_in(&[]).await.text("refresh_token"));
        let mut tries = JoinSet::new();
        for _ in 0..50 {
            let (web, refresh) = (Arc::clone(&web), Arc::clone(&refresh));
            tries.spawn(async move { web.refresh(&refresh).await });
        }
        let answers = tries.join_all().await;
        let distinct = |member: &str| {
            answers.iter().map(|a| a.text(member)).collect::<std::collections::HashSet<_>>()
        };
        assert!(
            answers.iter().all(|a| a.verdict() == "200"),
            "{:?}",
            answers.iter().map(crate::harness::Answer::verdict).collect::<Vec<_>>()
        );
        assert_eq!((distinct("refresh_token").len(), distinct("access_token").len()), (1, 1));
        let next = answers[0].text("refresh_token");
        assert_eq!(web.refresh(&next).await.verdict(), "200");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_in_parallel_get_their_own_answers() {
    both(|server| async move {
        let web = Arc::new(server.web_app().await);
        let service = Arc::new(server.service().await);
        // The consent is given once, so that the flows below need no page.
        let mut browser = server.browser();
        web.code_in(&mut browser, &[]).await;
        let mut work = JoinSet::new();
        for n in 0..64 {
            let (web, service, mut browser) =
                (Arc::clone(&web), Arc::clone(&service), browser.clone());
            work.spawn(async move {
                let mine = App {
                    verifier: format!("the-verifier-number-{n:03}-of-forty-three-chars"),
                    ..(*web).clone()
                };
                for _ in 0..3 {
                    let own = service.own_token().await.text("access_token");
                    assert!(service.is_active(&own).await);
                    let code = mine.code_in(&mut browser, &[("nonce", &n.to_string())]).await;
                    let tokens = mine.redeem(&code).await;
                    assert_eq!(tokens.verdict(), "200");
                    assert_eq!(
                        crate::token::claims(&tokens.text("id_token"))["nonce"],
                        n.to_string()
                    );
                    let next = mine.refresh(&tokens.text("refresh_token")).await;
                    assert!(mine.is_active(&next.text("access_token")).await);
                    mine.revoke(&next.text("refresh_token")).await;
                    assert!(!mine.is_active(&tokens.text("access_token")).await);
                    service.revoke(&own).await;
                    assert!(!service.is_active(&own).await);
                }
            });
        }
        work.join_all().await;
    })
    .await;
}
