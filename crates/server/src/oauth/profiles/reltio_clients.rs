//! Application clients as Reltio's scripts manage them (RLT-50 to RLT-57): a customer is an
//! organization (or `instance`), a tenant is a team, a role by its id or name.
//!
//! The scripts know no scopes and no presets, so a client made here holds `as_user:*` with full
//! access: what it may do is what its roles, or the person who signs in, may do. Everything else
//! is what `domain::clients` says.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use domain::access::{
    self, CreateClients, DeleteClients, ManageRoles, Place, ReadClients, ReadRoles, RevokeTokens,
    RotateSecrets, UpdateClients,
};
use domain::clients::secrets::{self, Rotation};
use domain::clients::{self, Client, Draft, GrantType, ListQuery};
use domain::roles::{self, NewBinding};
use domain::{Plain, Refusal, Work, tokens};
use serde_json::{Map, Value, json};

use super::caller::{Caller, Failed, read, said};

/// Seconds: 28 days (RLT-7).
const REFRESH: i64 = 28 * 86_400;
/// The customer that stands for clients of no organization.
const INSTANCE: &str = "instance";
/// The role that every client gets unless it says no (RLT-51), where there is one of this name.
const USUAL_ROLE: &str = "ROLE_API";

type Answer = Result<Response, Failed>;
/// Roles by id, and where each is held.
type Held = BTreeSet<(String, Place)>;

