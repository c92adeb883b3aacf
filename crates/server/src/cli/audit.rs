//! `mandate audit …`: who did what, to which object, with the values before and after.

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::audit::{self, Category, Event, Filter, Finding, Outcome, Tally, Wrong};
use domain::{Refusal, UserId, Work, accounts};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text};
use crate::web::tallies;
use crate::web::trail::Table;

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
    List(Wanted),
    /// Count what happened, by outcome, category and action: the last seven days unless told.
    Overview {
        /// Only by or about this person: an id or e-mail address.
        #[arg(long, value_name = "WHO")]
        person: Option<String>,
        /// From this instant on, as in 2027-01-31T12:00:00Z; 90 days at most.
        #[arg(long, value_parser = instant, value_name = "INSTANT")]
        from: Option<i64>,
        /// Before this instant.
        #[arg(long, value_parser = instant, value_name = "INSTANT")]
        to: Option<i64>,
    },
    /// Show one entry with every change.
    Show {
        /// Its id.
        entry: i64,
    },
    /// Check that no sealed entry was altered, removed or put in.
    Verify {
        /// A head noted earlier, as NUMBER:HASH, which the trail must still hold.
        #[arg(long, value_parser = head, value_name = "HEAD")]
        known: Option<(i64, String)>,
    },
}

/// Which entries are wanted.
#[derive(Debug, Args)]
struct Wanted {
    /// Only of this actor: a person (id or e-mail address), a client, or an operator.
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Only by or about this person: an id or e-mail address.
    #[arg(long, value_name = "WHO")]
    person: Option<String>,
    /// Only of this category: access, authentication, identity, notifications or system.
    #[arg(long, value_parser = category, value_name = "CATEGORY")]
    category: Option<Category>,
    /// Only what was done with a token of this client.
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Only about objects of this kind: client, user, session, …
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only about the object of this kind and id.
    #[arg(long, requires = "kind", value_name = "ID")]
    id: Option<String>,
    /// Only this action, such as client.updated.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what ended so: success or refused.
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// From this instant on, as in 2027-01-31T12:00:00Z.
    #[arg(long, value_parser = instant, value_name = "INSTANT")]
    from: Option<i64>,
    /// Before this instant.
    #[arg(long, value_parser = instant, value_name = "INSTANT")]
    to: Option<i64>,
    /// At most this many; 50 unless given.
    #[arg(long, value_name = "N", conflicts_with = "csv")]
    limit: Option<usize>,
    /// Only entries before this one.
    #[arg(long, value_name = "ENTRY")]
    before: Option<i64>,
    /// Print all of them as CSV. The export is itself an entry.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Entries read at once.
const PAGE: i64 = 200;
/// Entries shown when nobody says how many.
const USUAL: usize = 50;

fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::parse(text).ok_or_else(|| "success or refused is needed".into())
}

fn category(text: &str) -> Result<Category, String> {
    let words = || Category::ALL.map(Category::as_str).join(", ");
    Category::parse(text).ok_or_else(|| format!("one of these is needed: {}", words()))
}

fn instant(text: &str) -> Result<i64, String> {
    let instant = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
    instant.map_err(|_| "an instant as in 2027-01-31T12:00:00Z is needed".into())
}

