//! `/console/clients/{client}/credentials`: its secrets, who still uses which, and rotation. The
//! answer of a rotation is the one page that shows the new secret.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ReadClients, RotateSecrets};
use domain::clients::Client;
use domain::clients::secrets::{self, Rotation, Secret, State};
use domain::{FieldError, Refusal, Work};

use super::head::{self, Tab};
use super::saved::{self, Occasion};
use super::{calls, form, page_of, words};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{ClientCredentials, SecretRow};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::views::{Choice, Errors, When};

const DAY: i64 = 86_400;
/// Seconds until the others stop, and how that is said.
const RETIREMENTS: [(&str, &str, &str); 5] = [
    ("0", "Now", "For a secret that leaked. Whatever still uses it fails at once."),
    ("3600", "In 1 hour", "For one program that you are about to change."),
    ("86400", "In 24 hours", "Time for a deployment."),
    ("604800", "In 7 days", "Time for several teams."),
    ("never", "Not by themselves", "You retire them by hand, when nothing uses them any more."),
];
/// Days after which the new secret ends by itself.
const ENDINGS: [(&str, &str); 5] = [
    ("", "Never"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("180", "In 180 days"),
    ("365", "In a year"),
];

/// The secrets.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let page = view(&visitor, &mut work, &client, &query).await?;
    Ok(visitor.render(&page))
}

/// Makes a secret and shows it, this once.
pub(super) async fn rotate(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<RotateSecrets>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let client = head::find(&visitor, &mut work, &id).await?;
    let (rotation, wrong) = asked(&fields, visitor.now());
    let at = (id.as_str(), fields.text("version").parse().ok());
    let after = rotation.retire_previous_after;
    let refusal = match secrets::rotate_at(&mut work, visitor.call(), &may, at, rotation).await {
        Ok(made) if wrong.is_empty() => {
            let secret = made.secret.ok_or(Refusal::NotFound)?;
            work.commit().await?;
            let occasion = Occasion::Rotated(secret, fate(after, visitor.now()));
            return Ok(saved::show(&visitor, &client, occasion));
        }
        Ok(_) => Refusal::Invalid(Vec::new()),
        Err(refusal) => refusal,
    };
    drop(work);
    let mut errors = wrong;
    match refusal {
        Refusal::Invalid(more) => errors.extend(more),
        Refusal::Conflict { message, .. } => errors.push(on_the_form(&message)),
        Refusal::Stale { .. } => {
            let message = "This form was sent before, or somebody changed the client meanwhile. \
                           Look at the secrets above; a new one was shown the first time only.";
            errors.push(on_the_form(message));
        }
        Refusal::Forbidden { because, missing } if !because.is_empty() => {
            errors.push(on_the_form(&format!("{because} ({missing})")));
        }
        other => return Err(visitor.halt(other)),
    }
    refused(&visitor, &id, (&fields, form::errors(errors))).await
}

/// Ends one secret.
pub(super) async fn retire(
    Path((id, secret)): Path<(String, String)>,
    Posted { visitor, .. }: Posted,
) -> Answer {
    let may = visitor.may::<RotateSecrets>()?;
    let mut work = visitor.app.instance.begin().await?;
    head::find(&visitor, &mut work, &id).await?;
    let ended = secrets::retire(&mut work, visitor.call(), &may, &id, &secret).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&page_of(&id, "credentials"), "secret-retired"))
}

fn on_the_form(message: &str) -> FieldError {
    FieldError { field: "rotate".into(), message: message.into() }
}

fn asked(fields: &Fields, now: i64) -> (Rotation, Vec<FieldError>) {
    let mut wrong = Vec::new();
    let retire_previous_after = match fields.text("retire_previous_after") {
        "never" => None,
        text if RETIREMENTS.iter().any(|(value, ..)| *value == text) => text.parse().ok(),
        _ => {
            let message = "Choose when the other secrets stop.".to_owned();
            wrong.push(FieldError { field: "retire_previous_after".into(), message });
            None
        }
    };
    let days = fields.text("expires_in").parse::<i64>().ok();
    let rotation = Rotation {
        confirm_name: fields.text("confirm_name").to_owned(),
        label: fields.text("label").to_owned(),
        expires_at: days.map(|days| now.saturating_add(days.saturating_mul(DAY))),
        retire_previous_after,
        revoke_tokens: fields.ticked("revoke_tokens"),
    };
    (rotation, wrong)
}

