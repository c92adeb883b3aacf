//! `mandate teams …`: teams, and who belongs to them.

use clap::{Args, Subcommand};
use domain::access::MEMBER;
use domain::teams::{self, Leaving, ListQuery, Member, Team};
use serde_json::{Value, json};

use super::operator::Desk;
use super::users::named;
use super::{Failure, text};

/// Members read at once.
const PAGE: i64 = 200;

/// The words after `mandate teams`.
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
        /// Only those of the organization of this id.
        #[arg(long)]
        organization: Option<String>,
    },
    /// Create one in an organization.
    Create {
        /// The id of the organization.
        organization: String,
        /// Its name, unique there.
        name: String,
    },
    /// Give one another name.
    Rename {
        /// Its id.
        id: String,
        /// Its new name.
        name: String,
    },
    /// Delete one that no client names. Tokens that name it lose what they could do there.
    Delete {
        /// Its id.
        id: String,
        /// Its members lose what they held there.
        #[arg(long)]
        with_members: bool,
    },
    /// List the people with a role at a team.
    Members {
        /// Its id.
        id: String,
    },
    /// Give a person a role at a team, from the next request on.
    Add {
        /// Its id.
        id: String,
        /// The id or e-mail address of the person.
        user: String,
        /// The id of the role.
        #[arg(long, default_value = MEMBER)]
        role: String,
    },
    /// Take every role at a team from a person, from the next request on.
    Remove {
        /// Its id.
        id: String,
        /// The id or e-mail address of the person.
        user: String,
    },
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List { q, organization } => {
            let query = ListQuery { q, organization, limit: 200, ..ListQuery::default() };
            list(desk, json, query).await
        }
        Verb::Create { organization, name } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let team = teams::create_team(&mut work, &call, &may, &organization, &name).await?;
            work.commit().await?;
            told(json, "Created", &team)
        }
        Verb::Rename { id, name } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let team = teams::rename_team(&mut work, &call, &may, (&id, None), &name)
                .await
                .map_err(Failure::about("team", &id))?;
            work.commit().await?;
            told(json, "Renamed", &team)
        }
        Verb::Delete { id, with_members } => delete(desk, json, &id, with_members).await,
        Verb::Members { id } => members(desk, json, &id).await,
        Verb::Add { id, user, role } => {
            let user = named(desk, &user).await?;
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            teams::add_member(&mut work, &call, &may, (&id, &user.id), &role)
                .await
                .map_err(Failure::about("team", &id))?;
            work.commit().await?;
            members(desk, json, &id).await
        }
        Verb::Remove { id, user } => {
            let user = named(desk, &user).await?;
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            teams::remove_member(&mut work, &call, &may, &id, &user.id)
                .await
                .map_err(Failure::about("membership", &id))?;
            work.commit().await?;
            members(desk, json, &id).await
        }
    }
}

async fn delete(desk: &Desk, json: bool, id: &str, members: bool) -> Result<String, Failure> {
    let leaving = if members { Leaving::WithMembers } else { Leaving::Refused };
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    teams::delete_team(&mut work, &call, &may, id, leaving)
        .await
        .map_err(Failure::about("team", id))?;
    work.commit().await?;
    text::gone(json, "team", id)
}

async fn list(desk: &Desk, json: bool, mut query: ListQuery) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let mut found = Vec::new();
    loop {
        let page = teams::list_teams(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Team| [it.id.clone(), it.organization.clone(), it.name.clone()];
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["id", "organization", "name"], &rows, "There are no such teams."))
}

async fn members(desk: &Desk, json: bool, id: &str) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let (mut found, mut query) = (Vec::new(), ListQuery { limit: PAGE, ..ListQuery::default() });
    loop {
        let page = teams::list_members(&mut work, &may, id, &query).await;
        let page = page.map_err(Failure::about("team", id))?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        let shape = |it: &Member| json!({ "user": it.user, "email": it.email, "roles": it.roles });
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Member| [it.user.to_string(), it.email.clone(), text::list(&it.roles)];
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["id", "email", "roles"], &rows, "Nobody holds a role at this team."))
}

fn told(json: bool, what: &str, team: &Team) -> Result<String, Failure> {
    if json {
        return text::json(&shape(team));
    }
    Ok(format!("{what} {} ({}).\n", team.id, text::safe(&team.name)))
}

fn shape(team: &Team) -> Value {
    json!({ "id": team.id, "organization": team.organization, "name": team.name })
}
