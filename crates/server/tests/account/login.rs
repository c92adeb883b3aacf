//! `/login`: rows K01, K02, K04, K05, K13, C10, and where a sign-in leads.

use std::sync::Arc;
use std::time::Duration;

use crate::cast::{BEN, SESSION, STRANGER, person, post_from, post_with, signed_in};
use crate::harness::{ADMIN_EMAIL, Browser, ISSUER, PASSWORD, Server, both, one};

async fn try_once(browser: &mut Browser, email: &str, password: &str) -> (u16, String) {
    let page = browser.get("/login").await;
    let answer = browser.submit(&page, "/login", &[("email", email), ("password", password)]).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn signs_in_and_goes_to_the_account() {
    both(|server| async move {
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let fields = [("email", " ADA@Example.com "), ("password", PASSWORD)];
        let token = page.field("form_token").unwrap();
        let all = [&fields[..], &[("form_token", &token)]].concat();
        let answer = browser.post("/login", &all).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/account"));
        assert!(browser.visit("/account").await.body.contains(ADMIN_EMAIL));
    })
    .await;
}

/// K01: nobody learns who has an account here, neither by words nor by time.
#[tokio::test]
async fn k01_refuses_the_known_and_the_unknown_alike() {
    both(|server| async move {
        let user = person(&server, BEN, "Ben").await;
        let mut answers = Vec::new();
        for email in [ADMIN_EMAIL, BEN, "eve@example.com", "no address"] {
            if email == BEN {
                crate::cast::disable(&server, &user).await;
            }
            let mut browser = server.browser();
            let (status, body) = try_once(&mut browser, email, "a wrong password of mine").await;
            let token = browser.get("/login").await.field("form_token").unwrap();
            answers.push((status, body.replace(email, "EMAIL").replace(&token, "TOKEN")));
        }
        assert_eq!(answers[0].0, 200);
        assert!(answers[0].1.contains("do not belong together"));
        for other in &answers[1..] {
            assert_eq!(&answers[0], other);
        }
    })
    .await;
}

#[tokio::test]
async fn k01_takes_as_long_for_somebody_unknown() {
    let server = Arc::new(one().await);
    let mut browser = server.browser();
    let mut times: [Vec<Duration>; 2] = Default::default();
    for round in 0..4 {
        for (n, email) in
            [ADMIN_EMAIL.to_owned(), format!("eve{round}@example.com")].iter().enumerate()
        {
            let begun = tokio::time::Instant::now();
            assert_eq!(try_once(&mut browser, email, "a wrong password of mine").await.0, 200);
            times[n].push(begun.elapsed());
        }
    }
    let [known, unknown] = times.map(|mut all| {
        all.sort();
        all[1]
    });
    assert!(unknown * 2 > known && known * 2 > unknown, "{known:?} {unknown:?}");
}

/// K02: every spelling counts together, and each refusal says when to come back.
#[tokio::test]
async fn k02_throttles_two_hundred_guesses_under_every_spelling() {
    both(|server| async move {
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let token = page.field("form_token").unwrap();
        let spellings = [ADMIN_EMAIL, "ADA@example.com", " ada@EXAMPLE.com ", "ada@ｅxample.com"];
        let mut admitted = 0;
        for n in 0..200 {
            let fields = [
                ("form_token", token.as_str()),
                ("email", spellings[n % 4]),
                ("password", "guess"),
            ];
            let answer = post_from(STRANGER, &browser, "/login", &fields).await;
            match answer.status.as_u16() {
                200 => admitted += 1,
                429 => {
                    let seconds: i64 = answer.header("retry-after").parse().unwrap();
                    assert!(seconds >= 1);
                    assert!(answer.body.contains(&format!("Wait {seconds} second")));
                    assert!(answer.body.contains("Nothing is locked"));
                }
                other => panic!("{other}: {}", answer.body),
            }
        }
        assert!((1..=6).contains(&admitted), "{admitted} of 200 guesses were looked at");
    })
    .await;
}

#[tokio::test]
async fn k02_counts_parallel_guesses_before_it_looks_at_them() {
    both(|server| async move {
        let mut browser = server.browser();
        let token = browser.get("/login").await.field("form_token").unwrap();
        let mut guesses = tokio::task::JoinSet::new();
        for n in 0..40 {
            let (browser, token) = (browser.clone(), token.clone());
            guesses.spawn(async move {
                let password = format!("guess number {n}");
                let fields = [
                    ("form_token", token.as_str()),
                    ("email", ADMIN_EMAIL),
                    ("password", &password),
                ];
                post_from(STRANGER, &browser, "/login", &fields).await.status.as_u16()
            });
        }
        let verdicts = guesses.join_all().await;
        let looked_at = verdicts.iter().filter(|status| **status == 200).count();
        assert!((1..=6).contains(&looked_at), "{verdicts:?}");
        assert!(verdicts.iter().all(|status| matches!(status, 200 | 429 | 503)), "{verdicts:?}");
    })
    .await;
}

#[tokio::test]
async fn k02_never_shuts_the_rightful_owner_out() {
    both(|server| async move {
        signed_in(&server, ADMIN_EMAIL).await;
        let mut attacker = server.browser();
        let token = attacker.get("/login").await.field("form_token").unwrap();
        for _ in 0..60 {
            let fields =
                [("form_token", token.as_str()), ("email", ADMIN_EMAIL), ("password", "guess")];
            post_from(STRANGER, &attacker, "/login", &fields).await;
        }
        signed_in(&server, ADMIN_EMAIL).await;
        // From an address nobody knows there is a wait, and after it the password still works.
        server.clock.step(3_600);
        let fields =
            [("form_token", token.as_str()), ("email", ADMIN_EMAIL), ("password", PASSWORD)];
        assert_eq!(post_from(STRANGER, &attacker, "/login", &fields).await.status.as_u16(), 303);
    })
    .await;
}

#[tokio::test]
async fn k04_the_session_cookie_is_bound_to_this_host_and_hidden_from_script() {
    let server = Arc::new(one().await);
    let mut browser = server.browser();
    let page = browser.get("/login").await;
    let token = page.field("form_token").unwrap();
    let fields = [("form_token", token.as_str()), ("email", ADMIN_EMAIL), ("password", PASSWORD)];
    let answer = browser.post("/login", &fields).await;
    let name_cookie = page.header("set-cookie");
    for cookie in [name_cookie, answer.header("set-cookie")] {
        let mut words: Vec<_> = cookie.split("; ").skip(1).collect();
        words.sort_unstable();
        assert_eq!(words, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{cookie}");
        assert!(cookie.starts_with("__Host-mandate_"), "{cookie}");
    }
}

/// K05: whatever session somebody planted, the one after the sign-in is another.
#[tokio::test]
async fn k05_a_planted_session_is_replaced_and_ends() {
    both(|server| async move {
        person(&server, BEN, "Ben").await;
        let attacker = signed_in(&server, BEN).await;
        let planted = attacker.cookies[SESSION].clone();
        for value in [planted.as_str(), "mss_made-up", "x"] {
            let mut victim = server.browser();
            victim.cookies.insert(SESSION.into(), value.into());
            // A session makes `/login` go on; a request that asks for a fresh sign-in does not.
            let app = server.client("mandate-cli", None);
            let uri = ("redirect_uri", "http://127.0.0.1/callback");
            let page = victim.visit(&app.authorize_path(&[uri, ("prompt", "login")])).await;
            let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
            victim.submit(&page, "/login", &fields).await;
            assert_ne!(victim.cookies[SESSION], value);
            assert!(victim.visit("/account").await.body.contains(ADMIN_EMAIL));
        }
        let mut replayed = server.browser();
        replayed.cookies.insert(SESSION.into(), planted);
        assert!(replayed.get("/account").await.location().starts_with("/login"));
    })
    .await;
}

/// K13: a form of another site signs nobody in, whatever it carries.
#[tokio::test]
async fn k13_refuses_a_login_form_of_another_site() {
    both(|server| async move {
        let mut browser = server.browser();
        let own = browser.get("/login").await.field("form_token").unwrap();
        let foreign = server.browser().get("/login").await.field("form_token").unwrap();
        let credentials = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        // Our pages send no referrer, so a real browser sends our own form with these two.
        let honest = [("origin", "null"), ("sec-fetch-site", "same-origin")];
        let fields = [&credentials[..], &[("form_token", &own)]].concat();
        assert_eq!(post_with(&browser, "/login", &honest, &fields).await.status.as_u16(), 303);
        for (headers, token) in [
            (&[("origin", "https://evil.example")][..], own.as_str()),
            (&[("origin", "null"), ("sec-fetch-site", "cross-site")], &own),
            (&[("origin", "null"), ("sec-fetch-site", "same-site")], &own),
            (&[("origin", "null")], &foreign),
            (&[("sec-fetch-site", "cross-site")], &own),
            (&[("origin", "https://mandate.test.evil.example")], &own),
            (&[("origin", ISSUER)], ""),
            (&[("origin", ISSUER)], &foreign),
            (&[], "made-up"),
        ] {
            let fields = [&credentials[..], &[("form_token", token)]].concat();
            let answer = post_with(&browser, "/login", headers, &fields).await;
            assert_eq!(answer.status.as_u16(), 403, "{headers:?} {token}");
            assert!(answer.headers.get("set-cookie").is_none(), "{headers:?} {token}");
        }
    })
    .await;
}

/// C10: `prompt=login` asks again; who thinks better of it stays signed in as before.
#[tokio::test]
async fn c10_prompt_login_asks_again_and_cancelling_costs_nothing() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = server.browser();
        let first = app.code_in(&mut browser, &[]).await;
        let auth_time =
            |answer: &crate::harness::Answer| claims(answer)["auth_time"].as_i64().unwrap();
        let before = auth_time(&app.redeem(&first).await);
        let session = browser.cookies[SESSION].clone();

        server.clock.step(90);
        let page = browser.visit(&app.authorize_path(&[("prompt", "login")])).await;
        assert!(page.body.contains("You are signed in as ada@example.com"), "{}", page.body);
        assert_eq!(page.field("email").as_deref(), Some(ADMIN_EMAIL), "the likely person");
        let chooser = browser.visit(&app.authorize_path(&[("prompt", "select_account")])).await;
        assert_eq!(chooser.field("email").as_deref(), Some(""), "nobody is suggested");
        let fields = [("email", ADMIN_EMAIL), ("password", "not my password at all")];
        browser.submit(&page, "/login", &fields).await;
        assert_eq!(browser.cookies[SESSION], session);
        assert!(browser.get("/account").await.status.is_success());

        let answer =
            browser.authorize(&app.authorize_path(&[("prompt", "login")]), ADMIN_EMAIL).await;
        let after = auth_time(&app.redeem(&answer.returned("code").unwrap()).await);
        assert_eq!(after, before + 90);
        assert_ne!(browser.cookies[SESSION], session);
        let mut replayed = server.browser();
        replayed.cookies.insert(SESSION.into(), session);
        assert!(replayed.get("/account").await.location().starts_with("/login"));
    })
    .await;
}

