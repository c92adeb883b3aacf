//! Clients in the database: one row, its sets in `client_sets`, its secrets beside them.
//!
//! Every change first takes the row (`lock`), so that whatever is read afterwards stays true until
//! the commit, on both engines. Nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use db::Value;
use protocol::jose::Algorithm;
use protocol::redirect_uri::RedirectUri;
use protocol::scope::Scopes;

use super::words::{
    ClientType, Pkce, RefreshRotation, TeamSelection, TokenFormat, TokenIssuance, TrustedIpsMode,
};
use super::{Client, Risk, SIGNING_ALGORITHMS, secrets, trusted_ips};
use crate::access::Access;
use crate::text::name_key;
use crate::{ClientId, Fault, UserId, Work};

/// In the order of `insert` and of `read`; `last_used_at` is written by the marks alone.
const COLUMNS: [&str; 42] = [
    "id",
    "number",
    "organization_id",
    "organization_key",
    "owner_team",
    "name",
    "name_key",
    "description",
    "logo_uri",
    "verified",
    "type",
    "enabled",
    "is_system",
    "confidential",
    "access",
    "team_selection",
    "require_consent",
    "pkce",
    "refresh_without_pkce",
    "access_token_lifetime",
    "access_token_format",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
    "refresh_rotation",
    "refresh_overlap",
    "id_token_signed_response_alg",
    "default_resource",
    "context_user",
    "continue_without_context_user",
    "trusted_ips_mode",
    "token_issuance",
    "max_active_tokens",
    "token_requests_per_second",
    "claims",
    "risk_score",
    "risk_reasons",
    "epoch",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];

/// A fresh version: greater than every one before and never given twice, so that a cached copy of
/// a change that was rolled back can never pass for a later one.
pub(super) fn next_version(work: &Work) -> i64 {
    work.instance.ids.next()
}

/// Takes the row until the end of this work. False when there is no such client.
pub(super) async fn lock(work: &mut Work, id: &str) -> Result<bool, Fault> {
    if id.contains('\0') {
        return Ok(false);
    }
    let sql = "UPDATE clients SET version = version WHERE id = $1";
    Ok(work.tx.execute(sql, db::params![id]).await? == 1)
}

