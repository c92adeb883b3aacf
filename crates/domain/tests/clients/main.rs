//! Clients, scopes and resources, asked as a door would ask them, on both engines.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod catalogue;
mod ceiling;
mod ceiling_by_chance;
mod current;
mod endings;
#[path = "../fixture/mod.rs"]
mod fixture;
mod life;
mod list;
mod refused;
mod rules;
mod secrets;

use std::sync::Arc;

use domain::access::{Authority, May};
use domain::clients::{self, Change, Client, Draft};
use domain::{Refusal, ShownOnce};
use fixture::House;
use serde_json::{Value, json};

/// Creates a client as the operator.
async fn create(house: &House, draft: Value) -> Result<ShownOnce<Arc<Client>>, Refusal> {
    create_by(house, &Authority::operator("test@house"), draft).await
}

/// Creates a client as somebody.
async fn create_by(
    house: &House,
    authority: &Authority,
    draft: Value,
) -> Result<ShownOnce<Arc<Client>>, Refusal> {
    let may: May<_> = authority.may()?;
    let call = house.call_of(authority.actor.clone());
    let mut work = house.begin().await;
    let made = clients::create(&mut work, &call, &may, Draft::read(&draft)?, None).await?;
    work.commit().await?;
    Ok(made)
}

/// A confidential web application that is right.
fn web(name: &str) -> Value {
    json!({"client_name": name, "redirect_uris": ["https://app.example.com/callback"]})
}

/// A service that is right.
fn service(name: &str) -> Value {
    json!({"client_name": name, "type": "service"})
}

/// The first with what the second says over it.
fn with(mut draft: Value, more: Value) -> Value {
    let (Some(object), Value::Object(more)) = (draft.as_object_mut(), more) else {
        panic!("two objects")
    };
    object.extend(more);
    draft
}

/// Changes a client as the operator.
async fn change(house: &House, id: &str, patch: Value) -> Result<Change, Refusal> {
    let mut work = house.begin().await;
    let changed =
        clients::change(&mut work, &house.call(), &house.may(), id, (&patch, None)).await?;
    work.commit().await?;
    Ok(changed)
}

/// What an outcome says, one refusal a line.
fn said<T>(outcome: Result<T, Refusal>) -> String {
    match outcome {
        Ok(_) => "accepted".into(),
        Err(Refusal::Invalid(errors)) => errors
            .into_iter()
            .map(|e| format!("{}: {}", e.field, e.message))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(Refusal::Conflict { message, ids }) if ids.is_empty() => format!("conflict: {message}"),
        Err(Refusal::Conflict { message, ids }) => format!("conflict: {message} {}", ids.join(" ")),
        Err(Refusal::Forbidden { missing, because }) => format!("forbidden, {missing}: {because}"),
        Err(other) => other.to_string(),
    }
}

/// The names of the audit entries about a client, oldest first.
async fn audited(house: &House, id: &str) -> Vec<String> {
    let object = Some(("client".to_owned(), id.to_owned()));
    let filter = domain::audit::Filter { object, limit: 100, ..domain::audit::Filter::default() };
    let mut events = domain::audit::list(&mut house.read(), &filter).await.unwrap();
    events.reverse();
    events.into_iter().map(|event| event.action).collect()
}
