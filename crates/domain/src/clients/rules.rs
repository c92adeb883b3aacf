//! What may be done with a client: show, create, change, pause, resume, revoke its tokens.
//!
//! Every rule asks for its proof, refuses before it writes, and leaves one audit record in the
//! same work. Deleting is in `endings`, secrets are in `secrets`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::draft::{Draft, merge};
use super::endings::MAX_AT_ONCE;
use super::secrets::{self, NewSecret};
use super::{Change, Client, ceiling, check, facts, idempotency, presets, risk, store};
use crate::access::{
    CreateClients, May, Permission, Reach, ReadClients, RevokeTokens, UpdateClients,
};
use crate::audit::{self, differences};
use crate::{Call, Fault, FieldError, Refusal, ShownOnce, Work, id};

/// The client, for somebody who may see it.
///
/// # Errors
/// `NotFound` where there is none or the proof does not reach it.
pub async fn show(
    work: &mut Work,
    may: &May<ReadClients>,
    id: &str,
) -> Result<Arc<Client>, Refusal> {
    let client = store::find_shared(work, id).await?.ok_or(Refusal::NotFound)?;
    covered(may, &client).then_some(client).ok_or(Refusal::NotFound)
}

/// Registers a client. A confidential one comes with its secret, this once; a repeated idempotency
/// key answers with the client of the first time and no secret.
///
/// # Errors
/// Every field that is not as it must be; `Forbidden` beyond the actor's own reach or rights.
pub async fn create(
    work: &mut Work,
    call: &Call,
    may: &May<CreateClients>,
    draft: Draft,
    idempotency_key: Option<&str>,
) -> Result<ShownOnce<Arc<Client>>, Refusal> {
    let draft =
        Draft { client_id: Some(chosen_id(work, &draft)?), ..at_home(work, may, draft).await? };
    let (mut client, mut errors) = presets::complete(&draft);
    if !covered(may, &client) {
        return Err(beyond_reach(may));
    }
    if let Some(key) = idempotency_key
        && let Some(made) = idempotency::claim(work, call, key, client.id.as_str()).await?
    {
        let gone = || {
            Refusal::conflict("The client made under this idempotency key is not there any more.")
        };
        let client =
            store::find_shared(work, &made).await?.filter(|c| covered(may, c)).ok_or_else(gone)?;
        return Ok(ShownOnce { object: client, secret: None });
    }
    errors.extend(id_error(work, client.id.as_str()).await?);
    errors.extend(secrets::given_error(&client, draft.client_secret.as_ref()));
    let facts = facts::gather(work, &client).await?;
    errors.extend(check::check(&client, None, &facts));
    let confirmed = draft.confirm_high_risk == Some(true);
    errors.extend(check::confirmation(&client, None, &facts.policy).filter(|_| !confirmed));
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    if client.verified && may.reach() != &Reach::Everywhere {
        return Err(vouching(may));
    }
    ceiling::allows(may.authority(), None, &client)?;
    let secret = match draft.client_secret {
        _ if !client.confidential => NewSecret::None,
        Some(given) => NewSecret::Given(given),
        None => NewSecret::Generated,
    };
    register(work, call, &mut client, secret)
        .await
        .map(|secret| ShownOnce { object: Arc::new(client), secret })
}

/// Stores a client that was found good, with its first secret and the audit record.
pub(super) async fn register(
    work: &mut Work,
    call: &Call,
    client: &mut Client,
    secret: NewSecret,
) -> Result<Option<crate::Plain>, Refusal> {
    client.number = work.instance.ids.next();
    client.version = store::next_version(work);
    (client.created_at, client.created_by) = (call.now, call.actor.name());
    (client.updated_at, client.updated_by) = (call.now, call.actor.name());
    let made = secrets::prepare(work, call, secret)?;
    client.secrets = made.iter().map(|made| made.stored.clone()).collect();
    client.risk = risk::assess(client, call.now);
    store::insert(work, client).await.map_err(|fault| taken(fault, client))?;
    if let Some(made) = &made {
        secrets::insert(work, &client.id, made).await?;
    }
    let changes = differences(&Value::Null, &client.snapshot());
    audit::record(work, call, "client.created", &client.audited(), &changes).await?;
    Ok(made.map(|made| made.plain))
}

/// Changes settings by an RFC 7396 merge patch in the words of the contract; a null takes the
/// default of the client's type.
///
/// # Errors
/// `Stale` when the client is not at `if_version`; every field that is not as it must be.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateClients>,
    id: &str,
    (patch, if_version): (&Value, Option<i64>),
) -> Result<Change, Refusal> {
    let before = held(work, may, id, if_version).await?;
    let given = Draft::read(patch)?;
    let (mut after, mut errors) = presets::complete(&patched(&before, patch)?);
    keep_identity(&before, &mut after);
    if given.client_id.as_deref().is_some_and(|given| given != id) {
        errors.push(FieldError {
            field: "client_id".into(),
            message: "An id is never changed.".into(),
        });
    }
    if given.client_secret.is_some() {
        let message = "A secret is changed by rotation, not with the settings.";
        errors.push(FieldError { field: "client_secret".into(), message: message.into() });
    }
    let facts = facts::gather(work, &after).await?;
    errors.extend(check::check(&after, Some(&before), &facts));
    let confirmed = given.confirm_high_risk == Some(true);
    errors.extend(check::confirmation(&after, Some(&before), &facts.policy).filter(|_| !confirmed));
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    if given.revoke_tokens == Some(true) {
        after.epoch += 1;
    }
    settle(work, call, may, before, after).await
}

