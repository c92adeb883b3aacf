//! Which clients are wanted, as conditions of one statement.

use super::ListQuery;
use super::statement::Statement;
use crate::access::{Access, May, Reach, ReadClients};
use crate::clients::words::{ClientType, GrantType};
use crate::text::name_key;
use crate::{Fault, Work};

const DAY: i64 = 86_400;

/// Only what the proof reaches.
pub(super) fn reach(filter: &mut Statement, may: &May<ReadClients>) {
    if let Reach::Places { organizations, teams } = may.reach() {
        let organizations: Vec<String> =
            organizations.iter().map(|id| filter.text(id.clone())).collect();
        let teams: Vec<String> = teams.iter().map(|id| filter.text(id.clone())).collect();
        let places = [("c.organization_id", organizations), ("c.owner_team", teams)];
        let conditions: Vec<String> = places
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(column, ids)| format!("{column} IN ({})", ids.join(", ")))
            .collect();
        filter.and(&format!("({})", conditions.join(" OR ")));
    }
}

/// Only what was asked for.
pub(super) async fn settings(
    work: &mut Work,
    filter: &mut Statement,
    query: &ListQuery,
) -> Result<(), Fault> {
    if let Some(enabled) = query.enabled {
        filter.and(if enabled { "c.enabled" } else { "NOT c.enabled" });
    }
    let words = [
        ("type", query.kind.map(ClientType::as_str)),
        ("access", query.access.map(Access::as_str)),
        ("owner_team", query.owner_team.as_deref()),
        ("organization_id", query.organization.as_deref()),
    ];
    for (column, word) in words {
        if let Some(wanted) = word {
            let number = filter.text(wanted.replace('\0', ""));
            filter.and(&format!("c.{column} = {number}"));
        }
    }
    let members = [
        ("grant_type", query.grant.map(GrantType::as_str)),
        ("scope", query.scope.as_deref()),
        ("team", query.team.as_deref()),
    ];
    for (field, value) in members {
        if let Some(value) = value {
            let holds = member(work, filter, (field, "= {}"), value.replace('\0', "")).await?;
            filter.and(&holds);
        }
    }
    if let Some(all) = query.all_teams {
        let not = if all { "NOT " } else { "" };
        filter.and(&format!(
            "{not}EXISTS (SELECT 1 FROM client_sets s WHERE s.client_id = c.id AND s.field IN ('organization', 'team'))"
        ));
    }
    if let Some(days) = query.unused_days {
        let since = filter.int(query.now.saturating_sub(days.saturating_mul(DAY)));
        filter.and(&format!("COALESCE(c.last_used_at, c.created_at) < {since}"));
    }
    if let Some(days) = query.secret_expiring_days {
        let (now, until) = (query.now, query.now.saturating_add(days.saturating_mul(DAY)));
        let (now, until) = (filter.int(now), filter.int(until));
        filter.and(&format!(
            "c.id IN (SELECT client_id FROM client_secrets
               WHERE retired_at IS NULL AND expires_at > {now} AND expires_at <= {until})"
        ));
    }
    if let Some(least) = query.risk_from {
        let least = filter.int(least);
        filter.and(&format!("c.risk_score >= {least}"));
    }
    if let Some(q) = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        search(work, filter, &q.replace('\0', "")).await?;
    }
    Ok(())
}

/// A condition on a set: some member of `field` is (or with `LIKE`, is like) the value. A rare
/// one is looked up by the index of sets; a common one is tried client by client. There it is
/// counted instead of `EXISTS`, of which a planner would make a join and sort all its rows, and
/// `|| ''` keeps the planner from walking all members of the field for each client.
async fn member(
    work: &mut Work,
    filter: &mut Statement,
    (field, operator): (&'static str, &'static str),
    value: String,
) -> Result<String, Fault> {
    const RARE: i64 = 20_000;
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM client_sets WHERE field = '{field}' AND value {}
           LIMIT {}) AS found",
        operator.replace("{}", "$1"),
        RARE + 1
    );
    let row = work.tx.query_one(&sql, db::params![value]).await?;
    let count: i64 = row.map(|row| row.get(0)).transpose()?.unwrap_or_default();
    let holds = operator.replace("{}", &filter.text(value));
    Ok(if count <= RARE {
        format!(
            "c.id IN (SELECT client_id FROM client_sets WHERE field = '{field}' AND value {holds})"
        )
    } else {
        format!(
            "(SELECT COUNT(*) FROM client_sets s
               WHERE s.client_id = c.id AND s.field || '' = '{field}' AND s.value {holds}) > 0"
        )
    })
}

/// Part of a name, an exact id, or the beginning of a redirect host.
async fn search(work: &mut Work, filter: &mut Statement, q: &str) -> Result<(), Fault> {
    let q: String = q.chars().take(200).collect();
    let beginning = format!("{}%", escaped(&host_of(&q)));
    let host = member(work, filter, ("redirect_host", "LIKE {} ESCAPE '!'"), beginning).await?;
    let name = filter.text(format!("%{}%", escaped(&name_key(&q))));
    let id = filter.text(q);
    filter.and(&format!("(c.name_key LIKE {name} ESCAPE '!' OR c.id = {id} OR {host})"));
    Ok(())
}

/// The host of what may be a whole redirect URI.
fn host_of(q: &str) -> String {
    let uri = protocol::redirect_uri::RedirectUri::stored(q);
    uri.host().unwrap_or(q).to_lowercase()
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
