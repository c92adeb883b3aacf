//! `/setup` and `/invitation`: links that work once, for a while.

use std::sync::Arc;

use domain::access::{Authority, CreateUsers};
use domain::accounts::{self, NewUser};
use domain::{Chance, Clock, Instance, MasterKeys, Opening, Policy};
use mandate::app::App;
use mandate::foundation::{self, Bootstrap};

use crate::cast::SESSION;
use crate::harness::{Answer, Browser, PASSWORD, Server, both};

const CARL: &str = "carl@example.com";

/// Invites Carl; the text of the link.
async fn invite(server: &Server) -> String {
    let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
    let new =
        NewUser { email: CARL.into(), display_name: "Carl <b>the bold".into(), password: None };
    let made = accounts::create(&server.instance, &server.operator(), &may, new).await.unwrap();
    made.1.expect("a link").reveal().to_owned()
}

fn path(link: &str) -> String {
    format!("/invitation?{}", crate::harness::encode(&[("link", link)]))
}

fn is_over(answer: &Answer) -> bool {
    answer.status.as_u16() == 410 && answer.body.contains("cannot be used any more")
}

#[tokio::test]
async fn an_invitation_sets_a_password_and_signs_in_once() {
    both(|server| async move {
        let link = invite(&server).await;
        let mut browser = server.browser();
        let page = browser.get(&path(&link)).await;
        assert!(page.body.contains(CARL), "{}", page.body);
        assert!(page.body.contains("Carl &#60;b&#62;"), "a name is not markup: {}", page.body);

        let short = browser.submit(&page, "/invitation", &[("password", "too short")]).await;
        assert_eq!(short.status.as_u16(), 422);
        assert!(short.body.contains("at least 15 characters"));

        let done = browser.submit(&short, "/invitation", &[("password", PASSWORD)]).await;
        assert!(done.body.contains("Your account") && done.body.contains(CARL), "{}", done.body);
        assert!(browser.cookies.contains_key(SESSION));

        let mut second = server.browser();
        assert!(is_over(&second.get(&path(&link)).await), "a link works twice");
        let token = second.get("/login").await.field("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("link", &link),
            ("password", "a password of a thief"),
        ];
        assert!(is_over(&second.post("/invitation", &fields).await));
        assert!(!second.cookies.contains_key(SESSION));
    })
    .await;
}

