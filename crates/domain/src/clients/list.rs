//! The list of clients: searched, filtered, sorted, page by page.
//!
//! Keyset paging on (sort value, id), so that page 1,000 costs what page 1 does. Each order is
//! served by an index; filters are tried along it, except rare ones, which are looked up first.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value as Json, json};

use super::statement::Statement;
use super::words::{ClientType, GrantType};
use crate::access::{Access, May, Reach, ReadClients};
use crate::teams::Page;
use crate::text::name_key;
use crate::{ClientId, Fault, Refusal, Work};

const DAY: i64 = 86_400;

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By registration.
    Created,
    /// By last use; never used ones at the end, in either direction.
    LastUsed,
    /// By risk.
    Risk,
}

impl Sort {
    /// `name`, `created`, `last_used`, `risk`.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Name, Self::Created, Self::LastUsed, Self::Risk]
            .into_iter()
            .find(|sort| sort.as_str() == word)
    }

    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Created => "created",
            Self::LastUsed => "last_used",
            Self::Risk => "risk",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Name => "name_key",
            Self::Created => "created_at",
            Self::LastUsed => "last_used_at",
            Self::Risk => "risk_score",
        }
    }
}

/// What is asked for. `Default`: the first 50 by name.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Part of a name, an exact id, or the beginning of a redirect host (or a whole redirect URI).
    pub q: Option<String>,
    /// Only enabled or only paused ones.
    pub enabled: Option<bool>,
    /// Only of this type.
    pub kind: Option<ClientType>,
    /// Only of this preset.
    pub access: Option<Access>,
    /// Only holders of this grant.
    pub grant: Option<GrantType>,
    /// Only holders of this scope.
    pub scope: Option<String>,
    /// Only those limited to this team.
    pub team: Option<String>,
    /// Only those looked after by this team.
    pub owner_team: Option<String>,
    /// Only those of this organization.
    pub organization: Option<String>,
    /// Only those that reach all teams, or only those that do not.
    pub all_teams: Option<bool>,
    /// Only those without use for so many days.
    pub unused_days: Option<i64>,
    /// Only those with a living secret that ends within so many days.
    pub secret_expiring_days: Option<i64>,
    /// By what to sort.
    pub sort: Sort,
    /// From the greatest to the least.
    pub descending: bool,
    /// 1 to 200; 50 when left at 0.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Seconds since 1970, for the filters that count days.
    pub now: i64,
}

/// What the list shows of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own, not a state")]
pub struct Summary {
    /// Its `client_id`.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Vouched for?
    pub verified: bool,
    /// What is being built.
    pub kind: ClientType,
    /// May it get tokens?
    pub enabled: bool,
    /// Made by the server?
    pub is_system: bool,
    /// Does it hold a secret?
    pub confidential: bool,
    /// The preset.
    pub access: Access,
    /// The organization it belongs to.
    pub organization: Option<String>,
    /// The team that looks after it.
    pub owner_team: Option<String>,
    /// What it may use.
    pub grant_types: Vec<GrantType>,
    /// The most it may ask for.
    pub scopes: Vec<String>,
    /// Organizations it is limited to.
    pub restricted_organizations: Vec<String>,
    /// Teams it is limited to.
    pub restricted_teams: Vec<String>,
    /// Does it reach every team of its organization?
    pub all_teams: bool,
    /// Seconds.
    pub access_token_lifetime: i64,
    /// Seconds.
    pub refresh_token_lifetime: i64,
    /// How many secrets are alive.
    pub secrets: i64,
    /// When the first of them ends.
    pub secret_expires_at: Option<i64>,
    /// 0 to 100.
    pub risk_score: i64,
    /// When it was registered.
    pub created_at: i64,
    /// When it last got a token.
    pub last_used_at: Option<i64>,
    /// For `if_version`.
    pub version: i64,
}

/// Clients that fit, as far as the proof reaches.
///
/// # Errors
/// A cursor or limit that is none.
pub async fn list(
    work: &mut Work,
    may: &May<ReadClients>,
    query: &ListQuery,
) -> Result<Page<Summary>, Refusal> {
    let limit = match query.limit {
        0 => 50,
        n @ 1..=200 => n,
        _ => return Err(Refusal::field("limit", "1 to 200.")),
    };
    let cursor = query.cursor.as_deref().map(|text| Cursor::read(query, text)).transpose()?;
    let mut filter = Statement::default();
    reach(&mut filter, may);
    filters(work, &mut filter, query).await?;
    let mut items = Vec::new();
    for phase in phases(query, cursor.as_ref()) {
        let missing = limit + 1 - i64::try_from(items.len()).unwrap_or_default();
        if missing > 0 {
            items.extend(page(work, filter.clone(), query, (&phase, missing)).await?);
        }
    }
    let mut page = Page::cut(items, limit, |last| Cursor::after(query, last).text(query));
    fill_in(work, &mut page.items, query.now).await?;
    Ok(page)
}

