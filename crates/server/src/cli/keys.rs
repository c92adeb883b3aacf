//! `mandate keys …`: the keys that sign tokens, and a fresh master key for who needs one.

use clap::{Args, Subcommand};
use domain::keys::{self, Phase, SigningKey};
use domain::{Chance, MasterKeys};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};
use crate::config::Config;

/// The words after `mandate keys`.
#[derive(Debug, Args)]
pub struct Words {
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the published signing keys.
    List,
    /// Publish a successor of every signing key; it signs an hour later.
    Rotate,
    /// Print a fresh master key, for `MANDATE_MASTER_KEY`. Changes nothing.
    NewMaster,
}

/// Carries the words out and gives back what to print. A fresh master key needs no database.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(
    config: impl FnOnce() -> Result<Config, Failure>,
    words: Words,
) -> Result<String, Failure> {
    if matches!(words.verb, Verb::NewMaster) {
        let (_, text) = MasterKeys::generate(&Chance::System)?;
        return Ok(if words.json {
            text::json(&json!({ "master_key": text }))?
        } else {
            format!("{text}\n")
        });
    }
    let desk = Desk::open(&config()?).await?;
    if matches!(words.verb, Verb::Rotate) {
        let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
        keys::rotate(&mut work, &call, &may).await?;
        work.commit().await?;
        if !words.json {
            let when = text::instant(call.now + keys::PUBLISH_LEAD);
            return Ok(format!("The successors are published and sign from {when} on.\n"));
        }
    }
    list(&desk, words.json).await
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let now = desk.instance.clock().now();
    let found = keys::published(&mut desk.read(), now).await?;
    if json {
        return text::json_list(&found.iter().map(|key| shape(key, now)).collect::<Vec<_>>());
    }
    let rows: Vec<_> = found
        .iter()
        .map(|key| {
            [
                key.id.clone(),
                key.algorithm.as_str().to_owned(),
                phase(key, now).to_owned(),
                text::instant(key.signs_from),
                text::instant_or(key.signs_until, "–"),
                text::instant_or(key.expires_at, "–"),
            ]
        })
        .collect();
    let headings = ["kid", "algorithm", "phase", "signs from", "signs until", "leaves"];
    Ok(text::columns(headings, &rows, "There are no signing keys; `mandate migrate` makes them."))
}

fn phase(key: &SigningKey, now: i64) -> &'static str {
    match key.phase(now) {
        Phase::Published => "published",
        Phase::Signing => "signing",
        Phase::Retired => "retired",
    }
}

fn shape(key: &SigningKey, now: i64) -> Value {
    json!({
        "id": key.id,
        "algorithm": key.algorithm.as_str(),
        "status": phase(key, now),
        "created_at": text::instant(key.created_at),
        "signs_from": text::instant(key.signs_from),
        "signs_until": text::json_instant(key.signs_until),
        "expires_at": text::json_instant(key.expires_at),
    })
}
