//! The people of these conversations, and what they look for on a page.

use std::sync::Arc;

use domain::access::{self, Authority, Place};
use domain::accounts::{self, NewUser};
use domain::{Plain, UserId};

use crate::harness::{ADMIN_EMAIL, Answer, Browser, PASSWORD, Server};

pub const AUDITOR: &str = "otto@example.com";
pub const MANAGER: &str = "mina@example.com";
pub const STRANGER: &str = "sten@example.com";

/// The administrator, signed in.
pub async fn admin(server: &Arc<Server>) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(ADMIN_EMAIL).await;
    browser
}

/// Somebody with this role at this place, signed in.
pub async fn person(server: &Arc<Server>, email: &str, role: Option<(&str, Place)>) -> Browser {
    let id = register(server, email).await;
    if let Some((role, place)) = role {
        let mut work = server.instance.begin().await.unwrap();
        access::bind(&mut work, server.clock.now(), id.as_str(), role, &place).await.unwrap();
        work.commit().await.unwrap();
    }
    let mut browser = server.browser();
    browser.sign_in(email).await;
    browser
}

/// Somebody gets one more role.
pub async fn role_of(server: &Arc<Server>, email: &str, (role, place): (&str, Place)) {
    let mut work = server.instance.begin().await.unwrap();
    let user = accounts::find_by_email(&mut work, email).await.unwrap().unwrap();
    access::bind(&mut work, server.clock.now(), user.id.as_str(), role, &place).await.unwrap();
    work.commit().await.unwrap();
}

/// The id of the person with this address.
pub async fn user_id(server: &Arc<Server>, email: &str) -> String {
    let found = accounts::find_by_email(&mut server.instance.read(), email).await.unwrap();
    found.unwrap().id.to_string()
}

/// Reads everything and changes nothing.
pub async fn auditor(server: &Arc<Server>) -> Browser {
    person(server, AUDITOR, Some((access::AUDITOR, Place::Instance))).await
}

async fn register(server: &Arc<Server>, email: &str) -> UserId {
    let may = Authority::operator("test@host").may().unwrap();
    let new = NewUser {
        email: email.into(),
        display_name: format!("Person {email}"),
        password: Some(Plain::new(PASSWORD)),
    };
    let made = accounts::create(&server.instance, &server.operator(), &may, new).await.unwrap();
    made.0.id
}

/// An organization with two teams: their ids.
pub async fn places(server: &Arc<Server>) -> (String, String, String) {
    let may = Authority::operator("test@host").may().unwrap();
    let call = server.operator();
    let mut work = server.instance.begin().await.unwrap();
    let home =
        domain::teams::create_organization(&mut work, &call, &may, "Northwind").await.unwrap();
    let mut team = async |name: &str| {
        domain::teams::create_team(&mut work, &call, &may, &home.id, name).await.unwrap().id
    };
    let (harbour, quay) = (team("Harbour").await, team("Quay").await);
    work.commit().await.unwrap();
    (home.id, harbour, quay)
}

/// Everything a form of a page would send if nobody touched it; later fields replace earlier ones.
pub fn filled(page: &Answer, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for tag in page.body.split('<') {
        fields.extend(field_of(tag));
    }
    fields.extend(selected(&page.body));
    for (name, _) in changes {
        fields.retain(|(n, _): &(String, String)| n != name);
    }
    let sent = changes.iter().filter(|(_, value)| *value != OUT);
    fields.extend(sent.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    fields
}

/// As the value of a change: the field is not sent.
pub const OUT: &str = "\0out";

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split('"').next()?))
}

fn field_of(tag: &str) -> Option<(String, String)> {
    let name = attribute(tag, "name")?;
    if tag.starts_with("textarea") {
        let (_, text) = tag.split_once('>')?;
        return Some((name, unescape(text.strip_prefix('\n').unwrap_or(text))));
    }
    let kind = attribute(tag, "type")?;
    let is_box = kind == "checkbox" || kind == "radio";
    let is_sent = tag.starts_with("input ") && (!is_box || tag.contains(" checked"));
    (is_sent && kind != "search" && !tag.contains(" disabled"))
        .then(|| (name, attribute(tag, "value").unwrap_or_default()))
}

fn selected(body: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for select in body.split("<select ").skip(1) {
        let Some(name) = attribute(&format!(" {select}"), "name") else { continue };
        let select = select.split("</select>").next().unwrap_or_default();
        let chosen = select.split("<option ").find(|option| option.contains(" selected"));
        found.extend(
            chosen.map(|it| (name, attribute(&format!(" {it}"), "value").unwrap_or_default())),
        );
    }
    found
}

fn unescape(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}

/// Sends the form of a page as it stands, with these changes.
pub async fn send(
    browser: &mut Browser,
    page: &Answer,
    path: &str,
    changes: &[(&str, &str)],
) -> Answer {
    let fields = filled(page, changes);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(path, &fields).await
}

/// What the summary of errors says, in order.
pub fn complaints(page: &Answer) -> Vec<String> {
    let Some((_, rest)) = page.body.split_once("class=\"summary\"") else { return Vec::new() };
    let list = rest.split("</ul>").next().unwrap_or_default();
    let lines = list.split("<a href=\"#").skip(1);
    lines
        .filter_map(|line| {
            let (field, words) = line.split_once("\">")?;
            Some(format!("{field}: {}", unescape(words.split('<').next()?)))
        })
        .collect()
}

/// The value behind a copy button with this name.
pub fn copied(page: &Answer, what: &str) -> Option<String> {
    let (before, _) = page.body.split_once(&format!("Copy {what}<"))?;
    let (_, rest) = before.rsplit_once("data-copy=\"")?;
    Some(unescape(rest.split('"').next()?))
}
