//! `mandate scopes …`: the operator's verbs for the catalogue of what a token can be limited to.

use clap::{Args, Subcommand};
use domain::Refusal;
use domain::scopes::{self, NewScope, Patch, Scope, ScopeKind};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate scopes`.
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
    /// List them, built-in ones first, with how many clients may ask for each.
    List,
    /// Add one of your own.
    Create {
        /// `resource:action`
        name: String,
        /// `read` or `write`.
        #[arg(long, value_parser = kind)]
        kind: ScopeKind,
        /// What a person reads at consent.
        #[arg(long)]
        description: String,
        /// The id of the resource it belongs to.
        #[arg(long, value_name = "ID")]
        resource: Option<String>,
    },
    /// Change one of your own. While somebody uses it, it keeps its kind.
    Update {
        /// Its name.
        name: String,
        /// `read` or `write`.
        #[arg(long, value_parser = kind)]
        kind: Option<ScopeKind>,
        /// What a person reads at consent.
        #[arg(long)]
        description: Option<String>,
        /// The id of the resource it belongs to.
        #[arg(long, value_name = "ID", conflicts_with = "no_resource")]
        resource: Option<String>,
        /// It belongs to every resource.
        #[arg(long)]
        no_resource: bool,
        /// Only if it is at this version still.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Delete one that no client may ask for.
    Delete {
        /// Its name.
        name: String,
    },
}

fn kind(text: &str) -> Result<ScopeKind, String> {
    match text {
        "read" => Ok(ScopeKind::Read),
        "write" => Ok(ScopeKind::Write),
        _ => Err("read or write".into()),
    }
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List => list(desk, json).await,
        Verb::Create { name, kind, description, resource } => {
            create(desk, json, NewScope { name, kind, description, resource }).await
        }
        Verb::Update { name, kind, description, resource, no_resource, if_version } => {
            let resource = if no_resource { Some(None) } else { resource.map(Some) };
            update(desk, json, (&name, if_version), Patch { kind, description, resource }).await
        }
        Verb::Delete { name } => delete(desk, json, &name).await,
    }
}

fn about(name: &str) -> impl Fn(Refusal) -> Failure {
    Failure::about("scope", name)
}

fn shown(scope: &Scope) -> Value {
    json!({
        "name": scope.name,
        "kind": scope.kind,
        "description": scope.description,
        "resource": scope.resource,
        "is_system": scope.is_system,
    })
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let mut work = desk.read();
    let found = scopes::list(&mut work).await?;
    if json {
        return text::json_list(&found.iter().map(shown).collect::<Vec<_>>());
    }
    let mut rows = Vec::with_capacity(found.len());
    for scope in &found {
        rows.push([
            scope.name.clone(),
            scope.kind.as_str().to_owned(),
            text::yes(scope.is_system),
            scopes::count_holders(&mut work, &scope.name).await?.to_string(),
            scope.description.clone(),
        ]);
    }
    let headings = ["name", "kind", "built in", "clients", "description"];
    Ok(text::columns(headings, &rows, "There are no scopes; `mandate migrate` lays them down."))
}

async fn create(desk: &Desk, json: bool, new: NewScope) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let scope = scopes::create(&mut work, &call, &may, new).await?;
    work.commit().await?;
    if json {
        return text::json(&shown(&scope));
    }
    Ok(format!("Added the scope {}. Clients may hold it now.\n", scope.name))
}

async fn update(
    desk: &Desk,
    json: bool,
    at: (&str, Option<i64>),
    patch: Patch,
) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let scope = scopes::change(&mut work, &call, &may, at, patch).await.map_err(about(at.0))?;
    work.commit().await?;
    if json {
        return text::json(&shown(&scope));
    }
    Ok(format!("The scope {} is at version {}.\n", scope.name, scope.version))
}

async fn delete(desk: &Desk, json: bool, name: &str) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    scopes::delete(&mut work, &call, &may, name).await.map_err(about(name))?;
    work.commit().await?;
    if json {
        return text::json(&json!({ "name": name, "deleted": true }));
    }
    Ok(format!("Deleted the scope {}.\n", text::safe(name)))
}
