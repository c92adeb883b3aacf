//! `/clients/{id}/secrets`: what is known of a client's secrets, a new one, the end of one.
//!
//! A secret is in one answer only: that of the rotation that made it.

use domain::Refusal;
use domain::access::{ReadClients, RotateSecrets};
use domain::clients::secrets::{self, Rotation, Secret};
use serde_json::{Value, json};

use super::answer::{Reply, instant, perhaps_instant};
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Shape, Verb};
use super::own_client::Own;
use super::problem::Answer;
use super::query::{Id, Ids, Query, Rehearsal};

/// Seconds the previous secrets live on unless the rotation says otherwise: a day.
const RETIRE_PREVIOUS_AFTER: i64 = 86_400;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let all = |id| ("/clients/{id}/secrets", id);
    let one = |id| ("/clients/{id}/secrets/{secret}", id);
    vec![
        Operation::new(Verb::Get, all("listSecrets"), "List the secrets of a client", list)
            .answers(
                200,
                Shape::Page("Secret"),
                "The living ones, and those that ended in the last 90 days.",
            ),
        Operation::new(
            Verb::Post,
            all("rotateSecret"),
            "Add a secret, and end the others as asked",
            rotate,
        )
        .note(
            "`retire_previous_after` is a day unless given; null ends none, 0 ends the others now.",
        )
        .answers(201, Shape::One("CreatedSecret"), "The new secret, this once.")
        .answers(200, Shape::One("CreatedSecret"), "Tried only.")
        .conflicts(),
        Operation::new(
            Verb::Post,
            ("/clients/self/secrets", "rotateOwnSecret"),
            "A client adds a secret to itself, by one it has",
            rotate_own,
        )
        .note(
            "No token is needed: the client proves itself as at the token endpoint, by HTTP Basic or by `client_id` and \
             `client_secret` in the body, from an address it may use. Refused where the operator wants it so \
             (`self_rotation`).",
        )
        .answers(201, Shape::One("CreatedSecret"), "The new secret, this once.")
        .answers(200, Shape::One("CreatedSecret"), "Tried only.")
        .conflicts(),
        Operation::new(Verb::Get, one("getSecret"), "Read what is known of a secret", show)
            .answers(200, Shape::One("Secret"), "The secret, without its value."),
        Operation::new(Verb::Delete, one("retireSecret"), "End a secret now", retire)
            .note("The last living one cannot be ended: rotate, or pause the client.")
            .answers(204, Shape::Empty, "Ended.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
    ]
}

fn rotation(fields: &mut Fields, confirm_name: String) -> Rotation {
    Rotation {
        confirm_name,
        label: fields.perhaps_text("label").unwrap_or_default(),
        expires_at: fields.perhaps_instant("expires_at"),
        retire_previous_after: fields
            .number_or("retire_previous_after", Some(RETIRE_PREVIOUS_AFTER)),
        revoke_tokens: fields.flag("revoke_tokens"),
    }
}

fn shown(secret: &Secret, now: i64) -> Value {
    json!({
        "id": secret.id,
        "label": secret.label,
        "hint": secret.hint,
        "state": secret.state(now),
        "created_at": instant(secret.created_at),
        "created_by": secret.created_by,
        "expires_at": perhaps_instant(secret.expires_at),
        "retired_at": perhaps_instant(secret.retired_at),
        "last_used_at": perhaps_instant(secret.last_used_at),
        "last_used_address": secret.last_used_address,
        "late_used_at": perhaps_instant(secret.late_used_at),
        "late_used_address": secret.late_used_address,
    })
}

async fn list(to: Allowed<ReadClients>, Id(client): Id) -> Answer {
    let secrets = secrets::list(&mut to.read(), &to.may, &client).await?;
    Ok(Reply::page(secrets.iter().map(|secret| shown(secret, to.call.now)).collect(), None).send())
}

async fn show(to: Allowed<ReadClients>, Ids(client, id): Ids) -> Answer {
    let secrets = secrets::list(&mut to.read(), &to.may, &client).await?;
    let secret = secrets.iter().find(|secret| secret.id == id).ok_or(Refusal::NotFound)?;
    Ok(Reply::ok(shown(secret, to.call.now)).send())
}

struct NewSecret(Rotation);

impl FromJson for NewSecret {
    const SCHEMA: &'static str = "NewSecret";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let confirm_name = fields.text("confirm_name");
        let rotation = rotation(&mut fields, confirm_name);
        fields.done(Self(rotation))
    }
}

/// The same by the client itself: it cannot be mistaken about its name.
struct OwnSecret(Rotation);

impl FromJson for OwnSecret {
    const SCHEMA: &'static str = "OwnSecret";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let rotation = rotation(&mut fields, String::new());
        fields.done(Self(rotation))
    }
}

async fn rotate_own(
    Query(query): Query<Rehearsal>,
    Own { app, call, client, body: OwnSecret(rotation) }: Own<OwnSecret>,
) -> Answer {
    let mut work = app.instance.begin().await?;
    let made = secrets::rotate_own(&mut work, &call, &client, rotation).await?;
    let path = format!("/clients/{client}/secrets/{}", made.object.id);
    let reply = Reply::created(&app, &path, shown(&made.object, call.now));
    reply.secret("client_secret", made.secret).after(work, query.dry_run).await
}

async fn rotate(
    to: Allowed<RotateSecrets>,
    Id(client): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(NewSecret(rotation)): Json<NewSecret>,
) -> Answer {
    let mut work = to.begin().await?;
    let at = (client.as_str(), version);
    let made = secrets::rotate_at(&mut work, &to.call, &to.may, at, rotation).await?;
    let path = format!("/clients/{client}/secrets/{}", made.object.id);
    let reply = Reply::created(&to.app, &path, shown(&made.object, to.call.now));
    reply.secret("client_secret", made.secret).after(work, query.dry_run).await
}

async fn retire(
    to: Allowed<RotateSecrets>,
    Ids(client, id): Ids,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
) -> Answer {
    let mut work = to.begin().await?;
    let at = (client.as_str(), version);
    secrets::retire_at(&mut work, &to.call, &to.may, at, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
