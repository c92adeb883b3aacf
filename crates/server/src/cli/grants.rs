//! `mandate grants …`: what people allowed which client, and its end.

use clap::{Args, Subcommand};
use domain::Fault;
use domain::tokens::{self, GrantQuery, ListedGrant};
use serde_json::{Value, json};

use super::operator::Desk;
use super::users::named;
use super::{Failure, text};

/// The words after `mandate grants`.
#[derive(Debug, Args)]
pub struct Words {
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List those that can still act, newest first.
    List {
        /// Only to this client.
        #[arg(long)]
        client: Option<String>,
        /// Only by this person (id or e-mail address).
        #[arg(long)]
        user: Option<String>,
    },
    /// End one, with every token it gave.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    match words.verb {
        Verb::List { client, user } => list(desk, words.json, (client, user)).await,
        Verb::Revoke { id } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            tokens::revoke_grant(&mut work, &call, &may, &id)
                .await
                .map_err(Failure::about("grant", &id))?;
            work.commit().await?;
            text::gone(words.json, "grant", &id)
        }
    }
}

async fn list(
    desk: &Desk,
    json: bool,
    (client, user): (Option<String>, Option<String>),
) -> Result<String, Failure> {
    let user = match user {
        Some(name) => Some(named(desk, &name).await?.id.to_string()),
        None => None,
    };
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.read());
    let is_active = Some(true);
    let mut query = GrantQuery { client, user, is_active, cursor: None, limit: 200 };
    let mut found = Vec::new();
    loop {
        let page = tokens::list_grants(&mut work, &may, &query, call.now).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        let shapes: Result<Vec<_>, _> = found.iter().map(|grant| shape(desk, grant)).collect();
        return text::json_list(&shapes?);
    }
    let row = |listed: &ListedGrant| {
        let grant = &listed.grant;
        let teams: Vec<_> = listed.teams.iter().map(|(_, name)| name).collect();
        Ok([
            grant.public_id(&desk.instance)?,
            grant.client.clone(),
            grant.user.to_string(),
            grant.scopes.to_string(),
            text::list(&teams),
            text::instant(grant.consented_at),
        ])
    };
    let rows: Result<Vec<_>, Fault> = found.iter().map(row).collect();
    let headings = ["id", "client", "person", "scopes", "teams", "consented"];
    Ok(text::columns(headings, &rows?, "Nothing is allowed to anybody."))
}

fn shape(desk: &Desk, listed: &ListedGrant) -> Result<Value, Fault> {
    let grant = &listed.grant;
    Ok(json!({
        "id": grant.public_id(&desk.instance)?,
        "client_id": grant.client,
        "user": grant.user,
        "scopes": grant.scopes,
        "teams": listed.teams.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "consented_at": text::instant(grant.consented_at),
        "expires_at": text::instant(grant.expires_at),
        "status": if listed.is_active { "active" } else { "ended" },
    }))
}