/// Stops a client: no new tokens, and those it has are dead at once and stay dead.
///
/// # Errors
/// `NotFound`, `Stale`.
pub async fn pause(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateClients>,
    id: &str,
    if_version: Option<i64>,
) -> Result<Change, Refusal> {
    let before = held(work, may, id, if_version).await?;
    let after = Client { enabled: false, ..before.clone() };
    settle(work, call, may, before, after).await
}

/// Stops up to 500 clients, all or none; an id named twice is one. Returns how many were running.
///
/// # Errors
/// A conflict that names the ids that are gone; the field `client_ids`.
pub async fn pause_many(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateClients>,
    ids: &[String],
) -> Result<usize, Refusal> {
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    if ids.is_empty() || ids.len() > MAX_AT_ONCE {
        return Err(Refusal::field("client_ids", format!("1 to {MAX_AT_ONCE} clients at once.")));
    }
    let (mut stopped, mut missing) = (0, Vec::new());
    // In order of their ids, so that two such calls never wait for each other in a circle.
    for id in ids {
        match pause(work, call, may, id, None).await {
            Ok(change) => stopped += usize::from(!change.changes.is_empty()),
            Err(Refusal::NotFound) => missing.push(id.to_owned()),
            Err(other) => return Err(other),
        }
    }
    if missing.is_empty() {
        return Ok(stopped);
    }
    let message = "Some of these clients are gone. Nothing was changed.".into();
    Err(Refusal::Conflict { message, ids: missing })
}

/// Lets a paused client get tokens again. Those it had stay dead.
///
/// # Errors
/// `NotFound`, `Stale`, `Forbidden` where the client may do more than the actor.
pub async fn resume(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateClients>,
    id: &str,
    if_version: Option<i64>,
) -> Result<Change, Refusal> {
    let before = held(work, may, id, if_version).await?;
    let after = Client { enabled: true, ..before.clone() };
    settle(work, call, may, before, after).await
}

/// Ends every token the client has, without pausing it.
///
/// # Errors
/// `NotFound` where there is none or the proof does not reach it.
pub async fn revoke_tokens(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    id: &str,
) -> Result<Arc<Client>, Refusal> {
    let mut client = held(work, may, id, None).await?;
    client.epoch += 1;
    touch(work, call, &mut client).await?;
    audit::record(work, call, "client.tokens_revoked", &client.audited(), &[]).await?;
    Ok(Arc::new(client))
}

/// The client, held until the end of the work, for somebody whose proof reaches it.
pub(super) async fn held<P: Permission>(
    work: &mut Work,
    may: &May<P>,
    id: &str,
    if_version: Option<i64>,
) -> Result<Client, Refusal> {
    if !store::lock(work, id).await? {
        return Err(Refusal::NotFound);
    }
    let client =
        store::find(work, id).await?.filter(|c| covered(may, c)).ok_or(Refusal::NotFound)?;
    match if_version {
        Some(version) if version != client.version => {
            Err(Refusal::Stale { current: client.version })
        }
        _ => Ok(client),
    }
}

/// A new version for a change beside the settings: an epoch, a secret.
pub(super) async fn touch(
    work: &mut Work,
    call: &Call,
    client: &mut Client,
) -> Result<(), Refusal> {
    client.version = store::next_version(work);
    (client.updated_at, client.updated_by) = (call.now, call.actor.name());
    client.risk = risk::assess(client, call.now);
    Ok(store::set_version(work, client).await?)
}

/// Stores a change that was found good. Nothing different: nothing is written.
async fn settle(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateClients>,
    before: Client,
    mut after: Client,
) -> Result<Change, Refusal> {
    let mut changes = differences(&before.snapshot(), &after.snapshot());
    if after.epoch != before.epoch {
        changes.push(audit::Change::made("revoke_tokens", true));
    }
    if changes.is_empty() {
        let same = Arc::new(before);
        return Ok(Change { before: Arc::clone(&same), after: same, changes });
    }
    if !covered(may, &after) {
        return Err(beyond_reach(may));
    }
    if before.verified != after.verified && may.reach() != &Reach::Everywhere {
        return Err(vouching(may));
    }
    if ceiling::concerns(&before, &after) {
        ceiling::allows(may.authority(), Some(&before), &after)?;
    }
    // Tokens tell whom they act for: those of another context user end like those of a pause.
    if (before.enabled && !after.enabled) || before.context_user != after.context_user {
        after.epoch += 1;
    }
    after.version = store::next_version(work);
    (after.updated_at, after.updated_by) = (call.now, call.actor.name());
    if before.confidential && !after.confidential {
        secrets::retire_all(work, call, &mut after).await?;
    }
    after.risk = risk::assess(&after, call.now);
    store::set(work, &after).await.map_err(|fault| taken(fault, &after))?;
    let action = match changes.as_slice() {
        [only] if only.field == "enabled" && after.enabled => "client.resumed",
        [only] if only.field == "enabled" => "client.paused",
        _ => "client.updated",
    };
    audit::record(work, call, action, &after.audited(), &changes).await?;
    Ok(Change { before: Arc::new(before), after: Arc::new(after), changes })
}

