//! `mandate settings …`: what is set while the server runs; alone, the manual page of its
//! configuration.

use clap::{Args, Subcommand};
use domain::settings::{self, NUMBERS, Number, RunTime};
use serde_json::{Map, Value};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate settings`.
#[derive(Debug, Args)]
pub struct Words {
    /// Print JSON in the words of the API.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

impl Words {
    /// Is only the manual page wanted, which needs no database?
    pub fn is_manual(&self) -> bool {
        self.verb.is_none()
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List them with their values.
    List,
    /// Set one, for every node from its next use on.
    Set {
        /// Its name.
        #[arg(value_parser = number)]
        name: &'static Number,
        /// A whole number; `true` or `false` where it is on or off.
        #[arg(value_parser = value)]
        value: i64,
    },
    /// Let one be as the configuration says.
    Reset {
        /// Its name.
        #[arg(value_parser = number)]
        name: &'static Number,
    },
}

fn number(text: &str) -> Result<&'static Number, String> {
    let names: Vec<_> = NUMBERS.into_iter().map(|number| number.name).collect();
    Number::named(text).ok_or_else(|| format!("one of {} is needed", names.join(", ")))
}

fn value(text: &str) -> Result<i64, String> {
    match text {
        "true" => Ok(1),
        "false" => Ok(0),
        text => text.parse().map_err(|_| "a whole number, `true` or `false` is needed".into()),
    }
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let patch = match words.verb {
        None | Some(Verb::List) => Vec::new(),
        Some(Verb::Set { name, value }) => vec![(name, Some(value))],
        Some(Verb::Reset { name }) => vec![(name, None)],
    };
    if !patch.is_empty() {
        let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
        settings::change(&mut work, &call, &may, None, &patch).await?;
        work.commit().await?;
    }
    let now = settings::show(&mut desk.read(), &desk.may()?).await?;
    if words.json {
        let values = NUMBERS.into_iter().map(|it| (it.name.to_owned(), it.told(now.get(it))));
        return text::json(&Value::Object(values.collect::<Map<_, _>>()));
    }
    let rows: Vec<_> = NUMBERS.into_iter().map(|number| row(&now, number)).collect();
    Ok(text::columns(["name", "value", "set", "what it does"], &rows, ""))
}

fn row(now: &RunTime, number: &Number) -> [String; 4] {
    [
        number.name.into(),
        number.told(now.get(number)).to_string(),
        text::yes(now.is_set(number)),
        number.description.into(),
    ]
}
