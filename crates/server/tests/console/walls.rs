//! Every page of the console against everybody who should not see it.

use std::sync::Arc;

use domain::access::{CLIENT_MANAGER, Place};

use crate::cast::{MANAGER, STRANGER, admin, person, send};
use crate::harness::{both, one};

const PAGES: [&str; 37] = [
    "/console/clients",
    "/console/clients/new",
    "/console/clients/new?kind=web",
    "/console/clients/service",
    "/console/clients/service/settings",
    "/console/clients/service/credentials",
    "/console/clients/service/access",
    "/console/clients/service/tokens",
    "/console/clients/service/activity",
    "/console/clients/service/audit",
    "/console/clients/service/audit.csv",
    "/console/clients/service/audit/1",
    "/console/clients/service/danger",
    "/console/users",
    "/console/users/new",
    "/console/users/usr_x",
    "/console/errors",
    "/console/errors/err_x",
    "/console/search?q=service",
    "/console/scopes",
    "/console/scopes/edit?name=openid",
    "/console/audit",
    "/console/audit.csv",
    "/console/audit/1",
    "/console/teams",
    "/console/teams/team_x",
    "/console/organizations",
    "/console/organizations/org_x",
    "/console/roles",
    "/console/roles/new",
    "/console/roles/role_x",
    "/console/roles/role_x/edit",
    "/console/bindings/usr_x",
    "/console/sessions",
    "/console/sessions/browsers",
    "/console/settings",
    "/console/permissions",
];

const DEEDS: [&str; 41] = [
    "/console/clients",
    "/console/clients:delete",
    "/console/clients:disable",
    "/console/clients/service/settings",
    "/console/clients/service/undo",
    "/console/clients/service/rotate",
    "/console/clients/service/secrets/sec_x/retire",
    "/console/clients/service/tokens/x/revoke",
    "/console/clients/service/revoke-tokens",
    "/console/clients/service/disable",
    "/console/clients/service/enable",
    "/console/clients/service/delete",
    "/console/users",
    "/console/users/usr_x/disable",
    "/console/users/usr_x/enable",
    "/console/users/usr_x/invite",
    "/console/scopes",
    "/console/scopes/edit",
    "/console/scopes:delete",
    "/console/teams",
    "/console/teams/team_x/rename",
    "/console/teams/team_x/delete",
    "/console/teams/team_x/members",
    "/console/teams/team_x/members/usr_x/remove",
    "/console/organizations",
    "/console/organizations/org_x/rename",
    "/console/organizations/org_x/delete",
    "/console/roles",
    "/console/roles/role_x/edit",
    "/console/roles/role_x/delete",
    "/console/bindings",
    "/console/bindings/bnd_x/take",
    "/console/users/usr_x",
    "/console/users/usr_x/delete",
    "/console/permissions",
    "/console/permissions:delete",
    "/console/users/usr_x/lock",
    "/console/sessions/tokens/x/revoke",
    "/console/sessions/apps/service/revoke",
    "/console/sessions/browsers/x/end",
    "/console/settings",
];

