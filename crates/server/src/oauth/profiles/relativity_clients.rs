//! `OAuth2` clients as Relativity's scripts manage them (REL-41 to REL-46): whole objects, one flow
//! a client, ids and secrets in hexadecimal digits.
//!
//! The scripts know no scopes and no presets, so a client made here holds `as_user:*` with full
//! access, bounded by its context user or by the person who signs in. A context user is named by id
//! or e-mail address. Everything else is what `domain::clients` says.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use domain::access::{
    CreateClients, DeleteClients, May, ReadClients, RotateSecrets, UpdateClients,
};
use domain::clients::secrets::{self, Rotation};
use domain::clients::{self, Client, Draft, GrantType, ListQuery};
use domain::{FieldError, Plain, Refusal, Work, accounts};
use serde_json::{Map, Value, json};

use super::caller::{Caller, Failed, broken, read, said};
use super::hexadecimal;

type Answer = Result<Response, Failed>;

/// The flows by name; their numbers mean different things in different versions (REL-46).
const FLOWS: [(&str, GrantType); 4] = [
    ("ClientCredentials", GrantType::ClientCredentials),
    ("Code", GrantType::AuthorizationCode),
    ("Implicit", GrantType::Implicit),
    ("ResourceOwner", GrantType::Password),
];

/// Every client.
pub(super) async fn list(caller: Caller) -> Answer {
    let listed = async {
        let may = caller.authority.may::<ReadClients>()?;
        let mut work = caller.app.instance.read();
        let mut query = ListQuery { limit: 200, ..ListQuery::default() };
        let mut all = Vec::new();
        loop {
            let page = clients::list(&mut work, &may, &query).await?;
            for summary in page.items {
                let found = clients::show(&mut work, &may, summary.id.as_str()).await;
                all.extend(found.ok().map(|client| shown(&client, None)));
            }
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok(Value::Array(all));
            }
        }
    };
    answered(&caller, listed.await)
}

/// One client.
pub(super) async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    let found = async {
        let may = caller.authority.may::<ReadClients>()?;
        let client = clients::show(&mut caller.app.instance.read(), &may, &id).await?;
        Ok(shown(&client, None))
    };
    answered(&caller, found.await)
}

/// Registers a client under its own id or a new one; its secret is chosen here (REL-44).
pub(super) async fn create(caller: Caller, body: Bytes) -> Answer {
    let made = async {
        let may = caller.authority.may::<CreateClients>()?;
        let asked = object(&body)?;
        let mut work = caller.app.instance.begin().await?;
        let flow = flow(&asked)?;
        let mut settings = settings(&mut work, &asked, flow).await?;
        let id = match asked.get("ID").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => hexadecimal::client_id(&caller.app.instance)?,
        };
        settings.insert("client_id".into(), id.into());
        settings.extend(fixed(flow));
        let secret = match flow {
            GrantType::Implicit => None,
            _ => Some(hexadecimal::secret(&caller.app.instance)?),
        };
        let mut draft = Draft::read(&Value::Object(settings))?;
        draft.client_secret.clone_from(&secret);
        let made = clients::create(&mut work, &caller.call, &may, draft, None).await?;
        work.commit().await?;
        Ok(shown(&made.object, secret.as_ref()))
    };
    answered(&caller, made.await)
}

/// Replaces a client by its whole object. Flow and secret stay: the one is fixed (REL-32), the
/// other is never chosen.
pub(super) async fn replace(caller: Caller, body: Bytes) -> Answer {
    let replaced = async {
        let may = caller.authority.may::<UpdateClients>()?;
        let asked = object(&body)?;
        let id = asked.get("ID").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut work = caller.app.instance.begin().await?;
        let before = reached(&mut work, &caller.authority.may::<ReadClients>()?, &id).await?;
        let flow = flow(&asked)?;
        if !before.allows(flow) {
            return Err(Refusal::field("Flow", "The flow of a client is fixed when it is made."));
        }
        let patch = Value::Object(settings(&mut work, &asked, flow).await?);
        let change = clients::change(&mut work, &caller.call, &may, &id, (&patch, None)).await?;
        work.commit().await?;
        Ok(shown(&change.after, None))
    };
    answered(&caller, replaced.await)
}

/// Deletes a client for good.
pub(super) async fn delete(caller: Caller, Path(id): Path<String>) -> Answer {
    let deleted = async {
        let may = caller.authority.may::<DeleteClients>()?;
        let mut work = caller.app.instance.begin().await?;
        let client = reached(&mut work, &caller.authority.may::<ReadClients>()?, &id).await?;
        clients::delete(&mut work, &caller.call, &may, &id, &client.name).await?;
        work.commit().await?;
        Ok(Value::Null)
    };
    answered(&caller, deleted.await)
}

/// A new secret in the place of all others, at once, and nothing but itself as the answer: a GET
/// that changes something, as in that product, and with a bearer token only.
pub(super) async fn regenerate_secret(caller: Caller, Path(id): Path<String>) -> Answer {
    let made = async {
        let may = caller.authority.may::<RotateSecrets>()?;
        let mut work = caller.app.instance.begin().await?;
        let client = reached(&mut work, &caller.authority.may::<ReadClients>()?, &id).await?;
        let secret = hexadecimal::secret(&caller.app.instance)?;
        let rotation = Rotation {
            confirm_name: client.name.clone(),
            label: "Regenerated".into(),
            retire_previous_after: Some(0),
            ..Rotation::default()
        };
        let given = (id.as_str(), secret.clone());
        secrets::rotate_given(&mut work, &caller.call, &may, given, rotation).await?;
        work.commit().await?;
        Ok(json!(secret.reveal()))
    };
    answered(&caller, made.await)
}

