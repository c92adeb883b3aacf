//! What administrators do with people: create, see, change, disable, delete.

use std::sync::Arc;

use super::email::Email;
use super::{Status, User, administrators, ceiling, links, passwords, store};
use crate::access::{CreateUsers, DeleteUsers, May, Permission, Reach, ReadUsers, UpdateUsers};
use crate::audit;
use crate::teams::{Page, cursor};
use crate::{Call, Fault, FieldError, FoldedName, Instance, Plain, Refusal, UserId, Work, id};

/// Somebody who is to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// By which they will sign in.
    pub email: String,
    /// As others see them.
    pub display_name: String,
    /// Without one they are invited to choose it.
    pub password: Option<Plain>,
}

/// What an administrator changes about a person; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// By which they sign in.
    pub email: Option<String>,
    /// As others see them.
    pub display_name: Option<String>,
}

/// Which people are wanted, newest first.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Part of the e-mail address or the name.
    pub q: Option<String>,
    /// Only of this status.
    pub status: Option<Status>,
    /// Only vouched for so: `local`, `directory` or `upstream`.
    pub source: Option<String>,
    /// Only with a second factor, or only without.
    pub second_factor: Option<bool>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// Somebody fit to be inserted.
#[derive(Debug)]
pub(super) struct Prepared {
    email: Email,
    name: FoldedName,
    pub password: Option<Plain>,
}

impl NewUser {
    /// Judges every field and names all that are wrong.
    pub(super) fn prepare(self) -> Result<Prepared, Refusal> {
        let email = Email::parse(&self.email);
        let name = FoldedName::parse("display_name", &self.display_name);
        let password = self.password.as_ref().map_or(Ok(()), |password| {
            passwords::check_for(password.reveal(), &[self.email.trim(), self.display_name.trim()])
        });
        match (email, name, password) {
            (Ok(email), Ok(name), Ok(())) => Ok(Prepared { email, name, password: self.password }),
            (email, name, password) => {
                let errors = [email.err(), name.err(), password.err()];
                Err(Refusal::Invalid(errors.into_iter().flatten().collect::<Vec<FieldError>>()))
            }
        }
    }
}

/// Hashes a password in the pool.
pub(super) async fn hash(instance: &Instance, password: &Plain) -> Result<String, Fault> {
    let turn = instance.passwords.turn().await?;
    turn.hash(password, &instance.chance).await
}

/// Inserts a person with its audit record.
pub(super) async fn insert(
    work: &mut Work,
    call: &Call,
    new: &Prepared,
    hash: Option<&str>,
) -> Result<User, Refusal> {
    let user = User {
        id: UserId::new(id::text(&work.instance.chance, "usr_")?),
        email: new.email.text.clone(),
        display_name: new.name.name.clone(),
        status: Status::Active,
        source: "local".into(),
        epoch: 0,
        version: 1,
        created_at: call.now,
        last_sign_in_at: None,
        has_password: hash.is_some(),
        has_second_factor: false,
    };
    store::insert(work, &user, &new.email, hash).await.map_err(taken)?;
    let changes = audit::differences(&serde_json::Value::Null, &user.snapshot());
    audit::record(work, call, "user.created", &user.as_object(), &changes).await?;
    Ok(user)
}

/// Creates a person. Without a password the second value is the text of a one-time invitation,
/// shown this once. Hashes first, then begins and commits a unit of work of its own.
///
/// # Errors
/// `Invalid` names every field that is wrong, or the address that is taken.
pub async fn create(
    instance: &Arc<Instance>,
    call: &Call,
    may: &May<CreateUsers>,
    new: NewUser,
) -> Result<(User, Option<Plain>), Refusal> {
    everywhere(may)?;
    let new = new.prepare()?;
    let hash = match &new.password {
        Some(password) => Some(hash(instance, password).await?),
        None => None,
    };
    let mut work = instance.begin().await?;
    let user = insert(&mut work, call, &new, hash.as_deref()).await?;
    let invitation = match hash {
        Some(_) => None,
        None => Some(links::insert_for(&mut work, call.now, &user).await?),
    };
    work.commit().await?;
    Ok((user, invitation))
}

