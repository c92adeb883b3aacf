//! A new client: the newcomer's third step, and everything a form can be refused for.

use domain::access::{CLIENT_MANAGER, Place};

use crate::cast::{MANAGER, STRANGER, admin, auditor, complaints, copied, person, places, send};
use crate::harness::{Answer, Browser, both, one};
use std::sync::Arc;

const LIST: &str = "/console/clients";

async fn form(browser: &mut Browser, kind: &str) -> Answer {
    let page = browser.get(&format!("/console/clients/new?kind={kind}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

#[tokio::test]
async fn a_newcomer_has_a_token_a_minute_after_signing_in() {
    both(|server| async move {
        let mut browser = server.browser();
        let asked = browser.visit("/console").await;
        assert!(asked.body.contains("name=\"password\""), "the login page comes first");
        let list = browser
            .submit(
                &asked,
                "/login",
                &[("email", crate::harness::ADMIN_EMAIL), ("password", crate::harness::PASSWORD)],
            )
            .await;
        assert!(list.body.contains("No clients yet"), "{}", list.body);
        let kinds = browser.get("/console/clients/new").await;
        assert!(kinds.body.contains("What are you building?"));
        let page = form(&mut browser, "service").await;
        let changes = [("client_name", "backend-service"), ("scopes", "oauth_client:read")];
        let saved = send(&mut browser, &page, LIST, &changes).await;
        assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
        assert_eq!(saved.header("cache-control"), "no-store");
        assert!(saved.location().is_empty());
        let id = copied(&saved, "the client ID").expect("an id to copy");
        let secret = copied(&saved, "the client secret").expect("a secret to copy");
        let curl = copied(&saved, "curl").expect("a curl to copy");
        assert_eq!(
            curl,
            format!(
                "curl -s 'https://mandate.test/oauth2/token' \\\n  -u '{id}:{secret}' \\\n  \
                 -d grant_type=client_credentials"
            )
        );
        // What that line does.
        let token = server.client(&id, Some(&secret)).own_token().await;
        assert_eq!(token.status, 200, "{}", token.body);
        assert_eq!(token.text("scope"), "oauth_client:read");
        let overview = browser.get(&format!("{LIST}/{id}")).await;
        assert_eq!(overview.status, 200);
        assert!(overview.body.contains("https://mandate.test/oauth2/token"));
    })
    .await;
}

#[tokio::test]
async fn l03_shows_a_secret_never_again() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let page = form(&mut browser, "service").await;
        let changes = [("client_name", "Once")];
        let saved = send(&mut browser, &page, LIST, &changes).await;
        let (id, secret) = (
            copied(&saved, "the client ID").unwrap(),
            copied(&saved, "the client secret").unwrap(),
        );
        let reloaded = send(&mut browser, &page, LIST, &changes).await;
        assert_eq!(reloaded.status, 200);
        assert!(reloaded.body.contains("The secret was already shown"), "{}", reloaded.body);
        assert!(!reloaded.body.contains(&secret));
        assert_eq!(copied(&reloaded, "the client ID").as_deref(), Some(id.as_str()));
        for path in ["", "/settings", "/credentials", "/audit", "/access"] {
            let page = browser.get(&format!("{LIST}/{id}{path}")).await;
            assert!(!page.body.contains(&secret), "{path}");
        }
        let list = browser.get(&format!("{LIST}?q=Once")).await;
        assert!(!list.body.contains(&secret));
        assert_eq!(list.body.matches("class=\"row-link\"").count(), 1, "a reload makes no second");
        assert!(!browser.cookies.values().any(|value| value.contains(&secret)));
    })
    .await;
}

