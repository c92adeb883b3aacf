//! Settings of a client: only what is different is saved, and never over somebody else's change.

use std::sync::Arc;

use domain::access::{CLIENT_MANAGER, Place};
use serde_json::json;

use crate::cast::{MANAGER, OUT, admin, auditor, complaints, filled, person, places, send};
use crate::harness::{Answer, both, one};

const PATH: &str = "/console/clients/web-app/settings";

/// The change was made, and the page that follows offers to take it back.
#[track_caller]
fn assert_saved(answer: &Answer) {
    let saved = answer.location().contains("/settings?done=saved&undo=");
    assert!(saved, "{} {:?}", answer.location(), complaints(answer));
}

#[tokio::test]
async fn saves_what_is_different_and_nothing_else() {
    both(|server| async move {
        server.web_app().await;
        let mut browser = admin(&server).await;
        let page = browser.get(PATH).await;
        assert_eq!(page.status, 200);
        let same = send(&mut browser, &page, PATH, &[]).await;
        assert_eq!(
            same.location(),
            "/console/clients/web-app/settings?done=unchanged",
            "{:?}",
            complaints(&same)
        );
        let changes = [("client_name", "Harbour Notes"), ("access_token_lifetime", "30 m")];
        let saved = send(&mut browser, &page, PATH, &changes).await;
        assert_saved(&saved);
        let after = browser.get(saved.location()).await;
        assert!(after.body.contains("Saved. It holds from the next request."));
        assert!(after.body.contains("value=\"Harbour Notes\""));
        assert!(after.body.contains("value=\"30 minutes\""));
        let trail = browser.get("/console/clients/web-app/audit").await;
        let updates = trail.body.matches("Changed the settings").count();
        assert_eq!(updates, 1, "what changed nothing left no entry");
        for told in ["Access token lifetime", "1 hour", "30 minutes", "Web App", "Harbour Notes"] {
            assert!(trail.body.contains(told), "{told}");
        }
        assert!(
            !trail.body.contains("Redirect addresses</strong> <del>"),
            "only what was different"
        );
    })
    .await;
}

/// RLT-54 in the form: what was issued ends with a change where that is ticked.
#[tokio::test]
async fn rlt54_ends_its_tokens_with_the_change_where_that_is_ticked() {
    both(|server| async move {
        let web = server.web_app().await;
        let token = web.sign_in(&[]).await.text("access_token");
        let mut browser = admin(&server).await;
        let page = browser.get(PATH).await;
        let saved = send(&mut browser, &page, PATH, &[("description", "x")]).await;
        assert_saved(&saved);
        assert!(web.is_active(&token).await, "not ticked");
        let page = browser.get(saved.location()).await;
        let ticked = [("revoke_tokens", "true"), ("preview", "true")];
        let preview = send(&mut browser, &page, PATH, &ticked).await;
        assert!(preview.body.contains("would end at once"), "{}", preview.body);
        assert!(web.is_active(&token).await, "a preview");
        let call =
            send(&mut browser, &page, PATH, &[("revoke_tokens", "true"), ("curl", "true")]).await;
        assert!(call.body.contains("&#34;revoke_tokens&#34;: true"), "{}", call.body);
        let saved = send(&mut browser, &preview, PATH, &[("preview", OUT), ("curl", OUT)]).await;
        assert_saved(&saved);
        assert!(!web.is_active(&token).await, "it stayed ticked");
        let page = browser.get(PATH).await;
        assert!(
            !filled(&page, &[]).iter().any(|(name, _)| name == "revoke_tokens"),
            "not for ever"
        );
    })
    .await;
}

