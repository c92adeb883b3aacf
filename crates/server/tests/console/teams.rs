//! Places: made, renamed, left and deleted; what hangs on one is said first.

use std::sync::Arc;

use domain::access::{AUDITOR as AUDITOR_ROLE, MEMBER, Place};
use serde_json::json;

use crate::cast::{
    AUDITOR, MANAGER, STRANGER, admin, auditor, complaints, person, places, role_of, send,
};
use crate::harness::{Browser, PASSWORD, Server, both, one};

const TEAMS: &str = "/console/teams";
const ORGANIZATIONS: &str = "/console/organizations";

/// An application that acts as its people in several teams.
async fn deputy(server: &Arc<Server>) -> crate::harness::App {
    server
        .register(json!({
            "client_id": "deputy", "client_name": "Deputy", "type": "user_authorized",
            "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "as_user:read"],
            "default_scopes": ["openid", "as_user:read"], "team_selection": "multiple",
        }))
        .await
}

/// Walks through sign-in and consent, for these teams.
async fn allow(browser: &mut Browser, path: &str, teams: &[&str]) -> String {
    let mut page = browser.visit(path).await;
    if page.body.contains("name=\"password\"") {
        let typed = [("email", STRANGER), ("password", PASSWORD)];
        page = browser.submit(&page, "/login", &typed).await;
    }
    let mut fields = vec![("decision", "allow")];
    fields.extend(teams.iter().map(|id| ("teams", *id)));
    let answer = browser.submit(&page, "/consent", &fields).await;
    answer.returned("code").unwrap_or_else(|| panic!("{}", answer.body))
}

#[tokio::test]
async fn an_organization_gets_teams_a_team_gets_people_and_both_get_other_names() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let page = browser.get(ORGANIZATIONS).await;
        assert!(page.body.contains("No organizations yet"));
        let none = browser.get(TEAMS).await;
        assert!(none.body.contains("A team belongs to an organization. Add one first."));
        let refused = send(&mut browser, &page, ORGANIZATIONS, &[("name", "  ")]).await;
        assert_eq!(complaints(&refused), ["name: A name is needed: 1 to 200 characters."]);
        let made = send(&mut browser, &page, ORGANIZATIONS, &[("name", "North <b>wind")]).await;
        let home = made.location().split('?').next().unwrap().to_owned();
        assert_eq!(made.location(), format!("{home}?done=organization-added"));
        let again = send(&mut browser, &page, ORGANIZATIONS, &[("name", "north <B>WIND")]).await;
        assert_eq!(complaints(&again), ["name: Another organization has this name."]);
        let page = browser.get(&home).await;
        assert!(page.body.contains("North &#60;b&#62;wind") && !page.body.contains("<b>wind"));
        let made = send(&mut browser, &page, TEAMS, &[("name", "Harbour")]).await;
        let team = made.location().split('?').next().unwrap().to_owned();
        person(&server, STRANGER, None).await;
        let page = browser.get(&team).await;
        assert!(page.body.contains("Nobody holds a role in this team itself"));
        let members = format!("{team}/members");
        let unknown = send(&mut browser, &page, &members, &[("email", "no@example.com")]).await;
        assert_eq!(unknown.status, 422);
        assert!(complaints(&unknown)[0].starts_with("email: Nobody here has this e-mail"));
        assert!(unknown.body.contains("value=\"no@example.com\""), "what was typed stays");
        let added = [("email", " STEN@example.com "), ("role", "role_client_manager")];
        let added = send(&mut browser, &page, &members, &added).await;
        assert_eq!(added.location(), format!("{team}?done=member-added"));
        let page = browser.get(&team).await;
        assert!(page.body.contains(STRANGER) && page.body.contains(">Client manager<"));
        let renamed =
            send(&mut browser, &page, &format!("{team}/rename"), &[("name", "Quay")]).await;
        assert_eq!(renamed.location(), format!("{team}?done=saved"));
        let page = browser.get(&home).await;
        let typed = [("rename", "Westwind")];
        let renamed = send(&mut browser, &page, &format!("{home}/rename"), &typed).await;
        assert_eq!(renamed.location(), format!("{home}?done=saved"), "{:?}", complaints(&renamed));
        let list = browser.get(&format!("{TEAMS}?q=qua")).await;
        for told in ["Quay", "Westwind"] {
            assert!(list.body.contains(told), "{told}");
        }
        assert!(!browser.get(&format!("{TEAMS}?q=zebra")).await.body.contains("Quay</bdi>"));
    })
    .await;
}

