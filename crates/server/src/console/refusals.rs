//! `/console/errors`: requests this server said no to, each with what the caller was not told:
//! expected against received, character by character.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use domain::access::{ReadAudit, ReadClients};
use domain::refusals::{self, Entry};
use domain::{Fault, Work, clients};

use super::query::Query;
use super::views::{self, Comparison, RefusalList, RefusalRow};
use super::visitor::{Answer, Halt, Visitor};
use crate::app::App;
use crate::web::page;
use crate::web::views::{Fact, Link, When};

/// Entries shown at most.
const MOST: i64 = 200;
/// Entries looked through for an address.
const SEARCHED: i64 = 2_000;

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/errors", get(list)).route("/errors/{error}", get(show))
}

/// The newest, or those that fit.
async fn list(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may_everywhere::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let found = match query.get("q") {
        None => refusals::list(&mut work, &may, None, MOST + 1).await?,
        Some(id) if id.starts_with("err_") => {
            if refusals::find(&mut work, &may, id).await?.is_some() {
                return Ok(page::see_other(&address(id)));
            }
            Vec::new()
        }
        Some(q) => {
            let of_client = refusals::list(&mut work, &may, Some(q), MOST + 1).await?;
            if of_client.is_empty() {
                let all = refusals::list(&mut work, &may, None, SEARCHED).await?;
                all.into_iter().filter(|entry| entry.address == q || entry.code == q).collect()
            } else {
                of_client
            }
        }
    };
    let most = usize::try_from(MOST).unwrap_or_default();
    let more = found.len() > most;
    let mut rows = Vec::with_capacity(found.len().min(most));
    for entry in found.iter().take(most) {
        rows.push(row(&mut work, entry, visitor.now()).await?);
    }
    let page = RefusalList {
        frame: visitor.frame("Refusals", &query),
        q: query.text("q"),
        rows,
        counted: more.then(|| {
            format!("These are the newest {MOST}. Search for a client or an address to see others.")
        }),
        first: None,
        next: None,
    };
    Ok(visitor.render(&page))
}

fn address(id: &str) -> String {
    let safe: String =
        id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    format!("/console/errors/{safe}")
}

async fn row(work: &mut Work, entry: &Entry, now: i64) -> Result<RefusalRow, Fault> {
    Ok(RefusalRow {
        error_id: entry.id.clone(),
        href: address(&entry.id),
        title: title(entry),
        code: entry.code.clone(),
        client: client_name(work, entry).await?.or_else(|| entry.client_id.clone()),
        address: entry.address.clone(),
        at: When::relative(entry.at, now),
    })
}

async fn client_name(work: &mut Work, entry: &Entry) -> Result<Option<String>, Fault> {
    let Some(id) = &entry.client_id else { return Ok(None) };
    Ok(clients::find(work, id).await?.map(|client| client.name.clone()))
}

/// One refusal. Somebody who governs only some clients sees only theirs.
async fn show(visitor: Visitor, Path(id): Path<String>) -> Answer {
    let may = visitor.may::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let entry = refusals::find(&mut work, &may, &id).await?.ok_or(domain::Refusal::NotFound)?;
    let client = match &entry.client_id {
        Some(id) => clients::find(&mut work, id).await?,
        None => None,
    };
    let place = client.as_ref().map(|it| (it.organization.as_deref(), it.owner_team.as_deref()));
    let (organization, team) = place.unwrap_or_default();
    if !may.covers(organization, team) {
        return Err(visitor.halt(domain::Refusal::NotFound));
    }
    let repeated = repeated(&visitor, &mut work, &entry).await?;
    let may_open = visitor.lacks_at::<ReadClients>(organization, team).is_none();
    let page = views::Refusal {
        frame: visitor.frame("Refusals", &Query::default()),
        error_id: entry.id.clone(),
        title: title(&entry),
        reason: reason(&entry),
        comparisons: comparisons(&entry),
        advice: advice(&entry),
        at: When::exact(entry.at),
        client: client.filter(|_| may_open).map(|client| Link {
            label: client.name.clone(),
            href: format!("/console/clients/{}", client.id),
        }),
        facts: facts(&entry),
        repeated,
    };
    Ok(visitor.render(&page))
}

async fn repeated(
    visitor: &Visitor,
    work: &mut Work,
    entry: &Entry,
) -> Result<Option<String>, Halt> {
    let Some(client) = &entry.client_id else { return Ok(None) };
    let may = visitor.may::<ReadAudit>()?;
    let found = refusals::list(work, &may, Some(client), 1_000).await?;
    let is_like = |other: &&Entry| {
        other.code == entry.code
            && other.description == entry.description
            && (entry.at - other.at).abs() < 3_600
    };
    let count = found.iter().filter(is_like).count();
    Ok((count > 1).then(|| format!("The same happened {count} times within an hour.")))
}

/// What was refused, without a full stop.
fn title(entry: &Entry) -> String {
    let words = entry.description.trim_end_matches('.');
    if words.is_empty() { entry.code.clone() } else { words.to_owned() }
}