#[tokio::test]
async fn keeps_everything_that_was_typed_when_it_refuses() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let page = form(&mut browser, "web").await;
    let refused = send(
        &mut browser,
        &page,
        LIST,
        &[
            ("client_name", ""),
            ("description", "For <ships> & tides"),
            ("client_id", "no spaces allowed"),
            (
                "redirect_uris",
                "http://notes.example/cb\r\nhttps://*.example/cb\r\nhttps://fine.example/cb",
            ),
            ("access", "full"),
            ("access_token_lifetime", "2 h"),
            ("refresh_token_lifetime", "1.5 d"),
            ("grant_types", "authorization_code"),
            ("grant_types", "refresh_token"),
            ("scopes", "openid"),
            ("scopes", "as_user:write"),
            ("trusted_ips", "10.0.0.1/8"),
            ("context_user", "usr_nobody"),
        ],
    )
    .await;
    assert_eq!(refused.status, 422);
    insta::assert_snapshot!(complaints(&refused).join("\n"), @r"
    client_name: A name is needed: 1 to 200 characters.
    client_id: 3 to 128 letters, digits, dots, underscores and hyphens.
    refresh_token_lifetime: Write whole numbers, such as 1 h 30 m instead of 1.5 h.
    trusted_ips: Line 1: `10.0.0.1/8` has bits set beyond its prefix. Did you mean `10.0.0.0/8`?
    redirect_uris: `http://notes.example/cb`: Plain http would carry the code readable through the network. Use https, or http with 127.0.0.1, [::1] or localhost for an application on the same machine.
    redirect_uris: `https://*.example/cb`: A redirect URI is compared character for character, so * stands for nothing. Register each URI by itself.
    confirm_high_risk: Full access with access tokens that live 2 hours, more than 1 hour: whoever gets hold of one can change and delete things for that long. Confirm it, shorten the lifetime, or choose read-only access.
    ");
    let kept = crate::cast::filled(&refused, &[]);
    let has = |name: &str, value: &str| kept.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("description", "For <ships> & tides"));
    assert!(has("client_id", "no spaces allowed"));
    assert!(has(
        "redirect_uris",
        "http://notes.example/cb\nhttps://*.example/cb\nhttps://fine.example/cb"
    ));
    assert!(has("access_token_lifetime", "2 h") && has("refresh_token_lifetime", "1.5 d"));
    assert!(has("scopes", "as_user:write") && has("grant_types", "refresh_token"));
    assert!(has("trusted_ips", "10.0.0.1/8") && has("access", "full"));
    assert!(has("kind", "web") && has("type", "user_authorized"));
    let list = browser.get(LIST).await;
    assert!(list.body.contains("No clients yet"), "nothing was made");
}

#[tokio::test]
async fn asks_to_confirm_full_access_with_long_tokens() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let page = form(&mut browser, "service").await;
    let risky = [("client_name", "Risky"), ("access", "full"), ("access_token_lifetime", "2 h")];
    let refused = send(&mut browser, &page, LIST, &risky).await;
    assert_eq!(refused.status, 422);
    assert!(complaints(&refused)[0].starts_with("confirm_high_risk: Full access"));
    let saved = send(&mut browser, &refused, LIST, &[("confirm_high_risk", "true")]).await;
    assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
}

#[tokio::test]
async fn l04_refuses_a_form_without_its_token_or_from_elsewhere() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let page = form(&mut browser, "service").await;
    let changes = [("client_name", "Forged")];
    for token in ["", "guessed"] {
        let answer = send(&mut browser, &page, LIST, &[changes[0], ("form_token", token)]).await;
        assert_eq!(answer.status, 403, "{token:?}");
    }
    let mut other = admin(&server).await;
    let answer = send(&mut other, &page, LIST, &changes).await;
    assert_eq!(answer.status, 403, "the form of another browser");
    let fields = crate::cast::filled(&page, &changes);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = browser.post_from("https://evil.example", LIST, &fields).await;
    assert_eq!(answer.status, 403, "a foreign origin");
    assert!(browser.get(LIST).await.body.contains("No clients yet"));
}

#[tokio::test]
async fn names_the_missing_permission_before_and_after_the_click() {
    let server = Arc::new(one().await);
    let mut auditor = auditor(&server).await;
    let list = auditor.get(LIST).await;
    assert_eq!(list.status, 200);
    assert!(list.body.contains("Needs the permission oauth_client:create"));
    assert!(!list.body.contains("href=\"/console/clients/new\""));
    let page = auditor.get("/console/clients/new?kind=service").await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("You may not register OAuth clients"), "{}", page.body);
    let token = list.field("form_token").unwrap();
    let posted = auditor
        .post(LIST, &[("form_token", &token), ("kind", "service"), ("client_name", "x")])
        .await;
    assert_eq!(posted.status, 403);
    let mut stranger = person(&server, STRANGER, None).await;
    let page = stranger.visit("/console").await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("oauth_client:read") && page.body.contains("href=\"/account\""));
    assert!(!page.body.contains("href=\"/console/clients\""), "no entry that leads nowhere");
}

