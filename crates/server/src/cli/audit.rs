//! `mandate audit …`: who did what, to which object, with the values before and after.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use domain::audit::{self, Event, Filter, Object};
use domain::{Refusal, UserId, Work, accounts};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, csv, text};

/// The words after `mandate audit`.
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
    /// List entries, newest first.
    List {
        /// Only about this object: client, user, session, …
        #[arg(long, requires = "id", value_name = "KIND")]
        kind: Option<String>,
        /// Only about the object of this id.
        #[arg(long, requires = "kind", value_name = "ID")]
        id: Option<String>,
        /// At most this many; with --csv all, unless it is given.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// Only entries before this one.
        #[arg(long, value_name = "ENTRY")]
        before: Option<i64>,
        /// Print CSV. The export is itself an entry.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Show one entry with every change.
    Show {
        /// Its id.
        entry: i64,
    },
}

/// Entries read at once.
const PAGE: i64 = 200;
/// Entries shown when nobody says how many.
const USUAL: usize = 50;

/// Carries the words out and gives back what to print.
///
/// # Errors
/// When there is no such entry, or the database cannot answer.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    match words.verb {
        Verb::Show { entry } => show(desk, words.json, entry).await,
        Verb::List { kind, id, limit, before, csv } => {
            let filter = Filter { object: kind.zip(id), before, limit: PAGE };
            let most = limit.unwrap_or(if csv { usize::MAX } else { USUAL });
            let events = list(desk, filter, most).await?;
            let mut names = Names::default();
            match (csv, words.json) {
                (true, _) => export(desk, &events, &mut names).await,
                (false, true) => text::json_list(&events.iter().map(shape).collect::<Vec<_>>()),
                (false, false) => table(desk, &events, &mut names).await,
            }
        }
    }
}

async fn list(desk: &Desk, mut filter: Filter, most: usize) -> Result<Vec<Event>, Failure> {
    let (mut work, mut events) = (desk.read(), Vec::new());
    loop {
        let page = audit::list(&mut work, &filter).await?;
        let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
        filter.before = page.last().map(|event| event.id);
        events.extend(page);
        if is_last || events.len() >= most {
            events.truncate(most);
            return Ok(events);
        }
    }
}

/// E-mail addresses of actors, looked up once each.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// Who acted, for people: the address, else the client, else the operator.
    async fn of(&mut self, work: &mut Work, event: &Event) -> Result<String, Failure> {
        let Some(user) = &event.actor.user else { return Ok(event.actor.name()) };
        if let Some(name) = self.0.get(user.as_str()) {
            return Ok(name.clone());
        }
        let found = accounts::find(work, &UserId::new(user.as_str())).await?;
        let name = found.map_or_else(|| user.to_string(), |user| user.email);
        self.0.insert(user.to_string(), name.clone());
        Ok(name)
    }
}

async fn table(desk: &Desk, events: &[Event], names: &mut Names) -> Result<String, Failure> {
    let (mut work, mut rows) = (desk.read(), Vec::with_capacity(events.len()));
    for event in events {
        rows.push([
            event.id.to_string(),
            text::instant(event.at),
            names.of(&mut work, event).await?,
            event.address.clone(),
            event.action.clone(),
            format!("{} {}", event.object.kind, event.object.name),
            if event.outcome == "success" { String::new() } else { event.outcome.clone() },
        ]);
    }
    let headings = ["entry", "at", "who", "from", "action", "object", "outcome"];
    Ok(text::columns(headings, &rows, "There are no such entries."))
}

async fn export(desk: &Desk, events: &[Event], names: &mut Names) -> Result<String, Failure> {
    let mut work = desk.read();
    let mut out = csv::record(&[
        "User Name",
        "Action",
        "Timestamp",
        "Entry",
        "User",
        "Client",
        "Operator",
        "Address",
        "Object Kind",
        "Object Id",
        "Object Name",
        "Changes",
        "Outcome",
        "Request Id",
        "Count",
    ]);
    for event in events {
        let actor = &event.actor;
        let changes = serde_json::to_string(&event.changes)
            .map_err(|error| Failure::refused(error.to_string()))?;
        out += &csv::record(&[
            names.of(&mut work, event).await?,
            event.action.clone(),
            text::instant(event.at),
            event.id.to_string(),
            actor.user.as_ref().map(ToString::to_string).unwrap_or_default(),
            actor.client.as_ref().map(ToString::to_string).unwrap_or_default(),
            actor.operator.clone().unwrap_or_default(),
            event.address.clone(),
            event.object.kind.clone(),
            event.object.id.clone(),
            event.object.name.clone(),
            changes,
            event.outcome.clone(),
            event.request_id.clone(),
            event.count.to_string(),
        ]);
    }
    let (call, mut work) = (desk.call()?, desk.begin().await?);
    let object = Object::new("audit", "", format!("{} entries", events.len()));
    audit::record(&mut work, &call, "audit.exported", &object, &[]).await?;
    work.commit().await?;
    Ok(out)
}

async fn show(desk: &Desk, json: bool, entry: i64) -> Result<String, Failure> {
    let mut work = desk.read();
    let found = audit::find(&mut work, entry).await?;
    let event =
        found.ok_or_else(|| Failure::about("entry", &entry.to_string())(Refusal::NotFound))?;
    if json {
        return text::json(&shape(&event));
    }
    let lines = [
        ("entry", event.id.to_string()),
        ("at", text::instant(event.at)),
        ("who", Names::default().of(&mut work, &event).await?),
        ("from", event.address.clone()),
        ("action", event.action.clone()),
        ("object", format!("{} {} ({})", event.object.kind, event.object.id, event.object.name)),
        ("outcome", event.outcome.clone()),
        ("count", event.count.to_string()),
        ("request", event.request_id.clone()),
    ];
    let changes = event.changes.iter();
    let rows: Vec<_> =
        changes.map(|c| [c.field.clone(), c.before.to_string(), c.after.to_string()]).collect();
    let changes = text::columns(["field", "before", "after"], &rows, "No field was changed.");
    Ok(format!("{}\n{changes}", text::details(&lines)))
}

fn shape(event: &Event) -> Value {
    json!({
        "id": event.id.to_string(),
        "at": text::instant(event.at),
        "actor": {
            "user": event.actor.user,
            "client_id": event.actor.client,
            "address": event.address,
            "operator": event.actor.operator,
        },
        "action": event.action,
        "object": event.object,
        "changes": event.changes,
        "outcome": event.outcome,
        "request_id": event.request_id,
        "count": event.count,
    })
}
