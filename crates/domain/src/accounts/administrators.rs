//! The platform administrators: the first one, and that there is always one left.
//!
//! Both questions are about a set of rows, which compare-and-set on one of them cannot answer. So
//! everybody who asks first writes one row of the settings, and thereby waits for whoever asked
//! before to be done.

use std::sync::Arc;

use super::{NewUser, User, links, people};
use crate::access::{self, PLATFORM_ADMINISTRATOR, Place};
use crate::{Call, Fault, Instance, Plain, Refusal, UserId, Work, audit, settings};

/// Is anybody bound to platform administrator, able to act or not?
///
/// # Errors
/// When the database cannot answer.
pub async fn has_administrator(work: &mut Work) -> Result<bool, Fault> {
    let sql = "SELECT u.id FROM bindings b JOIN users u ON u.id = b.subject
               WHERE b.role_id = $1 AND b.place_kind = 'instance' LIMIT 1";
    Ok(work.tx.query_one(sql, db::params![PLATFORM_ADMINISTRATOR]).await?.is_some())
}

/// How many platform administrators who may act have no second factor.
///
/// # Errors
/// When the database cannot answer.
pub async fn administrators_without_second_factor(work: &mut Work) -> Result<i64, Fault> {
    let sql = "SELECT count(*) FROM users u WHERE u.status = 'active'
                 AND EXISTS (SELECT 1 FROM bindings b WHERE b.subject = u.id AND b.role_id = $1
                             AND b.place_kind = 'instance')
                 AND NOT EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id)";
    let row = work.tx.query_one(sql, db::params![PLATFORM_ADMINISTRATOR]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// Is this person bound to platform administrator?
pub(super) async fn is_administrator(work: &mut Work, id: &UserId) -> Result<bool, Fault> {
    let sql =
        "SELECT id FROM bindings WHERE subject = $1 AND role_id = $2 AND place_kind = 'instance'";
    let row = work.tx.query_one(sql, db::params![id.as_str(), PLATFORM_ADMINISTRATOR]).await?;
    Ok(row.is_some())
}

/// Asked after a change in the same work: is there still a platform administrator who can sign
/// in? The caller drops the work on a refusal.
///
/// # Errors
/// `Conflict` where there would be none.
pub async fn keep_an_administrator(work: &mut Work) -> Result<(), Refusal> {
    take_turn(work).await?;
    let sql = "SELECT u.id FROM bindings b JOIN users u ON u.id = b.subject
               WHERE b.role_id = $1 AND b.place_kind = 'instance' AND u.status = 'active'
                 AND (u.password_hash IS NOT NULL OR u.source <> 'local') LIMIT 1";
    if work.tx.query_one(sql, db::params![PLATFORM_ADMINISTRATOR]).await?.is_some() {
        return Ok(());
    }
    Err(Refusal::conflict(
        "This is the last platform administrator who can sign in. Name another one first.",
    ))
}

/// Creates the first administrator; refused once there is one. Hashes first, then begins and
/// commits a unit of work of its own.
///
/// # Errors
/// `Conflict` where an administrator exists, `Invalid` for a field.
pub async fn first_administrator(
    instance: &Arc<Instance>,
    call: &Call,
    email: &str,
    display_name: &str,
    password: Plain,
) -> Result<User, Refusal> {
    if has_administrator(&mut instance.read()).await? {
        return Err(exists());
    }
    let new = NewUser {
        email: email.into(),
        display_name: display_name.into(),
        password: Some(password),
    };
    let (new, hash) = prepared(instance, new).await?;
    let mut work = instance.begin().await?;
    let user = insert_first(&mut work, call, &new, &hash).await?;
    work.commit().await?;
    Ok(user)
}

/// A one-time link to [`setup`]; good for a day, or until there is an administrator.
///
/// # Errors
/// `Conflict` where an administrator exists.
pub async fn setup_link(work: &mut Work, call: &Call) -> Result<Plain, Refusal> {
    if has_administrator(work).await? {
        return Err(exists());
    }
    Ok(links::insert_setup(work, call.now).await?)
}

/// Creates the first administrator by a set-up link, which is used up.
///
/// # Errors
/// `NotFound` for a link that is used up, late or none of ours; else as [`first_administrator`].
pub async fn setup(
    instance: &Arc<Instance>,
    call: &Call,
    token: &Plain,
    new: NewUser,
) -> Result<User, Refusal> {
    links::peek_setup(&mut instance.read(), token, call.now).await?;
    let (new, hash) = prepared(instance, new).await?;
    let mut work = instance.begin().await?;
    links::consume_setup(&mut work, token, call.now).await?;
    let user = insert_first(&mut work, call, &new, &hash).await?;
    links::delete_setup(&mut work).await?;
    work.commit().await?;
    Ok(user)
}

async fn prepared(
    instance: &Instance,
    new: NewUser,
) -> Result<(people::Prepared, String), Refusal> {
    let new = new.prepare()?;
    let Some(password) = &new.password else {
        return Err(Refusal::field("password", "A password is needed."));
    };
    let hash = people::hash(instance, password).await?;
    Ok((new, hash))
}

async fn insert_first(
    work: &mut Work,
    call: &Call,
    new: &people::Prepared,
    hash: &str,
) -> Result<User, Refusal> {
    take_turn(work).await?;
    if has_administrator(work).await? {
        return Err(exists());
    }
    let user = people::insert(work, call, new, Some(hash)).await?;
    access::bind(work, call.now, user.id.as_str(), PLATFORM_ADMINISTRATOR, &Place::Instance)
        .await?;
    let after =
        serde_json::json!({ "role": PLATFORM_ADMINISTRATOR, "place": { "instance": true } });
    let changes = audit::differences(&serde_json::Value::Null, &after);
    audit::record(work, call, "binding.created", &user.as_object(), &changes).await?;
    Ok(user)
}

/// Waits until nobody else counts administrators, until this work is done.
async fn take_turn(work: &mut Work) -> Result<(), Fault> {
    let stamp = work.instance.ids.next().to_string();
    settings::set(&mut work.tx, "administrators_counted", &stamp).await
}

fn exists() -> Refusal {
    Refusal::conflict("There is an administrator already.")
}
