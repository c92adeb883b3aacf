//! `/account/second-factor` and `/login/second-factor`: a code besides the password (THE-36, COR-61,
//! COR-70).

use std::sync::Arc;

use domain::UserId;
use domain::access::{Authority, UpdateUsers};
use domain::accounts::policies::{self, Access, Draft, Requirement, SignOnProfile, Subjects};

use crate::cast::{BEN, SESSION, STRANGER, person, post_from, signed_in};
use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, Answer, Browser, PASSWORD, Server, both};

const STEP: &str = "/login/second-factor";
const PAGE: &str = "/account/second-factor";

/// Sets a second factor up in a browser that is signed in; the app and the recovery codes.
async fn set_up(server: &Server, browser: &mut Browser) -> (Phone, Vec<String>) {
    let page = browser.get(PAGE).await;
    let begun = browser.submit(&page, PAGE, &[("deed", "set-up"), ("password", PASSWORD)]).await;
    let phone = Phone::reading(&begun);
    let confirm = format!("{PAGE}/confirm");
    let done = browser.submit(&begun, &confirm, &[("code", &phone.code(server))]).await;
    let codes = codes(&done);
    server.clock.step(60);
    (phone, codes)
}

/// The recovery codes that a page shows.
#[track_caller]
fn codes(page: &Answer) -> Vec<String> {
    assert!(page.body.contains("Keep your recovery codes"), "{}", page.body);
    let items = page.body.split("<li><code>").skip(1);
    items.map(|item| item.split('<').next().unwrap().to_owned()).collect()
}

/// The page that asks for a code.
async fn asked(server: &Arc<Server>, email: &str) -> (Browser, Answer) {
    let mut browser = server.browser();
    let page = browser.sign_in(email).await;
    assert!(!browser.cookies.contains_key(SESSION), "signed in by the password alone");
    (browser, page)
}

/// A policy that asks this person for a second factor.
async fn require(server: &Server, user: &UserId) {
    let assigned_to = Subjects { users: vec![user.to_string()], ..Subjects::default() };
    let draft = Draft {
        name: "Codes".into(),
        description: String::new(),
        priority: 7,
        access: Access::Allow,
        sign_on_profile: SignOnProfile::Local,
        second_factor: Requirement::Required,
        session_lifetime: None,
        session_idle_lifetime: None,
        assigned_to,
    };
    let may = Authority::operator("test@host").may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    policies::create(&mut work, &server.operator(), &may, draft).await.unwrap();
    work.commit().await.unwrap();
}

/// Nobody is asked for anything any more.
async fn drop_policies(server: &Server) {
    let operator = Authority::operator("test@host");
    let (see, manage) = (operator.may().unwrap(), operator.may().unwrap());
    let mut work = server.instance.begin().await.unwrap();
    let all = policies::list(&mut work, &see, &policies::ListQuery::default()).await.unwrap();
    for policy in all.items.iter().filter(|policy| !policy.is_default()) {
        policies::delete(&mut work, &server.operator(), &manage, &policy.id).await.unwrap();
    }
    work.commit().await.unwrap();
}

#[tokio::test]
async fn is_set_up_with_the_password_and_asked_for_from_the_next_sign_in_on() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let account = browser.get("/account").await;
        assert!(account.body.contains("Off. With a code besides the password"), "{}", account.body);
        let page = browser.get(PAGE).await;
        let wrong = [("deed", "set-up"), ("password", "not my password at all")];
        let refused = browser.submit(&page, PAGE, &wrong).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("This is not your password."), "{}", refused.body);

        let (phone, codes) = set_up(&server, &mut browser).await;
        assert_eq!(codes.len(), 10);
        let account = browser.get("/account").await;
        assert!(account.body.contains("10 of 10 recovery codes left"), "{}", account.body);

        let (mut other, page) = asked(&server, ADMIN_EMAIL).await;
        assert!(page.body.contains("Enter your code"), "{}", page.body);
        let wrong = other.submit(&page, STEP, &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("This is not a code of yours"), "{}", wrong.body);
        let code = phone.code(&server);
        let done = other.submit(&wrong, STEP, &[("code", &code)]).await;
        assert!(done.body.contains("Your account"), "{}", done.body);
        assert!(other.cookies.contains_key(SESSION));

        let (mut third, page) = asked(&server, ADMIN_EMAIL).await;
        let again = third.submit(&page, STEP, &[("code", &code)]).await;
        assert!(again.body.contains("or it was used already"), "{}", again.body);
        let recovered = third.submit(&again, STEP, &[("code", &codes[0])]).await;
        assert!(recovered.body.contains("9 of 10 recovery codes left"), "{}", recovered.body);
    })
    .await;
}

