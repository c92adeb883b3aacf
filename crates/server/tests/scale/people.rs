//! A hundred thousand clients as a large company has them: named alike, most of them asking for the
//! same scopes, some never used, some with a secret that ends soon.

use db::Value;

use crate::harness::{START, Server};

const DAY: i64 = 86_400;
/// Clients written in one transaction.
const BATCH: usize = 2_000;
const TEAMS: i64 = 200;
const ORGANIZATIONS: i64 = 20;
const WORDS: [&str; 12] = [
    "backend",
    "harbour",
    "billing",
    "mobile",
    "report",
    "connector",
    "gateway",
    "agent",
    "desktop",
    "search",
    "ledger",
    "notifier",
];

/// One row's number, turned into something that looks drawn.
fn drawn(n: i64, of: i64, salt: i64) -> i64 {
    (n.wrapping_mul(2_654_435_761).wrapping_add(salt.wrapping_mul(40_503)) >> 7).rem_euclid(of)
}

/// Fills the server with `count` clients.
pub async fn fill(server: &Server, count: usize) {
    let database = server.database().await;
    let mut tx = database.begin().await.unwrap();
    for n in 0..ORGANIZATIONS {
        let (id, name) = (format!("org_{n}"), format!("Organization {n}"));
        let key = name.to_lowercase();
        let sql = "INSERT INTO organizations (id, name, name_key, version, created_at) VALUES ($1, $2, $3, 1, $4)";
        tx.execute(sql, db::params![id, name, key, START]).await.unwrap();
    }
    for n in 0..TEAMS {
        let (id, name) = (format!("team_{n}"), format!("Team {n}"));
        let (key, home) = (name.to_lowercase(), format!("org_{}", n % ORGANIZATIONS));
        let sql = "INSERT INTO teams (id, organization_id, name, name_key, version, created_at)
                   VALUES ($1, $2, $3, $4, 1, $5)";
        tx.execute(sql, db::params![id, home, name, key, START]).await.unwrap();
    }
    tx.commit().await.unwrap();
    for first in (0..count).step_by(BATCH) {
        let numbers: Vec<i64> =
            (first..count.min(first + BATCH)).map(|n| i64::try_from(n).unwrap()).collect();
        let mut tx = database.begin().await.unwrap();
        write(&mut tx, &numbers).await;
        tx.commit().await.unwrap();
    }
    // One engine does so by itself after a while; the other never does where it runs for real.
    if server.engine == "postgres" {
        let mut tx = database.begin().await.unwrap();
        tx.execute("ANALYZE", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

struct Made {
    id: String,
    name: String,
    key: String,
    organization: Option<String>,
    owner: Option<String>,
    numbers: i64,
    kind: &'static str,
    service: bool,
}

fn made(n: i64) -> Made {
    let word = WORDS[usize::try_from(drawn(n, 12, 1)).unwrap()];
    let name = format!("Client {word} {n}");
    let team = drawn(n, TEAMS, 2);
    let service = drawn(n, 3, 3) == 0;
    let kind = match (service, drawn(n, 10, 4)) {
        (true, _) => "service",
        (false, 0) => "custom",
        _ => "user_authorized",
    };
    Made {
        id: format!("cli_{n}"),
        key: name.to_lowercase(),
        name,
        organization: (drawn(n, 20, 5) != 0).then(|| format!("org_{}", team % ORGANIZATIONS)),
        owner: (drawn(n, 20, 5) > 3).then(|| format!("team_{team}")),
        numbers: n,
        kind,
        service,
    }
}

const COLUMNS: [&str; 40] = [
    "id",
    "number",
    "organization_id",
    "organization_key",
    "owner_team",
    "name",
    "name_key",
    "description",
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
    "refresh_rotation",
    "refresh_overlap",
    "id_token_signed_response_alg",
    "continue_without_context_user",
    "trusted_ips_mode",
    "token_issuance",
    "claims",
    "risk_score",
    "risk_reasons",
    "epoch",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "last_used_at",
    "logo_uri",
    "default_resource",
    "context_user",
];

fn row(made: &Made) -> Vec<Value<'_>> {
    let n = made.numbers;
    let created = START - drawn(n, 1_000, 6) * DAY - n % DAY;
    let used = (drawn(n, 3, 7) != 0).then(|| START - drawn(n, 400, 8) * DAY - n % 3_600);
    vec![
        (&made.id).into(),
        (1_000_000 + n).into(),
        (&made.organization).into(),
        made.organization.as_deref().unwrap_or_default().into(),
        (&made.owner).into(),
        (&made.name).into(),
        (&made.key).into(),
        "What it is for".into(),
        (drawn(n, 5, 9) == 0).into(),
        made.kind.into(),
        (drawn(n, 12, 10) != 0).into(),
        false.into(),
        true.into(),
        (if drawn(n, 4, 11) == 0 { "full" } else { "read_only" }).into(),
        "single".into(),
        true.into(),
        "required".into(),
        false.into(),
        3_600_i64.into(),
        "opaque".into(),
        604_800_i64.into(),
        "rotate".into(),
        30_i64.into(),
        "RS256".into(),
        false.into(),
        "enforce".into(),
        "always_new".into(),
        "{}".into(),
        (drawn(n, 21, 12) * 5).into(),
        "[]".into(),
        0_i64.into(),
        (1_000_000 + n).into(),
        created.into(),
        "operator".into(),
        created.into(),
        "operator".into(),
        used.into(),
        Value::from(None::<&str>),
        Value::from(None::<&str>),
        Value::from(None::<&str>),
    ]
}

/// `field`, `position`, `value`.
fn sets(made: &Made) -> Vec<(&'static str, i64, String)> {
    let n = made.numbers;
    let mut sets = vec![("auth_method", 0, "client_secret_basic".to_owned())];
    if made.service {
        sets.push(("grant_type", 0, "client_credentials".into()));
        sets.push(("trusted_ip", 0, "203.0.113.7".into()));
    } else {
        sets.push(("grant_type", 0, "authorization_code".into()));
        sets.push(("grant_type", 1, "refresh_token".into()));
        sets.push(("redirect_uri", 0, format!("https://app-{n}.example.com/callback")));
        sets.push(("redirect_host", 0, format!("app-{n}.example.com")));
    }
    for (position, scope) in ["openid", "profile", "email"].into_iter().enumerate() {
        sets.push(("scope", i64::try_from(position).unwrap(), scope.into()));
    }
    if drawn(n, 500, 13) == 0 {
        sets.push(("scope", 3, "scim:read".into()));
    }
    if drawn(n, 4, 14) == 0 {
        sets.push(("team", 0, format!("team_{}", drawn(n, TEAMS, 15))));
    }
    sets
}

async fn write(tx: &mut db::Tx, numbers: &[i64]) {
    let all: Vec<Made> = numbers.iter().map(|n| made(*n)).collect();
    let rows: Vec<Vec<Value<'_>>> = all.iter().map(row).collect();
    tx.insert_many("clients", &COLUMNS, &rows).await.unwrap();
    let members: Vec<_> = all
        .iter()
        .flat_map(|made| sets(made).into_iter().map(move |set| (&made.id, set)))
        .collect();
    let rows: Vec<Vec<Value<'_>>> = members
        .iter()
        .map(|(id, (field, position, value))| {
            vec![(*id).into(), Value::from(*field), (*position).into(), value.into()]
        })
        .collect();
    tx.insert_many("client_sets", &["client_id", "field", "position", "value"], &rows)
        .await
        .unwrap();
    let secrets: Vec<String> = all.iter().map(|made| format!("sec_{}", made.numbers)).collect();
    let rows: Vec<Vec<Value<'_>>> = all
        .iter()
        .zip(&secrets)
        .map(|(made, id)| {
            let ends = (drawn(made.numbers, 50, 16) == 0)
                .then_some(START + drawn(made.numbers, 60, 17) * DAY);
            vec![
                id.into(),
                (&made.id).into(),
                "First secret".into(),
                "mcs_…".into(),
                Value::Bytes(b"hash"),
                "k".into(),
                START.into(),
                "operator".into(),
                ends.into(),
            ]
        })
        .collect();
    let columns = [
        "id",
        "client_id",
        "label",
        "hint",
        "hash",
        "key_id",
        "created_at",
        "created_by",
        "expires_at",
    ];
    tx.insert_many("client_secrets", &columns, &rows).await.unwrap();
}
