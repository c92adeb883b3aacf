//! `/account`: what a person sees of their own, and how each of it ends.

use std::sync::Arc;

use domain::access::Authority;
use domain::{clients, tokens};
use serde_json::{Value, json};

use crate::cast::{BEN, SESSION, action, person, signed_in, teams_of};
use crate::harness::{ADMIN_EMAIL, Answer, App, Browser, both};

const SCOPES: (&str, &str) = ("scope", "openid email as_user:read");

/// Where the form is sent that ends the `n`th browser session with such a form.
#[track_caller]
fn ending(page: &Answer, n: usize) -> String {
    let actions = page.body.split("action=\"").filter_map(|rest| rest.split('"').next());
    let mut ends =
        actions.filter(|path| path.starts_with("/account/sessions/") && path.ends_with("/end"));
    ends.nth(n - 1).unwrap_or_else(|| panic!("{}", page.body)).to_owned()
}

async fn connect(app: &App, browser: &mut Browser) -> (String, String) {
    let code = app.code_in(browser, &[SCOPES]).await;
    let tokens = app.redeem(&code).await;
    (tokens.text("access_token"), tokens.text("refresh_token"))
}

#[tokio::test]
async fn shows_who_i_am_what_acts_for_me_and_where_i_am_signed_in() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let empty = browser.get("/account").await;
        assert!(empty.body.contains("No connected apps"));
        connect(&app, &mut browser).await;
        connect(&app, &mut browser).await;
        signed_in(&server, ADMIN_EMAIL).await;
        let page = browser.get("/account").await;
        for words in [
            ADMIN_EMAIL,
            "Web App",
            "app.example",
            "not verified",
            "See everything that you may see",
            "See your e-mail address",
            "ends <time datetime=\"2027-01-22T08:00:00Z\"",
            "This browser",
            "127.0.0.1",
            "href=\"/console\"",
        ] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert_eq!(page.body.matches("<h3><bdi>Web App").count(), 1, "grouped by application");
        assert_eq!(page.body.matches("/account/grants/").count(), 2);
        assert_eq!(page.body.matches("This browser").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn shows_nothing_of_anybody_else_and_no_console_without_rights() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut ada = signed_in(&server, ADMIN_EMAIL).await;
        connect(&app, &mut ada).await;
        let user = person(&server, BEN, "Ben <i>Q").await;
        teams_of(&server, &user, &["Harbour & Quay"]).await;
        let page = signed_in(&server, BEN).await.get("/account").await;
        assert!(page.body.contains("Ben &#60;i&#62;Q") && page.body.contains("Harbour &#38; Quay"));
        for foreign in [ADMIN_EMAIL, "Web App", "href=\"/console\""] {
            assert!(!page.body.contains(foreign), "{foreign}");
        }
    })
    .await;
}

/// REL-8, COR-4: whoever is acted for without being asked sees by what, set up by whom, and whom to
/// ask; there is nothing to press, and nobody else sees it.
#[tokio::test]
async fn rel08_shows_the_services_that_act_as_me_and_whom_to_ask() {
    both(|server| async move {
        let ben = person(&server, BEN, "Ben").await;
        let mut browser = signed_in(&server, BEN).await;
        let heading = "Services that act as you";
        assert!(!browser.get("/account").await.body.contains(heading));
        let service = |id: &str, name: &str, more: Value| {
            let mut draft = json!({
                "client_id": id, "client_name": name, "type": "service", "context_user": ben,
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
            });
            draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let server = Arc::clone(&server);
            async move { server.register(draft).await }
        };
        let contacts = json!({ "contacts": ["ops@northwind.example"] });
        let export = service("night-export", "Night <i>export", contacts).await;
        service("idle", "Idle service", json!({ "enabled": false })).await;
        export.own_token().await;
        server.sweep().await;
        let page = browser.get("/account").await;
        let (_, section) = page.body.split_once(heading).unwrap();
        let (section, _) = section.split_once("</section>").unwrap();
        for words in [
            "Night &#60;i&#62;export",
            "<code>night-export</code>",
            "See OAuth clients",
            "Set up to act as you by <bdi>the operator of this server</bdi> <time",
            "last used <time",
            "ask <bdi>ops@northwind.example</bdi>",
            "Only an administrator can end one.",
            "Idle service",
            "Paused",
            "last used <span class=\"faint\">never",
            "ask an administrator of this server",
        ] {
            assert!(section.contains(words), "{words}: {section}");
        }
        assert!(!section.contains("<form") && !section.contains("<button"), "{section}");
        let other = signed_in(&server, ADMIN_EMAIL).await.get("/account").await;
        assert!(!other.body.contains(heading), "{}", other.body);
        let may = Authority::operator("test@host").may().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        let patch = (&json!({ "context_user": null }), None);
        let call = server.operator();
        clients::change(&mut work, &call, &may, "night-export", patch).await.unwrap();
        work.commit().await.unwrap();
        assert!(!browser.get("/account").await.body.contains("night-export"));
    })
    .await;
}