#[tokio::test]
async fn the_proof_of_the_password_is_of_one_browser_and_of_no_use_late() {
    both(|server| async move {
        let (phone, _) = set_up(&server, &mut signed_in(&server, ADMIN_EMAIL).await).await;
        let (_, page) = asked(&server, ADMIN_EMAIL).await;
        let mut thief = server.browser();
        let token = thief.get("/login").await.field("form_token").unwrap();
        let (proof, code) = (page.field("proof").unwrap(), phone.code(&server));
        let fields = [
            ("form_token", token.as_str()),
            ("proof", &proof),
            ("next", "/account"),
            ("code", &code),
        ];
        let stolen = thief.post(STEP, &fields).await;
        assert_eq!(stolen.status, 400, "{}", stolen.body);
        assert!(!thief.cookies.contains_key(SESSION));

        let (mut browser, page) = asked(&server, ADMIN_EMAIL).await;
        server.clock.step(601);
        let late = browser.submit(&page, STEP, &[("code", &phone.code(&server))]).await;
        assert!(late.body.contains("That took too long"), "{}", late.body);
        assert!(late.body.contains("name=\"password\"") && !browser.cookies.contains_key(SESSION));

        for proof in ["", "x", "AAAA"] {
            let page = browser.get("/login").await;
            let token = page.field("form_token").unwrap();
            let fields = [("form_token", token.as_str()), ("proof", proof), ("code", "123456")];
            assert_eq!(browser.post(STEP, &fields).await.status, 400, "{proof:?}");
        }
        assert_eq!(browser.get(STEP).await.location(), "/login", "no dead end");
        let confirm = browser.get(&format!("{PAGE}/confirm")).await;
        assert_eq!(confirm.location(), PAGE);
    })
    .await;
}

#[tokio::test]
async fn the36_a_policy_has_it_set_up_while_an_application_waits_and_the_id_token_tells() {
    both(|server| async move {
        let ben = person(&server, BEN, "Ben").await;
        require(&server, &ben).await;
        let app = server.web_app().await;
        let mut browser = server.browser();
        let login = browser.visit(&app.authorize_path(&[])).await;
        let page =
            browser.submit(&login, "/login", &[("email", BEN), ("password", PASSWORD)]).await;
        assert!(page.body.contains("Set up a second factor"), "{}", page.body);
        assert!(!browser.cookies.contains_key(SESSION));
        // The application is not forgotten, and nothing goes round the step.
        let around = browser.visit(&app.authorize_path(&[])).await;
        assert!(around.body.contains("name=\"password\""), "{}", around.body);

        let phone = Phone::reading(&page);
        let wrong = browser.submit(&page, STEP, &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("This is not the code that your app shows now"));
        let same = Phone::reading(&wrong).code(&server);
        assert_eq!(same, phone.code(&server), "the picture stays");
        let done = browser.submit(&wrong, STEP, &[("code", &same)]).await;
        assert_eq!(codes(&done).len(), 10);
        assert!(browser.cookies.contains_key(SESSION));
        assert!(done.body.contains("action=\"/oauth2/authorize\" data-kept"), "{}", done.body);
        let request = done.field("continue").unwrap();
        let query = crate::harness::encode(&[("continue", &request)]);
        let consent = browser.visit(&format!("/oauth2/authorize?{query}")).await;
        let back = browser.submit(&consent, "/consent", &[("decision", "allow")]).await;
        let tokens = app.redeem(&back.returned("code").unwrap()).await;
        assert_eq!(amr(&tokens), "pwd otp mfa");
        let meaning = app.introspect(&tokens.text("access_token")).await;
        assert_eq!(meaning["amr"], serde_json::json!(["pwd", "otp", "mfa"]), "to a resource too");
        let again = app.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(amr(&again), "pwd otp mfa", "a refresh tells the same");
    })
    .await;
}