/// What [`create`] would make of this, with everything but the hashing; nothing of it stays.
///
/// # Errors
/// As [`create`].
pub async fn rehearse(
    instance: &Arc<Instance>,
    call: &Call,
    may: &May<CreateUsers>,
    new: NewUser,
) -> Result<User, Refusal> {
    everywhere(may)?;
    let new = new.prepare()?;
    let mut work = instance.begin().await?;
    insert(&mut work, call, &new, None).await
}

/// One person, if the proof covers them.
///
/// # Errors
/// `NotFound` where it does not.
pub async fn show(work: &mut Work, may: &May<ReadUsers>, id: &UserId) -> Result<User, Refusal> {
    store::find_within(work, may.reach(), id).await?.ok_or(Refusal::NotFound)
}

/// A page of the people whom the proof covers, newest first.
///
/// # Errors
/// When the cursor is not one of ours or the database cannot answer.
pub async fn list(
    work: &mut Work,
    may: &May<ReadUsers>,
    query: &ListQuery,
) -> Result<Page<User>, Refusal> {
    cursor::check(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit);
    let users = store::list(work, may.reach(), query, limit).await?;
    Ok(Page::cut(users, limit, |user| cursor::of_number_and_id(user.created_at, user.id.as_str())))
}

/// Changes address or name.
///
/// # Errors
/// `Stale` when `if_version` is not the stored one, `Invalid` for a field, `Forbidden` for another
/// address of somebody who may do more than the actor: links to a new password go there.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    (id, if_version): (&UserId, Option<i64>),
    patch: &Patch,
) -> Result<User, Refusal> {
    let before = checked_out(work, may, id, if_version).await?;
    let email = Email::parse(patch.email.as_deref().unwrap_or(&before.email));
    let name = FoldedName::parse(
        "display_name",
        patch.display_name.as_deref().unwrap_or(&before.display_name),
    );
    let (email, name) = match (email, name) {
        (Ok(email), Ok(name)) => (email, name),
        (email, name) => {
            return Err(Refusal::Invalid(
                [email.err(), name.err()].into_iter().flatten().collect(),
            ));
        }
    };
    if email.text != before.email {
        ceiling::may_become(work, may.authority(), id).await?;
        // Whoever reads the old address may have one.
        links::end_of(work, id).await?;
    }
    let after = User { email: email.text, display_name: name.name, ..before.clone() };
    store_change(work, call, "user.updated", (&before, after)).await
}

/// Disables a person: whatever was issued to them dies at once and stays dead.
///
/// # Errors
/// `Conflict` for the last administrator, `Stale` for another version, `Forbidden` for somebody who
/// may do more than the actor.
pub async fn disable(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
    if_version: Option<i64>,
) -> Result<User, Refusal> {
    stop(work, call, may, (id, if_version), Status::Disabled).await
}

/// Locks a person: the same, for the time being. Nothing goes on without them, not even a client
/// that may continue without a disabled context user.
///
/// # Errors
/// As [`disable`].
pub async fn lock(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
    if_version: Option<i64>,
) -> Result<User, Refusal> {
    stop(work, call, may, (id, if_version), Status::Locked).await
}

async fn stop(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    (id, if_version): (&UserId, Option<i64>),
    status: Status,
) -> Result<User, Refusal> {
    let before = checked_out(work, may, id, if_version).await?;
    ceiling::may_stop(work, may.authority(), id).await?;
    if before.status == status {
        return Ok(before);
    }
    let after = User { status, epoch: before.epoch + 1, ..before.clone() };
    let action = if status == Status::Locked { "user.locked" } else { "user.disabled" };
    let user = store_change(work, call, action, (&before, after)).await?;
    links::end_of(work, id).await?;
    if administrators::is_administrator(work, id).await? {
        administrators::keep_an_administrator(work).await?;
    }
    Ok(user)
}

