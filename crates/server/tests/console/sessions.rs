//! What is alive, and how it ends: whatever is ended is refused in its very next request.

use std::sync::Arc;

use domain::access::{AUDITOR as AUDITOR_ROLE, CLIENT_MANAGER, Place};
use serde_json::json;

use crate::cast::{MANAGER, STRANGER, admin, auditor, person, places, send, user_id};
use crate::harness::{ADMIN_EMAIL, Answer, App, Browser, Server, both};

const APPS: &str = "/console/sessions";
const BROWSERS: &str = "/console/sessions/browsers";

/// The tokens that this person gives to the application: access and refresh.
async fn connect(app: &App, browser: &mut Browser, email: &str) -> (String, String) {
    let path = app.authorize_path(&[("scope", "openid as_user:read")]);
    let answer = browser.authorize(&path, email).await;
    let code = answer.returned("code").unwrap_or_else(|| panic!("{}", answer.body));
    let tokens = app.redeem(&code).await;
    (tokens.text("access_token"), tokens.text("refresh_token"))
}

/// The `n`th form of the page that is sent below this path.
fn form(page: &Answer, below: &str, n: usize) -> String {
    let marker = format!("action=\"{below}");
    let rest = page.body.split(&marker).nth(n).unwrap_or_else(|| panic!("{}", page.body));
    format!("{below}{}", rest.split('"').next().unwrap())
}

async fn stage(server: &Arc<Server>) -> (App, Browser, Browser) {
    let app = server.web_app().await;
    let sten = person(server, STRANGER, None).await;
    (app, sten, admin(server).await)
}

#[tokio::test]
async fn tokens_stand_under_their_application_with_all_that_matters_of_them() {
    both(|server| async move {
        let (app, mut sten, mut browser) = stage(&server).await;
        let empty = browser.get(APPS).await;
        assert!(empty.body.contains("No connected apps"));
        connect(&app, &mut sten, STRANGER).await;
        server.service().await.own_token().await;
        let page = browser.get(APPS).await;
        for told in [
            "Web App",
            "web-app",
            "Access token",
            "Refresh token",
            "Person sten@example.com",
            "as_user:read",
            "Read only",
            "Service",
            "itself",
            ">Active<",
        ] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        assert!(
            page.body.find("Service</bdi>").unwrap() < page.body.find("Web App</bdi>").unwrap()
        );
        let found = browser.get(&format!("{APPS}?q=web&cursor=nonsense")).await;
        assert!(found.body.contains("Web App") && !found.body.contains("Service</bdi>"));
        let none = browser.get(&format!("{APPS}?q=zebra")).await;
        assert!(none.body.contains("Nothing matches"));
        let sten_id = user_id(&server, STRANGER).await;
        let of_sten = browser.get(&format!("{APPS}?user={sten_id}")).await;
        assert!(of_sten.body.contains("Web App") && !of_sten.body.contains("Service</bdi>"));
        let ada = user_id(&server, ADMIN_EMAIL).await;
        let of_ada = browser.get(&format!("{APPS}?user={ada}")).await;
        assert!(of_ada.body.contains("No connected apps"));
    })
    .await;
}

#[tokio::test]
async fn one_token_ends_and_the_others_live_then_all_of_them_end() {
    both(|server| async move {
        let (app, mut sten, mut browser) = stage(&server).await;
        let (first, _) = connect(&app, &mut sten, STRANGER).await;
        let (second, refresh) = connect(&app, &mut sten, STRANGER).await;
        let page = browser.get(APPS).await;
        assert_eq!(page.body.matches("/console/sessions/tokens/").count(), 4);
        // Newest first: the refresh token of the second came after its access token.
        let tokens: Vec<_> = (1..=4).map(|n| form(&page, "/console/sessions/tokens/", n)).collect();
        let mut ended = 0;
        for path in &tokens {
            let answer = send(&mut browser, &page, path, &[]).await;
            assert!(matches!(answer.status.as_u16(), 303 | 404), "{path}: {}", answer.status);
            ended += usize::from(answer.status == 303);
            if ended == 1 {
                let alive = [app.is_active(&first).await, app.is_active(&second).await];
                assert!(alive.contains(&true), "one end is not the end of all");
                break;
            }
        }
        connect(&app, &mut sten, STRANGER).await;
        let page = browser.get(APPS).await;
        let all = format!("{APPS}/apps/web-app/revoke");
        let answer = send(&mut browser, &page, &all, &[]).await;
        assert_eq!(answer.location(), format!("{APPS}?done=tokens-revoked"));
        assert!(!app.is_active(&first).await && !app.is_active(&second).await);
        assert_eq!(app.refresh(&refresh).await.verdict(), "400 invalid_grant");
        assert!(browser.get(APPS).await.body.contains("No connected apps"));
    })
    .await;
}