#[tokio::test]
async fn disconnecting_an_application_ends_all_it_had_at_once() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let (first, refresh) = connect(&app, &mut browser).await;
        let (second, _) = connect(&app, &mut browser).await;
        let page = browser.get("/account").await;
        let done = browser.submit(&page, &action(&page, "/account/apps/web-app"), &[]).await;
        assert!(done.body.contains("Disconnected.") && done.body.contains("No connected apps"));
        for token in [first, second] {
            assert!(!app.is_active(&token).await);
        }
        assert_eq!(app.refresh(&refresh).await.verdict(), "400 invalid_grant");
        let asked = browser.visit(&app.authorize_path(&[SCOPES])).await;
        assert!(asked.body.contains("name=\"decision\""), "withdrawn consent is asked again");
    })
    .await;
}

#[tokio::test]
async fn revoking_one_grant_leaves_the_others() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let (first, _) = connect(&app, &mut browser).await;
        let (second, refresh) = connect(&app, &mut browser).await;
        let page = browser.get("/account").await;
        let newest = action(&page, "/account/grants/");
        let done = browser.submit(&page, &newest, &[]).await;
        assert!(done.body.contains("Revoked. That access ended at once."), "{}", done.body);
        assert!(app.is_active(&first).await && !app.is_active(&second).await);
        assert_eq!(app.refresh(&refresh).await.verdict(), "400 invalid_grant");
        let name = newest.split('/').nth(3).unwrap();
        assert!(
            name.len() == 22 && !name.bytes().all(|b| b.is_ascii_digit()),
            "{name} tells volume"
        );
    })
    .await;
}

/// COR-38, COR-40: each token by its id, its last use and its end; one of them revoked.
#[tokio::test]
async fn revoking_one_token_leaves_the_others_and_is_nobody_elses_to_do() {
    both(|server| async move {
        let app = server.web_app().await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let (first, _) = connect(&app, &mut browser).await;
        let (second, refresh) = connect(&app, &mut browser).await;
        let page = browser.get("/account").await;
        assert_eq!(page.body.matches("2 living tokens").count(), 2, "{}", page.body);
        assert_eq!(page.body.matches("<strong>Refresh token</strong>").count(), 2);
        let (_, newest) = page.body.split_once("<strong>Access token</strong>").unwrap();
        let (_, newest) = newest.split_once("action=\"").unwrap();
        let newest = newest.split('"').next().unwrap().to_owned();
        person(&server, BEN, "Ben").await;
        let mut ben = signed_in(&server, BEN).await;
        let own = ben.get("/account/password").await;
        assert_eq!(ben.submit(&own, &newest, &[]).await.status, 404, "somebody else's");
        let done = browser.submit(&page, &newest, &[]).await;
        assert!(done.body.contains("Revoked. That token ended at once."), "{}", done.body);
        assert!(app.is_active(&first).await);
        assert!(!app.is_active(&second).await);
        assert_eq!(done.body.matches("1 living token<").count(), 1, "{}", done.body);
        assert_eq!(app.refresh(&refresh).await.verdict(), "200", "an access token alone");
    })
    .await;
}

#[tokio::test]
async fn every_application_at_once() {
    both(|server| async move {
        let web = server.web_app().await;
        let native = server.native_app().await;
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        connect(&web, &mut browser).await;
        let code = native.code_in(&mut browser, &[]).await;
        native.redeem(&code).await;
        let page = browser.get("/account").await;
        assert!(page.body.contains("this device"));
        let done = browser.submit(&page, "/account/apps/revoke", &[]).await;
        assert!(done.body.contains("No connected apps"), "{}", done.body);
    })
    .await;
}

