//! `/users`: people, listed, created or invited, read, changed, disabled, deleted, and links to a
//! first or another password.

use axum::http::StatusCode;
use axum::response::Response;
use domain::access::{CreateUsers, DeleteUsers, ReadUsers, UpdateUsers};
use domain::accounts::{
    self, INVITATION_LIFETIME, ListQuery, NewUser, Patch, RESET_LIFETIME, Status, User,
};
use domain::{Plain, Refusal, UserId, Work};
use serde_json::{Value, json};

use super::answer::{Reply, instant, perhaps_instant};
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};
use crate::mail::Wanted;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let at = |id| ("/users/{id}", id);
    vec![
        Operation::new(Verb::Get, ("/users", "listUsers"), "List people", list).answers(
            200,
            Shape::Page("User"),
            "A page of the people that the token reaches, newest first.",
        ),
        Operation::new(Verb::Post, ("/users", "createUser"), "Create a person", create)
            .note("Without a `password` the answer holds a one-time `invitation_url` to pass on; `mail` says whether it was mailed to them too.")
            .answers(201, Shape::One("CreatedUser"), "Created.")
            .answers(200, Shape::One("CreatedUser"), "Tried only."),
        Operation::new(Verb::Get, at("getUser"), "Read a person", show).answers(
            200,
            Shape::One("User"),
            "The person.",
        ),
        Operation::new(
            Verb::Patch,
            at("updateUser"),
            "Change, disable, lock or enable a person",
            change,
        )
        .note("Disabling and locking end everything that was issued to them, at once and for good.")
        .answers(200, Shape::One("ChangedUser"), "The person as they are now.")
        .conflicts(),
        Operation::new(
            Verb::Post,
            ("/users/{id}/invitation", "inviteUser"),
            "Invite somebody again who has not chosen a password",
            invite_again,
        )
        .note(
            "The link works once, for seven days, and takes the place of one made before. `mail` says whether it was mailed \
             to them too. Refused (409) for somebody who has a password, (403) for somebody who may do more than the token.",
        )
        .answers(201, Shape::One("Invitation"), "The link, this once.")
        .answers(200, Shape::One("Invitation"), "Tried only.")
        .conflicts(),
        Operation::new(
            Verb::Post,
            ("/users/{id}/password-reset-link", "resetUserPassword"),
            "Make a link by which somebody chooses another password",
            reset_password,
        )
        .note(
            "It works once, for a day, and takes the place of one made before. Using it ends every session and token of \
             theirs; until then nothing changes. `mail` says whether it was mailed to them too. Refused (403) for somebody who may do more than the token.",
        )
        .answers(201, Shape::One("PasswordResetLink"), "The link, this once.")
        .answers(200, Shape::One("PasswordResetLink"), "Tried only.")
        .conflicts(),
        Operation::new(Verb::Delete, at("deleteUser"), "Delete a person for good", delete)
            .answers(204, Shape::Empty, "Deleted.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
    ]
}

fn shown(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "status": user.status,
        "source": user.source,
        "created_at": instant(user.created_at),
        "last_sign_in_at": perhaps_instant(user.last_sign_in_at),
        "second_factor": user.has_second_factor,
    })
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("q", Type::Text, "Part of the e-mail address or the name."),
        Parameter::query(
            "status",
            Type::Word(&["active", "disabled", "locked"]),
            "Only of this status.",
        ),
        Parameter::query(
            "source",
            Type::Word(&["local", "directory", "upstream"]),
            "Only those whom this vouches for.",
        ),
        Parameter::query("second_factor", Type::Flag, "Only with a second factor, or without."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let all = [Status::Active, Status::Disabled, Status::Locked];
        Self {
            q: values.text("q"),
            status: values
                .word("status", |word| all.into_iter().find(|status| status.as_str() == word)),
            source: values.word("source", |word| {
                let known = ["local", "directory", "upstream"];
                known.contains(&word).then(|| word.to_owned())
            }),
            second_factor: values.flag("second_factor"),
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        }
    }
}

async fn list(to: Allowed<ReadUsers>, Query(query): Query<ListQuery>) -> Answer {
    let page = accounts::list(&mut to.read(), &to.may, &query).await?;
    Ok(Reply::page(page.items.iter().map(shown).collect(), page.next_cursor).send())
}

impl FromJson for NewUser {
    const SCHEMA: &'static str = "NewUser";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let new = Self {
            email: fields.text("email"),
            display_name: fields.text("display_name"),
            password: fields.perhaps_text("password").map(Plain::new),
        };
        fields.done(new)
    }
}

