//! Rows whose time is over, as many of each kind as wanted, for tests of the sweep.

use super::Server;

/// Table with columns, and their values in the order of `i`.
const ROWS: [(&str, &str); 10] = [
    (
        "access_tokens (id, client_number, client_epoch, issued_at, expires_at, scopes, audience)",
        "i, 1, 0, 0, i, 'openid', ''",
    ),
    (
        "grants (id, client_id, user_id, scopes, resources, epoch, authenticated_at, consented_at, \
         expires_at)",
        "i, 'gone', 'usr_gone', 'openid', '', 0, 0, 0, i",
    ),
    ("grant_teams (grant_id, team_id)", "i, 'team_gone'"),
    (
        "refresh_families (id, grant_id, seed, generation, rotated_at, access_id, client_epoch, \
         user_epoch, grant_epoch, replays, created_at, expires_at)",
        "i, i, CAST('seed' AS BYTEA), 0, 0, i, 0, 0, 0, 0, 0, i",
    ),
    (
        "authorizations (id, state, client_id, user_id, session_id, request, authenticated_at, \
         expires_at)",
        "i, 'redeemed', 'gone', 'usr_gone', 0, '{}', 0, i",
    ),
    (
        "reused_tokens (client_number, shape, token_id, seed, expires_at)",
        "(SELECT MIN(number) FROM clients), CAST(i AS TEXT), i, CAST('seed' AS BYTEA), i",
    ),
    (
        "sessions (id, user_id, user_epoch, epoch, authenticated_at, created_at, last_active_at, \
         expires_at, address, user_agent)",
        "i, (SELECT MIN(id) FROM users), 0, 0, 0, 0, 0, i, '', ''",
    ),
    ("links (id, purpose, expires_at)", "i, 'setup', i"),
    ("attempts (subject, failures, last_at, expires_at)", "CAST(i AS TEXT), 1, 0, i"),
    (
        "refusals (id, at, endpoint, code, description, note, address, request_id)",
        "CAST(i AS TEXT), i, 'token', 'invalid_client', '', '', '', ''",
    ),
];

/// So many rows of each kind that ended in 1970.
pub async fn fill(server: &Server, count: u32) {
    let database = server.database().await;
    for (columns, values) in ROWS {
        let mut tx = database.begin().await.unwrap();
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO {columns} SELECT {values} FROM n"
        );
        assert_eq!(tx.execute(&sql, &[]).await.unwrap(), u64::from(count), "{columns}");
        tx.commit().await.unwrap();
    }
}
