//! Roles: defined, changed, held and deleted, and never more than whoever gives them holds.

use std::sync::Arc;

use domain::access::{CLIENT_MANAGER, PLATFORM_ADMINISTRATOR, Place, SECURITY_ADMINISTRATOR};
use serde_json::json;

use crate::cast::{MANAGER, STRANGER, admin, auditor, complaints, person, places, send, user_id};
use crate::harness::{ADMIN_EMAIL, both, one};

const LIST: &str = "/console/roles";
const NEW: [(&str, &str); 3] = [
    ("name", "Order desk"),
    ("description", "Sees <orders>"),
    ("permissions", "oauth_client:read"),
];

#[tokio::test]
async fn a_role_of_ones_own_counts_from_the_next_request_and_so_does_each_change_of_it() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let page = browser.get(&format!("{LIST}/new")).await;
        for told in ["OAUTH_CLIENT_READ", "OAUTH_CLIENT_MANAGE", "See OAuth clients"] {
            assert!(page.body.contains(told), "{told}");
        }
        let refused = send(&mut browser, &page, LIST, &[("name", "Auditor")]).await;
        assert_eq!(complaints(&refused), ["name: Another role has this name."]);
        let unknown = [("name", "X"), ("permissions", "nothing:there")];
        let refused = send(&mut browser, &page, LIST, &unknown).await;
        assert_eq!(
            complaints(&refused),
            ["permissions: There is no permission and no scope nothing:there."]
        );
        let made = send(&mut browser, &page, LIST, &NEW).await;
        let path = made.location().split('?').next().unwrap().to_owned();
        assert_eq!(made.location(), format!("{path}?done=role-added"), "{:?}", complaints(&made));
        let role = path.rsplit('/').next().unwrap();
        let page = browser.get(&path).await;
        assert!(page.body.contains("Sees &#60;orders&#62;") && page.body.contains("May read"));
        assert!(page.body.contains("Nobody that you can see."));

        let mut sten = person(&server, STRANGER, Some((role, Place::Instance))).await;
        assert_eq!(sten.get("/console/clients").await.status, 200);
        assert_eq!(sten.get("/console/users").await.status, 403);
        let form = browser.get(&format!("{path}/edit")).await;
        let edit = format!("{path}/edit");
        let changed = send(&mut browser, &form, &edit, &[("permissions", "user:read")]).await;
        assert_eq!(changed.location(), format!("{path}?done=role-changed"));
        assert_eq!(sten.get("/console/clients").await.status, 403);
        assert_eq!(sten.get("/console/users").await.status, 200);
        let late = send(&mut browser, &form, &edit, &[("name", "Other")]).await;
        assert_eq!(late.status, 409, "somebody who read an older version");
        assert!(complaints(&late)[0].starts_with("permissions: Somebody else changed this"));

        let page = browser.get(&path).await;
        assert!(page.body.contains("It is held. Take it from everybody below first."));
        let gone = [("confirm_name", "Order desk")];
        let refused = send(&mut browser, &page, &format!("{path}/delete"), &gone).await;
        assert_eq!(refused.status, 409);
        let (_, rest) = page.body.split_once("action=\"/console/bindings/bnd_").unwrap();
        let take = format!("/console/bindings/bnd_{}", rest.split('"').next().unwrap());
        let taken = send(&mut browser, &page, &take, &[]).await;
        assert!(taken.location().ends_with("?done=role-taken"), "{}", taken.location());
        assert_eq!(sten.get("/console/users").await.status, 403);
        let page = browser.get(&path).await;
        let wrong =
            send(&mut browser, &page, &format!("{path}/delete"), &[("confirm_name", "x")]).await;
        assert_eq!(wrong.status, 422);
        let deleted = send(&mut browser, &page, &format!("{path}/delete"), &gone).await;
        assert_eq!(deleted.location(), format!("{LIST}?done=role-deleted"));
        assert_eq!(browser.get(&path).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_37_built_in_roles_are_edited_and_never_deleted_and_the_mightiest_stays_as_it_is() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let mightiest = format!("{LIST}/{PLATFORM_ADMINISTRATOR}");
    assert!(browser.get(&mightiest).await.body.contains("Built in: it stays as it is."));
    assert_eq!(browser.get(&format!("{mightiest}/edit")).await.status, 409);
    let path = format!("{LIST}/{CLIENT_MANAGER}");
    let page = browser.get(&path).await;
    assert!(page.body.contains("Built in: it cannot be deleted."));
    assert!(!page.body.contains("Delete for good"));
    let form = browser.get(&format!("{path}/edit")).await;
    assert!(form.body.contains("readonly"), "it keeps its name");
    let edit = format!("{path}/edit");
    let wrong = send(&mut browser, &form, &edit, &[("name", "Boss")]).await;
    assert_eq!(complaints(&wrong), ["name: A built-in role keeps its name."]);
    let words = [("description", "Looks after what may ask for tokens.")];
    let saved = send(&mut browser, &form, &edit, &words).await;
    assert_eq!(saved.location(), format!("{path}?done=role-changed"));
    assert!(browser.get(&path).await.body.contains("Looks after what may ask for tokens."));
    let gone = [("confirm_name", "Client manager")];
    let answer = send(&mut browser, &page, &format!("{path}/delete"), &gone).await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn a_permission_of_an_api_is_in_the_editor_and_can_be_given() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let scopes = browser.get("/console/scopes").await;
        let new = [("name", "orders:read"), ("description", "See orders")];
        send(&mut browser, &scopes, "/console/scopes", &new).await;
        let page = browser.get(&format!("{LIST}/new")).await;
        assert!(page.body.contains("API: orders") && page.body.contains("value=\"orders:read\""));
        let typed = [("name", "Orders"), ("permissions", "orders:read")];
        let made = send(&mut browser, &page, LIST, &typed).await;
        let path = made.location().split('?').next().unwrap().to_owned();
        let page = browser.get(&path).await;
        assert!(page.body.contains("See orders"), "{}", page.body);
        // And in a team, where nobody holds it yet.
        let (_, harbour, _) = places(&server).await;
        person(&server, STRANGER, None).await;
        let team = format!("/console/teams/{harbour}");
        let page = browser.get(&team).await;
        let seat = [("email", STRANGER), ("role", path.rsplit('/').next().unwrap())];
        let added = send(&mut browser, &page, &format!("{team}/members"), &seat).await;
        assert_eq!(
            added.location(),
            format!("{team}?done=member-added"),
            "{:?}",
            complaints(&added)
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_more_than_they_hold_and_is_told_what_is_missing() {
    both(|server| async move {
        let role = Some((SECURITY_ADMINISTRATOR, Place::Instance));
        let mut mina = person(&server, MANAGER, role).await;
        let page = mina.get(&format!("{LIST}/new")).await;
        let (_, rest) = page.body.split_once("value=\"settings:manage\"").unwrap();
        assert!(rest.split('>').next().unwrap().contains("disabled"));
        assert!(page.body.contains("You do not hold it everywhere, so you cannot give it."));
        let typed = [("name", "Mighty"), ("permissions", "settings:manage")];
        let refused = send(&mut mina, &page, LIST, &typed).await;
        assert_eq!(refused.status, 403);
        assert!(complaints(&refused)[0].ends_with("What is missing: settings:manage."));

        person(&server, STRANGER, None).await;
        let sten = user_id(&server, STRANGER).await;
        let path = format!("/console/bindings/{sten}");
        let page = mina.get(&path).await;
        assert!(page.body.contains("Platform administrator (needs settings:"), "{}", page.body);
        let typed = [("role", "role_platform_administrator"), ("place", "instance")];
        let refused = send(&mut mina, &page, "/console/bindings", &typed).await;
        assert_eq!(refused.status, 403);
        let typed = [("role", CLIENT_MANAGER), ("place", "instance")];
        let given = send(&mut mina, &page, "/console/bindings", &typed).await;
        assert_eq!(given.location(), format!("{path}?done=role-given"));
        let again = send(&mut mina, &page, "/console/bindings", &typed).await;
        assert_eq!(complaints(&again), ["role: This role is held there already."]);
        for place in ["", "moon", "team:nowhere", "organization:nowhere"] {
            let typed = [("role", CLIENT_MANAGER), ("place", place)];
            let refused = send(&mut mina, &page, "/console/bindings", &typed).await;
            assert_eq!(refused.status, 422, "{place}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_holds_roles_of_its_own_unless_it_acts_for_a_person() {
    both(|server| async move {
        server.service().await;
        let ada = user_id(&server, ADMIN_EMAIL).await;
        server
            .register(json!({
                "client_id": "deputy", "client_name": "Deputy", "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["user:read"], "context_user": ada,
            }))
            .await;
        let mut browser = admin(&server).await;
        let access = browser.get("/console/clients/service/access").await;
        assert!(access.body.contains("href=\"/console/bindings/service\""), "{}", access.body);
        let page = browser.get("/console/bindings/service").await;
        assert!(page.body.contains("None: tokens of its own open nothing here."));
        let typed = [("role", CLIENT_MANAGER), ("place", "instance")];
        let given = send(&mut browser, &page, "/console/bindings", &typed).await;
        assert_eq!(given.location(), "/console/bindings/service?done=role-given");
        let page = browser.get("/console/bindings/service").await;
        let (_, rest) = page.body.split_once("action=\"/console/bindings/bnd_").unwrap();
        let take = format!("/console/bindings/bnd_{}", rest.split('"').next().unwrap());
        send(&mut browser, &page, &take, &[("revoke_tokens", "true")]).await;
        let typed = [typed[0], typed[1], ("revoke_tokens", "true")];
        send(&mut browser, &page, "/console/bindings", &typed).await;
        let trail = browser.get("/console/clients/service/audit").await;
        assert_eq!(trail.body.matches("Revoked all tokens").count(), 2, "{}", trail.body);
        let deputy = browser.get("/console/clients/deputy/access").await;
        assert!(!deputy.body.contains("/console/bindings/deputy"));
        let page = browser.get("/console/bindings/deputy").await;
        let refused = send(&mut browser, &page, "/console/bindings", &typed).await;
        assert!(complaints(&refused)[0].contains("acts for its context user"));
        assert_eq!(browser.get("/console/bindings/nobody").await.status, 404);
        assert_eq!(browser.get("/console/bindings/usr_nobody").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_cannot_take_the_role_from_themselves() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let ada = user_id(&server, ADMIN_EMAIL).await;
        let page = browser.get(&format!("/console/bindings/{ada}")).await;
        let (_, rest) = page.body.split_once("action=\"/console/bindings/bnd_").unwrap();
        let take = format!("/console/bindings/bnd_{}", rest.split('"').next().unwrap());
        let refused = send(&mut browser, &page, &take, &[]).await;
        assert_eq!(refused.status, 409);
        assert!(complaints(&refused)[0].starts_with("held: This is the last platform"));
        assert_eq!(browser.get("/console/roles").await.status, 200, "and holds it still");
    })
    .await;
}

#[tokio::test]
async fn an_auditor_sees_roles_and_gives_none() {
    let server = Arc::new(one().await);
    let mut otto = auditor(&server).await;
    person(&server, STRANGER, None).await;
    let sten = user_id(&server, STRANGER).await;
    let list = otto.get(LIST).await;
    assert!(list.body.contains("Needs the permission role:manage"));
    let page = otto.get(&format!("/console/bindings/{sten}")).await;
    assert!(page.body.contains("Needs the permission role:manage"));
    assert_eq!(otto.get(&format!("{LIST}/new")).await.status, 403);
    for path in [LIST, "/console/bindings", "/console/bindings/bnd_x/take"] {
        assert_eq!(send(&mut otto, &page, path, &NEW).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_permission_of_ones_own_is_defined_put_into_a_role_and_does_not_vanish_while_held() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let list = "/console/permissions";
        let page = browser.get(list).await;
        let bad =
            send(&mut browser, &page, list, &[("name", "orders"), ("description", "x")]).await;
        assert!(complaints(&bad)[0].starts_with("name: "), "{:?}", complaints(&bad));
        assert!(bad.body.contains("value=\"orders\""), "what was typed stays");
        let new = [("name", "orders:write"), ("kind", "write"), ("description", "Change <orders>")];
        let made = send(&mut browser, &page, list, &new).await;
        assert_eq!(
            made.location(),
            format!("{list}?done=permission-added"),
            "{:?}",
            complaints(&made)
        );
        let again = send(&mut browser, &page, list, &new).await;
        assert_eq!(complaints(&again), ["name: There is a permission of this name."]);
        let form = browser.get(&format!("{LIST}/new")).await;
        assert!(form.body.contains("API: orders") && form.body.contains("Change &#60;orders&#62;"));
        let typed = [("name", "Order desk"), ("permissions", "orders:write")];
        let role = send(&mut browser, &form, LIST, &typed).await;
        let role = role.location().split('?').next().unwrap().to_owned();
        let page = browser.get(list).await;
        assert!(page.body.contains("Order desk"));
        let delete = format!("{list}:delete");
        for name in ["orders:write", "user:read"] {
            let refused = send(&mut browser, &page, &delete, &[("permission", name)]).await;
            assert_eq!(refused.status, 409, "{name}");
        }
        let page = browser.get(&role).await;
        let typed = [("confirm_name", "Order desk")];
        send(&mut browser, &page, &format!("{role}/delete"), &typed).await;
        let page = browser.get(list).await;
        let gone = send(&mut browser, &page, &delete, &[("permission", "orders:write")]).await;
        assert_eq!(gone.location(), format!("{list}?done=permission-deleted"));
        assert!(!browser.get(list).await.body.contains("orders:write"));
    })
    .await;
}

/// RLT-54 in the console: the form of a role says how many clients hold it and ends their tokens.
#[tokio::test]
async fn rlt54_the_form_of_a_role_says_how_many_clients_lose_their_tokens() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let form = browser.get(&format!("{LIST}/new")).await;
        let made = send(&mut browser, &form, LIST, &NEW).await;
        let path = made.location().split('?').next().unwrap().to_owned();
        let (role, edit) = (path.rsplit('/').next().unwrap(), format!("{path}/edit"));
        let form = browser.get(&edit).await;
        assert!(!form.body.contains("revoke_tokens"), "nobody holds it");
        let service = server.service().await;
        let mut work = server.instance.begin().await.unwrap();
        let now = server.clock.now();
        domain::access::bind(&mut work, now, "service", role, &Place::Instance).await.unwrap();
        work.commit().await.unwrap();
        let token = service.own_token().await.text("access_token");
        let form = browser.get(&edit).await;
        assert!(form.body.contains("Revoke the tokens of 1 client too"), "{}", form.body);
        let late = [("name", "Auditor"), ("revoke_tokens", "true")];
        let refused = send(&mut browser, &form, &edit, &late).await;
        assert_eq!(complaints(&refused), ["name: Another role has this name."]);
        assert!(refused.body.contains("name=\"revoke_tokens\" value=\"true\" checked"), "it stays");
        assert!(service.is_active(&token).await, "nothing was done");
        send(&mut browser, &form, &edit, &[("permissions", "user:read")]).await;
        assert!(service.is_active(&token).await, "nobody asked");
        let form = browser.get(&edit).await;
        let ending = [("permissions", "team:read"), ("revoke_tokens", "true")];
        let changed = send(&mut browser, &form, &edit, &ending).await;
        assert_eq!(changed.location(), format!("{path}?done=role-changed"));
        assert!(!service.is_active(&token).await);
    })
    .await;
}
