//! `/consent`: what the page says, and every answer that is refused.

use crate::cast::{BEN, consent_page, deputy, disable, person, signed_in, teams_of};
use crate::harness::{ADMIN_EMAIL, App, Browser, PASSWORD, both};

const AS_USER: &str = "openid email as_user:read as_user:write";

fn path(app: &App) -> String {
    app.authorize_path(&[("scope", AS_USER)])
}

/// Ben with these teams, in a browser on the consent page of an application with these settings.
async fn asked(
    server: &std::sync::Arc<crate::harness::Server>,
    teams: &[&str],
    more: serde_json::Value,
) -> (App, Browser, crate::harness::Answer, Vec<String>) {
    let ben = person(server, BEN, "Ben").await;
    let ids = if teams.is_empty() { Vec::new() } else { teams_of(server, &ben, teams).await };
    let app = deputy(server, more).await;
    let mut browser = server.browser();
    let page = consent_page(&mut browser, &path(&app), BEN).await;
    (app, browser, page, ids)
}

#[tokio::test]
async fn says_who_asks_for_what_for_how_long() {
    both(|server| async move {
        let (_, _, page, _) = asked(&server, &["Harbour"], serde_json::json!({})).await;
        for words in [
            "Harbour Notes",
            "app.example",
            "ops@northwind.example",
            "Not verified",
            "It will act as you, and never be able to do more than you can.",
            "It will learn about you",
            "See your e-mail address",
            "It may read",
            "See everything that you may see",
            "It may change",
            "Change everything that you may change",
            "the only one this concerns",
            "Lasts 7 days at most",
            "href=\"/account\"",
            "ben@example.com",
            "value=\"deny\"",
            "value=\"allow\"",
        ] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert!(!page.body.contains(">New<"), "nothing is new the first time");
    })
    .await;
}

#[tokio::test]
async fn a_read_only_application_changes_nothing_and_lasts_as_long_as_its_token() {
    both(|server| async move {
        person(&server, BEN, "Ben").await;
        let more = serde_json::json!({
            "access": "read_only", "scopes": ["openid", "as_user:read"],
            "grant_types": ["authorization_code"],
        });
        let app = deputy(&server, more).await;
        let path = app.authorize_path(&[("scope", "openid as_user:read")]);
        let page = consent_page(&mut server.browser(), &path, BEN).await;
        assert!(page.body.contains("It may not change anything."), "{}", page.body);
        assert!(page.body.contains("Lasts 1 hour at most"), "{}", page.body);
    })
    .await;
}

#[tokio::test]
async fn names_and_teams_are_never_markup() {
    both(|server| async move {
        let name = "<script>alert('x')</script> & \"Co\"";
        let teams = ["<img src=x onerror=alert(1)>", "\"><b>bold"];
        let more = serde_json::json!({ "client_name": name, "team_selection": "single" });
        let (_, _, page, _) = asked(&server, &teams, more).await;
        for markup in ["<script>alert", "<img", "<b>bold"] {
            assert!(!page.body.contains(markup), "{markup}: {}", page.body);
        }
        assert!(page.body.contains("&#60;script&#62;alert(&#39;x&#39;)"), "{}", page.body);
    })
    .await;
}

#[tokio::test]
async fn a_device_is_named_for_loopback() {
    both(|server| async move {
        let app = server.native_app().await;
        let page = consent_page(&mut server.browser(), &app.authorize_path(&[]), ADMIN_EMAIL).await;
        assert!(page.body.contains("this device"));
    })
    .await;
}

