//! `GET` and `POST /console/clients/{client}/settings`: the form of a client. Only what is
//! different is saved, and only over the version that was read; otherwise both are shown.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::{Permission, UpdateClients};
use domain::clients::{self, Client};
use domain::{FieldError, Refusal, Work, audit, tokens};
use serde_json::{Map, Value, json};

use super::form::{self, Surroundings};
use super::head::{self, Tab};
use super::typed::{Typed, patch};
use super::{calls, page_of, undo, words};
use crate::console::done::{done, done_to};
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::spelled;
use crate::console::views::{Change, ClientSettings, Preview};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::views::{Errors, Snippet};

/// The form as the client is.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let typed = typed_of(&visitor, &mut work, &client).await?;
    let form = Form { typed, ..Form::default() };
    render(&visitor, &mut work, &client, (StatusCode::OK, form, &query)).await
}

/// Saves what is different.
pub(super) async fn save(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    visitor.may::<UpdateClients>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let client = head::find(&visitor, &mut work, &id).await?;
    let (typed, revoke_tokens) = (Typed::read(&fields), fields.ticked("revoke_tokens"));
    if fields.ticked("curl") {
        let (mut patch, _) = asked(&visitor, &mut work, (&client, &typed)).await?;
        patch.extend(ends_tokens(&fields));
        drop(work);
        let call = Some(calls::change(&app.urls, &client, &Value::Object(patch)));
        let form = Form { typed, revoke_tokens, call, ..Form::default() };
        let shown = (StatusCode::OK, form, &Query::default());
        return render(&visitor, &mut app.instance.read(), &client, shown).await;
    }
    match change(&visitor, &mut work, (&client, &typed), &fields).await? {
        Verdict::Good(change) if fields.ticked("preview") => {
            drop(work);
            let mut work = app.instance.read();
            let preview = Some(preview(&visitor, &mut work, (&client, &change.changes)).await?);
            let form = Form { typed, revoke_tokens, preview, ..Form::default() };
            let shown = (StatusCode::OK, form, &Query::default());
            render(&visitor, &mut work, &client, shown).await
        }
        Verdict::Good(change) => {
            work.commit().await?;
            let page = page_of(client.id.as_str(), "settings");
            if change.changes.is_empty() {
                return Ok(done(&page, "unchanged"));
            }
            let version = change.after.version.to_string();
            Ok(done_to(&page, "", ("saved", &[("undo", &version)])))
        }
        Verdict::Wrong(wrong) => {
            drop(work);
            let errors = form::errors(wrong);
            let form = Form { typed, revoke_tokens, errors, ..Form::default() };
            let shown = (StatusCode::UNPROCESSABLE_ENTITY, form, &Query::default());
            render(&visitor, &mut app.instance.read(), &client, shown).await
        }
        Verdict::Stale => {
            drop(work);
            let mut work = app.instance.read();
            let client = head::find(&visitor, &mut work, &id).await?;
            let conflict = conflict(&visitor, &mut work, (&client, &typed)).await?;
            let form = Form { typed, revoke_tokens, conflict, ..Form::default() };
            let shown = (StatusCode::CONFLICT, form, &Query::default());
            render(&visitor, &mut work, &client, shown).await
        }
    }
}

/// That its tokens are to end with the change, where that was ticked.
fn ends_tokens(fields: &Fields) -> Option<(String, Value)> {
    fields.ticked("revoke_tokens").then(|| ("revoke_tokens".into(), json!(true)))
}

enum Verdict {
    /// What is different.
    Good(clients::Change),
    Wrong(Vec<FieldError>),
    Stale,
}

async fn change(
    visitor: &Visitor,
    work: &mut Work,
    (client, typed): (&Client, &Typed),
    fields: &Fields,
) -> Result<Verdict, Halt> {
    let may = visitor.may::<UpdateClients>()?;
    let Ok(version) = fields.text("version").parse::<i64>() else { return Ok(Verdict::Stale) };
    if version != client.version {
        return Ok(Verdict::Stale);
    }
    let (mut patch, mut wrong) = asked(visitor, work, (client, typed)).await?;
    patch.insert("confirm_high_risk".into(), json!(typed.confirm_high_risk));
    patch.extend(ends_tokens(fields));
    let id = client.id.as_str();
    let asked = (&Value::Object(patch), Some(version));
    match clients::change(work, visitor.call(), &may, id, asked).await {
        Ok(change) if wrong.is_empty() => Ok(Verdict::Good(change)),
        Ok(_) => Ok(Verdict::Wrong(wrong)),
        Err(Refusal::Invalid(errors)) => {
            wrong.extend(errors);
            Ok(Verdict::Wrong(wrong))
        }
        Err(Refusal::Forbidden { missing, because }) if !because.is_empty() => {
            wrong.push(form::beyond(&missing, &because));
            Ok(Verdict::Wrong(wrong))
        }
        Err(Refusal::Stale { .. }) => Ok(Verdict::Stale),
        Err(other) => Err(visitor.halt(other)),
    }
}

