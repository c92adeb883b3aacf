//! `mandate resources …`: the operator's verbs for the servers that tokens are for.

use clap::{Args, Subcommand};
use domain::Refusal;
use domain::resources::{self, NewResource, Patch, Resource};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate resources`.
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
    /// List them, built-in ones first.
    List,
    /// Add one.
    Create {
        /// Its absolute URI without a fragment: the audience of its tokens.
        identifier: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// A client that may introspect tokens for it; may be given several times.
        #[arg(long = "introspecting-client", value_name = "CLIENT")]
        introspecting_clients: Vec<String>,
    },
    /// Change its name, or who may introspect for it. Its identifier stays.
    Update {
        /// Its id.
        id: String,
        /// Its name.
        #[arg(long)]
        name: Option<String>,
        /// All clients that may introspect tokens for it; may be given several times.
        #[arg(long = "introspecting-client", value_name = "CLIENT")]
        introspecting_clients: Vec<String>,
        /// No client may introspect tokens for it.
        #[arg(long, conflicts_with = "introspecting_clients")]
        nobody_introspects: bool,
        /// Only if it is at this version still.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Delete one that no scope and no client names.
    Delete {
        /// Its id.
        id: String,
    },
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List => list(desk, json).await,
        Verb::Create { identifier, name, introspecting_clients } => {
            create(desk, json, NewResource { identifier, name, introspecting_clients }).await
        }
        Verb::Update { id, name, introspecting_clients, nobody_introspects, if_version } => {
            let named = nobody_introspects || !introspecting_clients.is_empty();
            let introspecting_clients = named.then_some(introspecting_clients);
            let patch = Patch { identifier: None, name, introspecting_clients };
            update(desk, json, (&id, if_version), patch).await
        }
        Verb::Delete { id } => delete(desk, json, &id).await,
    }
}

fn about(id: &str) -> impl Fn(Refusal) -> Failure {
    Failure::about("resource", id)
}

fn shown(resource: &Resource) -> Value {
    json!({
        "id": resource.id,
        "identifier": resource.identifier,
        "name": resource.name,
        "introspecting_clients": resource.introspecting_clients,
        "is_system": resource.is_system,
    })
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let found = resources::list(&mut desk.read(), &desk.may()?).await?;
    if json {
        return text::json_list(&found.iter().map(shown).collect::<Vec<_>>());
    }
    let rows: Vec<_> = found
        .iter()
        .map(|resource| {
            [
                resource.id.clone(),
                resource.identifier.clone(),
                resource.name.clone(),
                text::yes(resource.is_system),
                text::list(&resource.introspecting_clients),
            ]
        })
        .collect();
    let headings = ["id", "identifier", "name", "built in", "introspected by"];
    Ok(text::columns(headings, &rows, "There are none; `mandate migrate` lays down two."))
}

async fn create(desk: &Desk, json: bool, new: NewResource) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let resource = resources::create(&mut work, &call, &may, new).await?;
    work.commit().await?;
    if json {
        return text::json(&shown(&resource));
    }
    Ok(format!("Added {} as {}.\n", resource.identifier, resource.id))
}

async fn update(
    desk: &Desk,
    json: bool,
    at: (&str, Option<i64>),
    patch: Patch,
) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let resource =
        resources::change(&mut work, &call, &may, at, patch).await.map_err(about(at.0))?;
    work.commit().await?;
    if json {
        return text::json(&shown(&resource));
    }
    Ok(format!("The resource {} is at version {}.\n", resource.id, resource.version))
}

async fn delete(desk: &Desk, json: bool, id: &str) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    resources::delete(&mut work, &call, &may, id).await.map_err(about(id))?;
    work.commit().await?;
    if json {
        return text::json(&json!({ "id": id, "deleted": true }));
    }
    Ok(format!("Deleted the resource {}.\n", text::safe(id)))
}