pub(super) fn covered<P>(may: &May<P>, client: &Client) -> bool {
    may.covers(client.organization.as_deref(), client.owner_team.as_deref())
}

/// The whole draft of a client as it is with the patch over it.
fn patched(before: &Client, patch: &Value) -> Result<Draft, Refusal> {
    let mut settings = before.snapshot();
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, _| Draft::FIELDS.contains(&name.as_str()));
        // How it proves itself follows from whether it holds a secret, unless the patch says more.
        if patch.get("confidential").is_some() && patch.get("auth_methods").is_none() {
            settings.remove("auth_methods");
        }
    }
    merge(&mut settings, patch);
    let mut draft = Draft::read(&settings)?;
    // What is not asked for shrinks with what may be.
    if patch.get("default_scopes").is_none()
        && let (Some(defaults), Some(scopes)) = (&mut draft.default_scopes, &draft.scopes)
    {
        defaults.retain(|scope| scopes.contains(scope));
    }
    Ok(draft)
}

/// What no patch can change.
fn keep_identity(before: &Client, after: &mut Client) {
    after.id = before.id.clone();
    after.number = before.number;
    after.is_system = before.is_system;
    after.epoch = before.epoch;
    after.version = before.version;
    after.created_at = before.created_at;
    after.created_by.clone_from(&before.created_by);
    after.last_used_at = before.last_used_at;
    after.secrets.clone_from(&before.secrets);
}

/// Somebody whose rights are in one place only makes clients there without having to name it.
async fn at_home(
    work: &mut Work,
    may: &May<CreateClients>,
    mut draft: Draft,
) -> Result<Draft, Refusal> {
    let Reach::Places { organizations, teams } = may.reach() else { return Ok(draft) };
    let nothing_said = draft.organization.is_none() && draft.owner_team.is_none();
    if nothing_said && organizations.len() + teams.len() == 1 {
        draft.organization = organizations.first().cloned();
        draft.owner_team = teams.first().cloned();
    }
    if let (None, Some(team)) = (&draft.organization, &draft.owner_team) {
        draft.organization = facts::find_organization_of(work, team).await?;
    }
    Ok(draft)
}

fn chosen_id(work: &Work, draft: &Draft) -> Result<String, Fault> {
    draft.client_id.clone().map_or_else(|| id::text(&work.instance.chance, "cli_"), Ok)
}

/// 3–128 characters, not reserved, never given before.
async fn id_error(work: &mut Work, id: &str) -> Result<Option<FieldError>, Fault> {
    let refuse =
        |message: &str| Ok(Some(FieldError { field: "client_id".into(), message: message.into() }));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !(3..=128).contains(&id.len()) || !id.bytes().all(plain) {
        return refuse("3 to 128 letters, digits, dots, underscores and hyphens.");
    }
    if id.starts_with("usr_")
        || matches!(id, "self" | "bulk-delete")
        || id.bytes().all(|b| b == b'.')
    {
        return refuse(
            "This id is reserved: not `self`, `bulk-delete` or dots alone, and not beginning with `usr_`.",
        );
    }
    if store::is_deleted(work, id).await? {
        return refuse("A client of this id was deleted. An id is never given again.");
    }
    if store::find_version(work, id).await?.is_some() {
        return refuse("This id is taken.");
    }
    Ok(None)
}

/// A unique value that somebody else has, as the field it belongs to.
fn taken(fault: Fault, client: &Client) -> Refusal {
    if fault.is_conflict("clients", "name_key") {
        let place =
            if client.organization.is_some() { "this organization" } else { "the instance" };
        return Refusal::field("client_name", format!("Another client of {place} has this name."));
    }
    if fault.is_conflict("clients", "id") {
        return Refusal::field("client_id", "This id is taken.");
    }
    fault.into()
}

fn beyond_reach<P: Permission>(_: &May<P>) -> Refusal {
    let because = "You hold it in other places: choose an organization or owner team you manage.";
    Refusal::Forbidden { missing: P::NAME.into(), because: because.into() }
}

fn vouching<P: Permission>(_: &May<P>) -> Refusal {
    let because = "Only who manages clients of the whole instance can vouch for one.";
    Refusal::Forbidden { missing: P::NAME.into(), because: because.into() }
}