#[tokio::test]
async fn of_two_at_once_one_accepts_an_invitation() {
    both(|server| async move {
        let link = invite(&server).await;
        let mut attempts = tokio::task::JoinSet::new();
        for n in 0..6 {
            let (mut browser, link) = (server.browser(), link.clone());
            attempts.spawn(async move {
                let page = browser.get(&path(&link)).await;
                let token = page.field("form_token").unwrap_or_default();
                let password = format!("a long password, number {n}");
                let fields =
                    [("form_token", token.as_str()), ("link", &link), ("password", &password)];
                browser.post("/invitation", &fields).await.status.as_u16()
            });
        }
        let mut verdicts = attempts.join_all().await;
        verdicts.sort_unstable();
        assert_eq!(verdicts, [303, 410, 410, 410, 410, 410]);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_late_or_mistyped_invitation() {
    both(|server| async move {
        let link = invite(&server).await;
        let mut browser = server.browser();
        for wrong in ["", "made-up", &link[..link.len() - 1], &format!("{link}x"), "\0"] {
            assert!(is_over(&browser.get(&path(wrong)).await), "{wrong}");
        }
        assert!(is_over(&browser.get(&path(&link).replace("/invitation", "/setup")).await));
        server.clock.step(7 * 86_400 + 1);
        assert!(is_over(&browser.get(&path(&link)).await), "a late link works");
    })
    .await;
}

#[tokio::test]
async fn set_up_is_closed_once_there_is_an_administrator() {
    both(|server| async move {
        let mut browser = server.browser();
        assert!(is_over(&browser.get("/setup").await));
        let token = browser.get("/login").await.field("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("display_name", "Eve"),
            ("email", "eve@example.com"),
            ("password", PASSWORD),
        ];
        assert!(is_over(&browser.post("/setup", &fields).await));
    })
    .await;
}

/// A server without any administrator, and its set-up link.
async fn fresh(uri: &str) -> (axum::Router, Arc<Instance>, String) {
    let (master_keys, _) = MasterKeys::generate(&Chance::seeded(7)).unwrap();
    let opening = Opening {
        database: uri.to_owned(),
        master_keys,
        issuer: crate::harness::ISSUER.into(),
        policy: Policy::default(),
        clock: Clock::stepped(crate::harness::START),
        chance: Chance::seeded(5),
    };
    let instance = Instance::open(opening).await.unwrap();
    let call = domain::Call {
        now: crate::harness::START,
        actor: domain::Actor::operator("test@host"),
        address: None,
        via: None,
        request_id: String::new(),
    };
    let bootstrap = Bootstrap { administrator: None, client: None };
    foundation::prepare(&instance, &bootstrap, &call).await.unwrap();
    let mut work = instance.begin().await.unwrap();
    let link = accounts::setup_link(&mut work, &call).await.unwrap().reveal().to_owned();
    work.commit().await.unwrap();
    let app = App::new(Arc::clone(&instance), Vec::new(), None);
    (mandate::routes::router(app), instance, link)
}

#[tokio::test]
async fn set_up_makes_the_first_administrator_and_leads_to_the_console() {
    for database in db::testing::databases().await {
        let (router, instance, link) = fresh(database.uri()).await;
        let path = format!("/setup?{}", crate::harness::encode(&[("link", &link)]));
        let (page, cookie) = ask(&router, &path, "", &[]).await;
        assert!(page.body.contains("Create the first administrator"), "{}", page.body);
        let token = page.field("form_token").unwrap();
        let mut fields = vec![
            ("form_token", token.as_str()),
            ("link", &link),
            ("display_name", "Ada"),
            ("email", "not an address"),
            ("password", "short"),
        ];
        let (wrong, _) = ask(&router, "/setup", &cookie, &fields).await;
        assert_eq!(wrong.status.as_u16(), 422);
        assert!(
            wrong.body.contains("href=\"#email\"") && wrong.body.contains("href=\"#password\"")
        );
        assert_eq!(wrong.field("display_name").as_deref(), Some("Ada"), "what was typed is kept");

        fields.truncate(3);
        fields.extend([("email", "ada@example.com"), ("password", PASSWORD)]);
        let (done, session) = ask(&router, "/setup", &cookie, &fields).await;
        assert_eq!((done.status.as_u16(), done.location()), (303, "/console/clients"));
        assert!(session.contains(SESSION));
        let (again, _) = ask(&router, &path, &cookie, &[]).await;
        assert!(is_over(&again));
        drop((router, instance));
    }
}

/// Asks a router in place; GET without fields. The answer, and the cookies it set.
async fn ask(
    router: &axum::Router,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> (Answer, String) {
    use tower::ServiceExt;
    let request = match fields {
        [] => axum::http::Request::get(path),
        _ => crate::harness::form(path, fields).header("origin", crate::harness::ISSUER),
    };
    let body = axum::body::Body::from(crate::harness::encode(fields));
    let request = request.header("cookie", cookie).body(body).unwrap();
    let answer = Answer::read(router.clone().oneshot(request).await.unwrap()).await;
    let set = answer.headers.get_all("set-cookie").iter();
    let cookies: Vec<_> =
        set.filter_map(|v| v.to_str().unwrap().split(';').next()).map(str::to_owned).collect();
    (answer, cookies.join("; "))
}

#[tokio::test]
async fn an_invitation_replaces_whoever_was_signed_in() {
    both(|server| async move {
        let link = invite(&server).await;
        let mut browser: Browser =
            crate::cast::signed_in(&server, crate::harness::ADMIN_EMAIL).await;
        let before = browser.cookies[SESSION].clone();
        let page = browser.get(&path(&link)).await;
        let done = browser.submit(&page, "/invitation", &[("password", PASSWORD)]).await;
        assert!(done.body.contains(CARL));
        let mut replayed = server.browser();
        replayed.cookies.insert(SESSION.into(), before);
        assert_eq!(replayed.get("/account").await.status.as_u16(), 303);
    })
    .await;
}