#[tokio::test]
async fn refuses_to_end_what_is_somebody_elses() {
    both(|server| async move {
        let app = server.web_app().await;
        person(&server, BEN, "Ben").await;
        let mut ben = signed_in(&server, BEN).await;
        let token = {
            let answer = ben.authorize(&app.authorize_path(&[SCOPES]), BEN).await;
            app.redeem(&answer.returned("code").unwrap()).await.text("access_token")
        };
        let page = ben.get("/account").await;
        let mut ada = signed_in(&server, ADMIN_EMAIL).await;
        let other = signed_in(&server, BEN).await;
        let session = ending(&other.clone().get("/account").await, 1);
        let own = ada.get("/account").await.field("form_token").unwrap();
        let mut work = server.instance.read();
        let live = tokens::find_live(&mut work, &token, server.clock.now()).await.unwrap().unwrap();
        let row = tokens::find_grant(&mut work, live.grant.unwrap()).await.unwrap().unwrap();
        let grant = row.public_id(&server.instance).unwrap();
        for path in [
            action(&page, "/account/apps/web-app"),
            format!("/account/grants/{grant}/revoke"),
            session,
            "/account/apps/nothing/revoke".into(),
            "/account/apps/%00/revoke".into(),
            "/account/grants/AAAAAAAAAAAAAAAAAAAAAA/revoke".into(),
            "/account/grants/%ff/revoke".into(),
            "/account/sessions/1/end".into(),
        ] {
            let answer = ada.post(&path, &[("form_token", &own)]).await;
            assert!(matches!(answer.status.as_u16(), 400 | 404), "{path}: {}", answer.status);
        }
        assert!(app.is_active(&token).await);
        assert!(ben.get("/account").await.status.is_success());
        assert!(other.clone().get("/account").await.status.is_success());
    })
    .await;
}

#[tokio::test]
async fn a_browser_signed_out_here_is_out_at_its_next_request() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let mut other = signed_in(&server, ADMIN_EMAIL).await;
        let mut third = signed_in(&server, ADMIN_EMAIL).await;
        let page = browser.get("/account").await;
        let path = ending(&page, 1);
        let done = browser.submit(&page, &path, &[]).await;
        assert!(done.body.contains("That browser is signed out."), "{}", done.body);
        let alive = [other.get("/account").await, third.get("/account").await];
        assert_eq!(alive.iter().filter(|answer| answer.status.is_success()).count(), 1);

        let done = browser.submit(&done, "/account/sessions/end-others", &[]).await;
        assert!(done.body.contains("Every other browser is signed out."));
        for mut gone in [other, third] {
            assert_eq!(gone.get("/account").await.status.as_u16(), 303);
        }
        assert!(browser.get("/account").await.status.is_success());
    })
    .await;
}

#[tokio::test]
async fn ending_ones_own_session_is_signing_out() {
    both(|server| async move {
        let browser = signed_in(&server, ADMIN_EMAIL).await;
        let mut other = signed_in(&server, ADMIN_EMAIL).await;
        let shown = other.get("/account").await;
        let mut first = browser.clone();
        let path = ending(&shown, 1);
        let own = first.get("/account").await;
        let answer = first.submit(&own, &path, &[]).await;
        assert!(answer.body.contains("You are signed out"), "{}", answer.body);
        assert!(!first.cookies.contains_key(SESSION));
    })
    .await;
}

#[tokio::test]
async fn refuses_every_ending_without_its_form() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        for path in [
            "/account/apps/revoke",
            "/account/apps/web-app/revoke",
            "/account/grants/x/revoke",
            "/account/sessions/end-others",
            "/account/sessions/x/end",
            "/account/password",
        ] {
            assert_eq!(browser.post(path, &[]).await.status.as_u16(), 403, "{path}");
            assert_ne!(browser.get(path).await.status.as_u16(), 500, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn tells_only_its_own_sentences() {
    both(|server| async move {
        let mut browser = signed_in(&server, ADMIN_EMAIL).await;
        let page = browser.get("/account?done=password").await;
        assert!(page.body.contains("Your password is changed."));
        let page = browser.get("/account?done=%3Cscript%3Ealert(1)%3C/script%3E").await;
        assert!(!page.body.contains("alert(1)"));
    })
    .await;
}