/// What becomes of the secrets before this one.
fn fate(after: Option<i64>, now: i64) -> String {
    match after {
        None => "The secrets before this one keep working until you retire them.".into(),
        Some(0) => "The secrets before this one have stopped working.".into(),
        Some(seconds) => format!(
            "The secrets before this one stop working in {}, on {}.",
            words::duration(seconds),
            When::exact(now + seconds).text
        ),
    }
}

async fn refused(visitor: &Visitor, id: &str, (fields, errors): (&Fields, Errors)) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(visitor, &mut work, id).await?;
    let page = view(visitor, &mut work, &client, &Query::default()).await?;
    let page = ClientCredentials {
        label: fields.text("label").to_owned(),
        retire: retirements(fields.text("retire_previous_after")),
        expires: endings(fields.text("expires_in")),
        revoke_tokens: fields.ticked("revoke_tokens"),
        errors,
        ..page
    };
    Ok(visitor.render_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn view(
    visitor: &Visitor,
    work: &mut Work,
    client: &Client,
    query: &Query,
) -> Result<ClientCredentials, Halt> {
    let may = visitor.may::<ReadClients>()?;
    let id = client.id.as_str();
    let now = visitor.now();
    let mut found = secrets::list(work, &may, id).await.map_err(|it| visitor.halt(it))?;
    found.sort_by_key(|secret| secret.state(now) != State::Alive);
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let rotate_refused = visitor.lacks_at::<RotateSecrets>(organization, team);
    let alive = found.iter().filter(|secret| secret.state(now) == State::Alive).count();
    let may_retire = rotate_refused.is_none() && alive > 1;
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(found.len());
    for secret in &found {
        let created_by = names.actor(work, &secret.created_by).await?;
        rows.push(row(client, secret, (now, may_retire), created_by));
    }
    Ok(ClientCredentials {
        frame: visitor.frame("Clients", query),
        client: head::head(visitor, work, client, Tab::Credentials).await?,
        safe: safe_to_retire(&found, now),
        late: late_use(&found, now),
        secrets: rows,
        public: !client.confidential,
        rotate: page_of(id, "rotate"),
        version: client.version.to_string(),
        rotate_refused,
        retire: retirements("86400"),
        expires: endings(""),
        label: String::new(),
        revoke_tokens: false,
        call: calls::rotate(&visitor.app.urls, client),
        errors: Errors::default(),
    })
}

fn row(
    client: &Client,
    secret: &Secret,
    (now, may_retire): (i64, bool),
    created_by: String,
) -> SecretRow {
    let state = secret.state(now);
    let alive = state == State::Alive;
    SecretRow {
        label: if secret.label.is_empty() { "No label".into() } else { secret.label.clone() },
        prefix: secret.hint.clone(),
        created: When::relative(secret.created_at, now),
        created_by,
        expires: secret.expires_at.map(|at| When::relative(at, now)),
        last_used: secret.last_used_at.map(|at| When::relative(at, now)),
        last_address: secret.last_used_address.clone(),
        alive,
        state: match state {
            State::Alive => "Works",
            State::Expired => "Expired",
            State::Retired => "Retired",
        }
        .into(),
        ended: (!alive)
            .then(|| secret.retired_at.into_iter().chain(secret.expires_at).min())
            .flatten()
            .map(|at| When::relative(at, now)),
        late: secret.late_used_at.is_some(),
        retire: (alive && may_retire)
            .then(|| page_of(client.id.as_str(), &format!("secrets/{}/retire", secret.id))),
    }
}

/// While several are alive: is it safe to retire the ones before the newest?
fn safe_to_retire(secrets: &[Secret], now: i64) -> Option<(bool, String)> {
    let mut alive: Vec<&Secret> =
        secrets.iter().filter(|secret| secret.state(now) == State::Alive).collect();
    alive.sort_by_key(|secret| std::cmp::Reverse((secret.created_at, secret.id.clone())));
    let (newest, older) = alive.split_first()?;
    let used = |secret: &&&Secret| secret.last_used_at.is_some_and(|at| at >= newest.created_at);
    let in_use = older.iter().filter(used).max_by_key(|secret| secret.last_used_at);
    let name = |secret: &Secret| {
        if secret.label.is_empty() { secret.hint.clone() } else { secret.label.clone() }
    };
    if older.is_empty() {
        return None;
    }
    Some(match in_use {
        Some(secret) => {
            let when = When::relative(secret.last_used_at.unwrap_or(now), now).text;
            let from = secret.last_used_address.as_deref().unwrap_or("an unknown address");
            let name = name(secret);
            (false, format!("Not yet safe to retire {name}: it was used {when} by {from}."))
        }
        None if now - newest.created_at < DAY => {
            let words = "The older secrets were not used since the newest was made, which is less \
                         than a day ago. Wait until everything that runs once a day has run.";
            (false, words.into())
        }
        None => {
            let when = When::relative(newest.created_at, now).text;
            (
                true,
                format!(
                    "Safe to retire: the older secrets were not used since the newest was made {when}."
                ),
            )
        }
    })
}

/// Somebody still tries a secret that has ended.
fn late_use(secrets: &[Secret], now: i64) -> Option<String> {
    let late = secrets.iter().max_by_key(|secret| secret.late_used_at)?;
    let at = late.late_used_at?;
    let from = late.late_used_address.as_deref().unwrap_or("An unknown address");
    let ended = late.retired_at.into_iter().chain(late.expires_at).min()?;
    Some(format!(
        "{from} still uses the secret that ended {}: the last try was {}.",
        When::exact(ended).text,
        When::relative(at, now).text
    ))
}

fn retirements(chosen: &str) -> Vec<Choice> {
    let choice = |(value, label, hint): (&str, &str, &str)| Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen: value == chosen,
        refused: None,
    };
    RETIREMENTS.into_iter().map(choice).collect()
}

