//! Browser sessions in the database.

use super::Session;
use crate::accounts::{self, User};
use crate::teams::cursor;
use crate::{Fault, SessionId, UserId, Work};

/// Rows that one [`delete_over`] statement removes at most.
const SWEEP_BATCH: i64 = 500;

const COLUMNS: &str = "s.id, s.user_id, s.authenticated_at, s.created_at, s.last_active_at, s.expires_at, \
     s.address, s.user_agent";
const COLUMN_COUNT: usize = 8;

/// Alive at `$1`, if used since `$2`.
const ALIVE: &str = "s.expires_at > $1 AND s.last_active_at > $2 AND users.epoch = s.user_epoch \
     AND users.status = 'active'";

fn read(row: &db::Row) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId(row.get(0)?),
        user: UserId::new(row.get::<String>(1)?),
        authenticated_at: row.get(2)?,
        created_at: row.get(3)?,
        last_active_at: row.get(4)?,
        expires_at: row.get(5)?,
        address: row.get(6)?,
        user_agent: row.get(7)?,
    })
}

fn read_both(row: &db::Row) -> Result<(Session, User), Fault> {
    Ok((read(row)?, accounts::read(row, COLUMN_COUNT)?))
}

pub(super) async fn insert(work: &mut Work, new: &Session, user_epoch: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO sessions (id, user_id, user_epoch, epoch, authenticated_at, created_at,
                 last_active_at, expires_at, address, user_agent)
               VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9)";
    let user = new.user.as_str();
    let params = db::params![
        new.id.0,
        user,
        user_epoch,
        new.authenticated_at,
        new.created_at,
        new.last_active_at,
        new.expires_at,
        new.address,
        new.user_agent
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// A living session and its person. The only statement of a signed-in request.
pub(super) async fn find_alive(
    work: &mut Work,
    id: SessionId,
    now: i64,
    used_since: i64,
) -> Result<Option<(Session, User)>, Fault> {
    let user = accounts::COLUMNS;
    let sql = format!(
        "SELECT {COLUMNS}, {user} FROM sessions s JOIN users ON users.id = s.user_id
         WHERE {ALIVE} AND s.id = $3"
    );
    let row = work.tx.query_one(&sql, db::params![now, used_since, id.0]).await?;
    row.as_ref().map(read_both).transpose()
}

pub(super) async fn list_alive_of(
    work: &mut Work,
    user: &UserId,
    now: i64,
    used_since: i64,
) -> Result<Vec<Session>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions s JOIN users ON users.id = s.user_id
         WHERE {ALIVE} AND s.user_id = $3 ORDER BY s.id DESC"
    );
    let rows = work.tx.query(&sql, db::params![now, used_since, user.as_str()]).await?;
    rows.iter().map(read).collect()
}

/// One more than `limit` living sessions, newest first.
pub(super) async fn list_alive(
    work: &mut Work,
    (now, used_since): (i64, i64),
    after: Option<i64>,
    typed: Option<&str>,
    limit: i64,
) -> Result<Vec<(Session, User)>, Fault> {
    let (user, pattern) = (accounts::COLUMNS, cursor::pattern(typed.unwrap_or_default()));
    let sql = format!(
        "SELECT {COLUMNS}, {user} FROM sessions s JOIN users ON users.id = s.user_id
         WHERE {ALIVE} AND s.id < $3
           AND (users.email_key LIKE $4 ESCAPE '\\' OR LOWER(users.display_name) LIKE $4 ESCAPE '\\'
                OR s.address LIKE $4 ESCAPE '\\')
         ORDER BY s.id DESC LIMIT $5"
    );
    let (after, limit) = (after.unwrap_or(i64::MAX), limit + 1);
    let params = db::params![now, used_since, after, pattern, limit];
    work.tx.query(&sql, params).await?.iter().map(read_both).collect()
}

/// A session, alive or not.
pub(super) async fn find(work: &mut Work, id: SessionId) -> Result<Option<Session>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM sessions s WHERE s.id = $1");
    let row = work.tx.query_one(&sql, db::params![id.0]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn delete(work: &mut Work, id: SessionId) -> Result<bool, Fault> {
    Ok(work.tx.execute("DELETE FROM sessions WHERE id = $1", db::params![id.0]).await? == 1)
}

/// Ends every session of a person but one. Says how many.
pub(super) async fn delete_others(
    work: &mut Work,
    user: &UserId,
    kept: SessionId,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
    Ok(work.tx.execute(sql, db::params![user.as_str(), kept.0]).await?)
}

/// Carries a session over to the person's new epoch, freshly authenticated. Says whether it was
/// still there.
pub(super) async fn set_epoch(
    work: &mut Work,
    id: SessionId,
    user: &User,
    now: i64,
) -> Result<bool, Fault> {
    let sql =
        "UPDATE sessions SET user_epoch = $1, authenticated_at = $2 WHERE id = $3 AND user_id = $4";
    Ok(work.tx.execute(sql, db::params![user.epoch, now, id.0, user.id.as_str()]).await? == 1)
}

/// Marks a session as used at an instant, unless a later one is marked already.
pub(super) async fn set_last_active(work: &mut Work, id: SessionId, at: i64) -> Result<(), Fault> {
    let sql = "UPDATE sessions SET last_active_at = $1 WHERE id = $2 AND last_active_at < $1";
    work.tx.execute(sql, db::params![at, id.0]).await?;
    Ok(())
}

/// Removes some rows whose time is over; what an epoch left behind is among them by then.
pub(super) async fn delete_over(work: &mut Work, now: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, SWEEP_BATCH]).await?)
}
