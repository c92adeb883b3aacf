//! `/console/scopes`: the catalogue of what a token can be limited to (THE-30…33), and scopes of
//! one's own. A scope that a client holds does not vanish.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use domain::access::{self, ManageScopes, Permission, Reach, ReadScopes};
use domain::scopes::{self, NewScope, Scope, ScopeKind};
use domain::{FieldError, Refusal, Work, resources};

use super::done::done;
use super::query::Query;
use super::views::{ScopeList, ScopeRow};
use super::visitor::{Answer, Halt, Posted, Visitor};
use crate::app::App;
use crate::web::form::Fields;
use crate::web::sealed;
use crate::web::views::{self, Choice, Errors};

const LIST: &str = "/console/scopes";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/scopes", get(show).post(create)).route("/scopes:delete", post(delete))
}

async fn show(visitor: Visitor, query: Query) -> Answer {
    let page = view(&visitor, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageScopes>()?;
    let mut work = visitor.app.instance.begin().await?;
    let new = NewScope {
        name: fields.text("name").to_owned(),
        kind: ScopeKind::parse(fields.text("kind")),
        description: fields.text("description").to_owned(),
        resource: fields.filled("resource").map(str::to_owned),
    };
    match scopes::create(&mut work, visitor.call(), &may, new).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(LIST, "scope-added"))
        }
        Err(Refusal::Invalid(wrong)) => {
            drop(work);
            again(&visitor, &fields, (StatusCode::UNPROCESSABLE_ENTITY, wrong)).await
        }
        Err(other) => Err(visitor.halt(other)),
    }
}

/// The name comes in the form: it may hold what an address cannot.
async fn delete(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageScopes>()?;
    let mut work = visitor.app.instance.begin().await?;
    match scopes::delete(&mut work, visitor.call(), &may, fields.text("scope")).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(LIST, "scope-deleted"))
        }
        Err(Refusal::Conflict { message, .. }) => {
            drop(work);
            let wrong = vec![FieldError { field: "scopes".into(), message }];
            again(&visitor, &Fields::default(), (StatusCode::CONFLICT, wrong)).await
        }
        Err(other) => Err(visitor.halt(other)),
    }
}

async fn again(
    visitor: &Visitor,
    typed: &Fields,
    (status, wrong): (StatusCode, Vec<FieldError>),
) -> Answer {
    let wrong = wrong.into_iter();
    let wrong = wrong.map(|it| views::FieldError { field: it.field, message: it.message });
    let errors = Errors(wrong.collect());
    let page = view(visitor, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<ScopeList, Halt> {
    let may = visitor.may::<ReadScopes>()?;
    let mut work = visitor.app.instance.read();
    let q = query.text("q").to_lowercase();
    let reach = visitor.authority.reach(<ManageScopes as Permission>::NAME);
    let manages = reach == Some(Reach::Everywhere);
    let mut rows = Vec::new();
    for scope in scopes::list(&mut work).await? {
        if scope.name.to_lowercase().contains(&q) || scope.description.to_lowercase().contains(&q) {
            rows.push(row(&mut work, &scope, manages).await?);
        }
    }
    let resource = typed.text("resource");
    let any =
        Choice { label: "Every API".into(), chosen: resource.is_empty(), ..Choice::default() };
    let resources = resources::list(&mut work, &may).await?;
    let resources = resources.into_iter().map(|it| Choice {
        chosen: it.id == resource,
        label: it.name,
        value: it.id,
        ..Choice::default()
    });
    Ok(ScopeList {
        frame: visitor.frame("Scopes", query),
        q: query.text("q"),
        rows,
        refused: (!manages).then(|| {
            "Adding a scope needs the permission scope:manage, held at the whole instance.".into()
        }),
        delete: format!("{LIST}:delete"),
        name: typed.text("name").to_owned(),
        kind: kinds(typed.text("kind")),
        description: typed.text("description").to_owned(),
        resources: std::iter::once(any).chain(resources).collect(),
        errors,
    })
}

async fn row(work: &mut Work, scope: &Scope, manages: bool) -> Result<ScopeRow, Halt> {
    let holders = scopes::count_holders(work, &scope.name).await?;
    let resource = match &scope.resource {
        Some(id) => resources::find(work, id).await?.map(|it| it.name),
        None => None,
    };
    Ok(ScopeRow {
        name: scope.name.clone(),
        kind: scope.kind.as_str().into(),
        description: scope.description.clone(),
        resource,
        management: access::definition(&scope.name).is_some(),
        system: scope.is_system,
        clients: u64::try_from(holders).unwrap_or_default(),
        clients_href: sealed::link("/console/clients", "scope", &scope.name),
        deletable: manages && !scope.is_system && holders == 0,
    })
}

fn kinds(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str, hint: &str, chosen: bool| Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen,
        refused: None,
    };
    vec![
        choice("read", "Reads", "A token with it only looks.", chosen != "write"),
        choice("write", "Writes", "Only clients with full access can hold it.", chosen == "write"),
    ]
}