fn endings(chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.into(),
        label: label.into(),
        chosen: value == chosen,
        ..Choice::default()
    };
    ENDINGS.into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(created_at: i64, last_used_at: Option<i64>) -> Secret {
        Secret {
            id: format!("sec_{created_at}"),
            label: "CI".into(),
            hint: "mcs_a…b".into(),
            created_at,
            created_by: "usr_1".into(),
            expires_at: None,
            retired_at: None,
            last_used_at,
            last_used_address: Some("10.0.0.5".into()),
            late_used_at: None,
            late_used_address: None,
        }
    }

    #[test]
    fn says_whether_the_old_secret_can_go() {
        let now = 10 * DAY;
        let verdict = |old: Secret, made| safe_to_retire(&[secret(made, None), old], now);
        assert_eq!(safe_to_retire(&[secret(0, None)], now), None);
        insta::assert_snapshot!(
            verdict(secret(0, Some(7 * DAY)), 2 * DAY).unwrap().1,
            @"Not yet safe to retire CI: it was used 3 days ago by 10.0.0.5."
        );
        assert!(verdict(secret(0, Some(DAY)), 2 * DAY).unwrap().0);
        assert!(!verdict(secret(0, None), now - 60).unwrap().0);
        let retired = Secret { retired_at: Some(1), ..secret(0, Some(9 * DAY)) };
        assert_eq!(verdict(retired, 2 * DAY), None);
    }

    #[test]
    fn tells_of_a_try_after_the_end() {
        let late = Secret {
            retired_at: Some(0),
            late_used_at: Some(DAY),
            late_used_address: Some("10.0.0.7".into()),
            ..secret(0, None)
        };
        insta::assert_snapshot!(
            late_use(&[secret(1, None), late], 2 * DAY).unwrap(),
            @"10.0.0.7 still uses the secret that ended 1 Jan 1970, 00:00 UTC: the last try was 1 day ago."
        );
        assert_eq!(late_use(&[secret(1, None)], 2), None);
    }
}