#[tokio::test]
async fn c10_max_age_asks_again_once_it_is_over() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = server.browser();
        app.code_in(&mut browser, &[]).await;
        let path = app.authorize_path(&[("max_age", "1")]);
        server.clock.step(2);
        assert!(browser.visit(&path).await.body.contains("name=\"password\""));
        assert!(browser.authorize(&path, ADMIN_EMAIL).await.returned("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn names_the_application_and_fills_in_who_is_expected() {
    both(|server| async move {
        let app = server.web_app().await;
        let hint = "\"><script>alert(1)</script>@x";
        let path = app.authorize_path(&[("login_hint", hint)]);
        let page = server.browser().visit(&path).await;
        assert!(page.body.contains("Web App"), "{}", page.body);
        assert_eq!(page.field("email").as_deref(), Some(hint));
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_request_that_was_begun_in_another_browser_or_too_long_ago() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = server.browser();
        let started = browser.get(&app.authorize_path(&[])).await;
        let login = started.location().to_owned();
        assert!(login.starts_with("/login?request="), "{login}");
        let elsewhere = server.browser().get(&login).await;
        assert_eq!(elsewhere.status.as_u16(), 400);
        assert!(elsewhere.body.contains("Please start again"));

        let page = browser.get(&login).await;
        server.clock.step(1_801);
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        let late = browser.submit(&page, "/login", &fields).await;
        assert_eq!(late.status.as_u16(), 400);
        assert!(!browser.cookies.contains_key(SESSION));
    })
    .await;
}

#[tokio::test]
async fn follows_next_to_our_own_pages_only() {
    both(|server| async move {
        for (next, leads_to) in [
            ("/console/clients?q=a%20b", "/console/clients?q=a%20b"),
            ("/account/password", "/account/password"),
            ("/", "/"),
            ("//evil.example", "/account"),
            ("https://evil.example/", "/account"),
            ("/\\evil.example", "/account"),
            ("/console\\@evil.example", "/account"),
            ("javascript:alert(1)", "/account"),
            ("/console/../oauth2/logout", "/account"),
            ("/console\r\nset-cookie: a=b", "/account"),
            ("", "/account"),
        ] {
            assert_eq!(leads(&server, next, next).await, leads_to, "{next:?}");
            // The form is not believed more than the address bar.
            assert_eq!(leads(&server, "/", next).await, leads_to, "{next:?} in the form");
        }
    })
    .await;
}

/// Where a sign-in leads for one `next` in the address bar and one in the form, and then again
/// for somebody who is signed in already.
async fn leads(server: &Arc<Server>, in_address: &str, in_form: &str) -> String {
    let query = crate::harness::encode(&[("next", in_address)]);
    let mut browser = server.browser();
    let page = browser.get(&format!("/login?{query}")).await;
    let token = page.field("form_token").unwrap();
    let fields = [
        ("form_token", token.as_str()),
        ("next", in_form),
        ("email", ADMIN_EMAIL),
        ("password", PASSWORD),
    ];
    let answer = browser.post("/login", &fields).await;
    assert_eq!(answer.status.as_u16(), 303);
    if in_address == in_form {
        let again = browser.get(&format!("/login?{query}")).await;
        assert_eq!(again.location(), answer.location());
    }
    answer.location().to_owned()
}

#[tokio::test]
async fn bears_whatever_is_typed() {
    both(|server| async move {
        let long = "x".repeat(100_000);
        for (email, password) in [
            ("", ""),
            ("ada@example.com\0", PASSWORD),
            ("\u{202e}\u{0}\u{1b}[31m", "\0"),
            ("' OR 1=1 --", "' OR 1=1 --"),
            (long.as_str(), long.as_str()),
            ("<script>alert(1)</script>", "x"),
        ] {
            let mut browser = server.browser();
            let page = browser.get("/login").await;
            let fields = [("email", email), ("password", password)];
            let answer = browser.submit(&page, "/login", &fields).await;
            assert!(!answer.status.is_server_error(), "{} {email:.40}", answer.status);
            assert!(!answer.body.contains("<script>alert"));
        }
    })
    .await;
}

/// The claims of the ID token in a token answer.
fn claims(answer: &crate::harness::Answer) -> serde_json::Value {
    use base64::Engine;
    let token = answer.text("id_token");
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
