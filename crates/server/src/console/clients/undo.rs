//! Taking back what was just done to a client: a pause by resuming, a resume by pausing, a change of
//! settings by the values before it. The same rules decide; nothing that came after is overwritten.

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::UpdateClients;
use domain::audit::{self, Filter};
use domain::clients::{self, Client, Draft};
use domain::{FieldError, Refusal, Work};
use serde_json::{Map, Value, json};

use super::head;
use super::{page_of, settings};
use crate::console::done::done;
use crate::console::query::Query;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::views::Undo;

/// After a pause or a resume, on the list or on the page of the client: only while the client is as
/// it was left, whatever the address says.
pub(super) async fn switch(
    visitor: &Visitor,
    work: &mut Work,
    query: &Query,
) -> Result<Option<Undo>, Halt> {
    let (Some(told), Some(id)) = (query.get("done"), query.get("about")) else { return Ok(None) };
    let enabled = match told {
        "disabled" => false,
        "enabled" => true,
        _ => return Ok(None),
    };
    let Ok(client) = head::find(visitor, work, id).await else { return Ok(None) };
    if client.enabled != enabled || lacks(visitor, &client) {
        return Ok(None);
    }
    let mut fields = Vec::new();
    if query.get("from") == Some("list") {
        fields = vec![("from".into(), "list".into()), ("list".into(), query.view())];
    }
    let action = page_of(id, if enabled { "disable" } else { "enable" });
    Ok(Some(Undo { action, fields }))
}

/// After a change of settings: only while the client is at the version that the change made.
pub(super) fn change(visitor: &Visitor, client: &Client, query: &Query) -> Option<Undo> {
    let version = client.version.to_string();
    let is_saved = query.get("done") == Some("saved") && query.get("undo") == Some(&version);
    (is_saved && !lacks(visitor, client)).then(|| Undo {
        action: page_of(client.id.as_str(), "undo"),
        fields: vec![("version".into(), version)],
    })
}

fn lacks(visitor: &Visitor, client: &Client) -> bool {
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    visitor.lacks_at::<UpdateClients>(organization, team).is_some()
}

/// `POST /console/clients/{client}/undo`: the values before the last change, over the version it
/// made and no other.
pub(super) async fn restore(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<UpdateClients>()?;
    let mut work = visitor.app.instance.begin().await?;
    let client = head::find(&visitor, &mut work, &id).await?;
    let version = fields.text("version").parse::<i64>().ok().filter(|it| *it == client.version);
    let (Some(version), Some(patch)) = (version, before(&mut work, &client).await?) else {
        drop(work);
        return too_late(&visitor, &client).await;
    };
    let asked = (&Value::Object(patch), Some(version));
    match clients::change(&mut work, visitor.call(), &may, &id, asked).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&page_of(&id, "settings"), "undone"))
        }
        Err(Refusal::Stale { .. }) => {
            drop(work);
            too_late(&visitor, &client).await
        }
        Err(Refusal::Invalid(wrong)) => {
            drop(work);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            settings::unchanged(&visitor, &client, (status, wrong)).await
        }
        Err(other) => Err(visitor.halt(other)),
    }
}

/// What the last change replaced, as a patch; nothing when the last deed was none of settings. It
/// stood before and was confirmed then, so that it is not asked about again.
async fn before(work: &mut Work, client: &Client) -> Result<Option<Map<String, Value>>, Halt> {
    let object = Some(("client".to_owned(), client.id.to_string()));
    let last = audit::list(work, &Filter { object, limit: 1, ..Filter::default() }).await?.pop();
    let Some(last) = last.filter(|event| event.action == "client.updated") else {
        return Ok(None);
    };
    let settings = last.changes.into_iter().filter(|it| Draft::FIELDS.contains(&it.field.as_str()));
    let mut patch: Map<String, Value> = settings.map(|it| (it.field, it.before)).collect();
    patch.insert("confirm_high_risk".into(), json!(true));
    Ok(Some(patch))
}

async fn too_late(visitor: &Visitor, client: &Client) -> Answer {
    let message = "The client was changed again meanwhile, so nothing was undone. The audit tab \
                   shows every value before and after.";
    let wrong = vec![FieldError { field: "settings".into(), message: message.into() }];
    settings::unchanged(visitor, client, (StatusCode::CONFLICT, wrong)).await
}
