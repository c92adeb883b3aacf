//! `/console/settings`: what is set while the server runs, and what its configuration says, which
//! only a restart changes. No secret is among them.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use domain::access::{ManageSettings, Permission, Reach, ReadSettings};
use domain::settings::{self, NUMBERS, Number, Patch, RunTime};
use domain::{FieldError, Refusal};
use protocol::duration;

use super::done::done;
use super::query::Query;
use super::views::{SettingField, SettingsPage};
use super::visitor::{Answer, Halt, Posted, Visitor};
use super::wrong::{shown, wrong};
use crate::app::App;
use crate::web::form::Fields;
use crate::web::views::{Errors, Fact};

const PAGE: &str = "/console/settings";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/settings", get(show).post(change))
}

async fn show(visitor: Visitor, query: Query) -> Answer {
    let page = view(&visitor, (None, Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

async fn change(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageSettings>()?;
    let patch = match typed(&fields) {
        Ok(patch) => patch,
        Err(errors) => {
            return again(&visitor, &fields, (StatusCode::UNPROCESSABLE_ENTITY, shown(errors)))
                .await;
        }
    };
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let version = fields.filled("version").and_then(|version| version.parse().ok());
    match settings::change(&mut work, visitor.call(), &may, version, &patch).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(PAGE, "settings-saved"))
        }
        Err(refusal) => {
            drop(work);
            let (status, mut errors) = wrong(&visitor, refusal, "settings")?;
            in_units(&mut errors);
            again(&visitor, &fields, (status, errors)).await
        }
    }
}

async fn again(
    visitor: &Visitor,
    typed: &Fields,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let page = view(visitor, (Some(typed), errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

/// What was typed; a field left empty is as the configuration says.
fn typed(fields: &Fields) -> Result<Patch, Vec<FieldError>> {
    let (mut patch, mut errors) = (Patch::new(), Vec::new());
    for number in NUMBERS {
        let Some(text) = fields.filled(number.name) else {
            patch.push((number, None));
            continue;
        };
        let read = if number.is_switch() {
            match text {
                "on" => Ok(1),
                "off" => Ok(0),
                _ => Err("Choose on or off.".to_owned()),
            }
        } else if is_duration(number) {
            let seconds = duration::parse(text).map_err(|refusal| refusal.to_string());
            seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
        } else {
            text.parse().map_err(|_| "Write a whole number.".to_owned())
        };
        match read {
            Ok(value) => patch.push((number, Some(value))),
            Err(message) => errors.push(FieldError { field: number.name.into(), message }),
        }
    }
    if errors.is_empty() { Ok(patch) } else { Err(errors) }
}

/// The bounds of a duration in the words it is typed in.
fn in_units(errors: &mut Errors) {
    for error in &mut errors.0 {
        if let Some(number) = Number::named(&error.field).filter(|it| is_duration(it)) {
            let (least, most) = (words(number, number.least), words(number, number.most));
            error.message = format!("It can be from {least} to {most}.");
        }
    }
}

fn is_duration(number: &Number) -> bool {
    number.name.ends_with("_lifetime")
}

/// A value in words.
fn words(number: &Number, value: i64) -> String {
    if number.is_switch() {
        if value == 0 { "off".into() } else { "on".into() }
    } else if is_duration(number) {
        duration::spell(u64::try_from(value).unwrap_or_default())
    } else {
        value.to_string()
    }
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (Option<&Fields>, Errors),
    query: &Query,
) -> Result<SettingsPage, Halt> {
    let may = visitor.may_everywhere::<ReadSettings>()?;
    let mut work = visitor.app.instance.read();
    let now = settings::show(&mut work, &may).await;
    let now = now.map_err(|refusal: Refusal| visitor.halt(refusal))?;
    let manages = visitor.authority.reach(<ManageSettings as Permission>::NAME);
    Ok(SettingsPage {
        frame: visitor.frame("Settings", query),
        fields: NUMBERS.into_iter().map(|it| field(visitor, it, (&now, typed))).collect(),
        version: now.version.to_string(),
        refused: (manages != Some(Reach::Everywhere))
            .then(|| "Needs the permission settings:manage, held at the whole instance.".into()),
        facts: configuration(visitor),
        errors,
    })
}

fn field(
    visitor: &Visitor,
    number: &Number,
    (now, typed): (&RunTime, Option<&Fields>),
) -> SettingField {
    let (label, hint) = match number.name {
        "session_lifetime" => (
            "Force logout after",
            "Everybody signs in again so long after they signed in, active or not.",
        ),
        "session_idle_lifetime" => {
            ("Log out after inactivity of", "Whoever asks for nothing so long is signed out.")
        }
        "second_factor_required" => (
            "Everybody needs a second factor",
            "Whom no sign-in policy is for sets one up when they next sign in.",
        ),
        "audit_retention_days" => (
            "Keep the audit trail for (days)",
            "What is older is removed for good, whole stretches at once.",
        ),
        _ => (number.name, number.description),
    };
    let stored = if now.is_set(number) { words(number, now.get(number)) } else { String::new() };
    SettingField {
        name: number.name.into(),
        label: label.into(),
        hint: hint.into(),
        value: typed.map_or(stored, |fields| fields.text(number.name).to_owned()),
        usual: words(number, number.usual(visitor.app.instance.policy())),
        duration: is_duration(number),
        switch: number.is_switch(),
    }
}

/// What the configuration says, never a secret.
fn configuration(visitor: &Visitor) -> Vec<Fact> {
    let (app, instance) = (&visitor.app, &visitor.app.instance);
    let policy = instance.policy();
    let fact = |label: &str, value: String| Fact { label: label.into(), value };
    let listed = |mut words: Vec<String>| {
        if words.is_empty() {
            words.push("none".into());
        }
        words.join(", ")
    };
    let legacy = [(policy.legacy_password, "password"), (policy.legacy_implicit, "implicit")];
    let legacy = legacy.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned()).collect();
    let proxies = app.trusted_proxies.iter().map(ToString::to_string).collect();
    let risk = duration::spell(u64::try_from(policy.high_risk_lifetime).unwrap_or_default());
    vec![
        fact("Issuer", instance.issuer().to_owned()),
        fact("Database", instance.engine().to_owned()),
        fact("Legacy grants", listed(legacy)),
        fact("Trusted proxies", listed(proxies)),
        fact("Full access is confirmed above", risk),
        fact("Version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_told_in_the_units_that_are_typed() {
        let wrong = |field: &str| FieldError { field: field.into(), message: "x".into() };
        let mut errors = shown(vec![wrong("session_idle_lifetime"), wrong("audit_retention_days")]);
        in_units(&mut errors);
        assert_eq!(
            errors.of("session_idle_lifetime"),
            Some("It can be from 1 minute to 365 days.")
        );
        assert_eq!(errors.of("audit_retention_days"), Some("x"));
    }
}