fn reason(entry: &Entry) -> String {
    let note = entry.note.trim();
    if note.is_empty() {
        return entry.description.clone();
    }
    let mut letters = note.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let note: String = first.chain(letters).collect();
    if note.ends_with('.') { note } else { note + "." }
}

/// Expected against received. Of several registered addresses the nearest is compared.
fn comparisons(entry: &Entry) -> Vec<Comparison> {
    let (Some(expected), Some(received)) = (&entry.expected, &entry.received) else {
        return Vec::new();
    };
    let is_address = received.contains(':') && expected.contains(':');
    if !is_address || !expected.contains(' ') {
        return vec![Comparison::of(what(entry), expected, received)];
    }
    let wrong = |comparison: &Comparison| {
        let sides = comparison.expected.iter().chain(&comparison.received);
        sides.filter(|piece| piece.differs).map(|piece| piece.text.chars().count()).sum::<usize>()
    };
    let all = expected.split_whitespace().map(|one| Comparison::of(what(entry), one, received));
    all.min_by_key(wrong).into_iter().collect()
}

fn what(entry: &Entry) -> &'static str {
    let says = |word: &str| {
        entry.description.to_lowercase().contains(word) || entry.note.to_lowercase().contains(word)
    };
    if says("redirect") {
        "Redirect address"
    } else if says("scope") {
        "Scope"
    } else if says("address") {
        "Address"
    } else {
        "Value"
    }
}

/// What to do, one sentence each.
fn advice(entry: &Entry) -> Vec<String> {
    let says = |word: &str| {
        entry.description.to_lowercase().contains(word) || entry.note.to_lowercase().contains(word)
    };
    let lines: &[&str] = match entry.code.as_str() {
        _ if says("redirect") => &[
            "If the new address is right, add it under Settings of the client.",
            "Otherwise correct it in the application: case and a final slash count.",
        ],
        _ if says("ip address") => &[
            "If the address is right, add it to the trusted addresses under Settings.",
            "Otherwise somebody uses the secret from where it does not belong: rotate it.",
        ],
        "invalid_client" => &[
            "Compare the client ID and the way it authenticates with the Overview of the client.",
            "If the secret was rotated, put the new one in place. Credentials shows which are used.",
        ],
        "invalid_scope" => {
            &["Ask only for scopes that the client holds, or add the missing one under Settings."]
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            &["Tick the grant under Settings of the client, if it should use it."]
        }
        "invalid_grant" if says("verifier") || says("pkce") => {
            &["Send the same code_verifier whose S256 challenge began the request."]
        }
        "invalid_grant" => &[
            "A code works once, within a minute, for the client and address it was made for.",
            "A refresh token works until it is replaced: store the new one each time.",
        ],
        _ => &[],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn facts(entry: &Entry) -> Vec<Fact> {
    let fact = |label: &str, value: &str| Fact { label: label.into(), value: value.into() };
    let told = format!("{} ({})", entry.description, entry.code);
    let mut facts = vec![fact("The caller was told", &told), fact("Endpoint", &entry.endpoint)];
    facts.extend(entry.client_id.as_deref().map(|id| fact("Client ID it named", id)));
    match (&entry.expected, &entry.received) {
        (Some(expected), None) => facts.push(fact("Expected", expected)),
        (None, Some(received)) => facts.push(fact("Received", received)),
        (Some(expected), Some(_)) if expected.contains(' ') => {
            facts.push(fact("Registered", expected));
        }
        _ => {}
    }
    facts.push(fact("Address", &entry.address));
    facts.push(fact("Request", &entry.request_id));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(description: &str, expected: &str, received: &str) -> Entry {
        Entry {
            id: "err_1".into(),
            at: 0,
            endpoint: "/oauth2/authorize".into(),
            client_id: None,
            code: "invalid_request".into(),
            description: description.into(),
            note: "compared byte for byte".into(),
            expected: Some(expected.into()),
            received: Some(received.into()),
            address: "-".into(),
            request_id: "r".into(),
        }
    }

    #[test]
    fn compares_with_the_nearest_of_the_registered_addresses() {
        let registered = "https://a.example/callback http://127.0.0.1/cb";
        let entry =
            entry("The redirect_uri is not registered.", registered, "https://a.example/Callback");
        let found = comparisons(&entry);
        assert_eq!(found.len(), 1);
        let differing: Vec<&str> =
            found[0].received.iter().filter(|it| it.differs).map(|it| it.text.as_str()).collect();
        assert_eq!(differing, ["C"]);
        assert_eq!(found[0].what, "Redirect address");
        assert_eq!(reason(&entry), "Compared byte for byte.");
        assert_eq!(title(&entry), "The redirect_uri is not registered");
    }

    #[test]
    fn an_error_number_makes_no_path_of_its_own() {
        assert_eq!(address("err_a-B/../../x?y"), "/console/errors/err_a-Bxy");
    }
}