#[tokio::test]
async fn somebody_removed_from_a_team_loses_it_in_the_next_introspection() {
    both(|server| async move {
        let (_, harbour, quay) = places(&server).await;
        person(&server, STRANGER, Some((MEMBER, Place::Team(harbour.clone())))).await;
        role_of(&server, STRANGER, (MEMBER, Place::Team(quay.clone()))).await;
        let app = deputy(&server).await;
        let mut sten = server.browser();
        let code = allow(
            &mut sten,
            &app.authorize_path(&[("scope", "openid as_user:read")]),
            &[&harbour, &quay],
        )
        .await;
        let token = app.redeem(&code).await.text("access_token");
        let shown = app.introspect(&token).await;
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 2, "{shown}");
        let mut browser = admin(&server).await;
        let path = format!("{TEAMS}/{harbour}");
        let page = browser.get(&path).await;
        assert!(page.body.contains("1 member loses what they hold here"));
        assert!(page.body.contains("1 living authorization names this team"), "{}", page.body);
        let (_, rest) = page.body.split_once(&format!("action=\"{path}/members/usr_")).unwrap();
        let user = rest.split('/').next().unwrap();
        let remove = format!("{path}/members/usr_{user}/remove");
        let answer = send(&mut browser, &page, &remove, &[]).await;
        assert_eq!(answer.location(), format!("{path}?done=member-removed"));
        let shown = app.introspect(&token).await;
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown["authorized_teams"][0]["name"], "Quay");
        let again = send(&mut browser, &page, &remove, &[]).await;
        assert_eq!(again.status, 404, "gone is gone");
    })
    .await;
}