fn answered(caller: &Caller, outcome: Result<Value, Refusal>) -> Answer {
    outcome.map(|value| said(&value)).map_err(|refusal| caller.refused(refusal))
}

async fn reached(
    work: &mut Work,
    may: &May<ReadClients>,
    id: &str,
) -> Result<Arc<Client>, Refusal> {
    clients::show(work, may, id).await
}

/// The object itself, or the one object within another.
fn object(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    let needed = || Refusal::field("", "A JSON object is needed.");
    let Value::Object(outer) = read(body)? else { return Err(needed()) };
    if outer.len() == 1
        && let Some(Value::Object(inner)) = outer.values().next()
    {
        return Ok(inner.clone());
    }
    Ok(outer)
}

fn flow(asked: &Map<String, Value>) -> Result<GrantType, Refusal> {
    let name = asked.get("Flow").and_then(Value::as_str).unwrap_or_default();
    let known = FLOWS.iter().find(|(known, _)| *known == name).map(|(_, grant)| *grant);
    known.ok_or_else(|| {
        let names = FLOWS.map(|(name, _)| name).join(", ");
        Refusal::field("Flow", format!("One of these names is needed: {names}."))
    })
}

/// Their fields as ours.
async fn settings(
    work: &mut Work,
    asked: &Map<String, Value>,
    flow: GrantType,
) -> Result<Map<String, Value>, Refusal> {
    let field = |name: &str| asked.get(name).cloned().unwrap_or(Value::Null);
    let mut wrong = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        wrong.push(FieldError { field: field.into(), message: message.into() });
    };
    let minutes = field("AccessTokenLifetimeInMinutes");
    let seconds = minutes.as_i64().and_then(|minutes| minutes.checked_mul(60));
    if seconds.is_none() && !minutes.is_null() {
        refuse("AccessTokenLifetimeInMinutes", "A whole number of minutes is needed.");
    }
    let context_user = context_user(work, &field("ContextUser")).await?;
    if flow == GrantType::ClientCredentials && context_user.is_null() {
        refuse("ContextUser", "This flow acts for a context user: name one who is there.");
    }
    if flow != GrantType::ClientCredentials && !field("ContextUser").is_null() {
        refuse("ContextUser", "Only the flow ClientCredentials acts for a context user.");
    }
    let mut claims = Map::new();
    for claim in asked.get("Claims").and_then(Value::as_array).into_iter().flatten() {
        match claim.get("Type").and_then(Value::as_str) {
            Some(name) => {
                claims.insert(name.into(), claim.get("Value").cloned().unwrap_or(Value::Null));
            }
            None => refuse("Claims", "Each has a Type and a Value."),
        }
    }
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let settings = json!({
        "client_name": field("Name"),
        "description": field("Description"),
        "enabled": field("Enabled"),
        "redirect_uris": field("RedirectUris"),
        "access_token_lifetime": seconds,
        "context_user": context_user,
        "claims": claims,
        "confirm_high_risk": true,
    });
    match settings {
        Value::Object(settings) => Ok(settings),
        _ => Err(broken("an object is an object")),
    }
}

/// What a flow decides for good.
fn fixed(flow: GrantType) -> Map<String, Value> {
    let people = ["openid", "profile", "email", "as_user:read", "as_user:write"];
    let scopes = if flow == GrantType::ClientCredentials { &people[3..] } else { &people[..] };
    let settings = json!({
        "type": "custom",
        "grant_types": [flow.as_str()],
        "confidential": flow != GrantType::Implicit,
        "scopes": scopes,
        "access": "full",
        "team_selection": "multiple",
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// The id of a person named by id or e-mail address; null where there is none.
async fn context_user(work: &mut Work, named: &Value) -> Result<Value, Refusal> {
    let Some(name) = named.as_str() else { return Ok(Value::Null) };
    if name.starts_with("usr_") {
        return Ok(json!(name));
    }
    let found = accounts::find_by_email(work, name).await?;
    Ok(found.map_or(Value::Null, |user| json!(user.id)))
}

/// A client in their words; its secret only when it was made just now.
fn shown(client: &Client, secret: Option<&Plain>) -> Value {
    let flow = FLOWS.iter().find(|(_, grant)| client.allows(*grant)).map(|(name, _)| *name);
    let claims: Vec<Value> =
        client.claims.iter().map(|(name, value)| json!({ "Type": name, "Value": value })).collect();
    json!({
        "AccessTokenLifetimeInMinutes": client.access_token_lifetime / 60,
        "Name": client.name,
        "Description": client.description,
        "Enabled": client.enabled,
        "Flow": flow,
        "ID": client.id,
        "IsSystem": client.is_system,
        "RedirectUris": client.redirect_uris,
        "Secret": secret.map(Plain::reveal),
        "Scopes": client.scopes,
        "ContextUser": client.context_user,
        "Claims": claims,
    })
}