#[tokio::test]
async fn all_of_one_person_end_and_nobody_elses() {
    both(|server| async move {
        let (app, mut sten, mut browser) = stage(&server).await;
        let (of_sten, refresh) = connect(&app, &mut sten, STRANGER).await;
        let (of_ada, _) = connect(&app, &mut browser, ADMIN_EMAIL).await;
        let user = user_id(&server, STRANGER).await;
        let page = browser.get(&format!("{APPS}?user={user}")).await;
        assert!(page.body.contains("Person sten@example.com"));
        let all = format!("{APPS}/apps/web-app/revoke");
        let answer = send(&mut browser, &page, &all, &[]).await;
        assert_eq!(answer.location(), format!("{APPS}?user={user}&done=tokens-revoked"));
        assert!(!app.is_active(&of_sten).await && app.is_active(&of_ada).await);
        assert_eq!(app.refresh(&refresh).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_browser_signed_out_by_an_administrator_is_out_at_its_next_request() {
    both(|server| async move {
        let (_, mut sten, mut browser) = stage(&server).await;
        assert_eq!(sten.get("/account").await.status, 200);
        let page = browser.get(BROWSERS).await;
        for told in ["Person sten@example.com", "unknown", "127.0.0.1", "This browser"] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        assert_eq!(page.body.matches("This browser").count(), 1);
        let user = user_id(&server, STRANGER).await;
        let page = browser.get(&format!("{BROWSERS}?user={user}")).await;
        assert!(!page.body.contains("This browser"), "{}", page.body);
        let end = form(&page, "/console/sessions/browsers/", 1);
        let answer = send(&mut browser, &page, &end, &[]).await;
        assert_eq!(answer.location(), format!("{BROWSERS}?done=session-ended"));
        assert_eq!(sten.get("/account").await.status, 303, "to the login page");
        let again = send(&mut browser, &page, &end, &[]).await;
        assert_eq!(again.status, 404);
        let found = browser.get(&format!("{BROWSERS}?q=sten")).await;
        assert!(found.body.contains("Nothing matches"));
    })
    .await;
}

#[tokio::test]
async fn who_watches_over_a_team_sees_its_applications_and_no_browser() {
    both(|server| async move {
        let (home, harbour, _) = places(&server).await;
        for (id, team) in [("ours", Some(&harbour)), ("theirs", None)] {
            let app = server
                .register(json!({
                    "client_id": id, "client_name": format!("App {id}"), "type": "service",
                    "organization": home, "owner_team": team, "scopes": ["user:read"],
                }))
                .await;
            app.own_token().await;
        }
        let role = Some((CLIENT_MANAGER, Place::Team(harbour.clone())));
        let mut mina = person(&server, MANAGER, role).await;
        let page = mina.get(APPS).await;
        assert!(page.body.contains("App ours") && !page.body.contains("App theirs"));
        assert!(!page.body.contains(BROWSERS), "no tab that leads nowhere");
        assert_eq!(mina.get(BROWSERS).await.status, 403);
        let foreign = format!("{APPS}/apps/theirs/revoke");
        assert_eq!(send(&mut mina, &page, &foreign, &[]).await.status, 404);
        let own = format!("{APPS}/apps/ours/revoke");
        assert_eq!(send(&mut mina, &page, &own, &[]).await.status, 303);
        let place = Place::Organization(home);
        let mut otto = person(&server, "o2@example.com", Some((AUDITOR_ROLE, place))).await;
        let page = otto.get(APPS).await;
        assert!(page.body.contains("App theirs") && !page.body.contains("Revoke all"));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_sees_what_is_alive_and_ends_nothing() {
    both(|server| async move {
        let (app, mut sten, _) = stage(&server).await;
        let (token, _) = connect(&app, &mut sten, STRANGER).await;
        let mut otto = auditor(&server).await;
        let page = otto.get(BROWSERS).await;
        assert!(page.body.contains("Needs the permission token:revoke"));
        for path in [
            format!("{APPS}/apps/web-app/revoke"),
            format!("{APPS}/tokens/x/revoke"),
            format!("{BROWSERS}/x/end"),
        ] {
            assert_eq!(send(&mut otto, &page, &path, &[]).await.status, 403, "{path}");
        }
        assert!(app.is_active(&token).await);
    })
    .await;
}