/// The id and version behind a number.
pub(super) async fn find_version_by_number(
    work: &mut Work,
    number: i64,
) -> Result<Option<(String, i64)>, Fault> {
    let sql = "SELECT id, version FROM clients WHERE number = $1";
    let row = work.tx.query_one(sql, db::params![number]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// The version of a client now.
pub(super) async fn find_version(work: &mut Work, id: &str) -> Result<Option<i64>, Fault> {
    // No database keeps a NUL character; an id that holds one came from a stranger.
    if id.contains('\0') {
        return Ok(None);
    }
    let row =
        work.tx.query_one("SELECT version FROM clients WHERE id = $1", db::params![id]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Was this the id of a client that is gone?
pub(super) async fn is_deleted(work: &mut Work, id: &str) -> Result<bool, Fault> {
    let sql = "SELECT id FROM deleted_clients WHERE id = $1";
    Ok(work.tx.query_one(sql, db::params![id]).await?.is_some())
}

/// The whole client, all of one version.
pub(super) async fn find(work: &mut Work, id: &str) -> Result<Option<Client>, Fault> {
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = select("id = $1");
    // Outside a transaction each statement sees the latest commit: read again if one came between.
    for _ in 0..50 {
        let Some(row) = work.tx.query_one(&sql, db::params![id]).await? else { return Ok(None) };
        let mut client = read(&row)?;
        take_sets(&mut client, list_sets(work, id).await?);
        client.secrets = secrets::list_stored(work, id).await?;
        if find_version(work, id).await? == Some(client.version) {
            return Ok(Some(client));
        }
    }
    Err(Fault::Unavailable("the client keeps changing while it is read".into()))
}

/// What [`read`] reads, of the clients that fit.
pub(super) fn select(condition: &str) -> String {
    format!("SELECT {}, last_used_at FROM clients WHERE {condition}", COLUMNS.join(", "))
}

/// The ids of the first clients by name whose context user this is, and how many there are.
pub(super) async fn list_acting_for(
    work: &mut Work,
    user: &UserId,
    limit: i64,
) -> Result<(Vec<String>, i64), Fault> {
    let sql = "SELECT id FROM clients WHERE context_user = $1 ORDER BY name_key, id LIMIT $2";
    let rows = work.tx.query(sql, db::params![user, limit]).await?;
    let ids = rows.iter().map(|row| Ok(row.get(0)?)).collect::<Result<Vec<_>, Fault>>()?;
    let sql = "SELECT COUNT(*) FROM clients WHERE context_user = $1";
    let all = work.tx.query_one(sql, db::params![user]).await?;
    Ok((ids, all.map_or(Ok(0), |row| row.get(0))?))
}

/// Writes a new client. A name or id that is taken is a conflict.
pub(super) async fn insert(work: &mut Work, client: &Client) -> Result<(), Fault> {
    let numbers: Vec<String> = (1..=COLUMNS.len()).map(|n| format!("${n}")).collect();
    let sql =
        format!("INSERT INTO clients ({}) VALUES ({})", COLUMNS.join(", "), numbers.join(", "));
    write(work, client, &sql).await?;
    insert_sets(work, client).await
}

/// Writes all settings of a client that is held by `lock`.
pub(super) async fn set(work: &mut Work, client: &Client) -> Result<(), Fault> {
    let assignments: Vec<String> = COLUMNS
        .iter()
        .enumerate()
        .skip(1)
        .map(|(n, column)| format!("{column} = ${}", n + 1))
        .collect();
    let sql = format!("UPDATE clients SET {} WHERE id = $1", assignments.join(", "));
    write(work, client, &sql).await?;
    work.tx.execute("DELETE FROM client_sets WHERE client_id = $1", db::params![client.id]).await?;
    insert_sets(work, client).await
}

/// A new version of a client that is held by `lock`, and its risk.
pub(super) async fn set_version(work: &mut Work, client: &Client) -> Result<(), Fault> {
    let reasons = reasons_text(client)?;
    let sql = "UPDATE clients SET version = $2, epoch = $3, risk_score = $4, risk_reasons = $5, updated_at = $6,
                 updated_by = $7 WHERE id = $1";
    let params = db::params![
        client.id,
        client.version,
        client.epoch,
        client.risk.score,
        reasons,
        client.updated_at,
        client.updated_by
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// The risk of a client, unless it changed since it was read.
pub(super) async fn set_risk(work: &mut Work, client: &Client) -> Result<(), Fault> {
    let reasons = reasons_text(client)?;
    let sql =
        "UPDATE clients SET risk_score = $3, risk_reasons = $4 WHERE id = $1 AND version = $2";
    let params = db::params![client.id, client.version, client.risk.score, reasons];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Ids in their order, behind `after`.
pub(super) async fn list_ids(
    work: &mut Work,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM clients WHERE id > $1 ORDER BY id LIMIT $2";
    let rows = work.tx.query(sql, db::params![after, limit]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

async fn write(work: &mut Work, client: &Client, sql: &str) -> Result<(), Fault> {
    let organization_key = client.organization.as_deref().unwrap_or_default();
    let (key, reasons) = (name_key(&client.name), reasons_text(client)?);
    let claims = serde_json::to_string(&client.claims).map_err(|e| Fault::Broken(e.to_string()))?;
    let params: &[Value<'_>; COLUMNS.len()] = &[
        (&client.id).into(),
        client.number.into(),
        (&client.organization).into(),
        organization_key.into(),
        (&client.owner_team).into(),
        (&client.name).into(),
        (&key).into(),
        (&client.description).into(),
        (&client.logo_uri).into(),
        client.verified.into(),
        client.kind.as_str().into(),
        client.enabled.into(),
        client.is_system.into(),
        client.confidential.into(),
        client.access.as_str().into(),
        client.team_selection.as_str().into(),
        client.require_consent.into(),
        client.pkce.as_str().into(),
        client.refresh_without_pkce.into(),
        client.access_token_lifetime.into(),
        client.access_token_format.as_str().into(),
        client.refresh_token_lifetime.into(),
        client.refresh_token_idle_lifetime.into(),
        client.refresh_rotation.as_str().into(),
        client.refresh_overlap.into(),
        client.id_token_alg.as_str().into(),
        (&client.default_resource).into(),
        client.context_user.as_ref().map(UserId::as_str).into(),
        client.continue_without_context_user.into(),
        client.trusted_ips_mode.as_str().into(),
        client.token_issuance.as_str().into(),
        client.max_active_tokens.into(),
        client.token_requests_per_second.into(),
        (&claims).into(),
        client.risk.score.into(),
        (&reasons).into(),
        client.epoch.into(),
        client.version.into(),
        client.created_at.into(),
        (&client.created_by).into(),
        client.updated_at.into(),
        (&client.updated_by).into(),
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

fn reasons_text(client: &Client) -> Result<String, Fault> {
    serde_json::to_string(&client.risk.reasons).map_err(|e| Fault::Broken(e.to_string()))
}

/// A client without its sets and secrets.
pub(super) fn read(row: &db::Row) -> Result<Client, Fault> {
    Ok(Client {
        id: ClientId::new(row.get::<String>(0)?),
        number: row.get(1)?,
        organization: row.get(2)?,
        owner_team: row.get(4)?,
        name: row.get(5)?,
        description: row.get(7)?,
        logo_uri: row.get(8)?,
        verified: row.get(9)?,
        kind: word(row, 10, ClientType::parse)?,
        enabled: row.get(11)?,
        is_system: row.get(12)?,
        confidential: row.get(13)?,
        access: Access::parse(&row.get::<String>(14)?),
        team_selection: word(row, 15, TeamSelection::parse)?,
        require_consent: row.get(16)?,
        pkce: word(row, 17, Pkce::parse)?,
        refresh_without_pkce: row.get(18)?,
        access_token_lifetime: row.get(19)?,
        access_token_format: word(row, 20, TokenFormat::parse)?,
        refresh_token_lifetime: row.get(21)?,
        refresh_token_idle_lifetime: row.get(22)?,
        refresh_rotation: word(row, 23, RefreshRotation::parse)?,
        refresh_overlap: row.get(24)?,
        id_token_alg: word(row, 25, algorithm)?,
        default_resource: row.get(26)?,
        context_user: row.get::<Option<String>>(27)?.map(UserId::new),
        continue_without_context_user: row.get(28)?,
        trusted_ips_mode: word(row, 29, TrustedIpsMode::parse)?,
        token_issuance: word(row, 30, TokenIssuance::parse)?,
        max_active_tokens: row.get(31)?,
        token_requests_per_second: row.get(32)?,
        claims: json(&row.get::<String>(33)?)?,
        risk: Risk { score: row.get(34)?, reasons: json(&row.get::<String>(35)?)? },
        epoch: row.get(36)?,
        version: row.get(37)?,
        created_at: row.get(38)?,
        created_by: row.get(39)?,
        updated_at: row.get(40)?,
        updated_by: row.get(41)?,
        last_used_at: row.get(42)?,
        auth_methods: BTreeSet::new(),
        grant_types: BTreeSet::new(),
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        contacts: Vec::new(),
        scopes: Scopes::default(),
        default_scopes: Scopes::default(),
        restricted_organizations: Vec::new(),
        restricted_teams: Vec::new(),
        trusted_ips: trusted_ips::List::default(),
        secrets: Vec::new(),
    })
}

fn word<T>(row: &db::Row, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, Fault> {
    let word: String = row.get(column)?;
    parse(&word).ok_or_else(|| {
        Fault::Broken(format!("a client has the unknown {} {word}", COLUMNS[column]))
    })
}

fn algorithm(word: &str) -> Option<Algorithm> {
    SIGNING_ALGORITHMS.iter().copied().find(|algorithm| algorithm.as_str() == word)
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::Broken(format!("a client is damaged: {e}")))
}

/// The sets of a client by their fields, each in its order.
pub(super) type Sets = BTreeMap<String, Vec<String>>;

async fn list_sets(work: &mut Work, id: &str) -> Result<Sets, Fault> {
    let sql = "SELECT field, value FROM client_sets WHERE client_id = $1 ORDER BY field, position";
    let mut sets = Sets::new();
    for row in work.tx.query(sql, db::params![id]).await? {
        sets.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(sets)
}

/// A member that this binary does not know is left out: a client never has more than it was given.
pub(super) fn take_sets(client: &mut Client, mut sets: Sets) {
    let mut take = |field: &str| sets.remove(field).unwrap_or_default();
    client.auth_methods =
        take("auth_method").iter().filter_map(|word| super::AuthMethod::parse(word)).collect();
    client.grant_types =
        take("grant_type").iter().filter_map(|word| super::GrantType::parse(word)).collect();
    client.redirect_uris = take("redirect_uri");
    client.post_logout_redirect_uris = take("post_logout_redirect_uri");
    client.contacts = take("contact");
    client.scopes = take("scope").iter().collect();
    client.default_scopes = take("default_scope").iter().collect();
    client.restricted_organizations = take("organization");
    client.restricted_teams = take("team");
    client.trusted_ips = trusted_ips::List::stored(&take("trusted_ip"));
}

async fn insert_sets(work: &mut Work, client: &Client) -> Result<(), Fault> {
    let sets = sets_of(client);
    let rows: Vec<Vec<Value<'_>>> = sets
        .iter()
        .flat_map(|(field, values)| {
            let row = |(n, value)| {
                vec![
                    (&client.id).into(),
                    Value::from(*field),
                    position(n).into(),
                    Value::from(value),
                ]
            };
            values.iter().enumerate().map(row).collect::<Vec<_>>()
        })
        .collect();
    work.tx.insert_many("client_sets", &["client_id", "field", "position", "value"], &rows).await?;
    Ok(())
}

fn position(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `redirect_host` is there for the search alone.
fn sets_of(client: &Client) -> [(&'static str, Vec<String>); 11] {
    let owned = |scopes: &Scopes| scopes.iter().map(str::to_owned).collect::<Vec<_>>();
    let host = |uri: &String| RedirectUri::stored(uri).host().map(str::to_lowercase);
    let hosts: BTreeSet<String> = client.redirect_uris.iter().filter_map(host).collect();
    [
        ("auth_method", client.auth_methods.iter().map(|m| m.as_str().to_owned()).collect()),
        ("grant_type", client.grant_types.iter().map(|g| g.as_str().to_owned()).collect()),
        ("redirect_uri", client.redirect_uris.clone()),
        ("redirect_host", hosts.into_iter().collect()),
        ("post_logout_redirect_uri", client.post_logout_redirect_uris.clone()),
        ("contact", client.contacts.clone()),
        ("scope", owned(&client.scopes)),
        ("default_scope", owned(&client.default_scopes)),
        ("organization", client.restricted_organizations.clone()),
        ("team", client.restricted_teams.clone()),
        ("trusted_ip", client.trusted_ips.lines()),
    ]
}

/// A client as rules hand it out.
pub(super) async fn find_shared(work: &mut Work, id: &str) -> Result<Option<Arc<Client>>, Fault> {
    Ok(find(work, id).await?.map(Arc::new))
}

/// Removes a client that is held by `lock`; sets, secrets and consents go by their foreign keys.
pub(super) async fn delete(work: &mut Work, id: &ClientId, now: i64) -> Result<(), Fault> {
    work.tx.execute("DELETE FROM bindings WHERE subject = $1", db::params![id]).await?;
    work.tx.execute("DELETE FROM clients WHERE id = $1", db::params![id]).await?;
    let sql =
        "INSERT INTO deleted_clients (id, deleted_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    work.tx.execute(sql, db::params![id, now]).await?;
    Ok(())
}
