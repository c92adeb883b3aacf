//! Several clients at once: deleted after a question, or disabled. All of them or none.

use axum::http::StatusCode;
use domain::access::{DeleteClients, ReadClients, UpdateClients};
use domain::{FieldError, Refusal, clients, tokens};

use super::{LIST, form};
use crate::console::done::{done, done_to};
use crate::console::query::Query;
use crate::console::views::ClientBulkDelete;
use crate::console::visitor::{Answer, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::page;
use crate::web::views::Errors;

/// What has to be typed before several clients are deleted.
const WORD: &str = "delete";

/// `POST /console/clients:delete`: first the question, then, with the word typed, the deed.
pub(super) async fn delete(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<DeleteClients>()?;
    let ids = fields.all("client_ids");
    if ids.is_empty() {
        return Ok(page::see_other(LIST));
    }
    if fields.text("asked").is_empty() {
        return ask(&visitor, &ids, (StatusCode::OK, Errors::default())).await;
    }
    if !is_confirmed(&fields) {
        let message = format!("Type {WORD} to confirm.");
        return wrong(&visitor, &ids, FieldError { field: "confirm".into(), message }).await;
    }
    let mut work = visitor.app.instance.begin().await?;
    match clients::delete_many(&mut work, visitor.call(), &may, &ids).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(LIST, "deleted-all"))
        }
        Err(refusal) => {
            drop(work);
            refused(&visitor, &ids, refusal).await
        }
    }
}

/// `POST /console/clients:disable`: can be undone, so nothing is asked.
pub(super) async fn disable(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<UpdateClients>()?;
    let ids = fields.all("client_ids");
    if ids.is_empty() {
        return Ok(page::see_other(LIST));
    }
    let mut work = visitor.app.instance.begin().await?;
    let paused = clients::pause_many(&mut work, visitor.call(), &may, &ids).await;
    paused.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done_to(LIST, fields.text("list"), ("disabled-all", &[])))
}

fn is_confirmed(fields: &Fields) -> bool {
    fields.text("confirm").trim().eq_ignore_ascii_case(WORD)
}

async fn refused(visitor: &Visitor, ids: &[String], refusal: Refusal) -> Answer {
    let error = |message: String| FieldError { field: "client_ids".into(), message };
    match refusal {
        Refusal::Conflict { message, ids: about } => {
            let about = about.join(", ");
            let error = error(format!("{message} ({about})"));
            ask(visitor, ids, (StatusCode::CONFLICT, form::errors(vec![error]))).await
        }
        Refusal::Invalid(errors) => {
            let shown = (StatusCode::UNPROCESSABLE_ENTITY, form::errors(errors));
            ask(visitor, ids, shown).await
        }
        other => Err(visitor.halt(other)),
    }
}

async fn wrong(visitor: &Visitor, ids: &[String], error: FieldError) -> Answer {
    ask(visitor, ids, (StatusCode::UNPROCESSABLE_ENTITY, form::errors(vec![error]))).await
}

/// The question, with what is known of each.
async fn ask(visitor: &Visitor, ids: &[String], (status, errors): (StatusCode, Errors)) -> Answer {
    let may = visitor.may::<ReadClients>()?;
    let mut work = visitor.app.instance.read();
    let (mut named, mut count) = (Vec::with_capacity(ids.len()), 0);
    for id in ids {
        match clients::show(&mut work, &may, id).await {
            Ok(client) => {
                let living = tokens::count_of_client(&mut work, &client, visitor.now()).await?;
                count += living.access + living.refresh;
                named.push((client.name.clone(), id.clone()));
            }
            Err(Refusal::NotFound) => named.push(("Gone already".into(), id.clone())),
            Err(other) => return Err(visitor.halt(other)),
        }
    }
    let page = ClientBulkDelete {
        frame: visitor.frame("Clients", &Query::default()),
        action: format!("{LIST}:delete"),
        clients: named,
        tokens: u64::try_from(count).unwrap_or_default(),
        word: WORD.into(),
        errors,
    };
    Ok(visitor.render_with(status, &page))
}
