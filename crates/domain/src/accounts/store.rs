//! People in the database.

use super::email::{Email, key_of};
use super::{ListQuery, Status, User};
use crate::access::Reach;
use crate::listing::Listing;
use crate::teams::cursor;
use crate::{Fault, UserId, Work};

/// The columns of a [`User`], for [`read`]; qualified, so that they also serve in a join.
pub(crate) const COLUMNS: &str = "users.id, users.email, users.display_name, users.status, users.source, \
     users.epoch, users.version, users.created_at, users.last_sign_in_at, users.password_hash IS NOT NULL, \
     EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = users.id)";

/// How many [`COLUMNS`] there are.
pub(crate) const COLUMN_COUNT: usize = 11;

/// Reads a [`User`] whose columns begin at `first`.
pub(crate) fn read(row: &db::Row, first: usize) -> Result<User, Fault> {
    Ok(User {
        id: UserId::new(row.get::<String>(first)?),
        email: row.get(first + 1)?,
        display_name: row.get(first + 2)?,
        status: Status::parse(&row.get::<String>(first + 3)?),
        source: row.get(first + 4)?,
        epoch: row.get(first + 5)?,
        version: row.get(first + 6)?,
        created_at: row.get(first + 7)?,
        last_sign_in_at: row.get(first + 8)?,
        has_password: row.get(first + 9)?,
        has_second_factor: row.get(first + 10)?,
    })
}

/// A person, whatever their status.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, id: &UserId) -> Result<Option<User>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE users.id = $1");
    let row = work.tx.query_one(&sql, db::params![id.as_str()]).await?;
    row.map(|row| read(&row, 0)).transpose()
}

/// A person by their e-mail address, in any spelling, whatever their status.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_by_email(work: &mut Work, email: &str) -> Result<Option<User>, Fault> {
    Ok(find_credentials(work, email).await?.map(|(user, _)| user))
}

/// The same, with the stored hash of their password.
pub(super) async fn find_credentials(
    work: &mut Work,
    email: &str,
) -> Result<Option<(User, Option<String>)>, Fault> {
    let sql =
        format!("SELECT {COLUMNS}, users.password_hash FROM users WHERE users.email_key = $1");
    let row = work.tx.query_one(&sql, db::params![key_of(email)]).await?;
    row.map(|row| Ok((read(&row, 0)?, row.get(COLUMN_COUNT)?))).transpose()
}