/// C11: login and consent answer a form with 303.
#[tokio::test]
async fn c11_forms_are_answered_with_303() {
    both(|server| async move {
        let (_, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let (token, id) = (page.field("form_token").unwrap(), page.field("request").unwrap());
        let fields = [("form_token", token.as_str()), ("request", &id), ("decision", "allow")];
        let answer = browser.post("/consent", &fields).await;
        assert_eq!(answer.status.as_u16(), 303);
        assert!(answer.location().starts_with("/oauth2/authorize?authorization="));
        let mut fresh = server.browser();
        let token = fresh.get("/login").await.field("form_token").unwrap();
        let fields =
            [("form_token", token.as_str()), ("email", ADMIN_EMAIL), ("password", PASSWORD)];
        assert_eq!(fresh.post("/login", &fields).await.status.as_u16(), 303);
    })
    .await;
}

#[tokio::test]
async fn deny_goes_back_with_access_denied_and_remembers_nothing() {
    both(|server| async move {
        let (app, mut browser, page, _) =
            asked(&server, &["Harbour", "Quay"], serde_json::json!({})).await;
        let answer = browser.submit(&page, "/consent", &[("decision", "deny")]).await;
        assert_eq!(answer.returned("error").as_deref(), Some("access_denied"));
        assert_eq!(answer.returned("state").as_deref(), Some("xyz"));
        consent_page(&mut browser, &path(&app), BEN).await;
    })
    .await;
}

#[tokio::test]
async fn refuses_an_answer_from_another_browser() {
    both(|server| async move {
        let (_, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let (token, id) = (page.field("form_token").unwrap(), page.field("request").unwrap());
        let mut other = signed_in(&server, BEN).await;
        // With the form of the first browser; then with a form of its own for the same request.
        let stolen = [("form_token", token.as_str()), ("request", &id), ("decision", "allow")];
        assert_eq!(other.post("/consent", &stolen).await.status.as_u16(), 403);
        let own = other.get("/account").await.field("form_token").unwrap();
        let fields = [("form_token", own.as_str()), ("request", &id), ("decision", "allow")];
        let answer = other.post("/consent", &fields).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert!(answer.body.contains("Please start again"));
        let link = format!("/consent?{}", crate::harness::encode(&[("request", &id)]));
        assert_eq!(other.get(&link).await.status.as_u16(), 400, "the question is shown elsewhere");
        assert_eq!(server.browser().get(&link).await.status.as_u16(), 400);
        let answer = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert!(answer.returned("code").is_some(), "{}", answer.body);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_second_answer_and_an_answer_without_its_token() {
    both(|server| async move {
        let (_, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let id = page.field("request").unwrap();
        let bare = [("request", id.as_str()), ("decision", "allow")];
        assert_eq!(browser.post("/consent", &bare).await.status.as_u16(), 403);
        let first = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert!(first.returned("code").is_some());
        for decision in ["allow", "deny"] {
            let second = browser.submit(&page, "/consent", &[("decision", decision)]).await;
            assert_eq!(second.status.as_u16(), 400, "{decision}");
            assert!(second.body.contains("already finished"), "{}", second.body);
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_answers_at_once_one_counts() {
    both(|server| async move {
        let (_, browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let (token, id) = (page.field("form_token").unwrap(), page.field("request").unwrap());
        let mut answers = tokio::task::JoinSet::new();
        for n in 0..10 {
            let (mut browser, token, id) = (browser.clone(), token.clone(), id.clone());
            answers.spawn(async move {
                let decision = if n % 2 == 0 { "allow" } else { "deny" };
                let fields =
                    [("form_token", token.as_str()), ("request", &id), ("decision", decision)];
                browser.post("/consent", &fields).await.status.as_u16()
            });
        }
        let mut verdicts = answers.join_all().await;
        verdicts.sort_unstable();
        assert_eq!(verdicts, [vec![303], vec![400; 9]].concat());
    })
    .await;
}

#[tokio::test]
async fn refuses_an_answer_that_comes_too_late_or_from_somebody_disabled() {
    both(|server| async move {
        let (app, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        server.clock.step(1_801);
        let late = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert_eq!(late.status.as_u16(), 400);

        let page = consent_page(&mut browser, &path(&app), BEN).await;
        let found =
            domain::accounts::find_by_email(&mut server.instance.read(), BEN).await.unwrap();
        disable(&server, &found.unwrap().id).await;
        let answer = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert_eq!(answer.status.as_u16(), 403, "{}", answer.location());
    })
    .await;
}

#[tokio::test]
async fn a_single_team_is_exactly_one() {
    both(|server| async move {
        let more = serde_json::json!({ "team_selection": "single" });
        let (app, mut browser, page, teams) = asked(&server, &["Harbour", "Quay"], more).await;
        assert!(page.body.contains("For which team?"));
        let allow = ("decision", "allow");
        for (chosen, words) in [
            (vec![], "Choose the team"),
            (vec![("teams", teams[0].as_str()), ("teams", &teams[1])], "Choose one team only"),
            (vec![("teams", "team_of_others")], "not open to this application"),
        ] {
            let fields = [&[allow][..], &chosen].concat();
            let answer = browser.submit(&page, "/consent", &fields).await;
            assert_eq!(answer.status.as_u16(), 422, "{chosen:?}");
            assert!(answer.body.contains(words), "{chosen:?}: {}", answer.body);
            assert!(answer.body.contains("Error: Allow access?"));
        }
        let fields = [allow, ("teams", &teams[1])];
        let answer = browser.submit(&page, "/consent", &fields).await;
        let token = app.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        let shown = app.introspect(&token).await;
        assert_eq!(shown["authorized_teams"][0]["name"], "Quay", "{shown}");
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn several_teams_are_at_least_one_and_are_remembered() {
    both(|server| async move {
        let names = ["Harbour", "Lighthouse", "Quay"];
        let (app, mut browser, page, teams) = asked(&server, &names, serde_json::json!({})).await;
        let empty = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert!(empty.body.contains("Choose at least one team"), "{}", empty.body);
        let fields = [("decision", "allow"), ("teams", &teams[0]), ("teams", &teams[2])];
        let answer = browser.submit(&page, "/consent", &fields).await;
        assert!(answer.returned("code").is_some(), "{}", answer.body);

        // Asked again on purpose: what was chosen is ticked, what it may do is not new.
        let path = app.authorize_path(&[("scope", AS_USER), ("prompt", "consent")]);
        let page = consent_page(&mut browser, &path, BEN).await;
        assert!(page.body.contains("You allowed this application before"));
        assert!(page.body.contains("it asks for nothing new"), "{}", page.body);
        assert!(page.body.contains("never be able to do more than you can"));
        assert!(!page.body.contains(">New<"), "{}", page.body);
        for (id, ticked) in [(&teams[0], true), (&teams[1], false), (&teams[2], true)] {
            let rest = page.body.split(&format!("value=\"{id}\"")).nth(1).unwrap();
            assert_eq!(rest.split('>').next().unwrap().contains("checked"), ticked, "{id}");
        }
        // The same or less is silent.
        let again = browser.visit(&app.authorize_path(&[("scope", "openid as_user:read")])).await;
        assert!(again.returned("code").is_some(), "{}", again.body);
    })
    .await;
}

#[tokio::test]
async fn more_than_before_shows_only_what_is_new() {
    both(|server| async move {
        person(&server, BEN, "Ben").await;
        let app = deputy(&server, serde_json::json!({})).await;
        let mut browser = server.browser();
        let path = app.authorize_path(&[("scope", "openid as_user:read")]);
        assert!(browser.authorize(&path, BEN).await.returned("code").is_some());
        let path = app.authorize_path(&[("scope", "openid as_user:read as_user:write")]);
        let page = consent_page(&mut browser, &path, BEN).await;
        assert_eq!(page.body.matches(">New<").count(), 1, "{}", page.body);
        assert!(page.body.contains("below is only what is new"), "{}", page.body);
        let change = page.body.split("It may change").nth(1).unwrap();
        assert!(change.contains(">New<"));
        // What was allowed before is folded away: named, and not asked again.
        let (asked, before) = page.body.split_once("What you allowed before (2)").unwrap();
        assert!(!asked.contains("See everything that you may see"), "{asked}");
        assert!(before.contains("See everything that you may see"));
    })
    .await;
}

#[tokio::test]
async fn somebody_of_no_team_is_refused_where_teams_are_required() {
    both(|server| async move {
        let ben = person(&server, BEN, "Ben").await;
        let other = person(&server, "eve@example.com", "Eve").await;
        teams_of(&server, &ben, &["Harbour"]).await;
        let foreign = teams_of(&server, &other, &["Quay"]).await;
        let more =
            serde_json::json!({ "team_restrictions": { "organizations": [], "teams": foreign } });
        let app = deputy(&server, more).await;
        let mut browser = server.browser();
        let page = consent_page(&mut browser, &path(&app), BEN).await;
        assert!(!page.body.contains("Harbour</bdi>"), "a team outside the restriction is offered");
        let answer = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert_eq!(answer.returned("error").as_deref(), Some("access_denied"), "{}", answer.body);
    })
    .await;
}

#[tokio::test]
async fn neither_yes_nor_no_asks_again() {
    both(|server| async move {
        let (_, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let again = browser.submit(&page, "/consent", &[("decision", "perhaps")]).await;
        assert!(again.body.contains("name=\"decision\""), "{} {}", again.status, again.body);
    })
    .await;
}

#[tokio::test]
async fn a_long_list_of_teams_is_searchable_and_answerable() {
    both(|server| async move {
        let names: Vec<String> = (0..300).map(|n| format!("Team {n:05}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let (app, mut browser, page, teams) = asked(&server, &names, serde_json::json!({})).await;
        assert!(page.body.contains("Search 300 teams"));
        let mut fields = vec![("decision", "allow")];
        fields.extend(teams.iter().map(|id| ("teams", id.as_str())));
        let answer = browser.submit(&page, "/consent", &fields).await;
        let token = app.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        let shown = app.introspect(&token).await;
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 300);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_consent_without_its_form_token() {
    both(|server| async move {
        let (app, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let id = page.field("request").unwrap();
        for token in [None, Some(""), Some("forged")] {
            let mut fields = vec![("request", id.as_str()), ("decision", "allow")];
            fields.extend(token.map(|token| ("form_token", token)));
            assert_eq!(browser.post("/consent", &fields).await.status.as_u16(), 403, "{token:?}");
        }
        let token = page.field("form_token").unwrap();
        let fields = [("form_token", token.as_str()), ("request", &id), ("decision", "allow")];
        let foreign = browser.post_from("https://evil.example", "/consent", &fields).await;
        assert_eq!(foreign.status.as_u16(), 403);
        consent_page(&mut browser, &path(&app), BEN).await;
    })
    .await;
}

#[tokio::test]
async fn refuses_a_consent_for_teams_not_offered() {
    both(|server| async move {
        let eve = person(&server, "eve@example.com", "Eve").await;
        let foreign = teams_of(&server, &eve, &["Vault"]).await;
        let (app, mut browser, page, teams) =
            asked(&server, &["Harbour", "Quay"], serde_json::json!({})).await;
        for chosen in [
            vec![foreign[0].as_str()],
            vec![teams[0].as_str(), foreign[0].as_str()],
            vec!["team_nowhere"],
            vec![""],
        ] {
            let mut fields = vec![("decision", "allow")];
            fields.extend(chosen.iter().map(|id| ("teams", *id)));
            let answer = browser.submit(&page, "/consent", &fields).await;
            assert_eq!(answer.status.as_u16(), 422, "{chosen:?}");
            assert!(answer.body.contains("not open to this application"), "{chosen:?}");
            assert!(!answer.body.contains("Vault"), "a team of others is named");
        }
        let answer =
            browser.submit(&page, "/consent", &[("decision", "allow"), ("teams", &teams[0])]).await;
        let token = app.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        let shown = app.introspect(&token).await;
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 1, "{shown}");
    })
    .await;
}

/// Ten thousand teams of one organization, and Ben in all of it.
async fn ten_thousand_teams(server: &std::sync::Arc<crate::harness::Server>) {
    let ben = person(server, BEN, "Ben").await;
    let may = domain::access::Authority::operator("test@host").may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let call = server.operator();
    let home =
        domain::teams::create_organization(&mut work, &call, &may, "Northwind").await.unwrap();
    let place = domain::access::Place::Organization(home.id.clone());
    let role = domain::access::MEMBER;
    domain::access::bind(&mut work, call.now, ben.as_str(), role, &place).await.unwrap();
    work.commit().await.unwrap();
    let sql = "WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO teams (id, organization_id, name, name_key, version, created_at)
        SELECT 'team_' || CAST(i AS TEXT), $1, 'Crew ' || CAST(i AS TEXT), 'crew ' || CAST(i AS TEXT), 1, 0 FROM n";
    let database = server.database().await;
    let mut tx = database.begin().await.unwrap();
    tx.execute(sql, &[db::Value::Text(&home.id)]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_teams_are_searched_for_and_what_was_ticked_stays_ticked() {
    both(|server| async move {
        ten_thousand_teams(&server).await;
        let app = deputy(&server, serde_json::json!({})).await;
        let mut browser = server.browser();
        let page = consent_page(&mut browser, &path(&app), BEN).await;
        let boxes = |page: &crate::harness::Answer| page.body.matches("name=\"teams\"").count();
        assert_eq!(boxes(&page), 50, "a page is bounded");
        assert!(page.body.contains("Showing 50 of 10000"), "{}", page.body);
        assert!(page.body.len() < 60_000, "{}", page.body.len());
        let look = [("decision", "search"), ("q", "crew 1777"), ("teams", "team_10003")];
        let page = browser.submit(&page, "/consent", &look).await;
        assert_eq!(page.status.as_u16(), 200);
        assert_eq!(boxes(&page), 11, "ten that match, and the ticked one");
        let rest = page.body.split("value=\"team_10003\"").nth(1).unwrap();
        assert!(rest.split('>').next().unwrap().contains("checked"));
        assert!(page.body.contains("value=\"crew 1777\""), "what was looked for stays");
        let none = [("decision", "search"), ("q", "\0%_"), ("teams", "team_of_others")];
        let none = browser.submit(&page, "/consent", &none).await;
        assert!(none.body.contains("No team matches."), "{}", none.body);
        assert_eq!(boxes(&none), 0, "what was not offered is not carried");
        let fields = [("decision", "allow"), ("teams", "team_10003"), ("teams", "team_17775")];
        let answer = browser.submit(&page, "/consent", &fields).await;
        let token = app.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        let shown = app.introspect(&token).await;
        let named: Vec<_> = shown["authorized_teams"].as_array().unwrap().iter().collect();
        assert_eq!(named.len(), 2, "{shown}");
        assert_eq!(
            (&named[0]["name"], &named[1]["name"]),
            (&"Crew 10003".into(), &"Crew 17775".into())
        );
    })
    .await;
}

#[tokio::test]
async fn not_you_carries_the_request_over_to_somebody_else() {
    both(|server| async move {
        let (app, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let id = page.field("request").unwrap();
        let way = format!("/consent/somebody-else?{}", crate::harness::encode(&[("request", &id)]));
        assert!(page.body.contains(&way), "{}", page.body);
        let login = browser.visit(&way).await;
        assert!(login.body.contains("to continue to <strong><bdi>Harbour Notes"), "{}", login.body);
        assert!(login.body.contains("You are signed in as ben@example.com."));
        assert_eq!(login.field("email").as_deref(), Some(""), "nobody is expected");
        let typed = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
        let asked = browser.submit(&login, "/login", &typed).await;
        assert!(asked.body.contains("name=\"decision\""), "{} {}", asked.status, asked.body);
        assert!(asked.body.contains(ADMIN_EMAIL) && !asked.body.contains(BEN));
        let answer = browser.submit(&asked, "/consent", &[("decision", "allow")]).await;
        assert_eq!(answer.returned("state").as_deref(), Some("xyz"), "the same request");
        let token = app.redeem(&answer.returned("code").unwrap()).await.text("access_token");
        assert_eq!(app.introspect(&token).await["username"], ADMIN_EMAIL);
        // Not of another browser, and not once it was answered.
        for mut other in [server.browser(), signed_in(&server, ADMIN_EMAIL).await] {
            assert_eq!(other.get(&way).await.status.as_u16(), 400);
        }
        assert_eq!(browser.get("/consent/somebody-else").await.status.as_u16(), 400);
    })
    .await;
}

#[tokio::test]
async fn not_you_and_the_same_person_again_goes_on_too() {
    both(|server| async move {
        let (_, mut browser, page, _) = asked(&server, &[], serde_json::json!({})).await;
        let id = page.field("request").unwrap();
        let way = format!("/consent/somebody-else?{}", crate::harness::encode(&[("request", &id)]));
        let login = browser.visit(&way).await;
        let back =
            browser.submit(&login, "/login", &[("email", BEN), ("password", PASSWORD)]).await;
        assert!(back.body.contains("name=\"decision\""), "{} {}", back.status, back.body);
        let answer = browser.submit(&back, "/consent", &[("decision", "allow")]).await;
        assert!(answer.returned("code").is_some(), "{}", answer.body);
    })
    .await;
}

/// THE-16: consent is a switch of the client. Switched off nobody is asked, and what was not asked
/// is not remembered as an answer: switched on again, they are.
#[tokio::test]
async fn the16_a_client_that_requires_no_consent_asks_only_once_it_does() {
    both(|server| async move {
        person(&server, BEN, "Ben").await;
        let more = serde_json::json!({
            "access": "read_only", "scopes": ["openid", "email"], "require_consent": false,
            "redirect_uris": ["https://app.example/cb"],
        });
        let app = deputy(&server, more).await;
        let path = app.authorize_path(&[("scope", "openid email")]);
        let mut browser = server.browser();
        let login = browser.visit(&path).await;
        let sent = [("email", BEN), ("password", PASSWORD)];
        let back = browser.submit(&login, "/login", &sent).await;
        assert!(back.location().starts_with("https://app.example/cb?code="), "{}", back.body);
        let asks = app.authorize_path(&[("scope", "openid email"), ("prompt", "consent")]);
        let page = browser.visit(&asks).await;
        assert!(
            page.body.contains("name=\"decision\""),
            "asked for by the application: {}",
            page.body
        );
        let mut work = server.instance.begin().await.unwrap();
        let may = domain::access::Authority::operator("test@host").may().unwrap();
        let on = serde_json::json!({ "require_consent": true });
        let change = (&on, None);
        domain::clients::change(&mut work, &server.operator(), &may, &app.id, change)
            .await
            .unwrap();
        work.commit().await.unwrap();
        let page = browser.visit(&path).await;
        assert!(page.body.contains("name=\"decision\""), "{} {}", page.location(), page.body);
    })
    .await;
}
