//! `mandate clients …`: the operator's verbs for OAuth clients.

mod secrets;
mod settings;
mod shape;

use clap::{Args, Subcommand};
use domain::Refusal;
use domain::clients::{self, Change, ListQuery, Summary};
use serde_json::json;

use super::operator::Desk;
use super::{Failure, text, trusted_ips};

/// The words after `mandate clients`.
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
    /// List them, by name.
    List {
        /// Part of a name, an exact id, or the beginning of a redirect host.
        #[arg(long)]
        q: Option<String>,
        /// At most this many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one, with its secrets.
    Show {
        /// Its `client_id`.
        id: String,
    },
    /// Register one. A confidential one comes with its secret, shown this once.
    Create(settings::New),
    /// Change settings.
    Update(settings::Patch),
    /// Add a secret and let the others end.
    Rotate(secrets::Rotate),
    /// Let a paused one get tokens again; those it had stay dead.
    Enable(One),
    /// Pause it: no new tokens, and those it has die at once and stay dead.
    Disable(One),
    /// Delete it for good; its id is never given again.
    Delete {
        /// Its `client_id`.
        id: String,
        /// Its name, exactly.
        #[arg(long, value_name = "NAME")]
        confirm_name: String,
    },
    /// Show where it may ask from, and who would be refused.
    TrustedIps {
        /// Its `client_id`.
        id: String,
    },
    /// End every token it has, without pausing it.
    RevokeTokens {
        /// Its `client_id`.
        id: String,
    },
}

#[derive(Debug, Args)]
struct One {
    /// Its `client_id`.
    id: String,
    /// Only if it is at this version still.
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List { q, limit } => list(desk, json, q, limit.unwrap_or(usize::MAX)).await,
        Verb::Show { id } => show(desk, json, &id).await,
        Verb::Create(new) => settings::create(desk, json, new).await,
        Verb::Update(patch) => settings::update(desk, json, patch).await,
        Verb::Rotate(rotate) => secrets::rotate(desk, json, rotate).await,
        Verb::Enable(one) => switch(desk, json, &one, true).await,
        Verb::Disable(one) => switch(desk, json, &one, false).await,
        Verb::Delete { id, confirm_name } => delete(desk, json, &id, &confirm_name).await,
        Verb::TrustedIps { id } => trusted_ips_of(desk, json, &id).await,
        Verb::RevokeTokens { id } => revoke_tokens(desk, json, &id).await,
    }
}

fn about(id: &str) -> impl Fn(Refusal) -> Failure {
    Failure::about("client", id)
}

async fn list(desk: &Desk, json: bool, q: Option<String>, most: usize) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let mut query =
        ListQuery { q, limit: 200, now: desk.instance.clock().now(), ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = clients::list(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    if !json {
        return Ok(table(&found));
    }
    let mut items = Vec::with_capacity(found.len());
    for summary in &found {
        // One that was deleted meanwhile is left out.
        if let Some(client) = clients::find(&mut work, summary.id.as_str()).await? {
            items.push(shape::client(&client));
        }
    }
    text::json_list(&items)
}

fn table(found: &[Summary]) -> String {
    let rows: Vec<_> = found
        .iter()
        .map(|client| {
            let status = if client.enabled { "enabled" } else { "paused" };
            [
                client.id.as_str().to_owned(),
                client.name.clone(),
                client.kind.as_str().to_owned(),
                status.to_owned(),
                client.access.as_str().to_owned(),
                if client.confidential { client.secrets.to_string() } else { "–".into() },
                client.risk_score.to_string(),
                text::instant_or(client.last_used_at, "never"),
            ]
        })
        .collect();
    let headings =
        ["client_id", "name", "type", "status", "access", "secrets", "risk", "last used"];
    text::columns(headings, &rows, "There are no such clients.")
}

async fn show(desk: &Desk, json: bool, id: &str) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let client = clients::show(&mut work, &may, id).await.map_err(about(id))?;
    let warnings = clients::warnings(&mut work, &client).await?;
    if json {
        let mut object = shape::client(&client);
        object["warnings"] = warnings.iter().map(shape::warning).collect();
        return text::json(&object);
    }
    let secrets = clients::secrets::list(&mut work, &may, id).await?;
    let warnings: String = warnings.iter().flat_map(|it| ["! ", &it.detail, "\n"]).collect();
    Ok(format!(
        "{}{warnings}\n{}",
        shape::details(&client),
        secrets::table(&secrets, desk.instance.clock().now())
    ))
}

async fn trusted_ips_of(desk: &Desk, json: bool, id: &str) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let client = clients::show(&mut work, &may, id).await.map_err(about(id))?;
    let observed = clients::observed(&mut work, &may, id).await.map_err(about(id))?;
    let (list, mode) = (&client.trusted_ips, client.trusted_ips_mode);
    if json {
        return text::json(&trusted_ips::json(list, mode, &observed));
    }
    Ok(trusted_ips::lines(&format!("Client {id} may ask"), list, mode, &observed))
}

async fn switch(desk: &Desk, json: bool, one: &One, on: bool) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let change = if on {
        clients::resume(&mut work, &call, &may, &one.id, one.if_version).await
    } else {
        clients::pause(&mut work, &call, &may, &one.id, one.if_version).await
    };
    let change = change.map_err(about(&one.id))?;
    work.commit().await?;
    let what = if on {
        "It may get tokens again; those it had stay dead."
    } else {
        "Its tokens are dead."
    };
    changed(json, &change, what)
}

/// What a change did.
fn changed(json: bool, change: &Change, what: &str) -> Result<String, Failure> {
    if json {
        return text::json(&shape::client(&change.after));
    }
    let id = change.after.id.as_str();
    if change.changes.is_empty() {
        return Ok(format!("Client {id} is so already; nothing was changed.\n"));
    }
    let rows: Vec<_> = change
        .changes
        .iter()
        .map(|c| [c.field.clone(), shape::value(&c.before), shape::value(&c.after)])
        .collect();
    Ok(format!(
        "Changed client {id}. {what}\n\n{}",
        text::columns(["field", "before", "after"], &rows, "")
    ))
}

async fn delete(desk: &Desk, json: bool, id: &str, confirm_name: &str) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    clients::delete(&mut work, &call, &may, id, confirm_name).await.map_err(about(id))?;
    work.commit().await?;
    if json {
        return text::json(&json!({ "client_id": id, "deleted": true }));
    }
    Ok(format!("Deleted client {id}. Its tokens are dead and its id is never given again.\n"))
}

async fn revoke_tokens(desk: &Desk, json: bool, id: &str) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let client = clients::revoke_tokens(&mut work, &call, &may, id).await.map_err(about(id))?;
    work.commit().await?;
    if json {
        return text::json(&shape::client(&client));
    }
    Ok(format!("Every token of client {id} is dead. It may get new ones.\n"))
}
