//! The list of clients: searched, filtered, sorted, page by page.
//!
//! Keyset paging on (sort value, id), so that page 1,000 costs what page 1 does. Each order is
//! served by an index. Few matches are gathered and sorted; many are met along the order.

mod filters;
mod paging;
#[cfg(test)]
mod plans;
mod rows;
mod statement;

use super::words::{ClientType, GrantType};
use crate::access::{Access, May, ReadClients};
use crate::teams::Page;
use crate::{ClientId, Refusal, Work};
use paging::Cursor;
use statement::Statement;

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
    /// Only those whose risk is at least this.
    pub risk_from: Option<i64>,
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
    filters::reach(&mut filter, may);
    filters::settings(work, &mut filter, query).await?;
    let mut items = Vec::new();
    for stretch in paging::stretches(query, cursor.as_ref()) {
        let missing = limit + 1 - i64::try_from(items.len()).unwrap_or_default();
        if missing > 0 {
            items.extend(paging::page(work, filter.clone(), query, (&stretch, missing)).await?);
        }
    }
    let mut page = Page::cut(items, limit, |last| Cursor::after(query, last).text(query));
    rows::fill_in(work, &mut page.items, query.now).await?;
    Ok(page)
}
