//! `mandate permissions …`: what roles are made of.

use clap::{Args, Subcommand};
use domain::access::Effect;
use domain::roles::{self, Permission};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate permissions`.
#[derive(Debug, Args)]
pub struct Words {
    /// Print JSON in the words of the API.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List them by name.
    List,
    /// Define one, for an API that this server protects.
    Create {
        /// Its name, as in orders:read.
        name: String,
        /// read or write.
        #[arg(long, value_parser = effect)]
        kind: Effect,
        /// What people read at consent and in the role editor.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Say in other words what one is for.
    Describe {
        /// Its name.
        name: String,
        /// What people read.
        description: String,
    },
    /// Delete one that no role holds.
    Delete {
        /// Its name.
        name: String,
    },
}

fn effect(text: &str) -> Result<Effect, String> {
    let known = [Effect::Read, Effect::Write].into_iter().find(|effect| effect.as_str() == text);
    known.ok_or_else(|| "read or write is needed".into())
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List => list(desk, json).await,
        Verb::Create { name, kind, description } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let what = (name.as_str(), kind, description.as_str());
            let made = roles::create_permission(&mut work, &call, &may, what).await?;
            work.commit().await?;
            told(json, "Defined", &made)
        }
        Verb::Describe { name, description } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let what = (name.as_str(), description.as_str());
            let after = roles::describe_permission(&mut work, &call, &may, what)
                .await
                .map_err(Failure::about("permission", &name))?;
            work.commit().await?;
            told(json, "Described", &after)
        }
        Verb::Delete { name } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            roles::delete_permission(&mut work, &call, &may, &name)
                .await
                .map_err(Failure::about("permission", &name))?;
            work.commit().await?;
            text::gone(json, "permission", &name)
        }
    }
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let found = roles::list_permissions(&mut desk.read(), &desk.may()?).await?;
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Permission| {
        let origin = if it.is_system { "built in" } else { "custom" };
        let kind = it.effect.as_str().to_owned();
        [it.name.clone(), kind, origin.to_owned(), it.description.clone()]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["name", "kind", "origin", "description"], &rows, "There are none."))
}

fn told(json: bool, what: &str, permission: &Permission) -> Result<String, Failure> {
    if json {
        return text::json(&shape(permission));
    }
    Ok(format!("{what} {}.\n", text::safe(&permission.name)))
}

fn shape(permission: &Permission) -> Value {
    json!({
        "name": permission.name,
        "kind": permission.effect,
        "description": permission.description,
        "is_system": permission.is_system,
    })
}