#[tokio::test]
async fn nobody_sees_a_page_without_signing_in_and_comes_back_to_it_after() {
    let server = Arc::new(one().await);
    server.service().await;
    for path in PAGES {
        let answer = server.browser().get(path).await;
        let next = crate::harness::encode(&[("next", path)]);
        assert_eq!(answer.location(), format!("/login?{next}"), "{path}");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_person_without_permissions_is_told_which_one_is_missing() {
    let server = Arc::new(one().await);
    server.service().await;
    let mut stranger = person(&server, STRANGER, None).await;
    for path in PAGES {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("It needs the permission <code>"), "{path}: {}", answer.body);
    }
    let page = stranger.get("/account").await;
    let token = page.field("form_token").unwrap();
    for path in DEEDS {
        let fields = [("form_token", token.as_str()), ("client_ids", "service"), ("kind", "web")];
        assert_eq!(stranger.post(path, &fields).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn l04_every_deed_needs_the_form_of_this_browser() {
    let server = Arc::new(one().await);
    server.service().await;
    let mut browser = admin(&server).await;
    let strange = admin(&server).await.get("/console/clients").await.field("form_token").unwrap();
    for path in DEEDS {
        for fields in [vec![], vec![("form_token", strange.as_str())]] {
            assert_eq!(browser.post(path, &fields).await.status, 403, "{path}");
        }
        let anonymous = server.post(path, &[("form_token", "x")]).await;
        assert_eq!(anonymous.status, 403, "{path}");
    }
    assert_eq!(browser.get("/console/clients/service").await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_breaks() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    for path in [
        "/console/clients/nobody",
        "/console/clients/nobody/settings",
        "/console/clients/%00",
        "/console/clients/%F0%9F%92%A9/audit",
        "/console/users/usr_nobody",
        "/console/users/%00",
        "/console/nothing",
    ] {
        let answer = browser.get(path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
    for path in [
        "/console/clients",
        "/console/users",
        "/console/errors",
        "/console/search",
        "/console/scopes",
        "/console/teams",
        "/console/organizations",
        "/console/sessions",
        "/console/sessions/browsers",
        "/console/audit",
    ] {
        for q in ["%00", "%", "%25_%27%22", "err_%00", "a@%00", "usr_%00"] {
            let answer = browser.get(&format!("{path}?q={q}&cursor={q}&team={q}&scope={q}")).await;
            assert!(!answer.status.is_server_error(), "{path} {q}: {}", answer.status);
        }
    }
    let token = browser.get("/console/clients").await.field("form_token").unwrap();
    for path in DEEDS {
        let nul = [
            ("form_token", token.as_str()),
            ("client_ids", "\0"),
            ("kind", "web"),
            ("label", "\0"),
        ];
        let answer = browser.post(path, &nul).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
    let told = browser.get("/console/clients?done=%3Cscript%3E").await;
    assert!(!told.body.contains("role=\"status\">"), "only our own words are told");
}

/// COR-1, COR-60: without the right to see clients there is no entry of the menu and no page; with it
/// alone everything is seen and nothing can be changed.
#[tokio::test]
async fn cor1_cor60_the_console_shows_what_each_right_allows_and_no_more() {
    both(|server| async move {
        server.service().await;
        let mut browser = admin(&server).await;
        let mut held = Vec::new();
        for (name, permission) in
            [("People only", "user:read"), ("Clients too", "oauth_client:read")]
        {
            let page = browser.get("/console/roles/new").await;
            let fields = [("name", name), ("description", ""), ("permissions", permission)];
            let made = send(&mut browser, &page, "/console/roles", &fields).await;
            let role = made.location().split('?').next().unwrap().rsplit('/').next().unwrap();
            held.push(role.to_owned());
        }
        let (entry, at) = ("href=\"/console/clients\"", "/console/clients/service");
        let new = [("kind", "service"), ("client_name", "Mine")];
        let role = Some((held[0].as_str(), Place::Instance));
        let mut blind = person(&server, STRANGER, role).await;
        let page = blind.get("/console/users").await;
        assert!(page.status == 200 && !page.body.contains(entry), "{}", page.body);
        for path in ["/console/clients", "/console/clients/new", at] {
            let refused = blind.get(path).await;
            assert_eq!(refused.status, 403, "{path}");
            assert!(refused.body.contains("<code>oauth_client:"), "{}", refused.body);
        }
        assert_eq!(send(&mut blind, &page, "/console/clients", &new).await.status, 403);

        let role = Some((held[1].as_str(), Place::Instance));
        let mut reader = person(&server, MANAGER, role).await;
        let page = reader.get("/console/clients").await;
        assert!(page.status == 200 && page.body.contains(entry), "{}", page.body);
        assert!(!page.body.contains("href=\"/console/clients/new\""), "{}", page.body);
        assert!(page.body.contains("Needs the permission oauth_client:create"), "{}", page.body);
        for (path, permission) in [
            ("/console/clients".to_owned(), "oauth_client:create"),
            (format!("{at}/settings"), "oauth_client:update"),
            (format!("{at}/rotate"), "oauth_client:rotate"),
            (format!("{at}/delete"), "oauth_client:delete"),
        ] {
            let page = reader.get("/console/clients/service/settings").await;
            assert_eq!(page.status, 200);
            let refused = send(&mut reader, &page, &path, &new).await;
            assert_eq!(refused.status, 403, "{path}");
            let missing = format!("<code>{permission}</code>");
            assert!(refused.body.contains(&missing), "{path}: {}", refused.body);
        }

        let role = Some((CLIENT_MANAGER, Place::Instance));
        let mut manager = person(&server, "manager@example.com", role).await;
        let page = manager.get("/console/clients").await;
        assert!(page.body.contains("href=\"/console/clients/new\""), "{}", page.body);
        let form = manager.get("/console/clients/new?kind=service").await;
        let made = send(&mut manager, &form, "/console/clients", &new).await;
        assert!(made.status == 200 || made.status == 303, "{} {}", made.status, made.body);
    })
    .await;
}
