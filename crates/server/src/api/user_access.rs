//! `/users/{id}/trusted-ips` and `/users/{id}/revoke-tokens`: where a person may sign in from, and
//! the end of what they gave.

use domain::access::{ReadUsers, RevokeTokens, UpdateUsers};
use domain::accounts::{Networks, NetworksPatch};
use domain::trusted_ips::Mode;
use domain::{Refusal, UserId, accounts, tokens};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{DRY_RUN, FromQuery, Id, Query, Rehearsal, Values};
use super::trusted_ips;

/// The operations of these nouns.
pub(super) fn operations() -> Vec<Operation> {
    let networks = |id| ("/users/{id}/trusted-ips", id);
    let tokens = ("/users/{id}/revoke-tokens", "revokeTokensOfUser");
    vec![
        Operation::new(
            Verb::Get,
            networks("getTrustedIpsOfUser"),
            "Read where a person may sign in from",
            show,
        )
        .note("With those seen while they are only observed, for a month, and the lines that would let them in.")
        .answers(200, Shape::One("TrustedIps"), "Addresses and ranges; none: from anywhere."),
        Operation::new(
            Verb::Patch,
            networks("updateTrustedIpsOfUser"),
            "Limit where a person may sign in from",
            change,
        )
        .note("From the next sign-in on, with the password grant too. `observe` lets everybody in and records whom `enforce` would refuse. Sessions and tokens that are there stay.")
        .answers(200, Shape::One("ChangedTrustedIps"), "The list as it is now."),
        Operation::new(Verb::Post, tokens, "End the tokens of a person", revoke)
            .note("Everything their grants gave: to one client, or to all of them. Consents and sessions stay.")
            .answers(200, Shape::One("Ended"), "How many grants ended."),
    ]
}

async fn show(to: Allowed<ReadUsers>, Id(id): Id) -> Answer {
    let (mut work, id) = (to.read(), UserId::new(id));
    let networks = accounts::networks(&mut work, &to.may, &id).await?;
    let observed = accounts::observed_sign_ins(&mut work, &to.may, &id).await?;
    Ok(Reply::ok(trusted_ips::with(shown(&networks), &observed)).send())
}

fn shown(networks: &Networks) -> Value {
    trusted_ips::list(&networks.trusted_ips, networks.mode)
}

impl FromJson for NetworksPatch {
    const SCHEMA: &'static str = "TrustedIpsPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let trusted_ips = fields.changed_texts("trusted_ips");
        let word = fields.changed_text("trusted_ips_mode");
        let mode = word.and_then(|word| {
            let why = "`enforce` or `observe` is needed.";
            Mode::parse(&word).or_else(|| fields.refuse("trusted_ips_mode", why))
        });
        fields.done(Self { trusted_ips, mode })
    }
}

async fn change(
    to: Allowed<UpdateUsers>,
    Id(id): Id,
    Query(query): Query<Rehearsal>,
    Json(patch): Json<NetworksPatch>,
) -> Answer {
    let mut work = to.begin().await?;
    let asked = (&UserId::new(id), &patch);
    let networks = accounts::set_networks(&mut work, &to.call, &to.may, asked).await?;
    Reply::ok(shown(&networks)).after(work, query.dry_run).await
}

/// Which of their tokens.
struct Which {
    client: Option<String>,
    dry_run: bool,
}

impl FromQuery for Which {
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::query("client_id", Type::Text, "Only those of this client."), DRY_RUN];

    fn take(values: &mut Values) -> Self {
        let dry_run = values.flag("dry_run").unwrap_or_default();
        Self { client: values.text("client_id"), dry_run }
    }
}

async fn revoke(to: Allowed<RevokeTokens>, Id(id): Id, Query(which): Query<Which>) -> Answer {
    let mut work = to.begin().await?;
    let whose = (&UserId::new(id), which.client.as_deref());
    let ended = tokens::end_tokens_of_user(&mut work, &to.call, &to.may, whose).await?;
    Reply::ok(json!({ "ended": ended })).after(work, which.dry_run).await
}
