//! Many at once: one winner for one code, one successor for one refresh token, and right answers
//! for 64 clients in parallel.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::harness::{ADMIN_EMAIL, App, PASSWORD, both};

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

/// Mebibytes of memory that this process holds.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<i64>().unwrap_or_default() / 1024
}

/// R03: each of 300 people who sign in at once costs 19 MiB while it is hashed. They wait for each
/// other, or are told to come back; tokens wait for none of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r03_three_hundred_logins_at_once_leave_memory_and_tokens_alone() {
    both(|server| async move {
        let service = server.service().await;
        let mut doors = Vec::new();
        for _ in 0..300 {
            let mut browser = server.browser();
            let page = browser.get("/login").await;
            doors.push((browser, page));
        }
        let before = memory();
        let mut logins = JoinSet::new();
        for (mut browser, page) in doors {
            let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
            logins.spawn(async move {
                let form_token = page.field("form_token").unwrap();
                let mut fields = fields.to_vec();
                fields.push(("form_token", &form_token));
                browser.post("/login", &fields).await
            });
        }
        let (mut waits, mut most) = (Vec::new(), 0);
        while !logins.is_empty() && waits.len() < 200 {
            let watch = domain::Stopwatch::start();
            assert_eq!(service.own_token().await.verdict(), "200");
            waits.push(watch.seconds());
            most = most.max(memory() - before);
            while let Some(answer) = logins.try_join_next() {
                let answer = answer.unwrap();
                let busy = answer.status == 503 && !answer.header("retry-after").is_empty();
                assert!(answer.status == 303 || busy, "{} {}", answer.status, answer.body);
            }
        }
        waits.sort_by(f64::total_cmp);
        let slowest = waits[waits.len() * 99 / 100];
        assert!(slowest < 1.0, "{slowest} s for a token");
        assert!(most < 300, "{most} MiB; 300 at once would be 5,700");
        assert!(waits.len() > 10, "the logins were over before anybody could look");
        for answer in logins.join_all().await {
            assert!(answer.status == 303 || answer.status == 503, "{}", answer.status);
        }
    })
    .await;
}