async fn create(
    to: Allowed<CreateUsers>,
    Query(query): Query<Rehearsal>,
    Json(new): Json<NewUser>,
) -> Answer {
    if query.dry_run {
        let user = accounts::rehearse(&to.app.instance, &to.call, &to.may, new).await?;
        return Ok(Reply::ok(shown(&user)).with("dry_run", Value::Bool(true)).send());
    }
    let (user, invitation) = accounts::create(&to.app.instance, &to.call, &to.may, new).await?;
    let reply = Reply::created(&to.app, &format!("/users/{}", user.id), shown(&user));
    let reply = reply.version(user.version);
    Ok(match invitation {
        Some(token) => handed_over(&to, reply, "invitation_url", (&user, &token)).await,
        None => reply.send(),
    })
}

/// With a link that was made, this once, and what became of the mail that carries it.
async fn handed_over<P>(
    to: &Allowed<P>,
    reply: Reply,
    name: &'static str,
    (user, token): (&User, &Plain),
) -> Response {
    let delivery = to.app.mail_link(&to.call, (user, token), Wanted::ByAdministrator).await;
    let link = to.app.urls.password_link(user, token);
    reply.secret(name, Some(link)).with("mail", delivery.as_str().into()).send()
}

async fn show(to: Allowed<ReadUsers>, Id(id): Id) -> Answer {
    let user = accounts::show(&mut to.read(), &to.may, &UserId::new(id)).await?;
    Ok(Reply::ok(shown(&user)).version(user.version).send())
}

/// What is to change about a person.
struct UserPatch {
    patch: Patch,
    status: Option<Status>,
}

impl FromJson for UserPatch {
    const SCHEMA: &'static str = "UserPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let patch = Patch {
            email: fields.changed_text("email"),
            display_name: fields.changed_text("display_name"),
        };
        let all = [Status::Active, Status::Disabled, Status::Locked];
        let status = fields.changed_text("status").and_then(|word| {
            let known = all.into_iter().find(|status| status.as_str() == word);
            let sentence = "One of `active`, `disabled`, `locked` is needed.";
            known.or_else(|| fields.refuse("status", sentence))
        });
        fields.done(Self { patch, status })
    }
}

async fn change(
    to: Allowed<UpdateUsers>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(UserPatch { patch, status }): Json<UserPatch>,
) -> Answer {
    let id = UserId::new(id);
    let mut work = to.begin().await?;
    let mut user = accounts::change(&mut work, &to.call, &to.may, (&id, version), &patch).await?;
    user = match status {
        Some(Status::Active) => accounts::enable(&mut work, &to.call, &to.may, &id, None).await?,
        Some(Status::Disabled) => {
            accounts::disable(&mut work, &to.call, &to.may, &id, None).await?
        }
        Some(Status::Locked) => accounts::lock(&mut work, &to.call, &to.may, &id, None).await?,
        None => user,
    };
    Reply::ok(shown(&user)).version(user.version).after(work, query.dry_run).await
}

async fn invite_again(
    to: Allowed<UpdateUsers>,
    Id(id): Id,
    Query(query): Query<Rehearsal>,
) -> Answer {
    let id = UserId::new(id);
    let mut work = to.begin().await?;
    let token = accounts::invite(&mut work, &to.call, &to.may, &id).await?;
    let made = ("invitation_url", INVITATION_LIFETIME);
    link_made(&to, work, (&id, &token), made, query.dry_run).await
}

async fn reset_password(
    to: Allowed<UpdateUsers>,
    Id(id): Id,
    Query(query): Query<Rehearsal>,
) -> Answer {
    let id = UserId::new(id);
    let mut work = to.begin().await?;
    let token = accounts::reset_link(&mut work, &to.call, &to.may, &id).await?;
    let made = ("password_reset_url", RESET_LIFETIME);
    link_made(&to, work, (&id, &token), made, query.dry_run).await
}

/// Answers with the link under this name, and how many seconds it lives; what is only tried has none.
async fn link_made(
    to: &Allowed<UpdateUsers>,
    mut work: Work,
    (id, token): (&UserId, &Plain),
    (name, lifetime): (&'static str, i64),
    dry_run: bool,
) -> Answer {
    let user = accounts::find(&mut work, id).await?.ok_or(Refusal::NotFound)?;
    let expires_at = instant(to.call.now + lifetime);
    let reply = Reply::ok(json!({ "user": user.id, "expires_at": expires_at }));
    if dry_run {
        return reply.after(work, true).await;
    }
    work.commit().await?;
    let reply = reply.status(StatusCode::CREATED);
    Ok(handed_over(to, reply, name, (&user, token)).await)
}

async fn delete(
    to: Allowed<DeleteUsers>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
) -> Answer {
    let id = UserId::new(id);
    let mut work = to.begin().await?;
    let current = accounts::find(&mut work, &id).await?;
    accounts::delete(&mut work, &to.call, &to.may, &id).await?;
    match (version, current) {
        (Some(version), Some(current)) if version != current.version => {
            Err(Refusal::Stale { current: current.version }.into())
        }
        _ => Reply::gone().after(work, query.dry_run).await,
    }
}
