//! `/forgot-password`: a link by mail, in the same words and time for everybody (K01, K11).

use crate::cast::{BEN, disable, person};
use crate::harness::{ADMIN_EMAIL, PASSWORD, PostOffice, both, both_mailing};

const PATH: &str = "/forgot-password";
const ANOTHER: &str = "eleven green umbrellas at noon";

#[tokio::test]
async fn without_mail_there_is_no_such_page_and_the_login_page_says_whom_to_ask() {
    both(|server| async move {
        let mut browser = server.browser();
        let login = browser.get("/login").await;
        assert!(login.body.contains("Ask an administrator for a link to choose another"));
        assert!(!login.body.contains(PATH));
        assert_eq!(browser.get(PATH).await.status, 404);
        let token = login.field("form_token").unwrap();
        let fields = [("form_token", token.as_str()), ("email", ADMIN_EMAIL)];
        assert_eq!(browser.post(PATH, &fields).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_answered_alike_for_everybody_and_mailed_to_whose_it_is() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let ben = person(&server, BEN, "Ben").await;
        let gone = person(&server, "gone@example.com", "Gone").await;
        disable(&server, &gone).await;
        let mut before = server.browser();
        before.sign_in(BEN).await;
        let mut browser = server.browser();
        let login = browser.get("/login").await;
        assert!(login.body.contains(&format!("href=\"{PATH}\"")), "{}", login.body);

        let mut answers = Vec::new();
        for email in ["nobody@example.com", "gone@example.com", "BEN@example.com"] {
            let page = browser.get(PATH).await;
            let answer = browser.submit(&page, PATH, &[("email", email)]).await;
            assert_eq!(answer.status, 200);
            answers.push(answer.body.replace(email, "ADDRESS"));
        }
        assert!(
            answers[0].contains("If <strong><bdi>ADDRESS</bdi></strong> belongs"),
            "{answers:?}"
        );
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");

        let letter = office.letter().await;
        assert_eq!(letter.to, [BEN]);
        assert!(letter.text.contains("asked for this link from the address 127.0.0.1."));
        assert!(office.is_empty().await, "nobody else gets a letter");
        let mut elsewhere = server.browser();
        let page = elsewhere.get(&letter.link()).await;
        let inside = elsewhere.submit(&page, "/password-reset", &[("password", ANOTHER)]).await;
        assert!(inside.body.contains(BEN), "{}", inside.body);
        assert_eq!(before.get("/account").await.status, 303, "signed out everywhere else");
        assert!(elsewhere.get(&letter.link()).await.body.contains("cannot be used any more"));

        let filter = domain::audit::Filter { limit: 100, ..domain::audit::Filter::default() };
        let trail = domain::audit::list(&mut server.instance.read(), &filter).await.unwrap();
        let asked: Vec<_> =
            trail.iter().filter(|event| event.action == "user.password_forgotten").collect();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].object.id, ben.as_str());
    })
    .await;
}

#[tokio::test]
async fn a_mailed_link_leads_to_the_issuer_whatever_host_was_asked() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let mut browser = server.browser();
        let page = browser.get(PATH).await;
        let token = page.field("form_token").unwrap();
        let forged = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example;for=192.0.2.66"),
        ];
        let fields = [("form_token", token.as_str()), ("email", ADMIN_EMAIL)];
        let answer = crate::cast::post_with(&browser, PATH, &forged, &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let letter = office.letter().await;
        let link = letter.link();
        assert!(link.starts_with("https://mandate.test/password-reset?link=mlk_"), "{link}");
        assert!(!letter.text.contains("evil") && !letter.text.contains("192.0.2.66"));
    })
    .await;
}

#[tokio::test]
async fn somebody_invited_who_forgets_is_invited_again() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        use domain::access::{Authority, CreateUsers};
        let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
        let new = domain::accounts::NewUser {
            email: "eve@example.com".into(),
            display_name: "Eve".into(),
            password: None,
        };
        let call = server.operator();
        domain::accounts::create(&server.instance, &call, &may, new).await.unwrap();
        let mut browser = server.browser();
        let page = browser.get(PATH).await;
        browser.submit(&page, PATH, &[("email", "eve@example.com")]).await;
        let link = office.letter().await.link();
        let page = browser.get(&link).await;
        let inside = browser.submit(&page, "/invitation", &[("password", PASSWORD)]).await;
        assert!(inside.body.contains("eve@example.com"), "{}", inside.body);
    })
    .await;
}

#[tokio::test]
async fn refuses_many_requests_for_one_account_known_or_not() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let mut browser = server.browser();
        for email in [ADMIN_EMAIL, "nobody@example.com"] {
            let mut answers = Vec::new();
            for _ in 0..5 {
                let page = browser.get(PATH).await;
                let answer = browser.submit(&page, PATH, &[("email", email)]).await;
                answers.push((answer.status.as_u16(), answer.header("retry-after").to_owned()));
            }
            let ok = || (200, String::new());
            let wait = || (429, "1".to_owned());
            assert_eq!(answers, [ok(), ok(), ok(), ok(), wait()], "{email}");
        }
        for _ in 0..4 {
            assert_eq!(office.letter().await.to, [ADMIN_EMAIL]);
        }
        server.clock.step(1);
        let page = browser.get(PATH).await;
        let again = browser.submit(&page, PATH, &[("email", ADMIN_EMAIL)]).await;
        assert_eq!(again.status, 200);
        assert_eq!(office.letter().await.to, [ADMIN_EMAIL]);
        let page = browser.get(PATH).await;
        let wrong = browser.submit(&page, PATH, &[("email", "no address")]).await;
        assert_eq!(wrong.status, 422);
        let signed_in = browser.sign_in(ADMIN_EMAIL).await;
        assert!(signed_in.body.contains(ADMIN_EMAIL), "a sign-in does not wait for it");
    })
    .await;
}
