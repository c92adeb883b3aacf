//! The rows of the list: a client's own, then its sets and secrets for the whole page at once.

use std::collections::HashMap;

use super::Summary;
use super::statement::Statement;
use crate::access::Access;
use crate::clients::words::{ClientType, GrantType};
use crate::{ClientId, Fault, Work};

/// What [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "c.id, c.name, c.logo_uri, c.verified, c.type, c.enabled, c.is_system, c.confidential, \
                       c.access, c.organization_id, c.owner_team, c.access_token_lifetime, \
                       c.refresh_token_lifetime, c.risk_score, c.created_at, c.last_used_at, c.version";

/// How many they are.
pub(super) const COLUMN_COUNT: usize = 17;

/// One client of the list, without what [`fill_in`] adds.
pub(super) fn read(row: &db::Row) -> Result<Summary, Fault> {
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
pub(super) async fn fill_in(work: &mut Work, items: &mut [Summary], now: i64) -> Result<(), Fault> {
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
