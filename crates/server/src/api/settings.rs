//! `/settings`: what administrators set while the server runs.

use domain::Refusal;
use domain::access::{ManageSettings, ReadSettings};
use domain::settings::{self, NUMBERS, Number, Patch, RunTime};
use serde_json::{Map, Value};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::{Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/settings", "getSettings"), "Read the settings", show)
            .note("Those that are set while the server runs; the others are in its configuration.")
            .answers(200, Shape::One("Settings"), "The settings as they are now."),
        Operation::new(Verb::Patch, ("/settings", "updateSettings"), "Change settings", change)
            .note("Counts on every node from its next use on. Null: as the configuration says.")
            .answers(200, Shape::One("ChangedSettings"), "The settings as they are now."),
    ]
}

fn shown(now: &RunTime) -> Value {
    let value = |it: &'static Number| (it.name.to_owned(), it.told(now.get(it)));
    let values = NUMBERS.into_iter().map(value);
    Value::Object(values.collect::<Map<_, _>>())
}

/// What is to change.
struct SettingsPatch(Patch);

impl FromJson for SettingsPatch {
    const SCHEMA: &'static str = "SettingsPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let mut patch = Patch::new();
        for number in NUMBERS {
            if fields.has(number.name) {
                let value = if number.is_switch() {
                    fields.perhaps_flag(number.name).map(i64::from)
                } else {
                    fields.number_or(number.name, None)
                };
                patch.push((number, value));
            }
        }
        fields.done(Self(patch))
    }
}

async fn show(to: Allowed<ReadSettings>) -> Answer {
    let now = settings::show(&mut to.read(), &to.may).await?;
    Ok(Reply::ok(shown(&now)).version(now.version).send())
}

async fn change(
    to: Allowed<ManageSettings>,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(SettingsPatch(patch)): Json<SettingsPatch>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = settings::change(&mut work, &to.call, &to.may, version, &patch).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}