/// What is different from the client as it is, and which of it could not be read.
async fn asked(
    visitor: &Visitor,
    work: &mut Work,
    (client, typed): (&Client, &Typed),
) -> Result<(Map<String, Value>, Vec<FieldError>), Halt> {
    let around = Surroundings::of(visitor, work, UpdateClients::NAME).await?;
    let (mut settings, mut wrong) = typed.settings(around.shown());
    match form::find_context_user(visitor, work, &typed.context_user).await? {
        Ok(id) if !settings["context_user"].is_null() => {
            settings.insert("context_user".into(), json!(id));
        }
        Ok(_) => {}
        Err(error) => {
            settings.remove("context_user");
            wrong.push(error);
        }
    }
    Ok((patch(settings, &client.snapshot()), wrong))
}

/// The form as the client is, with why nothing was changed.
pub(super) async fn unchanged(
    visitor: &Visitor,
    client: &Client,
    (status, wrong): (StatusCode, Vec<FieldError>),
) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(visitor, &mut work, client.id.as_str()).await?;
    let typed = typed_of(visitor, &mut work, &client).await?;
    let form = Form { typed, errors: form::errors(wrong), ..Form::default() };
    render(visitor, &mut work, &client, (status, form, &Query::default())).await
}

#[derive(Default)]
struct Form {
    typed: Typed,
    revoke_tokens: bool,
    errors: Errors,
    conflict: Vec<Change>,
    preview: Option<Preview>,
    call: Option<Snippet>,
}

async fn render(
    visitor: &Visitor,
    work: &mut Work,
    client: &Client,
    (status, form, query): (StatusCode, Form, &Query),
) -> Result<Response, Halt> {
    let around = Surroundings::of(visitor, work, UpdateClients::NAME).await?;
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let mut frame = visitor.frame("Clients", query);
    frame.undo = undo::change(visitor, client, query);
    let page = ClientSettings {
        frame,
        client: head::head(visitor, work, client, Tab::Settings).await?,
        action: page_of(client.id.as_str(), "settings"),
        version: client.version.to_string(),
        conflict: form.conflict,
        preview: form.preview,
        call: form.call,
        refused: visitor.lacks_at::<UpdateClients>(organization, team),
        revoke_tokens: form.revoke_tokens,
        form: around.form(&form.typed, (false, words::usual(client)), form.errors),
    };
    Ok(visitor.render_with(status, &page))
}

/// What saving would do, without having done it.
async fn preview(
    visitor: &Visitor,
    work: &mut Work,
    (client, changes): (&Client, &[audit::Change]),
) -> Result<Preview, Halt> {
    let mut names = Names::default();
    let mut told = Vec::with_capacity(changes.len());
    for change in changes {
        let change = (change.field.as_str(), &change.before, &change.after);
        told.push(spelled::change(work, &mut names, change).await?);
    }
    let living = tokens::count_of_client(work, client, visitor.now()).await?;
    let ends = |change: &audit::Change| match change.field.as_str() {
        "enabled" => change.after == json!(false),
        field => matches!(field, "context_user" | "revoke_tokens"),
    };
    let count = u64::try_from(living.access + living.refresh).unwrap_or_default();
    Ok(Preview { changes: told, tokens: count, tokens_end: changes.iter().any(ends) })
}

/// The form of the client, the context user by e-mail address where the visitor may see people.
async fn typed_of(visitor: &Visitor, work: &mut Work, client: &Client) -> Result<Typed, Halt> {
    let mut typed = Typed::of(client);
    if let Some(id) = &client.context_user
        && visitor.holds::<domain::access::ReadUsers>()
        && let Some(user) = domain::accounts::find(work, id).await?
    {
        typed.context_user = user.email;
    }
    Ok(typed)
}

/// What somebody else saved meanwhile, against what is typed here: each field that differs.
async fn conflict(
    visitor: &Visitor,
    work: &mut Work,
    (client, typed): (&Client, &Typed),
) -> Result<Vec<Change>, Halt> {
    let around = Surroundings::of(visitor, work, UpdateClients::NAME).await?;
    let (mut settings, _) = typed.settings(around.shown());
    if let Ok(id) = form::find_context_user(visitor, work, &typed.context_user).await?
        && !settings["context_user"].is_null()
    {
        settings.insert("context_user".into(), json!(id));
    }
    let stored = client.snapshot();
    let mut names = Names::default();
    let mut conflict = Vec::new();
    for (field, mine) in patch(settings, &stored) {
        let theirs = stored.get(&field).cloned().unwrap_or_default();
        conflict.push(spelled::change(work, &mut names, (&field, &theirs, &mine)).await?);
    }
    Ok(conflict)
}
