//! Browser sessions in the database.

use super::{ListQuery, Session};
use crate::accounts::{self, Amr, User};
use crate::listing::Listing;
use crate::settings::{self, SESSION_IDLE_LIFETIME, SESSION_LIFETIME};
use crate::teams::cursor;
use crate::{Fault, SessionId, UserId, Work};

/// Alive at `$1`. What a policy decided when it began counts for it; what nobody set is as the configuration says: `$2` seconds in all, `$3` unused.
/// Both are read by the same statement, so that a change counts in the very next request.
fn alive() -> String {
    let (lifetime, idle) = (lifetime(), set("idle_lifetime", &SESSION_IDLE_LIFETIME, 3));
    format!(
        "s.expires_at > $1 AND s.created_at > $1 - {lifetime} AND s.last_active_at > $1 - {idle}
         AND users.epoch = s.user_epoch AND users.status = 'active'"
    )
}

fn set(decided: &str, number: &settings::Number, usual: usize) -> String {
    format!("COALESCE(s.{decided}, {}, ${usual})", settings::sql(number))
}

fn lifetime() -> String {
    set("lifetime", &SESSION_LIFETIME, 2)
}

/// The columns of a living session: it ends early where everybody is signed out earlier than was
/// usual when it began.
fn living_columns() -> String {
    let lifetime = lifetime();
    let ends = format!(
        "CASE WHEN s.created_at + {lifetime} < s.expires_at THEN s.created_at + {lifetime}
          ELSE s.expires_at END"
    );
    COLUMNS.replace("s.expires_at", &ends)
}

const COLUMNS: &str = "s.id, s.user_id, s.authenticated_at, s.created_at, s.last_active_at, s.expires_at, \
     s.address, s.user_agent, s.amr";
const COLUMN_COUNT: usize = 9;

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
        amr: Amr::parse(&row.get::<String>(8)?),
    })
}

fn read_both(row: &db::Row) -> Result<(Session, User), Fault> {
    Ok((read(row)?, accounts::read(row, COLUMN_COUNT)?))
}

/// Inserts a session, with the seconds in all and unused that were decided for it alone.
pub(super) async fn insert(
    work: &mut Work,
    new: &Session,
    user_epoch: i64,
    (lifetime, idle): (Option<i64>, Option<i64>),
) -> Result<(), Fault> {
    let sql = "INSERT INTO sessions (id, user_id, user_epoch, epoch, authenticated_at, created_at,
                 last_active_at, expires_at, address, user_agent, lifetime, idle_lifetime, amr)
               VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
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
        new.user_agent,
        lifetime,
        idle,
        *new.amr.as_str()
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// A living session and its person. The only statement of a signed-in request.
pub(super) async fn find_alive(
    work: &mut Work,
    id: SessionId,
    now: i64,
) -> Result<Option<(Session, User)>, Fault> {
    let (columns, user, alive) = (living_columns(), accounts::COLUMNS, alive());
    let sql = format!(
        "SELECT {columns}, {user} FROM sessions s JOIN users ON users.id = s.user_id
         WHERE {alive} AND s.id = $4"
    );
    let [lifetime, idle] = usual(work);
    let row = work.tx.query_one(&sql, db::params![now, lifetime, idle, id.0]).await?;
    row.as_ref().map(read_both).transpose()
}

pub(super) async fn list_alive_of(
    work: &mut Work,
    user: &UserId,
    now: i64,
) -> Result<Vec<Session>, Fault> {
    let (columns, alive) = (living_columns(), alive());
    let sql = format!(
        "SELECT {columns} FROM sessions s JOIN users ON users.id = s.user_id
         WHERE {alive} AND s.user_id = $4 ORDER BY s.id DESC"
    );
    let [lifetime, idle] = usual(work);
    let rows = work.tx.query(&sql, db::params![now, lifetime, idle, user.as_str()]).await?;
    rows.iter().map(read).collect()
}

/// One more than `limit` living sessions, newest first.
pub(super) async fn list_alive(
    work: &mut Work,
    now: i64,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<(Session, User)>, Fault> {
    let (columns, user) = (living_columns(), accounts::COLUMNS);
    let select =
        format!("SELECT {columns}, {user} FROM sessions s JOIN users ON users.id = s.user_id");
    let mut list = Listing::of(&select);
    // The parameters of `alive`, in its order.
    list.int(now);
    for usual in usual(work) {
        list.int(usual);
    }
    list.and(&alive());
    let after = query.cursor.as_deref().and_then(cursor::number_and_id).map(|(id, _)| id);
    if let Some(after) = after {
        let after = list.int(after);
        list.and(&format!("s.id < {after}"));
    }
    if let Some(user) = &query.user {
        let user = list.text(user.as_str());
        list.and(&format!("s.user_id = {user}"));
    }
    if let Some(typed) = &query.q {
        let pattern = list.text(&cursor::pattern(typed));
        list.and(&format!(
            "(users.email_key LIKE {pattern} ESCAPE '\\' OR LOWER(users.display_name) LIKE {pattern} ESCAPE '\\'
              OR s.address LIKE {pattern} ESCAPE '\\')"
        ));
    }
    let rows = list.page(work, "s.id DESC", limit).await?;
    rows.iter().map(read_both).collect()
}

/// What the configuration says: seconds in all, and unused.
fn usual(work: &Work) -> [i64; 2] {
    let policy = work.instance.policy();
    [policy.session_lifetime, policy.session_idle_lifetime]
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

/// Carries a session over to the person's new epoch, freshly authenticated where the password was all
/// that was proved when it began. Says whether it was still there.
pub(super) async fn set_epoch(
    work: &mut Work,
    id: SessionId,
    user: &User,
    now: i64,
) -> Result<bool, Fault> {
    let sql = "UPDATE sessions SET user_epoch = $1,
           authenticated_at = CASE WHEN amr = $5 THEN $2 ELSE authenticated_at END
         WHERE id = $3 AND user_id = $4";
    let params = db::params![user.epoch, now, id.0, user.id, *Amr::Password.as_str()];
    Ok(work.tx.execute(sql, params).await? == 1)
}

/// Marks a session as used at an instant, unless a later one is marked already.
pub(super) async fn set_last_active(work: &mut Work, id: SessionId, at: i64) -> Result<(), Fault> {
    let sql = "UPDATE sessions SET last_active_at = $1 WHERE id = $2 AND last_active_at < $1";
    work.tx.execute(sql, db::params![at, id.0]).await?;
    Ok(())
}

/// Removes some rows whose time is over; what an epoch left behind is among them by then.
pub(super) async fn delete_over(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, limit]).await?)
}
