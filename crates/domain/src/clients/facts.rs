//! What `check` must know of the rest of the instance, gathered for one client.
//!
//! Reads only what the client names.

use db::Value;

use super::Client;
use super::check::Facts;
use crate::{Fault, Work, resources, scopes};

/// Gathers it, inside the work of the change.
pub(super) async fn gather(work: &mut Work, client: &Client) -> Result<Facts, Fault> {
    let named = client.scopes.union(&client.default_scopes);
    let mut facts = Facts { policy: work.instance.policy().clone(), ..Facts::default() };
    facts.scope_kinds = scopes::find_kinds(work, &named).await?;
    let organizations: Vec<&str> = client
        .organization
        .iter()
        .chain(&client.restricted_organizations)
        .map(String::as_str)
        .collect();
    for row in
        list_by_ids(work, "SELECT id FROM organizations WHERE id IN ", &organizations).await?
    {
        facts.organizations.insert(row.get(0)?);
    }
    let teams: Vec<&str> =
        client.owner_team.iter().chain(&client.restricted_teams).map(String::as_str).collect();
    for row in
        list_by_ids(work, "SELECT id, organization_id FROM teams WHERE id IN ", &teams).await?
    {
        facts.teams.insert(row.get(0)?, row.get(1)?);
    }
    if let Some(user) = client.context_user.as_ref().filter(|user| !user.as_str().contains('\0')) {
        let sql = "SELECT id FROM users WHERE id = $1";
        facts.has_context_user = work.tx.query_one(sql, db::params![user]).await?.is_some();
    }
    if let Some(identifier) = client.default_resource.as_ref().filter(|text| !text.contains('\0')) {
        facts.has_resource = resources::find_by_identifier(work, identifier).await?.is_some();
    }
    if client.id.as_str().contains('\0') {
        return Ok(facts);
    }
    let sql = "SELECT id FROM bindings WHERE subject = $1 LIMIT 1";
    facts.has_bindings = work.tx.query_one(sql, db::params![client.id]).await?.is_some();
    Ok(facts)
}

/// The organization of a team.
pub(super) async fn find_organization_of(
    work: &mut Work,
    team: &str,
) -> Result<Option<String>, Fault> {
    let rows = list_by_ids(work, "SELECT organization_id FROM teams WHERE id IN ", &[team]).await?;
    Ok(rows.first().map(|row| row.get(0)).transpose()?)
}

/// Rows of a statement that ends in `IN`, at most 600 ids.
async fn list_by_ids(work: &mut Work, sql: &str, ids: &[&str]) -> Result<Vec<db::Row>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Value<'_>> = ids
        .iter()
        .take(600)
        .map(|id| if id.contains('\0') { Value::Text("") } else { Value::Text(id) })
        .collect();
    let numbers: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    Ok(work.tx.query(&format!("{sql}({})", numbers.join(", ")), &ids).await?)
}