/// Where a page ended: the sort value of its last client (null: never used) and its id.
struct Cursor {
    value: Json,
    id: String,
}

impl Cursor {
    fn after(query: &ListQuery, last: &Summary) -> Self {
        let value = match query.sort {
            Sort::Name => json!(name_key(&last.name)),
            Sort::Created => json!(last.created_at),
            Sort::LastUsed => json!(last.last_used_at),
            Sort::Risk => json!(last.risk_score),
        };
        Self { value, id: last.id.as_str().to_owned() }
    }

    fn text(&self, query: &ListQuery) -> String {
        BASE64
            .encode(json!([query.sort.as_str(), query.descending, self.value, self.id]).to_string())
    }

    fn read(query: &ListQuery, text: &str) -> Result<Self, Refusal> {
        let refuse = || Refusal::field("cursor", "This cursor belongs to no list in this order.");
        let bytes = BASE64.decode(text).map_err(|_| refuse())?;
        let (sort, descending, value, id): (String, bool, Json, String) =
            serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        let fits = match query.sort {
            Sort::Name => value.is_string(),
            Sort::LastUsed => value.is_null() || value.is_i64(),
            Sort::Created | Sort::Risk => value.is_i64(),
        };
        let same = sort == query.sort.as_str() && descending == query.descending;
        (fits && same && !id.contains('\0')).then_some(Self { value, id }).ok_or_else(refuse)
    }
}

/// A stretch of the order: the clients with a sort value, then those without.
enum Phase {
    Valued(Option<(Json, String)>),
    Unvalued(Option<String>),
}

fn phases(query: &ListQuery, cursor: Option<&Cursor>) -> Vec<Phase> {
    match cursor {
        Some(Cursor { value: Json::Null, id }) => vec![Phase::Unvalued(Some(id.clone()))],
        other => {
            let valued = Phase::Valued(other.map(|c| (c.value.clone(), c.id.clone())));
            let unvalued = (query.sort == Sort::LastUsed).then_some(Phase::Unvalued(None));
            std::iter::once(valued).chain(unvalued).collect()
        }
    }
}

async fn page(
    work: &mut Work,
    mut filter: Statement,
    query: &ListQuery,
    (phase, limit): (&Phase, i64),
) -> Result<Vec<Summary>, Fault> {
    let column = query.sort.column();
    let (sign, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    let order = match phase {
        Phase::Unvalued(after) => {
            filter.and("c.last_used_at IS NULL");
            if let Some(id) = after {
                let id = filter.text(id.clone());
                filter.and(&format!("c.id {sign} {id}"));
            }
            format!("c.id {direction}")
        }
        Phase::Valued(after) => {
            if query.sort == Sort::LastUsed {
                filter.and("c.last_used_at IS NOT NULL");
            }
            if let Some((value, id)) = after {
                let value = match value.as_str() {
                    Some(text) => filter.text(text.replace('\0', "")),
                    None => filter.int(value.as_i64().unwrap_or_default()),
                };
                let id = filter.text(id.clone());
                filter.and(&format!("(c.{column}, c.id) {sign} ({value}, {id})"));
            }
            format!("c.{column} {direction}, c.id {direction}")
        }
    };
    let limit = filter.int(limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM clients c{} ORDER BY {order} LIMIT {limit}",
        filter.conditions()
    );
    let rows = work.tx.query(&sql, &filter.values()).await?;
    rows.iter().map(read).collect()
}

fn reach(filter: &mut Statement, may: &May<ReadClients>) {
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

async fn filters(work: &mut Work, filter: &mut Statement, query: &ListQuery) -> Result<(), Fault> {
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
            member(work, filter, field, &value.replace('\0', "")).await?;
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
    if let Some(q) = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        search(filter, &q.replace('\0', ""));
    }
    Ok(())
}

/// A member of a set. A rare one is looked up by the index of sets; a common one is met soon
/// enough on the way along the order.
async fn member(
    work: &mut Work,
    filter: &mut Statement,
    field: &str,
    value: &str,
) -> Result<(), Fault> {
    const RARE: i64 = 2_000;
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM client_sets WHERE field = $1 AND value = $2 LIMIT $3) AS found";
    let row = work.tx.query_one(sql, db::params![field, value, RARE + 1]).await?;
    let count: i64 = row.map(|row| row.get(0)).transpose()?.unwrap_or_default();
    let (field, value) = (filter.text(field.to_owned()), filter.text(value.to_owned()));
    filter.and(&if count <= RARE {
        format!(
            "c.id IN (SELECT client_id FROM client_sets WHERE field = {field} AND value = {value})"
        )
    } else {
        format!(
            "EXISTS (SELECT 1 FROM client_sets s
               WHERE s.field = {field} AND s.value = {value} AND s.client_id = c.id)"
        )
    });
    Ok(())
}