/// Every client of the customer.
pub(super) async fn list(caller: Caller, Path(customer): Path<String>) -> Answer {
    let listed = async {
        let may = caller.authority.may::<ReadClients>()?;
        let mut work = caller.app.instance.read();
        let organization = (customer != INSTANCE).then(|| customer.clone());
        let mut query = ListQuery { organization, limit: 200, ..ListQuery::default() };
        let mut all = Vec::new();
        loop {
            let page = clients::list(&mut work, &may, &query).await?;
            for summary in page.items {
                let found = clients::show(&mut work, &may, summary.id.as_str()).await;
                if let Ok(client) = found
                    && of(&client, &customer)
                {
                    all.push(shown(&mut work, &client).await?);
                }
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
pub(super) async fn show(caller: Caller, Path((customer, id)): Path<(String, String)>) -> Answer {
    let found = async {
        let mut work = caller.app.instance.read();
        let client = find(&caller, &mut work, (&customer, &id)).await?;
        shown(&mut work, &client).await
    };
    answered(&caller, found.await)
}

/// One client or several, all or none; each with its secret, this once.
pub(super) async fn create(caller: Caller, Path(customer): Path<String>, body: Bytes) -> Answer {
    let made = async {
        let may = caller.authority.may::<CreateClients>()?;
        let asked = read(&body)?;
        let asked = asked.as_array().ok_or_else(|| Refusal::field("", "A list is needed."))?;
        let mut work = caller.app.instance.begin().await?;
        let mut all = Vec::new();
        for one in asked {
            let mut settings = settings(one);
            settings.insert("organization".into(), organization(&customer));
            for (ours, theirs) in [("client_id", "clientId"), ("client_secret", "clientSecret")] {
                settings.insert(ours.into(), one.get(theirs).cloned().unwrap_or(Value::Null));
            }
            let draft = Draft::read(&Value::Object(settings))?;
            let made = clients::create(&mut work, &caller.call, &may, draft, None).await?;
            let roles = wanted(&caller, &mut work, (&customer, one)).await?;
            hold(&caller, &mut work, made.object.id.as_str(), &roles).await?;
            let mut value = shown(&mut work, &made.object).await?;
            value["clientSecret"] = json!(made.secret.as_ref().map(Plain::reveal));
            all.push(value);
        }
        work.commit().await?;
        Ok(Value::Array(all))
    };
    answered(&caller, made.await)
}

/// Replaces everything but the secret, which stays where none is given (RLT-53). Another secret or
/// other roles end the client's tokens, other edits do not (RLT-54).
pub(super) async fn replace(
    caller: Caller,
    Path((customer, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let replaced = async {
        let may = caller.authority.may::<UpdateClients>()?;
        let mut asked = read(&body)?;
        // The path says which client it is; its id is its name where none is given.
        if let Some(fields) = asked.as_object_mut() {
            fields.insert("clientId".into(), id.as_str().into());
        }
        let mut work = caller.app.instance.begin().await?;
        let before = find(&caller, &mut work, (&customer, &id)).await?;
        let patch = Value::Object(settings(&asked));
        let change = clients::change(&mut work, &caller.call, &may, &id, (&patch, None)).await?;
        let mut client = change.after;
        let roles = wanted(&caller, &mut work, (&customer, &asked)).await?;
        let changed = hold(&caller, &mut work, &id, &roles).await?;
        let secret = asked.get("clientSecret").and_then(Value::as_str);
        if let Some(secret) = secret {
            let may = caller.authority.may::<RotateSecrets>()?;
            let rotation = Rotation {
                confirm_name: client.name.clone(),
                label: "Given".into(),
                retire_previous_after: Some(0),
                revoke_tokens: true,
                ..Rotation::default()
            };
            let given = (before.id.as_str(), Plain::new(secret));
            secrets::rotate_given(&mut work, &caller.call, &may, given, rotation).await?;
        } else if changed {
            let may = caller.authority.may::<RevokeTokens>()?;
            client = clients::revoke_tokens(&mut work, &caller.call, &may, &id).await?;
        }
        let value = shown(&mut work, &client).await?;
        work.commit().await?;
        Ok(value)
    };
    answered(&caller, replaced.await)
}

/// Deletes a client for good (RLT-56).
pub(super) async fn delete(caller: Caller, Path((customer, id)): Path<(String, String)>) -> Answer {
    let deleted = async {
        let may = caller.authority.may::<DeleteClients>()?;
        let mut work = caller.app.instance.begin().await?;
        let client = find(&caller, &mut work, (&customer, &id)).await?;
        clients::delete(&mut work, &caller.call, &may, &id, &client.name).await?;
        work.commit().await?;
        Ok(json!({ "status": "success" }))
    };
    answered(&caller, deleted.await)
}

/// How many tokens of the client are alive (RLT-25).
pub(super) async fn living_tokens(
    caller: Caller,
    Path((customer, id)): Path<(String, String)>,
) -> Answer {
    let counted = async {
        let mut work = caller.app.instance.read();
        let client = find(&caller, &mut work, (&customer, &id)).await?;
        let count = tokens::count_of_client(&mut work, &client, caller.call.now).await?;
        let status = if client.max_active_tokens.is_some() { "enabled" } else { "disabled" };
        Ok(json!({ "status": status, "tokensCount": count.access }))
    };
    answered(&caller, counted.await)
}

/// Ends every token of the client (RLT-57).
pub(super) async fn revoke_tokens(
    caller: Caller,
    Path((customer, id)): Path<(String, String)>,
) -> Answer {
    let ended = async {
        let may = caller.authority.may::<RevokeTokens>()?;
        let mut work = caller.app.instance.begin().await?;
        find(&caller, &mut work, (&customer, &id)).await?;
        clients::revoke_tokens(&mut work, &caller.call, &may, &id).await?;
        work.commit().await?;
        Ok(json!({ "status": "success" }))
    };
    answered(&caller, ended.await)
}

fn answered(caller: &Caller, outcome: Result<Value, Refusal>) -> Answer {
    outcome.map(|value| said(&value)).map_err(|refusal| caller.refused(refusal))
}

fn organization(customer: &str) -> Value {
    if customer == INSTANCE { Value::Null } else { customer.into() }
}

fn of(client: &Client, customer: &str) -> bool {
    client.organization.as_deref().unwrap_or(INSTANCE) == customer
}

async fn find(
    caller: &Caller,
    work: &mut Work,
    (customer, id): (&str, &str),
) -> Result<std::sync::Arc<Client>, Refusal> {
    let may = caller.authority.may::<ReadClients>()?;
    let client = clients::show(work, &may, id).await?;
    of(&client, customer).then_some(client).ok_or(Refusal::NotFound)
}

/// Their fields as ours, the ones left out as null, which is the default.
fn settings(asked: &Value) -> Map<String, Value> {
    let field = |name: &str| asked.get(name).cloned().unwrap_or(Value::Null);
    let grants = asked.get("authorizedGrantTypes").and_then(Value::as_array);
    let has = |grant: &str| grants.is_some_and(|all| all.iter().any(|one| one == grant));
    let signs_in = has("authorization_code");
    let people: &[&str] =
        if signs_in || has("password") { &["openid", "profile", "email"] } else { &[] };
    let scopes: Vec<&str> =
        ["as_user:read", "as_user:write"].iter().chain(people).copied().collect();
    let name = asked.get("clientName").filter(|name| name.as_str().is_some_and(|n| !n.is_empty()));
    let one_or_many = |value: Value| if value.is_string() { json!([value]) } else { value };
    let settings = json!({
        "client_name": name.cloned().unwrap_or_else(|| field("clientId")),
        "description": field("clientDescription"),
        "contacts": one_or_many(field("clientEmail")),
        "enabled": field("enabled"),
        "type": "custom",
        "confidential": true,
        "grant_types": field("authorizedGrantTypes"),
        "auth_methods": field("clientAuthenticationMethods"),
        "redirect_uris": if signs_in { one_or_many(field("redirectUri")) } else { Value::Null },
        "access_token_lifetime": field("accessTokenValidity"),
        "refresh_token_lifetime": asked.get("refreshTokenValidity").cloned().unwrap_or(json!(REFRESH)),
        "refresh_rotation": "keep",
        "pkce": if signs_in { json!("optional") } else { Value::Null },
        "refresh_without_pkce": signs_in && has("refresh_token"),
        "scopes": scopes,
        "default_scopes": Value::Null,
        "access": "full",
        "team_selection": "multiple",
        "confirm_high_risk": true,
    });
    match settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    }
}

/// The roles that a request asks for: `clientPermissions.roles` is a map from a role to tenants,
/// and none at all means every tenant of the customer.
async fn wanted(
    caller: &Caller,
    work: &mut Work,
    (customer, asked): (&str, &Value),
) -> Result<Held, Refusal> {
    let named = asked.pointer("/clientPermissions/roles").and_then(Value::as_object);
    let usual = asked.get("defaultRolesAssignmentEnabled") != Some(&Value::Bool(false));
    let Ok(may) = caller.authority.may::<ReadRoles>() else {
        if named.is_none_or(Map::is_empty) {
            return Ok(Held::new());
        }
        return Err(Refusal::Forbidden { missing: "role:read".into(), because: String::new() });
    };
    let known = roles::list(work, &may).await?;
    let everywhere = || match customer {
        INSTANCE => Place::Instance,
        id => Place::Organization(id.to_owned()),
    };
    let mut held = Held::new();
    for (name, tenants) in named.into_iter().flatten() {
        let role = known.iter().find(|role| role.id == *name || role.name == *name);
        let role = role.ok_or_else(|| {
            Refusal::field("clientPermissions", format!("There is no role {name}."))
        })?;
        let tenants: Vec<&str> =
            tenants.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if tenants.is_empty() {
            held.insert((role.id.clone(), everywhere()));
        }
        let places = tenants.into_iter().map(|id| Place::Team(id.to_owned()));
        held.extend(places.map(|place| (role.id.clone(), place)));
    }
    let signs_itself_in = asked.get("authorizedGrantTypes").and_then(Value::as_array);
    let acts_alone = signs_itself_in
        .is_some_and(|all| all.iter().any(|one| one == GrantType::ClientCredentials.as_str()));
    if let Some(role) = known.iter().find(|role| role.name == USUAL_ROLE)
        && usual
        && acts_alone
    {
        held.insert((role.id.clone(), everywhere()));
    }
    Ok(held)
}

/// Makes the client hold exactly these roles. Says whether anything changed.
async fn hold(
    caller: &Caller,
    work: &mut Work,
    client: &str,
    wanted: &Held,
) -> Result<bool, Refusal> {
    let bindings = access::bindings_of(work, client).await?;
    let now: Held = bindings.into_iter().map(|it| (it.role, it.place)).collect();
    if now == *wanted {
        return Ok(false);
    }
    let may = caller.authority.may::<ManageRoles>()?;
    let may_read = caller.authority.may::<ReadRoles>()?;
    let query = roles::ListQuery {
        subject: Some(client.to_owned()),
        limit: 200,
        ..roles::ListQuery::default()
    };
    for binding in roles::list_bindings(work, &may_read, &query).await?.items {
        if !wanted.contains(&(binding.role.clone(), binding.place.clone())) {
            roles::unbind(work, &caller.call, &may, &binding.id).await?;
        }
    }
    for (role, place) in wanted.difference(&now) {
        let (subject, role, place) = (client.to_owned(), role.clone(), place.clone());
        roles::bind(work, &caller.call, &may, NewBinding { subject, role, place }).await?;
    }
    Ok(true)
}

/// A client in their words, without its secret.
async fn shown(work: &mut Work, client: &Client) -> Result<Value, Refusal> {
    let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for binding in access::bindings_of(work, client.id.as_str()).await? {
        let tenants = roles.entry(binding.role_name).or_default();
        if let Place::Team(id) = binding.place {
            tenants.push(id);
        }
    }
    Ok(json!({
        "clientId": client.id,
        "clientName": client.name,
        "clientDescription": client.description,
        "clientEmail": client.contacts.first(),
        "authorizedGrantTypes": client.grant_types,
        "clientAuthenticationMethods": client.auth_methods,
        "redirectUri": client.redirect_uris,
        "accessTokenValidity": client.access_token_lifetime,
        "refreshTokenValidity": client.refresh_token_lifetime,
        "enabled": client.enabled,
        "clientPermissions": { "roles": roles },
        "createdTime": client.created_at,
        "createdBy": client.created_by,
        "updatedTime": client.updated_at,
        "updatedBy": client.updated_by,
        "lastSignInTime": client.last_used_at,
    }))
}
