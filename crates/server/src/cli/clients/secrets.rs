//! Rotating a secret, and what may be known of those there are.

use clap::Args;
use domain::clients::secrets::{self, Rotation, Secret, State};
use domain::{Plain, ShownOnce};
use protocol::duration;
use serde_json::{Value, json};

use super::super::operator::Desk;
use super::super::{Failure, text};
use super::about;

/// `mandate clients rotate`
#[derive(Debug, Args)]
pub struct Rotate {
    /// Its `client_id`.
    id: String,
    /// The name of the client, exactly.
    #[arg(long, value_name = "NAME")]
    confirm_name: String,
    /// What to call the new secret.
    #[arg(long, default_value = "")]
    label: String,
    /// When the other secrets end at the latest: `24 h`, `now`, or `never`.
    #[arg(long, value_name = "DURATION", default_value = "24 h", value_parser = retirement)]
    retire_previous_after: Retirement,
    /// When the new one ends by itself: `90 d`.
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    expires_in: Option<i64>,
    /// End the client's tokens, too.
    #[arg(long)]
    revoke_tokens: bool,
}

/// Seconds until the other secrets end; none: they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Retirement(Option<i64>);

fn retirement(text: &str) -> Result<Retirement, String> {
    match text {
        "never" => Ok(Retirement(None)),
        "now" => Ok(Retirement(Some(0))),
        _ => seconds(text).map(|seconds| Retirement(Some(seconds))),
    }
}

fn seconds(text: &str) -> Result<i64, String> {
    let seconds = duration::parse(text).map_err(|refusal| refusal.to_string())?;
    i64::try_from(seconds).map_err(|error| error.to_string())
}

/// Adds a secret and shows it, this once.
pub(super) async fn rotate(desk: &Desk, json: bool, words: Rotate) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let Retirement(retire_previous_after) = words.retire_previous_after;
    let rotation = Rotation {
        confirm_name: words.confirm_name,
        label: words.label,
        expires_at: words.expires_in.map(|seconds| call.now.saturating_add(seconds)),
        retire_previous_after,
        revoke_tokens: words.revoke_tokens,
    };
    let made = secrets::rotate(&mut work, &call, &may, &words.id, rotation)
        .await
        .map_err(about(&words.id))?;
    work.commit().await?;
    if json {
        return text::json(&shown(&made, call.now));
    }
    let others = match retire_previous_after {
        None => "The other secrets stay as they are.".to_owned(),
        Some(0) => "The other secrets have ended.".to_owned(),
        Some(after) => {
            format!("The other secrets end at {} at the latest.", text::instant(call.now + after))
        }
    };
    let tokens = if words.revoke_tokens { " Every token of the client is dead." } else { "" };
    let secret = made.secret.as_ref().map_or("", Plain::reveal);
    Ok(format!(
        "Rotated client {}. {others}{tokens}\n\nThe new secret, shown this once:\n  {secret}\n",
        words.id
    ))
}

fn shown(made: &ShownOnce<Secret>, now: i64) -> Value {
    let mut json = secret(&made.object, now);
    if let Some(plain) = &made.secret {
        json["client_secret"] = plain.reveal().into();
    }
    json
}

fn secret(secret: &Secret, now: i64) -> Value {
    json!({
        "id": secret.id,
        "label": secret.label,
        "hint": secret.hint,
        "status": secret.state(now),
        "created_at": text::instant(secret.created_at),
        "created_by": secret.created_by,
        "expires_at": text::json_instant(secret.expires_at),
        "retired_at": text::json_instant(secret.retired_at),
        "last_used_at": text::json_instant(secret.last_used_at),
        "last_used_address": secret.last_used_address,
        "late_used_at": text::json_instant(secret.late_used_at),
        "late_used_address": secret.late_used_address,
    })
}

/// The secrets as a table.
pub(super) fn table(secrets: &[Secret], now: i64) -> String {
    let rows: Vec<_> = secrets
        .iter()
        .map(|secret| {
            let state = match secret.state(now) {
                State::Alive => "alive",
                State::Expired => "expired",
                State::Retired => "retired",
            };
            [
                secret.id.clone(),
                secret.hint.clone(),
                secret.label.clone(),
                state.to_owned(),
                text::instant_or(secret.expires_at, "–"),
                text::instant_or(secret.last_used_at, "never"),
                secret.last_used_address.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let headings = ["secret", "hint", "label", "state", "ends", "last used", "from"];
    text::columns(headings, &rows, "It has no secrets.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_when_the_others_end() {
        for (text, after) in
            [("now", Some(0)), ("never", None), ("24 h", Some(86_400)), ("7d", Some(604_800))]
        {
            assert_eq!(retirement(text), Ok(Retirement(after)), "{text}");
        }
        assert!(retirement("tomorrow").is_err());
    }
}
