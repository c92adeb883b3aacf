//! A trail of many entries as a large company has it: six deeds in turn, half of them through one
//! application, one in ten by one script that acts as a person, some by services for themselves.
//!
//! The ids rise with the instants, as those that the server gives, so that filters by time look
//! where they would.

use db::Value;

use crate::harness::{START, Server};

const BATCH: i64 = 5_000;
const PEOPLE: i64 = 500;
const CLIENTS: i64 = 2_000;
const SERVICES: i64 = 50;
/// Seconds between two entries: a million of them are 197 days.
const APART: i64 = 17;
/// The instant from which ids count, and the bits below their millisecond.
const EPOCH: (i64, u32) = (1_735_689_600, 21);

/// Whoever does what, to an object of which kind, and how that ends.
const DEEDS: [(&str, &str, &str); 6] = [
    ("client.updated", "client", "success"),
    ("user.signed_in", "user", "success"),
    ("consent.given", "client", "success"),
    ("grant.created", "grant", "success"),
    ("token.revoked", "token", "success"),
    ("user.sign_in_failed", "user", "refused"),
];
const CHANGES: &str = r#"[{"field":"access_token_lifetime","before":3600,"after":1800}]"#;
const COLUMNS: [&str; 14] = [
    "id",
    "at",
    "actor_user",
    "actor_client",
    "actor_operator",
    "address",
    "action",
    "object_kind",
    "object_id",
    "object_name",
    "changes",
    "outcome",
    "request_id",
    "count",
];

struct Deed {
    at: i64,
    id: i64,
    user: Option<String>,
    client: Option<String>,
    operator: Option<&'static str>,
    action: &'static str,
    object: (&'static str, String),
    outcome: &'static str,
    request: String,
}

impl Deed {
    fn of(n: i64, count: i64) -> Self {
        let at = START - 60 - (count - n) * APART;
        let user =
            if n % 10 == 3 { "usr_script".into() } else { format!("usr_{}", n * 7_919 % PEOPLE) };
        let client = if n % 2 == 0 { 0 } else { n * 104_729 % CLIENTS };
        let client = format!("client-{client}");
        let (action, kind, outcome) = match n % 100_000 {
            1 => ("signing_key.published", "signing_key", "success"),
            _ => DEEDS[usize::try_from(n % 6).unwrap()],
        };
        let object = match kind {
            "user" => user.clone(),
            "client" => client.clone(),
            kind => format!("{kind}-{n}"),
        };
        let (user, client, operator) = match (action, n % 1_000) {
            (_, 1) => (None, None, Some("ops@host")),
            ("user.sign_in_failed", _) => (None, None, None),
            // By themselves.
            ("token.revoked", _) => (None, Some(format!("service-{}", n % SERVICES)), None),
            _ => (Some(user), Some(client), None),
        };
        let id = ((at - EPOCH.0) * 1_000) << EPOCH.1;
        let object = (kind, object);
        Self {
            at,
            id,
            user,
            client,
            operator,
            action,
            object,
            outcome,
            request: format!("request-{n}"),
        }
    }

    fn row(&self) -> Vec<Value<'_>> {
        vec![
            self.id.into(),
            self.at.into(),
            (&self.user).into(),
            (&self.client).into(),
            self.operator.map_or(Value::Null, Value::Text),
            "203.0.113.7".into(),
            self.action.into(),
            self.object.0.into(),
            (&self.object.1).into(),
            "What it is called".into(),
            CHANGES.into(),
            self.outcome.into(),
            (&self.request).into(),
            1_i64.into(),
        ]
    }
}

/// Writes `count` entries, the last of them a minute ago.
pub async fn fill(server: &Server, count: i64) {
    let database = server.database().await;
    for first in (1..=count).step_by(usize::try_from(BATCH).unwrap()) {
        let last = count.min(first + BATCH - 1);
        let deeds: Vec<Deed> = (first..=last).map(|n| Deed::of(n, count)).collect();
        let rows: Vec<Vec<Value<'_>>> = deeds.iter().map(Deed::row).collect();
        let mut tx = database.begin().await.unwrap();
        tx.insert_many("audit_events", &COLUMNS, &rows).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = database.begin().await.unwrap();
    // Only so is a name that acted by itself known for a client.
    for id in ["client-0", "service-7"] {
        let sql = "INSERT INTO deleted_clients (id, deleted_at) VALUES ($1, $2)";
        tx.execute(sql, db::params![id, START]).await.unwrap();
    }
    // One engine does so by itself after a while; the other never does where it runs for real.
    if server.engine == "postgres" {
        tx.execute("ANALYZE", &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
}
