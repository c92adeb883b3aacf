//! The ceiling behind the forms: a team's manager posts what the API would refuse too.

use domain::access::{CLIENT_MANAGER, Place};
use serde_json::json;

use crate::cast::{MANAGER, OUT, admin, complaints, copied, filled, person, places, send};
use crate::harness::{Answer, Browser, both};

#[tokio::test]
async fn a_form_takes_over_no_client_that_may_do_more_than_who_sends_it() {
    both(|server| async move {
        let (organization, harbour, quay) = places(&server).await;
        let draft = |id: &str, scope: &str| {
            json!({
                "client_id": id, "client_name": id, "type": "service", "scopes": [scope],
                "organization": organization, "owner_team": harbour,
            })
        };
        let wide = server.register(draft("wide", "user:read")).await;
        let elsewhere = server.register(draft("elsewhere", "oauth_client:read")).await;
        let mut work = server.instance.begin().await.unwrap();
        let (now, place) = (server.clock.now(), Place::Team(quay));
        domain::access::bind(&mut work, now, "elsewhere", CLIENT_MANAGER, &place).await.unwrap();
        work.commit().await.unwrap();
        let role = Some((CLIENT_MANAGER, Place::Team(harbour.clone())));
        let mut browser = person(&server, MANAGER, role).await;
        for client in [&wide, &elsewhere] {
            let id = &client.id;
            let page = browser.get(&format!("/console/clients/{id}/credentials")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let changes =
                [("confirm_name", id.as_str()), ("label", "mine"), ("retire_previous_after", "0")];
            let path = format!("/console/clients/{id}/rotate");
            let answer = send(&mut browser, &page, &path, &changes).await;
            assert!(answer.status.as_u16() >= 400, "{}", answer.body);
            assert_eq!(copied(&answer, "the client secret"), None);
            assert_eq!(client.own_token().await.verdict(), "200", "its secret still works");
        }
    })
    .await;
}

/// Sends what the administrator's form of this page would, in the name of `browser`: a form that
/// is shown disabled is not the wall.
async fn forged(
    (browser, theirs): (&mut Browser, &Answer),
    (path, own): (&str, &Answer),
    changes: &[(&str, &str)],
) -> Answer {
    let mut fields = filled(theirs, changes);
    let token = filled(own, &[]).into_iter().find(|(name, _)| name == "form_token");
    fields.retain(|(name, _)| name != "form_token");
    fields.extend(token);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(path, &fields).await
}

#[tokio::test]
async fn no_form_changes_a_setting_of_a_client_that_may_do_more_than_who_sends_it() {
    both(|server| async move {
        let (organization, harbour, quay) = places(&server).await;
        let wide = json!({
            "client_id": "wide", "client_name": "wide", "type": "custom", "access": "full",
            "grant_types": ["client_credentials", "authorization_code"],
            "redirect_uris": ["https://app.example/cb"], "trusted_ips": ["203.0.113.7"],
            "scopes": ["openid", "user:read"], "organization": organization, "owner_team": harbour,
        });
        server.register(wide).await;
        let role = Some((CLIENT_MANAGER, Place::Team(harbour.clone())));
        let mut browser = person(&server, MANAGER, role).await;
        let own = browser.get("/console/clients/wide/settings").await;
        let mut ada = admin(&server).await;
        let path = "/console/clients/wide/settings";
        let theirs = ada.get(path).await;
        let uris = "https://app.example/cb\nhttps://evil.example/cb";
        for changes in [
            &[("redirect_uris", uris)][..],
            &[("trusted_ips", "")],
            &[("trusted_ips_mode", "observe")],
            &[("scopes", "openid")],
            &[("access", "read_only")],
            &[("access_token_lifetime", "2 h"), ("confirm_high_risk", "true")],
            &[("require_consent", OUT)],
            &[("pkce", "optional")],
            &[("context_user", MANAGER)],
        ] {
            let answer = forged((&mut browser, &theirs), (path, &own), changes).await;
            let said = complaints(&answer).join(" / ");
            assert_eq!(answer.status, 422, "{changes:?} {}", answer.location());
            assert!(
                said.contains("(user:read)") || said.contains("(user:update)"),
                "{changes:?}: {said}"
            );
        }
        // Places are not asked of whoever does not see all of them, and not taken from their form.
        let teams = [("team_restrictions.teams", quay.as_str())];
        let answer = forged((&mut browser, &theirs), (path, &own), &teams).await;
        assert_eq!(answer.location(), format!("{path}?done=unchanged"));
        // Stopping it is theirs, and starting it again is not.
        let danger = browser.get("/console/clients/wide/danger").await;
        let off = send(&mut browser, &danger, "/console/clients/wide/disable", &[]).await;
        assert_eq!(off.status, 303, "{}", off.body);
        let danger = browser.get("/console/clients/wide/danger").await;
        let on = send(&mut browser, &danger, "/console/clients/wide/enable", &[]).await;
        assert!(on.status.as_u16() >= 400, "{}", on.location());
        let now = ada.get(path).await;
        for kept in ["203.0.113.7", "user:read", "https://app.example/cb"] {
            assert!(now.body.contains(kept), "{kept}");
        }
        assert!(!now.body.contains("evil.example"));
        assert!(ada.get("/console/clients/wide").await.body.contains("Disabled"));
    })
    .await;
}

#[tokio::test]
async fn no_form_makes_a_client_that_may_do_more_than_who_sends_it() {
    both(|server| async move {
        let (organization, harbour, quay) = places(&server).await;
        let role = Some((CLIENT_MANAGER, Place::Team(harbour.clone())));
        let mut browser = person(&server, MANAGER, role).await;
        let mut ada = admin(&server).await;
        let page = "/console/clients/new?kind=service";
        let (theirs, own) = (ada.get(page).await, browser.get(page).await);
        let place = [("organization", organization.as_str()), ("owner_team", harbour.as_str())];
        for wider in [("scopes", "user:read"), ("scopes", "as_user:read")] {
            let mut changes = vec![("client_name", "Mine")];
            changes.extend(place.iter().filter(|(name, _)| *name != wider.0));
            changes.push(wider);
            let answer =
                forged((&mut browser, &theirs), ("/console/clients", &own), &changes).await;
            assert!(answer.status.as_u16() >= 400, "{wider:?}: {}", answer.body);
            assert_eq!(copied(&answer, "the client secret"), None);
        }
        // The team of somebody else is not taken from the form: it is theirs.
        let changes = [
            ("client_id", "mine"),
            ("client_name", "Mine"),
            ("scopes", "oauth_client:read"),
            ("owner_team", quay.as_str()),
        ];
        let made = forged((&mut browser, &theirs), ("/console/clients", &own), &changes).await;
        assert!(copied(&made, "the client secret").is_some(), "{:?}", complaints(&made));
        let found = domain::clients::find(&mut server.instance.read(), "mine").await.unwrap();
        assert_eq!(found.unwrap().owner_team.as_deref(), Some(harbour.as_str()));
    })
    .await;
}