#[tokio::test]
async fn shows_both_when_somebody_else_saved_meanwhile() {
    both(|server| async move {
        server.web_app().await;
        let (mut first, mut second) = (admin(&server).await, admin(&server).await);
        let (mine, theirs) = (first.get(PATH).await, second.get(PATH).await);
        send(&mut second, &theirs, PATH, &[("access_token_lifetime", "2 h")]).await;
        let clash = send(
            &mut first,
            &mine,
            PATH,
            &[("access_token_lifetime", "10 m"), ("description", "Mine")],
        )
        .await;
        assert_eq!(clash.status, 409);
        assert!(clash.body.contains("Someone else saved this client while you were editing"));
        for told in ["theirs 2 hours", "yours 10 minutes", "value=\"10 m\"", "value=\"Mine\""] {
            assert!(clash.body.contains(told), "{told}");
        }
        let saved = send(&mut first, &clash, PATH, &[]).await;
        assert_saved(&saved);
        let now = first.get(PATH).await;
        assert!(now.body.contains("value=\"10 minutes\"") && now.body.contains("value=\"Mine\""));
    })
    .await;
}

#[tokio::test]
async fn keeps_what_was_typed_when_it_refuses() {
    let server = Arc::new(one().await);
    server.web_app().await;
    server.service().await;
    let mut browser = admin(&server).await;
    let page = browser.get(PATH).await;
    let refused = send(
        &mut browser,
        &page,
        PATH,
        &[
            ("client_name", "service"),
            ("redirect_uris", "https://a.example/cb\nhttps://a.example/#x"),
            ("refresh_token_lifetime", "400 d"),
        ],
    )
    .await;
    assert_eq!(refused.status, 422);
    insta::assert_snapshot!(complaints(&refused).join("\n"), @r"
    refresh_token_lifetime: A refresh token lives 1 hour to 365 days (3,600 to 31,536,000 seconds).
    redirect_uris: `https://a.example/#x`: A redirect URI has no fragment (the part after #).
    ");
    let kept = filled(&refused, &[]);
    for (name, value) in [
        ("client_name", "service"),
        ("redirect_uris", "https://a.example/cb\nhttps://a.example/#x"),
        ("refresh_token_lifetime", "400 d"),
    ] {
        assert!(kept.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    let taken = send(
        &mut browser,
        &refused,
        PATH,
        &[("redirect_uris", "https://a.example/cb"), ("refresh_token_lifetime", "40 d")],
    )
    .await;
    assert_eq!(complaints(&taken), ["client_name: Another client of the instance has this name."]);
}

#[tokio::test]
async fn leaving_the_code_grant_takes_its_redirects_along() {
    let server = Arc::new(one().await);
    server.web_app().await;
    let mut browser = admin(&server).await;
    let page = browser.get(PATH).await;
    let changes = [("grant_types", "client_credentials"), ("scopes", "oauth_client:read")];
    let saved = send(&mut browser, &page, PATH, &changes).await;
    assert_saved(&saved);
    let overview = browser.get("/console/clients/web-app").await;
    assert!(!overview.body.contains("https://app.example/cb"));
    assert!(overview.body.contains("grant_type=client_credentials"));
}

#[tokio::test]
async fn settings_the_form_does_not_show_stay() {
    let server = Arc::new(one().await);
    let settings = json!({
        "client_id": "web-app", "client_name": "Web App", "redirect_uris": ["https://app.example/cb"],
        "auth_methods": ["client_secret_post"], "claims": {"tier": "gold"}, "contacts": ["a", "b"],
        "scopes": ["openid", "email"], "default_scopes": ["openid"], "token_requests_per_second": 7,
    });
    server.register(settings).await;
    let mut browser = admin(&server).await;
    let page = browser.get(PATH).await;
    let saved = send(&mut browser, &page, PATH, &[("client_name", "Other")]).await;
    assert_saved(&saved);
    let token = server.admin_client().own_token().await.text("access_token");
    let client = server.admin_client().get_with("/api/v1/clients/web-app", &token).await.json();
    assert_eq!(client["auth_methods"], json!(["client_secret_post"]));
    assert_eq!(client["claims"], json!({"tier": "gold"}));
    assert_eq!(client["default_scopes"], json!(["openid"]));
    assert_eq!(client["token_requests_per_second"], 7);
}

#[tokio::test]
async fn an_auditor_sees_settings_that_cannot_be_touched() {
    let server = Arc::new(one().await);
    server.web_app().await;
    let mut auditor = auditor(&server).await;
    let page = auditor.get(PATH).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Needs the permission oauth_client:update"));
    assert!(
        page.body
            .contains("<fieldset class=\"bare form\" id=\"settings\" tabindex=\"-1\" disabled>")
    );
    assert!(page.body.contains("disabled aria-describedby=\"save-refused\">Save changes</button>"));
    assert!(!page.body.contains("type=\"submit\" class=\"button\">Save changes"));
    let posted = send(&mut auditor, &page, PATH, &[("client_name", "Mine now")]).await;
    assert_eq!(posted.status, 403);
}

#[tokio::test]
async fn a_manager_without_sight_of_teams_changes_no_places() {
    let server = Arc::new(one().await);
    let (home, harbour, quay) = places(&server).await;
    let settings = json!({
        "client_id": "web-app", "client_name": "Web App", "redirect_uris": ["https://app.example/cb"],
        "organization": home, "owner_team": harbour, "team_restrictions": {"teams": [harbour, quay]},
    });
    server.register(settings).await;
    let mut manager =
        person(&server, MANAGER, Some((CLIENT_MANAGER, Place::Team(harbour.clone())))).await;
    let page = manager.get(PATH).await;
    assert!(!page.body.contains("name=\"team_restrictions.teams\""));
    let saved = send(&mut manager, &page, PATH, &[("description", "Ours")]).await;
    assert_saved(&saved);
    let overview = admin(&server).await.get("/console/clients/web-app").await;
    assert!(overview.body.contains("Harbour, Quay"), "{}", overview.body);
    // Widening beyond what the manager holds is refused on its field, by the ceiling.
    let page = manager.get(PATH).await;
    let wide = [
        ("grant_types", "client_credentials"),
        ("scopes", "settings:read"),
        ("require_consent", OUT),
    ];
    let refused = send(&mut manager, &page, PATH, &wide).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        complaints(&refused),
        ["scopes: The client could do what you may not do yourself. (settings:read)"]
    );
}

#[tokio::test]
async fn a_preview_says_what_would_happen_and_does_nothing() {
    both(|server| async move {
        server.web_app().await;
        let mut browser = admin(&server).await;
        let page = browser.get(PATH).await;
        let asked = [("access_token_lifetime", "5 m"), ("preview", "true")];
        let told = send(&mut browser, &page, PATH, &asked).await;
        assert_eq!(told.status, 200, "{:?}", complaints(&told));
        for words in ["Not saved yet.", "1 hour", "5 minutes", "It has no living tokens."] {
            assert!(told.body.contains(words), "{words}");
        }
        let still = browser.get(PATH).await;
        assert!(still.body.contains("value=\"1 hour\""), "nothing was saved");
        let trail = browser.get("/console/clients/web-app/audit").await;
        assert!(!trail.body.contains("Changed the settings"));
        let saved = send(&mut browser, &told, PATH, &[]).await;
        assert_saved(&saved);
        let wrong = [("access_token_lifetime", "0"), ("preview", "true")];
        assert_eq!(send(&mut browser, &page, PATH, &wrong).await.status, 409, "an older form");
        let page = browser.get(PATH).await;
        assert_eq!(send(&mut browser, &page, PATH, &wrong).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn shows_the_call_of_the_api_that_saves_the_same_and_saves_nothing() {
    let server = Arc::new(one().await);
    server.web_app().await;
    let mut browser = admin(&server).await;
    let page = browser.get(PATH).await;
    let asked = [("description", "it's ours"), ("access_token_lifetime", "5 m"), ("curl", "true")];
    let shown = send(&mut browser, &page, PATH, &asked).await;
    assert_eq!(shown.status, 200);
    let call = shown.body.split_once("id=\"call\"").unwrap().1.split_once("</pre>").unwrap().0;
    for part in
        ["-X PATCH", "/api/v1/clients/web-app", "If-Match", "access_token_lifetime&#34;: 300"]
    {
        assert!(call.contains(part), "{part}: {call}");
    }
    assert!(!call.contains("client_name"), "what is the same is not in it: {call}");
    assert!(shown.body.contains("value=\"it&#39;s ours\""), "what was typed stays");
    let now = browser.get(PATH).await;
    assert!(now.body.contains("value=\"1 hour\""), "nothing was saved");
}
