//! People and places that the conversations need beside the administrator.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::access::{self, Authority, CreateUsers, MEMBER, ManageTeams, Place, UpdateUsers};
use domain::accounts::{self, NewUser};
use domain::{Plain, UserId, teams};

use crate::harness::{Answer, App, Browser, ISSUER, PASSWORD, Server, encode, form};

/// Somebody who is no administrator.
pub const BEN: &str = "ben@example.com";

/// The cookie that carries a session.
pub const SESSION: &str = "__Host-mandate_session";

/// An address of nobody we know.
pub const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 40_000);

/// A person with the usual password.
pub async fn person(server: &Server, email: &str, display_name: &str) -> UserId {
    let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
    let new = NewUser {
        email: email.into(),
        display_name: display_name.into(),
        password: Some(Plain::new(PASSWORD)),
    };
    let made = accounts::create(&server.instance, &server.operator(), &may, new).await;
    made.expect("the person is created").0.id
}

/// An administrator says that this person may not act any more.
pub async fn disable(server: &Server, id: &UserId) {
    let may = Authority::operator("test@host").may::<UpdateUsers>().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    accounts::disable(&mut work, &server.operator(), &may, id, None).await.unwrap();
    work.commit().await.unwrap();
}

/// An organization with these teams, and the person in each of them; the ids of the teams.
pub async fn teams_of(server: &Server, user: &UserId, names: &[&str]) -> Vec<String> {
    let may = Authority::operator("test@host").may::<ManageTeams>().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let call = server.operator();
    let name = format!("Northwind {}", names[0]);
    let organization = teams::create_organization(&mut work, &call, &may, &name).await.unwrap();
    let mut ids = Vec::new();
    for name in names {
        let made = teams::create_team(&mut work, &call, &may, &organization.id, name).await;
        let place = Place::Team(made.as_ref().unwrap().id.clone());
        access::bind(&mut work, call.now, user.as_str(), MEMBER, &place).await.unwrap();
        ids.push(made.unwrap().id);
    }
    work.commit().await.unwrap();
    ids
}

/// A confidential web application that reads and changes as the person; `more` replaces settings.
pub async fn deputy(server: &Arc<Server>, more: serde_json::Value) -> App {
    let mut draft = serde_json::json!({
        "client_id": "deputy", "client_name": "Harbour Notes", "type": "user_authorized",
        "grant_types": ["authorization_code", "refresh_token"], "access": "full",
        "redirect_uris": ["https://app.example/cb"], "contacts": ["ops@northwind.example"],
        "scopes": ["openid", "profile", "email", "as_user:read", "as_user:write"],
        "default_scopes": ["openid"], "team_selection": "multiple", "confirm_high_risk": true,
    });
    let settings = draft.as_object_mut().unwrap();
    settings.extend(more.as_object().cloned().unwrap_or_default());
    server.register(draft).await
}

/// A browser in which this person is signed in.
pub async fn signed_in(server: &Arc<Server>, email: &str) -> Browser {
    let mut browser = server.browser();
    let answer = browser.sign_in(email).await;
    assert!(browser.cookies.contains_key(SESSION), "{} {}", answer.status, answer.body);
    browser
}

/// Walks as far as the consent page, signing in where asked.
pub async fn consent_page(browser: &mut Browser, path: &str, email: &str) -> Answer {
    let mut page = browser.visit(path).await;
    if page.body.contains("name=\"password\"") {
        page = browser.submit(&page, "/login", &[("email", email), ("password", PASSWORD)]).await;
    }
    assert!(page.body.contains("name=\"decision\""), "{} {}", page.status, page.body);
    page
}

/// Posts a form with a browser's cookies from another address.
pub async fn post_from(
    peer: SocketAddr,
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let cookies: Vec<_> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = form(path, fields).header("origin", ISSUER).header("cookie", cookies.join("; "));
    browser.server.send_from(peer, request.body(Body::from(encode(fields))).unwrap()).await
}

/// A form with headers of the test's own.
pub async fn post_with(
    browser: &Browser,
    path: &str,
    headers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> Answer {
    let cookies: Vec<_> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookies.join("; "));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.server.send(request.body(Body::from(encode(fields))).unwrap()).await
}

/// The path that the form with this word in its action is sent to.
#[track_caller]
pub fn action(page: &Answer, word: &str) -> String {
    let actions = page.body.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut fitting = actions.filter(|action| action.contains(word));
    fitting.next().unwrap_or_else(|| panic!("no form for {word}: {}", page.body)).to_owned()
}
