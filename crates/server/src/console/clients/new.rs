//! `GET /console/clients/new` and `POST /console/clients`: a new client. The answer of the POST is
//! the one page that ever shows the secret; a reload makes no second client and shows no secret.

use axum::http::StatusCode;
use domain::access::{CreateClients, Permission};
use domain::clients::{self, Client, Draft};
use domain::{FieldError, Refusal, ShownOnce, Work};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::form::{self, Surroundings};
use super::kinds::{self, Beginning};
use super::saved::{self, Occasion};
use super::typed::{Typed, patch};
use super::{LIST, calls};
use crate::console::query::Query;
use crate::console::views::ClientNew;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::views::{Errors, Snippet};

/// The kinds, or the form of one.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let Some(beginning) = query.get("kind").and_then(Beginning::of) else {
        return kinds::show(&visitor, &query);
    };
    visitor.may::<CreateClients>()?;
    let mut work = visitor.app.instance.read();
    let around = Surroundings::of(&visitor, &mut work, CreateClients::NAME).await?;
    let typed = Typed { client_id: String::new(), ..Typed::of(&beginning.client()) };
    let typed = Typed { organization: around.home(), ..typed };
    let key = visitor.app.instance.vault().random_text::<18>()?;
    let form = (typed, key, Errors::default());
    Ok(visitor.render(&view(&visitor, &around, beginning, form)))
}

/// Registers it and shows what has to be saved, or the form again with everything that is wrong.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let beginning = Beginning::of(fields.text("kind")).ok_or(Refusal::NotFound)?;
    visitor.may::<CreateClients>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let around = Surroundings::of(&visitor, &mut work, CreateClients::NAME).await?;
    let typed = Typed::read(&fields);
    if fields.ticked("curl") {
        let call = call(&visitor, &mut work, (&around, &typed), &fields).await?;
        drop(work);
        let key = fields.text("idempotency_key").to_owned();
        let page = view(&visitor, &around, beginning, (typed, key, Errors::default()));
        return Ok(visitor.render(&ClientNew { call: Some(call), ..page }));
    }
    match register(&visitor, &mut work, (&around, &typed), &fields).await? {
        Ok(made) => {
            work.commit().await?;
            let occasion = match made.secret {
                Some(secret) => Occasion::Secret(secret),
                None if made.object.confidential => Occasion::ShownBefore,
                None => Occasion::Public,
            };
            Ok(saved::show(&visitor, &made.object, occasion))
        }
        Err(wrong) => {
            drop(work);
            let form = (typed, fields.text("idempotency_key").to_owned(), form::errors(wrong));
            let page = view(&visitor, &around, beginning, form);
            Ok(visitor.render_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

type Made = Result<ShownOnce<Arc<Client>>, Vec<FieldError>>;

async fn register(
    visitor: &Visitor,
    work: &mut Work,
    (around, typed): (&Surroundings, &Typed),
    fields: &Fields,
) -> Result<Made, Halt> {
    let may = visitor.may::<CreateClients>()?;
    let (settings, mut wrong) = asked(visitor, work, (around, typed), fields).await?;
    let draft = match Draft::read(&Value::Object(settings)) {
        Ok(draft) => draft,
        Err(Refusal::Invalid(errors)) => {
            wrong.extend(errors);
            return Ok(Err(wrong));
        }
        Err(other) => return Err(visitor.halt(other)),
    };
    let key = fields.filled("idempotency_key");
    match clients::create(work, visitor.call(), &may, draft, key).await {
        Ok(made) if wrong.is_empty() => Ok(Ok(made)),
        Ok(_) => Ok(Err(wrong)),
        Err(Refusal::Invalid(errors)) => {
            wrong.extend(errors);
            Ok(Err(wrong))
        }
        Err(Refusal::Forbidden { missing, because }) if !because.is_empty() => {
            wrong.push(form::beyond(&missing, &because));
            Ok(Err(wrong))
        }
        Err(other) => Err(visitor.halt(other)),
    }
}

/// What the form asks for, in the words of the contract, and which of it could not be read.
async fn asked(
    visitor: &Visitor,
    work: &mut Work,
    (around, typed): (&Surroundings, &Typed),
    fields: &Fields,
) -> Result<(Map<String, Value>, Vec<FieldError>), Halt> {
    let (mut settings, mut wrong) = typed.settings(around.shown());
    match form::find_context_user(visitor, work, &typed.context_user).await? {
        Ok(id) if !id.is_empty() && !settings["context_user"].is_null() => {
            settings.insert("context_user".into(), json!(id));
        }
        Ok(_) => {}
        Err(error) => {
            settings.remove("context_user");
            wrong.push(error);
        }
    }
    settings.insert("type".into(), json!(fields.text("type")));
    settings.insert("confirm_high_risk".into(), json!(typed.confirm_high_risk));
    if !typed.client_id.trim().is_empty() {
        settings.insert("client_id".into(), json!(typed.client_id.trim()));
    }
    Ok((settings, wrong))
}

/// The same by the API: what differs from the defaults of the type.
async fn call(
    visitor: &Visitor,
    work: &mut Work,
    given: (&Surroundings, &Typed),
    fields: &Fields,
) -> Result<Snippet, Halt> {
    let (settings, _) = asked(visitor, work, given, fields).await?;
    let usual = Draft::read(&json!({ "type": fields.text("type") })).unwrap_or_default().sketch();
    let mut told = patch(settings, &usual.snapshot());
    told.insert("type".into(), json!(fields.text("type")));
    told.retain(|name, value| name != "confirm_high_risk" || *value == json!(true));
    Ok(calls::create(&visitor.app.urls, &Value::Object(told)))
}

fn view(
    visitor: &Visitor,
    around: &Surroundings,
    beginning: &Beginning,
    (typed, idempotency_key, errors): (Typed, String, Errors),
) -> ClientNew {
    ClientNew {
        frame: visitor.frame("Clients", &Query::default()),
        action: LIST.into(),
        kind: beginning.shown(),
        kind_word: beginning.word.into(),
        kind_value: beginning.client().kind.as_str().into(),
        idempotency_key,
        call: None,
        form: around.form(&typed, (true, beginning.usual), errors),
    }
}