/// How the person of an ID token proved who they are.
#[track_caller]
fn amr(tokens: &Answer) -> String {
    use base64::Engine;
    let token = tokens.text("id_token");
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let values = claims["amr"].as_array().unwrap().iter();
    values.map(|it| it.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_id_token_of_a_password_alone_tells_so() {
    both(|server| async move {
        let app = server.web_app().await;
        assert_eq!(amr(&app.sign_in(&[]).await), "pwd");
    })
    .await;
}

#[tokio::test]
async fn a_link_to_another_password_goes_round_nothing() {
    both(|server| async move {
        let ben = person(&server, BEN, "Ben").await;
        let (phone, _) = set_up(&server, &mut signed_in(&server, BEN).await).await;
        let may = Authority::operator("test@host").may::<UpdateUsers>().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        let link = domain::accounts::reset_link(&mut work, &server.operator(), &may, &ben).await;
        work.commit().await.unwrap();
        let query = crate::harness::encode(&[("link", link.unwrap().reveal())]);
        let mut browser = server.browser();
        let page = browser.get(&format!("/password-reset?{query}")).await;
        let new = "another long password of mine";
        let chosen = browser.submit(&page, "/password-reset", &[("password", new)]).await;
        assert!(chosen.body.contains("Enter your code"), "{}", chosen.body);
        assert!(!browser.cookies.contains_key(SESSION));
        let done = browser.submit(&chosen, STEP, &[("code", &phone.code(&server))]).await;
        assert!(done.body.contains("Your account"), "{}", done.body);
    })
    .await;
}

#[tokio::test]
async fn k02_wrong_codes_are_told_to_wait() {
    both(|server| async move {
        set_up(&server, &mut signed_in(&server, ADMIN_EMAIL).await).await;
        let (browser, page) = asked(&server, ADMIN_EMAIL).await;
        let fields = |code: &'static str| {
            let field = |name: &str| page.field(name).unwrap();
            [
                ("form_token", field("form_token")),
                ("proof", field("proof")),
                ("next", field("next")),
                ("code", code.to_owned()),
            ]
        };
        let mut verdicts = Vec::new();
        for _ in 0..8 {
            let all = fields("111111");
            let all: Vec<_> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = post_from(STRANGER, &browser, STEP, &all).await;
            if answer.status == 429 {
                let seconds: i64 = answer.header("retry-after").parse().unwrap();
                assert!(seconds >= 1);
                assert!(answer.body.contains(&format!("Wait {seconds} second")), "{}", answer.body);
                assert!(answer.body.contains("then try again"), "{}", answer.body);
            }
            verdicts.push(answer.status.as_u16());
        }
        assert_eq!(verdicts, [422, 422, 422, 422, 422, 422, 429, 429]);
    })
    .await;
}

#[tokio::test]
async fn each_change_takes_a_code_and_a_required_one_stays() {
    both(|server| async move {
        let ben = person(&server, BEN, "Ben").await;
        let mut browser = signed_in(&server, BEN).await;
        let (phone, before) = set_up(&server, &mut browser).await;

        let page = browser.get(PAGE).await;
        let nothing = browser.submit(&page, PAGE, &[("code", &phone.code(&server))]).await;
        assert!(nothing.body.contains("Choose what you want to do."), "{}", nothing.body);
        let renewed =
            browser.submit(&page, PAGE, &[("deed", "renew"), ("code", &phone.code(&server))]).await;
        let fresh = codes(&renewed);
        let old = browser.submit(&page, PAGE, &[("deed", "renew"), ("code", &before[0])]).await;
        assert_eq!(old.status, 422, "the codes from before end");

        let moving = browser.submit(&page, PAGE, &[("deed", "replace"), ("code", &fresh[0])]).await;
        let other = Phone::reading(&moving);
        let confirm = format!("{PAGE}/confirm");
        let done = browser.submit(&moving, &confirm, &[("code", &other.code(&server))]).await;
        assert_eq!(codes(&done).len(), 10);
        server.clock.step(60);

        require(&server, &ben).await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("Your administrator asks for a second factor"));
        let remove = async |browser: &mut Browser, page: &Answer| {
            let code = other.code(&server);
            browser.submit(page, PAGE, &[("deed", "remove"), ("code", &code)]).await
        };
        let kept = remove(&mut browser, &page).await;
        assert_eq!(kept.status, 409, "{}", kept.body);
        drop_policies(&server).await;
        let removed = remove(&mut browser, &page).await;
        assert!(removed.body.contains("Your second factor is removed"), "{}", removed.body);
        signed_in(&server, BEN).await;
    })
    .await;
}

#[tokio::test]
async fn k05_the_session_begins_with_the_code_under_a_new_name() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let (phone, _) = set_up(&server, &mut browser).await;
        let before = browser.cookies[SESSION].clone();
        let app = server.web_app().await;
        let login = browser.visit(&app.authorize_path(&[("prompt", "login")])).await;
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        let page = browser.submit(&login, "/login", &fields).await;
        assert_eq!(browser.cookies[SESSION], before, "the password alone changes nothing");
        browser.submit(&page, STEP, &[("code", &phone.code(&server))]).await;
        assert_ne!(browser.cookies[SESSION], before);
        let mut old = server.browser();
        old.cookies.insert(SESSION.into(), before);
        assert_eq!(old.get("/account").await.status, 303, "the session before has ended");
    })
    .await;
}