#[tokio::test]
async fn a_manager_of_one_team_makes_clients_there_and_nowhere_else() {
    both(|server| async move {
        let (_, harbour, _) = places(&server).await;
        server.service().await;
        let role = (CLIENT_MANAGER, Place::Team(harbour));
        let mut manager = person(&server, MANAGER, Some(role)).await;
        let list = manager.get(LIST).await;
        assert!(list.body.contains("No clients yet"), "others' clients are out of sight");
        assert_eq!(manager.get(&format!("{LIST}/service")).await.status, 404);
        let page = form(&mut manager, "web").await;
        let changes = [
            ("client_name", "Harbour Notes"),
            ("redirect_uris", "https://notes.example/cb"),
            ("contacts", "ops@notes.example"),
        ];
        let saved = send(&mut manager, &page, LIST, &changes).await;
        assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
        let id = copied(&saved, "the client ID").unwrap();
        let list = manager.get(LIST).await;
        assert!(list.body.contains("Harbour Notes") && list.body.contains(&id));
        let page = form(&mut manager, "service").await;
        let wide = [("client_name", "Too wide"), ("scopes", "settings:read")];
        let refused = send(&mut manager, &page, LIST, &wide).await;
        assert_eq!(refused.status, 422);
        assert_eq!(
            complaints(&refused),
            ["scopes: The client could do what you may not do yourself. (settings:read)"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_hostile_name_stays_text_wherever_it_is_shown() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let name = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'";
    let page = form(&mut browser, "web").await;
    let saved = send(
        &mut browser,
        &page,
        LIST,
        &[
            ("client_name", name),
            ("description", name),
            ("contacts", name),
            ("redirect_uris", "https://a.example/\"><script>"),
        ],
    )
    .await;
    assert_eq!(saved.status, 422);
    let saved =
        send(&mut browser, &saved, LIST, &[("redirect_uris", "https://a.example/cb")]).await;
    assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
    let id = copied(&saved, "the client ID").unwrap();
    let mut pages = vec![
        saved,
        browser.get(LIST).await,
        browser.get(&format!("{LIST}?q={}", "%22%3E%3Cscript%3E")).await,
    ];
    for tab in
        ["", "/settings", "/credentials", "/access", "/tokens", "/activity", "/audit", "/danger"]
    {
        pages.push(browser.get(&format!("{LIST}/{id}{tab}")).await);
    }
    for page in pages {
        assert!(!page.body.contains("<script>"), "{}", page.body);
        assert!(!page.body.contains("<img"), "{}", page.body);
        assert!(page.header("content-security-policy").contains("script-src 'self'"));
    }
}

#[tokio::test]
async fn every_setting_of_the_contract_can_be_typed() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let page = form(&mut browser, "service").await;
    let odd = [
        ("client_name", "Odd"),
        ("claims", "gold"),
        ("max_active_tokens", "many"),
        ("logo_uri", "http://a.example/x.png"),
    ];
    let refused = send(&mut browser, &page, LIST, &odd).await;
    let fields: Vec<String> =
        complaints(&refused).iter().map(|it| it.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(fields, ["max_active_tokens", "claims", "logo_uri"], "{:?}", complaints(&refused));
    assert!(refused.body.contains("<details open><summary>More settings"));
    let saved = send(
        &mut browser,
        &refused,
        LIST,
        &[
            ("client_id", "odd"),
            ("claims", "{\"tier\": \"gold\"}"),
            ("max_active_tokens", "3"),
            ("token_requests_per_second", "9"),
            ("logo_uri", "https://a.example/x.png"),
            ("token_issuance", "reuse"),
            ("trusted_ips", "10.0.0.0/8\r\n::1"),
            ("trusted_ips_mode", "observe"),
            ("context_user", "ada@example.com"),
            ("continue_without_context_user", "true"),
            ("verified", "true"),
        ],
    )
    .await;
    assert_eq!(saved.status, 200, "{:?}", complaints(&saved));
    let token = server.admin_client().own_token().await.text("access_token");
    let client = server.admin_client().get_with("/api/v1/clients/odd", &token).await.json();
    for (field, value) in [
        ("claims", serde_json::json!({"tier": "gold"})),
        ("max_active_tokens", 3.into()),
        ("token_requests_per_second", 9.into()),
        ("logo_uri", "https://a.example/x.png".into()),
        ("token_issuance", "reuse".into()),
        ("trusted_ips", serde_json::json!(["10.0.0.0/8", "::1"])),
        ("trusted_ips_mode", "observe".into()),
        ("continue_without_context_user", true.into()),
        ("verified", true.into()),
        ("type", "service".into()),
    ] {
        assert_eq!(client[field], value, "{field}");
    }
    assert!(client["context_user"].as_str().unwrap().starts_with("usr_"));
    let settings = browser.get("/console/clients/odd/settings").await;
    assert!(settings.body.contains("value=\"ada@example.com\""));
    let path = "/console/clients/odd/settings";
    let same = send(&mut browser, &settings, path, &[]).await;
    assert!(same.location().ends_with("done=unchanged"), "{:?}", complaints(&same));
    let off = [("max_active_tokens", ""), ("claims", ""), ("context_user", "")];
    let saved = send(&mut browser, &settings, path, &off).await;
    assert!(saved.location().contains("?done=saved&undo="), "{:?}", complaints(&saved));
    let client = server.admin_client().get_with("/api/v1/clients/odd", &token).await.json();
    assert_eq!(client["max_active_tokens"], serde_json::Value::Null);
    assert_eq!(client["continue_without_context_user"], false);
}