fn search(filter: &mut Statement, q: &str) {
    let q: String = q.chars().take(200).collect();
    let name = filter.text(format!("%{}%", escaped(&name_key(&q))));
    let id = filter.text(q.clone());
    let host = filter.text(format!("{}%", escaped(&host_of(&q))));
    filter.and(&format!(
        "(c.name_key LIKE {name} ESCAPE '!' OR c.id = {id} OR c.id IN
           (SELECT client_id FROM client_sets WHERE field = 'redirect_host' AND value LIKE {host} ESCAPE '!'))"
    ));
}

/// The host of what may be a whole redirect URI.
fn host_of(q: &str) -> String {
    let uri = protocol::redirect_uri::RedirectUri::stored(q);
    uri.host().unwrap_or(q).to_lowercase()
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

const COLUMNS: &str = "c.id, c.name, c.logo_uri, c.verified, c.type, c.enabled, c.is_system, c.confidential, \
                       c.access, c.organization_id, c.owner_team, c.access_token_lifetime, \
                       c.refresh_token_lifetime, c.risk_score, c.created_at, c.last_used_at, c.version";

fn read(row: &db::Row) -> Result<Summary, Fault> {
    let kind: String = row.get(4)?;
    Ok(Summary {
        id: ClientId::new(row.get::<String>(0)?),
        name: row.get(1)?,
        logo_uri: row.get(2)?,
        verified: row.get(3)?,
        kind: ClientType::parse(&kind)
            .ok_or_else(|| Fault::Broken(format!("a client has the unknown type {kind}")))?,
        enabled: row.get(5)?,
        is_system: row.get(6)?,
        confidential: row.get(7)?,
        access: Access::parse(&row.get::<String>(8)?),
        organization: row.get(9)?,
        owner_team: row.get(10)?,
        access_token_lifetime: row.get(11)?,
        refresh_token_lifetime: row.get(12)?,
        risk_score: row.get(13)?,
        created_at: row.get(14)?,
        last_used_at: row.get(15)?,
        version: row.get(16)?,
        grant_types: Vec::new(),
        scopes: Vec::new(),
        restricted_organizations: Vec::new(),
        restricted_teams: Vec::new(),
        all_teams: true,
        secrets: 0,
        secret_expires_at: None,
    })
}

/// Sets and secrets of one page, two statements for all.
async fn fill_in(work: &mut Work, items: &mut [Summary], now: i64) -> Result<(), Fault> {
    if items.is_empty() {
        return Ok(());
    }
    let mut ids = Statement::default();
    let numbers: Vec<String> =
        items.iter().map(|item| ids.text(item.id.as_str().to_owned())).collect();
    let numbers = numbers.join(", ");
    let places: HashMap<String, usize> =
        items.iter().enumerate().map(|(n, item)| (item.id.as_str().to_owned(), n)).collect();
    let sql = format!(
        "SELECT client_id, field, value FROM client_sets WHERE client_id IN ({numbers})
           AND field IN ('grant_type', 'scope', 'organization', 'team') ORDER BY client_id, field, position"
    );
    for row in work.tx.query(&sql, &ids.values()).await? {
        let (id, field, value): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(item) = places.get(&id).and_then(|n| items.get_mut(*n)) else { continue };
        match field.as_str() {
            "grant_type" => item.grant_types.extend(GrantType::parse(&value)),
            "scope" => item.scopes.push(value),
            "organization" => item.restricted_organizations.push(value),
            _ => item.restricted_teams.push(value),
        }
        item.all_teams =
            item.restricted_organizations.is_empty() && item.restricted_teams.is_empty();
    }
    let now = ids.int(now);
    let sql = format!(
        "SELECT client_id, COUNT(*), MIN(expires_at) FROM client_secrets WHERE client_id IN ({numbers})
           AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > {now}) GROUP BY client_id"
    );
    for row in work.tx.query(&sql, &ids.values()).await? {
        let id: String = row.get(0)?;
        let Some(item) = places.get(&id).and_then(|n| items.get_mut(*n)) else { continue };
        (item.secrets, item.secret_expires_at) = (row.get(1)?, row.get(2)?);
    }
    Ok(())
}
