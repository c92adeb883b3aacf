//! `mandate organizations …`: what holds teams.

use clap::{Args, Subcommand};
use domain::teams::{self, ListQuery, Organization};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate organizations`.
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
    List {
        /// Part of the name.
        #[arg(long)]
        q: Option<String>,
    },
    /// Create one.
    Create {
        /// Its name, unique in the instance.
        name: String,
    },
    /// Give one another name.
    Rename {
        /// Its id.
        id: String,
        /// Its new name.
        name: String,
    },
    /// Delete one that has no teams and no clients.
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
    let (id, what) = match words.verb {
        Verb::List { q } => return list(desk, json, q).await,
        Verb::Create { name } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let made = teams::create_organization(&mut work, &call, &may, &name).await?;
            work.commit().await?;
            (made.id, "Created")
        }
        Verb::Rename { id, name } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            teams::rename_organization(&mut work, &call, &may, (&id, None), &name)
                .await
                .map_err(Failure::about("organization", &id))?;
            work.commit().await?;
            (id, "Renamed")
        }
        Verb::Delete { id } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            teams::delete_organization(&mut work, &call, &may, &id)
                .await
                .map_err(Failure::about("organization", &id))?;
            work.commit().await?;
            return text::gone(json, "organization", &id);
        }
    };
    let found = teams::find_organization(&mut desk.read(), &id).await?;
    match found {
        Some(found) if json => text::json(&shape(&found)),
        Some(found) => Ok(format!("{what} {} ({}).\n", found.id, text::safe(&found.name))),
        None => text::gone(json, "organization", &id),
    }
}

async fn list(desk: &Desk, json: bool, q: Option<String>) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let mut query = ListQuery { q, limit: 200, ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = teams::list_organizations(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Organization| [it.id.clone(), it.name.clone(), text::instant(it.created_at)];
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["id", "name", "created"], &rows, "There are no such organizations."))
}

fn shape(organization: &Organization) -> Value {
    json!({ "id": organization.id, "name": organization.name })
}