/// Lets a disabled or locked person act again; what died stays dead.
///
/// # Errors
/// `Stale` for another version, `Forbidden` for somebody who may do more than the actor.
pub async fn enable(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    id: &UserId,
    if_version: Option<i64>,
) -> Result<User, Refusal> {
    let before = checked_out(work, may, id, if_version).await?;
    ceiling::may_stop(work, may.authority(), id).await?;
    let action = if before.status == Status::Locked { "user.unlocked" } else { "user.enabled" };
    let after = User { status: Status::Active, ..before.clone() };
    store_change(work, call, action, (&before, after)).await
}

/// Deletes a person for good. Their id is never given again; their address may be.
///
/// # Errors
/// `Conflict` for the last administrator, and naming the clients that act for this person;
/// `Forbidden` for somebody who may do more than the actor.
pub async fn delete(
    work: &mut Work,
    call: &Call,
    may: &May<DeleteUsers>,
    id: &UserId,
) -> Result<(), Refusal> {
    everywhere(may)?;
    let user = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    ceiling::may_stop(work, may.authority(), id).await?;
    let clients = store::list_clients_in_context(work, id).await?;
    if !clients.is_empty() {
        let message =
            "Clients act for this person by themselves. Give them another context user first.";
        return Err(Refusal::Conflict { message: message.into(), ids: clients });
    }
    let is_administrator = administrators::is_administrator(work, id).await?;
    if !store::delete(work, id).await? {
        return Err(Refusal::NotFound);
    }
    if is_administrator {
        administrators::keep_an_administrator(work).await?;
    }
    let changes = audit::differences(&user.snapshot(), &serde_json::Value::Null);
    audit::record(work, call, "user.deleted", &user.as_object(), &changes).await?;
    Ok(())
}

/// The person, if they may be changed and are at the version expected.
pub(super) async fn checked_out(
    work: &mut Work,
    may: &May<UpdateUsers>,
    id: &UserId,
    if_version: Option<i64>,
) -> Result<User, Refusal> {
    everywhere(may)?;
    let user = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    match if_version {
        Some(version) if version != user.version => Err(Refusal::Stale { current: user.version }),
        _ => Ok(user),
    }
}

/// Stores `after` in place of `before` with its audit record; nothing where nothing differs.
async fn store_change(
    work: &mut Work,
    call: &Call,
    action: &str,
    (before, after): (&User, User),
) -> Result<User, Refusal> {
    let changes = audit::differences(&before.snapshot(), &after.snapshot());
    if changes.is_empty() {
        return Ok(after);
    }
    let after = User { version: before.version + 1, ..after };
    let email = Email::parse(&after.email).map_err(|error| Refusal::Invalid(vec![error]))?;
    if !store::set(work, before, &after, &email).await.map_err(taken)? {
        let current = store::find(work, &before.id).await?.ok_or(Refusal::NotFound)?;
        return Err(Refusal::Stale { current: current.version });
    }
    audit::record(work, call, action, &after.as_object(), &changes).await?;
    if before.status != after.status {
        let status: Vec<_> = changes.into_iter().filter(|it| it.field == "status").collect();
        audit::record_at_clients(work, call, after.id.as_str(), &status).await?;
    }
    Ok(after)
}

/// People belong to no place, so changing them needs the right everywhere.
pub(super) fn everywhere<P: Permission>(may: &May<P>) -> Result<(), Refusal> {
    if *may.reach() == Reach::Everywhere {
        return Ok(());
    }
    let because =
        "People belong to the whole instance, so this right must be held there.".to_owned();
    Err(Refusal::Forbidden { missing: P::NAME.into(), because })
}

fn taken(fault: Fault) -> Refusal {
    if fault.is_conflict("users", "email_key") {
        return Refusal::field("email", "Somebody else has this e-mail address.");
    }
    fault.into()
}