fn head(text: &str) -> Result<(i64, String), String> {
    let parts = text.split_once(':').and_then(|(n, hash)| Some((n.parse().ok()?, hash.to_owned())));
    parts.ok_or_else(|| "a head as this command prints it is needed, NUMBER:HASH".into())
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// When there is no such entry, or the database cannot answer.
pub async fn run(desk: &Desk, words: Words) -> Result<(String, ExitCode), Failure> {
    let wanted = match words.verb {
        Verb::Show { entry } => return success(show(desk, words.json, entry).await),
        Verb::Verify { known } => return verify(desk, words.json, known).await,
        Verb::Overview { person, from, to } => {
            let filter = Filter { person, from, until: to, ..Filter::default() };
            return success(overview(desk, words.json, &filter).await);
        }
        Verb::List(wanted) => wanted,
    };
    let (limit, csv) = (wanted.limit.unwrap_or(USUAL), wanted.csv);
    let filter = filter(wanted);
    if csv {
        return success(export(desk, filter).await);
    }
    let events = list(desk, filter, limit).await?;
    if words.json {
        return success(text::json_list(&events.iter().map(shape).collect::<Vec<_>>()));
    }
    success(table(desk, &events, &mut Names::default()).await)
}

fn success(text: Result<String, Failure>) -> Result<(String, ExitCode), Failure> {
    Ok((text?, ExitCode::SUCCESS))
}

fn filter(wanted: Wanted) -> Filter {
    let (kind, object) = match wanted.id {
        Some(id) => (None, wanted.kind.map(|kind| (kind, id))),
        None => (wanted.kind, None),
    };
    Filter {
        actor: wanted.actor,
        person: wanted.person,
        category: wanted.category,
        client: wanted.client,
        object,
        kind,
        action: wanted.action,
        outcome: wanted.outcome,
        from: wanted.from,
        until: wanted.to,
        before: wanted.before,
        limit: PAGE,
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

/// Prints while it reads, so that a trail of any length needs little memory. Whoever stopped
/// reading (`| head`) has read enough.
async fn export(desk: &Desk, filter: Filter) -> Result<String, Failure> {
    let mut table = Table::taken(&desk.instance, &desk.call()?, filter).await?;
    while let Some(rows) = table.next().await? {
        let mut out = io::stdout().lock();
        match out.write_all(rows.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written?,
        }
    }
    Ok(String::new())
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

async fn overview(desk: &Desk, json: bool, filter: &Filter) -> Result<String, Failure> {
    let now = desk.call()?.now;
    let counted = audit::overview(&mut desk.read(), now, filter).await?;
    if json {
        return text::json(&tallies::shape(&counted));
    }
    let mut rows = vec![counted_row("all", counted.all)];
    rows.extend(counted.categories.iter().map(|(it, tally)| counted_row(it.as_str(), *tally)));
    rows.extend(counted.actions.iter().map(|(it, tally)| counted_row(it, *tally)));
    let (from, to) = (text::instant(counted.from), text::instant(counted.until));
    let headings = ["what", "total", "success", "refused", "success rate"];
    Ok(format!("From {from} to {to}\n\n{}", text::columns(headings, &rows, "")))
}

fn counted_row(name: &str, it: Tally) -> [String; 5] {
    let [total, success, refused] = [it.total(), it.success, it.refused].map(|n| n.to_string());
    [name.to_owned(), total, success, refused, tallies::rate(it).unwrap_or_else(|| "-".into())]
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

async fn verify(
    desk: &Desk,
    json: bool,
    known: Option<(i64, String)>,
) -> Result<(String, ExitCode), Failure> {
    let known = known.as_ref().map(|(number, hash)| (*number, hash.as_str()));
    let verdict = audit::verify(&mut desk.read(), known).await?;
    let code = if verdict.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let head = verdict.head.as_ref().map(|(number, hash)| format!("{number}:{hash}"));
    if json {
        let text = text::json(&json!({
            "intact": verdict.wrong == 0,
            "segments": verdict.segments,
            "removed_segments": verdict.removed,
            "events": verdict.events,
            "unsealed": verdict.unsealed,
            "head": head,
            "findings": verdict.findings,
            "wrong": verdict.wrong,
        }))?;
        return Ok((text, code));
    }
    let lines = [
        ("segments", verdict.segments.to_string()),
        ("removed by retention", verdict.removed.to_string()),
        ("entries checked", verdict.events.to_string()),
        ("not sealed yet", verdict.unsealed.to_string()),
        ("head", head.unwrap_or_else(|| "none".into())),
    ];
    let mut told = text::details(&lines);
    if verdict.wrong == 0 {
        told += "The trail is as it was sealed.\n";
        return Ok((told, code));
    }
    let rows: Vec<_> = verdict.findings.iter().map(finding).collect();
    let count = verdict.wrong.to_string();
    for part in ["\n", &count, " faults; the trail is not as it was sealed.\n\n"] {
        told += part;
    }
    told += &text::columns(["segment", "entry", "fault"], &rows, "");
    Ok((told, code))
}

fn finding(finding: &Finding) -> [String; 3] {
    let sentence = match finding.wrong {
        Wrong::Altered => "altered since it was sealed",
        Wrong::Missing => "sealed, and not there any more",
        Wrong::Inserted => "put in after the segment was sealed",
        Wrong::SegmentAltered => "the segment was altered since it was sealed",
        Wrong::SegmentMissing => "the segment is not there any more",
        Wrong::ChainBroken => "the segment is not chained to the one before",
        Wrong::SegmentEmptied => "emptied, though older segments are kept",
        Wrong::HeadUnknown => "the trail does not hold the head that was given",
    };
    let entry = finding.entry.map(|entry| entry.to_string()).unwrap_or_default();
    [finding.segment.to_string(), entry, sentence.to_owned()]
}
