//! What may be done with secrets: list, rotate, retire.
//!
//! Each takes its client first, so that counts and ends are exact however many come at once.

use serde_json::{Value, json};

use super::making::{brought, generate};
use super::store::{insert, list_of, retire_others, set_retired};
use super::{MAX_ALIVE, Rotation, Secret, State, given_error};
use crate::access::{May, Permission, ReadClients, RotateSecrets};
use crate::audit::{self, Change};
use crate::clients::{Client, ceiling, rules, store};
use crate::text::free_text;
use crate::{Call, ClientId, Fault, FieldError, Plain, Refusal, ShownOnce, Work};

/// The secrets of a client, the newest first.
///
/// # Errors
/// `NotFound` where there is no such client or the proof does not reach it.
pub async fn list(
    work: &mut Work,
    may: &May<ReadClients>,
    client: &str,
) -> Result<Vec<Secret>, Refusal> {
    rules::show(work, may, client).await?;
    Ok(list_of(work, client).await?)
}

/// Adds a secret and ends the others as asked.
///
/// # Errors
/// Fields that do not fit; a conflict for a public client and for an eleventh living secret;
/// `Forbidden` where the client may do more than the actor.
pub async fn rotate(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    id: &str,
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    rotate_at(work, call, may, (id, None), rotation).await
}

/// The same for a client that is still at the version somebody looked at, so that a form sent
/// twice makes one secret.
///
/// # Errors
/// As [`rotate`]; `Stale` for another version.
pub async fn rotate_at(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    (id, if_version): (&str, Option<i64>),
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    let client = rules::held(work, may, id, if_version).await?;
    ceiling::allows(work, may, None, &client).await?;
    if rotation.confirm_name != client.name {
        let message = "Type the name of the client exactly as it is.";
        return Err(Refusal::field("confirm_name", message));
    }
    add(work, call, client, (rotation, None)).await
}

/// The same with a secret that somebody else chose.
///
/// # Errors
/// As [`rotate`]; the field `client_secret`.
pub async fn rotate_given(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    (id, given): (&str, Plain),
    rotation: Rotation,
) -> Result<Secret, Refusal> {
    let client = rules::held(work, may, id, None).await?;
    ceiling::allows(work, may, None, &client).await?;
    if rotation.confirm_name != client.name {
        let message = "Type the name of the client exactly as it is.";
        return Err(Refusal::field("confirm_name", message));
    }
    if let Some(error) = given_error(&client, Some(&given)) {
        return Err(Refusal::Invalid(vec![error]));
    }
    Ok(add(work, call, client, (rotation, Some(given))).await?.object)
}

/// The same by the client itself, which proved one of its living secrets a moment ago. It cannot
/// be mistaken about who it is, so no name is asked for.
///
/// # Errors
/// As [`rotate`]; `Forbidden` where the operator wants it so (`self_rotation`).
pub async fn rotate_own(
    work: &mut Work,
    call: &Call,
    client: &ClientId,
    rotation: Rotation,
) -> Result<ShownOnce<Secret>, Refusal> {
    if !store::lock(work, client.as_str()).await? {
        return Err(Refusal::NotFound);
    }
    let client = store::find(work, client.as_str()).await?.ok_or(Refusal::NotFound)?;
    if !work.instance.policy().self_rotation {
        let because = "On this server a client's secrets are made by those who manage it.";
        return Err(Refusal::Forbidden {
            missing: RotateSecrets::NAME.into(),
            because: because.into(),
        });
    }
    if !client.enabled {
        return Err(Refusal::conflict("The client is paused."));
    }
    add(work, call, client, (rotation, None)).await
}