/// Inserts a person. A taken address is the conflict `users.email_key`.
pub(super) async fn insert(
    work: &mut Work,
    user: &User,
    email: &Email,
    hash: Option<&str>,
) -> Result<(), Fault> {
    let sql = "INSERT INTO users (id, email, email_key, display_name, status, source, password_hash, epoch,
                 version, created_at, last_sign_in_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)";
    let (id, status) = (user.id.as_str(), user.status.as_str());
    let params = db::params![
        id,
        email.text,
        email.key,
        user.display_name,
        status,
        user.source,
        hash,
        user.epoch,
        user.version,
        user.created_at
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Sets what an administrator may change, if the version is still `before.version`. Says whether
/// it took.
pub(super) async fn set(
    work: &mut Work,
    before: &User,
    after: &User,
    email: &Email,
) -> Result<bool, Fault> {
    let sql =
        "UPDATE users SET email = $1, email_key = $2, display_name = $3, status = $4, epoch = $5,
                 version = $6 WHERE id = $7 AND version = $8";
    let (id, status) = (before.id.as_str(), after.status.as_str());
    let params = db::params![
        email.text,
        email.key,
        after.display_name,
        status,
        after.epoch,
        after.version,
        id,
        before.version
    ];
    Ok(work.tx.execute(sql, params).await? == 1)
}

/// Sets a password and ends everything issued before, if the epoch is still `user.epoch`. Says
/// whether it took.
pub(super) async fn set_password(work: &mut Work, user: &User, hash: &str) -> Result<bool, Fault> {
    let sql = "UPDATE users SET password_hash = $1, epoch = epoch + 1, version = version + 1
               WHERE id = $2 AND epoch = $3 AND status = 'active'";
    Ok(work.tx.execute(sql, db::params![hash, user.id.as_str(), user.epoch]).await? == 1)
}

/// Puts a dearer hash of the same password in place of `old`.
pub(super) async fn set_rehashed(
    work: &mut Work,
    id: &UserId,
    old: &str,
    new: &str,
) -> Result<(), Fault> {
    let sql = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
    work.tx.execute(sql, db::params![new, id.as_str(), old]).await?;
    Ok(())
}

/// Marks a sign-in, if the person is active and unchanged since `user` was read: with a second factor
/// set up meanwhile, too. Says whether it took.
pub(super) async fn set_signed_in(work: &mut Work, user: &User, now: i64) -> Result<bool, Fault> {
    let sql = "UPDATE users SET last_sign_in_at = $1
         WHERE id = $2 AND epoch = $3 AND version = $4 AND status = 'active'";
    let params = db::params![now, user.id, user.epoch, user.version];
    Ok(work.tx.execute(sql, params).await? == 1)
}

/// Says that something about a person is another, and holds their row for the rest of the work.
pub(super) async fn set_changed(work: &mut Work, id: &UserId) -> Result<(), Fault> {
    let sql = "UPDATE users SET version = version + 1 WHERE id = $1";
    work.tx.execute(sql, db::params![id.as_str()]).await?;
    Ok(())
}

/// Deletes a person with their bindings; sessions, links and consents follow by the schema.
pub(super) async fn delete(work: &mut Work, id: &UserId) -> Result<bool, Fault> {
    work.tx.execute("DELETE FROM bindings WHERE subject = $1", db::params![id.as_str()]).await?;
    Ok(work.tx.execute("DELETE FROM users WHERE id = $1", db::params![id.as_str()]).await? == 1)
}

/// Some of the clients that act for this person by themselves.
pub(super) async fn list_clients_in_context(
    work: &mut Work,
    id: &UserId,
) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM clients WHERE context_user = $1 ORDER BY id LIMIT 20";
    let rows = work.tx.query(sql, db::params![id.as_str()]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// One person, if `reach` covers them.
pub(super) async fn find_within(
    work: &mut Work,
    reach: &Reach,
    id: &UserId,
) -> Result<Option<User>, Fault> {
    let mut list = Listing::of(&format!("SELECT {COLUMNS} FROM users"));
    let id = list.text(id.as_str());
    list.and(&format!("users.id = {id}"));
    narrow(&mut list, reach);
    list.rows(work).await?.first().map(|row| read(row, 0)).transpose()
}

/// One more than `limit` people that fit, newest first, so that the caller sees whether more
/// follow.
pub(super) async fn list(
    work: &mut Work,
    reach: &Reach,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<User>, Fault> {
    let mut list = Listing::of(&format!("SELECT {COLUMNS} FROM users"));
    if let Some((created_at, id)) = query.cursor.as_deref().and_then(cursor::number_and_id) {
        let (created_at, id) = (list.int(created_at), list.text(&id));
        list.and(&format!("(users.created_at, users.id) < ({created_at}, {id})"));
    }
    if let Some(q) = &query.q {
        let pattern = list.text(&cursor::pattern(q));
        list.and(&format!(
            "(users.email_key LIKE {pattern} ESCAPE '\\'
              OR LOWER(users.display_name) LIKE {pattern} ESCAPE '\\')"
        ));
    }
    if let Some(status) = query.status {
        let status = list.text(status.as_str());
        list.and(&format!("users.status = {status}"));
    }
    if let Some(has) = query.second_factor {
        let not = if has { "" } else { "NOT " };
        list.and(&format!(
            "{not}EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = users.id)"
        ));
    }
    if let Some(source) = &query.source {
        let source = list.text(source);
        list.and(&format!("users.source = {source}"));
    }
    narrow(&mut list, reach);
    let rows = list.page(work, "users.created_at DESC, users.id DESC", limit).await?;
    rows.iter().map(|row| read(row, 0)).collect()
}

/// Narrows a list to the people who belong to places within `reach`.
fn narrow(list: &mut Listing, reach: &Reach) {
    let Reach::Places { organizations, teams } = reach else { return };
    let (organizations, teams) = (list.texts(organizations), list.texts(teams));
    list.and(&format!(
        "users.id IN (SELECT b.subject FROM bindings b
            WHERE (b.place_kind = 'organization' AND b.place_id IN ({organizations}))
               OR (b.place_kind = 'team' AND b.place_id IN ({teams}))
               OR (b.place_kind = 'team' AND b.place_id IN
                     (SELECT t.id FROM teams t WHERE t.organization_id IN ({organizations}))))"
    ));
}
