//! `mandate roles …`: named sets of permissions.

use clap::{Args, Subcommand};
use domain::access::Role;
use domain::clients;
use domain::roles::{self, NewRole, Patch};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};

/// The words after `mandate roles`.
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
    /// List them with their permissions, built-in ones first.
    List,
    /// Define one.
    Create {
        /// Its name, unique in the instance.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
        /// A permission it holds; may be given several times.
        #[arg(long = "permission", value_name = "RESOURCE:ACTION")]
        permissions: Vec<String>,
    },
    /// Change one, for everybody who holds it from their next request on.
    Edit {
        /// Its id.
        id: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// All permissions it is to hold; may be given several times.
        #[arg(long = "permission", value_name = "RESOURCE:ACTION")]
        permissions: Option<Vec<String>>,
        /// End the tokens of every client that holds it, or acts for a person who does, too.
        #[arg(long)]
        revoke_tokens: bool,
    },
    /// Delete one that nobody holds.
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
        Verb::Create { name, description, permissions } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let new = NewRole { name, description, permissions };
            let made = roles::create(&mut work, &call, &may, new).await?;
            work.commit().await?;
            told(json, "Defined", &made.role)
        }
        Verb::Edit { id, name, description, permissions, revoke_tokens } => {
            let patch = Patch { name, description, permissions };
            edit(desk, json, &id, (patch, revoke_tokens)).await
        }
        Verb::Delete { id } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            roles::delete(&mut work, &call, &may, &id)
                .await
                .map_err(Failure::about("role", &id))?;
            work.commit().await?;
            text::gone(json, "role", &id)
        }
    }
}

async fn edit(
    desk: &Desk,
    json: bool,
    id: &str,
    (patch, revoke_tokens): (Patch, bool),
) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let after = roles::change(&mut work, &call, &may, (id, None), patch)
        .await
        .map_err(Failure::about("role", id))?;
    let mut ended = None;
    if revoke_tokens {
        let may = desk.may()?;
        ended = Some(clients::revoke_tokens_under_role(&mut work, &call, &may, id).await?);
    }
    work.commit().await?;
    let Some(ended) = ended else { return told(json, "Changed", &after.role) };
    if json {
        let mut shape = shape(&after.role);
        shape["revoked_clients"] = ended.into();
        return text::json(&shape);
    }
    Ok(told(json, "Changed", &after.role)? + &format!("The tokens of {ended} clients are dead.\n"))
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let found = roles::list(&mut desk.read(), &desk.may()?).await?;
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Role| {
        let kind = if it.is_system { "built in" } else { "custom" };
        [it.id.clone(), it.name.clone(), kind.to_owned(), text::list(&it.permissions)]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["id", "name", "kind", "permissions"], &rows, "There are no roles."))
}

fn told(json: bool, what: &str, role: &Role) -> Result<String, Failure> {
    if json {
        return text::json(&shape(role));
    }
    Ok(format!("{what} {} ({}).\n", role.id, text::safe(&role.name)))
}

fn shape(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "permissions": role.permissions,
        "is_system": role.is_system,
    })
}