async fn add(
    work: &mut Work,
    call: &Call,
    mut client: Client,
    (rotation, given): (Rotation, Option<Plain>),
) -> Result<ShownOnce<Secret>, Refusal> {
    if !client.confidential {
        return Err(Refusal::conflict("A public client has no secret."));
    }
    let label = checked(&rotation, call.now)?;
    let mut made = match given {
        Some(given) => brought(work, call, given, label)?,
        None => generate(work, call, label)?,
    };
    (made.stored.expires_at, made.secret.expires_at) = (rotation.expires_at, rotation.expires_at);
    if let Some(after) = rotation.retire_previous_after {
        retire_others(work, &mut client, call.now, after).await?;
    }
    if client.secrets.iter().filter(|s| s.is_alive(call.now)).count() >= MAX_ALIVE {
        let message = format!("A client has at most {MAX_ALIVE} living secrets. Retire one first.");
        return Err(Refusal::conflict(message));
    }
    client.secrets.push(made.stored.clone());
    client.epoch += i64::from(rotation.revoke_tokens);
    rules::touch(work, call, &mut client).await?;
    insert(work, &client.id, &made).await?;
    let changes = [
        told("secrets", &Value::Null, &described(&made.secret)),
        told("retire_previous_after", &Value::Null, &json!(rotation.retire_previous_after)),
        told("revoke_tokens", &Value::Null, &json!(rotation.revoke_tokens)),
    ];
    audit::record(work, call, "client.secret_rotated", &client.audited(), &changes).await?;
    Ok(ShownOnce { object: made.secret, secret: Some(made.plain), is_repetition: false })
}

/// Ends one secret for good.
///
/// # Errors
/// `NotFound`; a conflict for the last living one.
pub async fn retire(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    client: &str,
    secret_id: &str,
) -> Result<Secret, Refusal> {
    retire_at(work, call, may, (client, None), secret_id).await
}

/// The same of a client that is still at the version somebody looked at.
///
/// # Errors
/// As [`retire`]; `Stale` for another version.
pub async fn retire_at(
    work: &mut Work,
    call: &Call,
    may: &May<RotateSecrets>,
    (client, if_version): (&str, Option<i64>),
    secret_id: &str,
) -> Result<Secret, Refusal> {
    let mut client = rules::held(work, may, client, if_version).await?;
    let mut secret = list_of(work, client.id.as_str())
        .await?
        .into_iter()
        .find(|s| s.id == secret_id)
        .ok_or(Refusal::NotFound)?;
    if secret.state(call.now) != State::Alive {
        return Ok(secret);
    }
    if client.secrets.iter().filter(|s| s.is_alive(call.now)).count() <= 1 {
        let message = "This is the last living secret. Rotate instead, or pause the client.";
        return Err(Refusal::conflict(message));
    }
    let before = described(&secret);
    secret.retired_at = Some(call.now);
    set_retired(work, &mut client, secret_id, call.now).await?;
    rules::touch(work, call, &mut client).await?;
    let changes = [told("secrets", &before, &described(&secret))];
    audit::record(work, call, "client.secret_retired", &client.audited(), &changes).await?;
    Ok(secret)
}

/// Ends every living secret now: the client becomes public.
pub(in crate::clients) async fn retire_all(
    work: &mut Work,
    call: &Call,
    client: &mut Client,
) -> Result<(), Fault> {
    retire_others(work, client, call.now, 0).await
}

/// The label, if the rotation makes sense.
fn checked(rotation: &Rotation, now: i64) -> Result<String, Refusal> {
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        errors.push(FieldError { field: field.into(), message: message.into() });
    };
    if rotation.expires_at.is_some_and(|end| end <= now) {
        refuse("expires_at", "A new secret cannot end in the past.");
    }
    if rotation.retire_previous_after.is_some_and(|after| !(0..=31_536_000).contains(&after)) {
        refuse(
            "retire_previous_after",
            "0 (now) to 31,536,000 seconds (365 days), or nothing at all.",
        );
    }
    let label = free_text("label", &rotation.label, 100);
    if let Err(error) = &label {
        errors.push(error.clone());
    }
    label.ok().filter(|_| errors.is_empty()).ok_or(Refusal::Invalid(errors))
}

fn described(secret: &Secret) -> Value {
    json!({
        "id": secret.id, "label": secret.label, "hint": secret.hint,
        "expires_at": secret.expires_at, "retired_at": secret.retired_at,
    })
}

fn told(field: &str, before: &Value, after: &Value) -> Change {
    Change { field: field.into(), before: before.clone(), after: after.clone() }
}