#[tokio::test]
async fn a_team_that_a_token_names_is_deleted_and_the_token_is_worth_nothing_there() {
    both(|server| async move {
        let (_, harbour, quay) = places(&server).await;
        person(&server, STRANGER, Some((MEMBER, Place::Team(harbour.clone())))).await;
        role_of(&server, STRANGER, (MEMBER, Place::Team(quay.clone()))).await;
        let app = deputy(&server).await;
        let mut sten = server.browser();
        let code = allow(
            &mut sten,
            &app.authorize_path(&[("scope", "openid as_user:read")]),
            &[&harbour, &quay],
        )
        .await;
        let token = app.redeem(&code).await.text("access_token");
        let mut browser = admin(&server).await;
        let (path, delete) = (format!("{TEAMS}/{quay}"), format!("{TEAMS}/{quay}/delete"));
        let page = browser.get(&path).await;
        let refused = send(&mut browser, &page, &delete, &[("confirm_name", "quay")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(complaints(&refused), ["confirm_name: Type the name exactly as it is shown."]);
        let answer = send(&mut browser, &page, &delete, &[("confirm_name", "Quay")]).await;
        assert_eq!(answer.location(), format!("{TEAMS}?done=team-deleted"));
        assert_eq!(browser.get(&path).await.status, 404);
        let shown = app.introspect(&token).await;
        assert_eq!(shown["active"], true, "the other team is still there");
        assert_eq!(shown["authorized_teams"].as_array().unwrap().len(), 1, "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_place_that_a_client_names_is_not_deleted_and_says_which() {
    both(|server| async move {
        let (home, harbour, quay) = places(&server).await;
        server
            .register(json!({
                "client_id": "limited", "client_name": "Limited App", "type": "service",
                "organization": home, "owner_team": harbour,
                "team_restrictions": {"organizations": [], "teams": [quay]},
            }))
            .await;
        let mut browser = admin(&server).await;
        for (team, name) in [(&harbour, "Harbour"), (&quay, "Quay")] {
            let page = browser.get(&format!("{TEAMS}/{team}")).await;
            assert!(page.body.contains("Clients name this team"), "{}", page.body);
            assert!(page.body.contains("Limited App"));
            assert!(!page.body.contains("Delete for good"), "no button that would be refused");
            let delete = format!("{TEAMS}/{team}/delete");
            let refused = send(&mut browser, &page, &delete, &[("confirm_name", name)]).await;
            assert_eq!(refused.status, 409);
        }
        let page = browser.get(&format!("{ORGANIZATIONS}/{home}")).await;
        assert!(page.body.contains("It still has 2 teams. Delete them first."));
        let delete = format!("{ORGANIZATIONS}/{home}/delete");
        let refused = send(&mut browser, &page, &delete, &[("confirm_name", "Northwind")]).await;
        assert_eq!(refused.status, 409);
        let listed = browser.get("/console/clients?owner=nobody").await;
        assert!(!listed.body.contains("Limited App"));
        let listed = browser.get(&format!("/console/clients?owner={harbour}")).await;
        assert!(listed.body.contains("Limited App"));
    })
    .await;
}

#[tokio::test]
async fn long_lists_go_on_page_by_page_and_lose_nobody() {
    both(|server| async move {
        let (home, harbour, _) = places(&server).await;
        let may = domain::access::Authority::operator("test@host").may().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        for n in 0..60 {
            let name = format!("Crew {n:02}");
            let call = server.operator();
            domain::teams::create_team(&mut work, &call, &may, &home, &name).await.unwrap();
        }
        work.commit().await.unwrap();
        let mut browser = admin(&server).await;
        for path in [TEAMS.to_owned(), format!("{ORGANIZATIONS}/{home}")] {
            let (mut page, mut seen) = (browser.get(&path).await, Vec::new());
            loop {
                let crews = page.body.split("<bdi>Crew ").skip(1);
                seen.extend(crews.map(|rest| rest[..2].to_owned()));
                let Some((before, _)) = page.body.split_once(">Next<") else { break };
                let (_, href) = before.rsplit_once("href=\"").unwrap();
                let href = href.split('"').next().unwrap().replace("&#38;", "&");
                page = browser.get(&format!("{path}{href}")).await;
            }
            assert_eq!(seen.len(), 60, "{path}: {seen:?}");
            let odd = browser.get(&format!("{path}?cursor=nonsense")).await;
            assert_eq!(odd.status, 200, "a cursor of others begins again");
        }
        assert_eq!(browser.get(&format!("{TEAMS}/{harbour}?cursor=x&q=%25")).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn an_auditor_sees_places_and_changes_none() {
    let server = Arc::new(one().await);
    let (home, harbour, _) = places(&server).await;
    let mut otto = auditor(&server).await;
    for path in [TEAMS.to_owned(), format!("{TEAMS}/{harbour}"), ORGANIZATIONS.to_owned()] {
        let page = otto.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("the permission team:manage"), "{path}: {}", page.body);
    }
    let page = otto.get(&format!("{TEAMS}/{harbour}")).await;
    for path in [
        TEAMS.to_owned(),
        ORGANIZATIONS.to_owned(),
        format!("{TEAMS}/{harbour}/rename"),
        format!("{TEAMS}/{harbour}/delete"),
        format!("{TEAMS}/{harbour}/members"),
        format!("{TEAMS}/{harbour}/members/usr_x/remove"),
        format!("{ORGANIZATIONS}/{home}/rename"),
        format!("{ORGANIZATIONS}/{home}/delete"),
    ] {
        let fields = [("name", "X"), ("confirm_name", "Harbour"), ("email", AUDITOR)];
        assert_eq!(send(&mut otto, &page, &path, &fields).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn who_sees_one_organization_sees_no_other_and_gives_no_more_than_they_hold() {
    both(|server| async move {
        let (home, harbour, _) = places(&server).await;
        let mut work = server.instance.begin().await.unwrap();
        let may = domain::access::Authority::operator("test@host").may().unwrap();
        let call = server.operator();
        let other = domain::teams::create_organization(&mut work, &call, &may, "Eastwind").await;
        let other = other.unwrap().id;
        let team = domain::teams::create_team(&mut work, &call, &may, &other, "Far").await.unwrap();
        work.commit().await.unwrap();
        let role = domain::access::SECURITY_ADMINISTRATOR;
        let place = Place::Organization(home.clone());
        let mut mina = person(&server, MANAGER, Some((role, place))).await;
        person(&server, STRANGER, None).await;
        let list = mina.get(TEAMS).await;
        assert!(list.body.contains("Harbour") && !list.body.contains("Far</bdi>"));
        assert!(!mina.get(ORGANIZATIONS).await.body.contains("Eastwind"));
        for path in [format!("{TEAMS}/{}", team.id), format!("{ORGANIZATIONS}/{other}")] {
            assert_eq!(mina.get(&path).await.status, 404, "{path}");
        }
        let path = format!("{TEAMS}/{harbour}");
        let page = mina.get(&path).await;
        assert!(page.body.contains("Platform administrator (needs settings:"), "{}", page.body);
        let typed = [("email", STRANGER), ("role", "role_platform_administrator")];
        let refused = send(&mut mina, &page, &format!("{path}/members"), &typed).await;
        assert_eq!(refused.status, 403);
        assert!(complaints(&refused)[0].starts_with("role: This role allows more there"));
        let typed = [("email", STRANGER), ("role", AUDITOR_ROLE)];
        let added = send(&mut mina, &page, &format!("{path}/members"), &typed).await;
        // The auditor's role reads settings, which a security administrator may too.
        assert_eq!(added.status, 303, "{:?}", complaints(&added));
    })
    .await;
}
