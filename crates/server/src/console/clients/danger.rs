//! `/console/clients/{client}/danger`: everything that stops a client, with what it does in words.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::{DeleteClients, RevokeTokens, UpdateClients};
use domain::clients::{self, Client, TokenFormat};
use domain::{FieldError, Refusal, Work, tokens};

use super::head::{self, Tab};
use super::{LIST, calls, form, page_of, undo};
use crate::console::done::{done, done_to};
use crate::console::query::Query;
use crate::console::views::ClientDanger;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::views::{Errors, When};

/// The tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let page = view(&visitor, &mut work, &client, &query).await?;
    Ok(visitor.render(&page))
}

/// No tokens from now on.
pub(super) async fn disable(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<UpdateClients>()?;
    let mut work = visitor.app.instance.begin().await?;
    let paused = clients::pause(&mut work, visitor.call(), &may, &id, None).await;
    paused.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(switched(&id, &fields, "disabled"))
}

/// Tokens again.
pub(super) async fn enable(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<UpdateClients>()?;
    let mut work = visitor.app.instance.begin().await?;
    match clients::resume(&mut work, visitor.call(), &may, &id, None).await {
        Ok(_) => {
            work.commit().await?;
            Ok(switched(&id, &fields, "enabled"))
        }
        Err(refusal) => {
            drop(work);
            refused(&visitor, &id, refusal).await
        }
    }
}

/// Back to where it was switched: the list as it was narrowed, or the page of the client.
fn switched(id: &str, fields: &Fields, word: &'static str) -> Response {
    if fields.text("from") == "list" {
        return done_to(LIST, fields.text("list"), (word, &[("about", id), ("from", "list")]));
    }
    done_to(&page_of(id, "danger"), "", (word, &[("about", id)]))
}

/// Gone for good, once its name was typed.
pub(super) async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<DeleteClients>()?;
    let mut work = visitor.app.instance.begin().await?;
    let name = fields.text("confirm_name");
    match clients::delete(&mut work, visitor.call(), &may, &id, name).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(LIST, "deleted"))
        }
        Err(refusal) => {
            drop(work);
            refused(&visitor, &id, refusal).await
        }
    }
}

/// The page again, with what stands in the way.
async fn refused(visitor: &Visitor, id: &str, refusal: Refusal) -> Answer {
    let on_the_page = |message: String| vec![FieldError { field: "delete".into(), message }];
    let (status, errors) = match refusal {
        Refusal::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
        Refusal::Conflict { message, .. } => (StatusCode::CONFLICT, on_the_page(message)),
        Refusal::Forbidden { missing, because } if !because.is_empty() => {
            (StatusCode::FORBIDDEN, on_the_page(format!("{because} ({missing})")))
        }
        other => return Err(visitor.halt(other)),
    };
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.read();
    let client = head::find(visitor, &mut work, id).await?;
    let page = view(visitor, &mut work, &client, &Query::default()).await?;
    let page = ClientDanger { errors: form::errors(errors), ..page };
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    work: &mut Work,
    client: &Client,
    query: &Query,
) -> Result<ClientDanger, Halt> {
    let count = tokens::count_of_client(work, client, visitor.now()).await?;
    let is_offline = client.access_token_format == TokenFormat::Jwt;
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let protected = "This server relies on it: it cannot be deleted. Disable it instead.";
    let id = client.id.as_str();
    let mut frame = visitor.frame("Clients", query);
    frame.undo = undo::switch(visitor, work, query).await?;
    Ok(ClientDanger {
        frame,
        calls: calls::endings(&visitor.app.urls, client),
        client: head::head(visitor, work, client, Tab::Danger).await?,
        live_tokens: u64::try_from(count.access + count.refresh).unwrap_or_default(),
        offline_until: count.until.filter(|_| is_offline).map(When::exact),
        disable: page_of(id, "disable"),
        enable: page_of(id, "enable"),
        revoke_tokens: page_of(id, "revoke-tokens"),
        delete: page_of(id, "delete"),
        update_refused: visitor.lacks_at::<UpdateClients>(organization, team),
        revoke_refused: visitor.lacks_at::<RevokeTokens>(organization, team),
        delete_refused: if client.is_system {
            Some(protected.into())
        } else {
            visitor.lacks_at::<DeleteClients>(organization, team)
        },
        errors: Errors::default(),
    })
}
