//! Authorization requests in the database: one row, its state a word and a JSON text that no
//! query looks into.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state::{Consented, Identified, Issued};
use crate::{Fault, GrantId, SessionId, Work};

/// Seconds a person may take over login and consent once they are identified.
pub const PATIENCE: i64 = 1800;

fn write<T: Serialize>(state: &T) -> Result<String, Fault> {
    serde_json::to_string(state).map_err(|e| Fault::Broken(e.to_string()))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|e| Fault::Broken(format!("a stored authorization request: {e}")))
}

async fn insert(
    work: &mut Work,
    stage: &str,
    (identified, json): (&Identified, String),
    expires_at: i64,
) -> Result<i64, Fault> {
    let id = work.instance.ids.next();
    let sql = "INSERT INTO authorizations (id, state, client_id, user_id, session_id, request,
                 authenticated_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (client, user) = (&identified.pending.client, &identified.user);
    let (session, authenticated_at) = (identified.session, identified.authenticated_at);
    let params = db::params![id, stage, client, user, session, json, authenticated_at, expires_at];
    work.tx.execute(sql, params).await?;
    Ok(id)
}

pub(super) async fn insert_identified(
    work: &mut Work,
    state: &Identified,
    now: i64,
) -> Result<i64, Fault> {
    let json = write(state)?;
    insert(work, "identified", (state, json), now + PATIENCE).await
}

pub(super) async fn insert_issued(
    work: &mut Work,
    state: &Issued,
    expires_at: i64,
) -> Result<i64, Fault> {
    let json = write(state)?;
    insert(work, "issued", (&state.consented.identified, json), expires_at).await
}

async fn find(
    work: &mut Work,
    id: i64,
    stage: &str,
    session: SessionId,
    now: i64,
) -> Result<Option<String>, Fault> {
    let sql = "SELECT request FROM authorizations
               WHERE id = $1 AND state = $2 AND session_id = $3 AND expires_at > $4";
    let row = work.tx.query_one(sql, db::params![id, stage, session, now]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

pub(super) async fn find_identified(
    work: &mut Work,
    id: i64,
    session: SessionId,
    now: i64,
) -> Result<Option<Identified>, Fault> {
    find(work, id, "identified", session, now).await?.as_deref().map(read).transpose()
}

pub(super) async fn find_consented(
    work: &mut Work,
    id: i64,
    session: SessionId,
    now: i64,
) -> Result<Option<Consented>, Fault> {
    find(work, id, "consented", session, now).await?.as_deref().map(read).transpose()
}

/// `identified` → `consented`; says whether it took.
pub(super) async fn set_consented(
    work: &mut Work,
    id: i64,
    state: &Consented,
) -> Result<bool, Fault> {
    let sql = "UPDATE authorizations SET state = 'consented', request = $2
               WHERE id = $1 AND state = 'identified'";
    Ok(work.tx.execute(sql, db::params![id, write(state)?]).await? == 1)
}

/// `consented` → `issued`; says whether it took.
pub(super) async fn set_issued(
    work: &mut Work,
    id: i64,
    state: &Issued,
    expires_at: i64,
) -> Result<bool, Fault> {
    let sql = "UPDATE authorizations SET state = 'issued', request = $2, expires_at = $3
               WHERE id = $1 AND state = 'consented'";
    Ok(work.tx.execute(sql, db::params![id, write(state)?, expires_at]).await? == 1)
}

/// A consented request that is answered with tokens: gone at once. Says whether it was there.
pub(super) async fn delete_consented(work: &mut Work, id: i64) -> Result<bool, Fault> {
    let sql = "DELETE FROM authorizations WHERE id = $1 AND state = 'consented'";
    Ok(work.tx.execute(sql, db::params![id]).await? == 1)
}

/// `identified` → `denied` or `teamless`; says whether it took.
pub(super) async fn set_refused(work: &mut Work, id: i64, stage: &str) -> Result<bool, Fault> {
    let sql = "UPDATE authorizations SET state = $2 WHERE id = $1 AND state = 'identified'";
    Ok(work.tx.execute(sql, db::params![id, stage]).await? == 1)
}

/// A refused request, taken out for its answer: once. With the word it was refused by.
pub(super) async fn delete_refused(
    work: &mut Work,
    id: i64,
    session: SessionId,
) -> Result<Option<(String, Identified)>, Fault> {
    let sql = "DELETE FROM authorizations
               WHERE id = $1 AND session_id = $2 AND state IN ('denied', 'teamless')
               RETURNING state, request";
    let Some(row) = work.tx.query_one(sql, db::params![id, session]).await? else {
        return Ok(None);
    };
    Ok(Some((row.get(0)?, read(&row.get::<String>(1)?)?)))
}

/// What a code stands for, spent or not.
pub(super) struct Coded {
    pub issued: Issued,
    pub is_redeemed: bool,
    pub grant: Option<GrantId>,
    pub expires_at: i64,
}

pub(super) async fn find_coded(work: &mut Work, id: i64) -> Result<Option<Coded>, Fault> {
    let sql = "SELECT state, request, grant_id, expires_at FROM authorizations
               WHERE id = $1 AND state IN ('issued', 'redeemed')";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else { return Ok(None) };
    Ok(Some(Coded {
        is_redeemed: row.get::<String>(0)? == "redeemed",
        issued: read(&row.get::<String>(1)?)?,
        grant: row.get::<Option<i64>>(2)?.map(GrantId),
        expires_at: row.get(3)?,
    }))
}

/// `issued` → `redeemed`; one row or none is the verdict. The row stays a while, so that a replay
/// is known for one.
pub(super) async fn set_redeemed(
    work: &mut Work,
    id: i64,
    grant: GrantId,
    expires_at: i64,
) -> Result<bool, Fault> {
    let sql = "UPDATE authorizations SET state = 'redeemed', grant_id = $2, expires_at = $3
               WHERE id = $1 AND state = 'issued'";
    Ok(work.tx.execute(sql, db::params![id, grant, expires_at]).await? == 1)
}
