//! `/console/scopes`: the catalogue of what a token can be limited to (THE-30…33), and scopes of
//! one's own. A scope that a client holds does not vanish.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use domain::access::{self, ManageScopes, May, Permission, Reach, ReadScopes};
use domain::scopes::{self, NewScope, Scope, ScopeKind};
use domain::{FieldError, Refusal, Work, resources};

use super::done::{done, done_to};
use super::query::Query;
use super::views::{ScopeEdit, ScopeList, ScopeRow};
use super::visitor::{Answer, Halt, Posted, Visitor};
use crate::app::App;
use crate::web::form::Fields;
use crate::web::sealed;
use crate::web::views::{self, Choice, Errors};

const LIST: &str = "/console/scopes";
/// Why somebody cannot add, change or delete one.
const NEEDS: &str = "Needs the permission scope:manage, held at the whole instance.";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/scopes", get(show).post(create))
        .route("/scopes/edit", get(edit).post(change))
        .route("/scopes:delete", post(delete))
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

/// One scope; its name is in the query, where it may hold what a path cannot.
async fn edit(visitor: Visitor, query: Query) -> Answer {
    let page = page_of(&visitor, &query.text("name"), &query).await?;
    Ok(visitor.render(&page))
}

async fn change(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageScopes>()?;
    let name = fields.text("name");
    let patch = scopes::Patch {
        // Not sent while the scope is in use: its kind stays.
        kind: fields.filled("kind").map(ScopeKind::parse),
        description: Some(fields.text("description").to_owned()),
        resource: Some(fields.filled("resource").map(str::to_owned)),
    };
    let mut work = visitor.app.instance.begin().await?;
    let at = (name, fields.text("version").parse().ok());
    let (status, wrong) = match scopes::change(&mut work, visitor.call(), &may, at, patch).await {
        Ok(_) => {
            work.commit().await?;
            let query = [("name", name)];
            return Ok(done_to(&format!("{LIST}/edit"), "", ("scope-saved", &query)));
        }
        Err(Refusal::Invalid(wrong)) => (StatusCode::UNPROCESSABLE_ENTITY, wrong),
        Err(Refusal::Conflict { message, .. }) => {
            (StatusCode::CONFLICT, vec![FieldError { field: "kind".into(), message }])
        }
        Err(Refusal::Stale { .. }) => {
            let message = "Somebody else changed this scope meanwhile. Your words are still here: \
                           look at the scope in another tab, then save again.";
            (
                StatusCode::CONFLICT,
                vec![FieldError { field: "description".into(), message: message.into() }],
            )
        }
        Err(other) => return Err(visitor.halt(other)),
    };
    drop(work);
    let page = page_of(&visitor, name, &Query::default()).await?;
    let page = ScopeEdit {
        description: fields.text("description").to_owned(),
        errors: shown(wrong),
        ..page
    };
    Ok(visitor.render_with(status, &page))
}

async fn page_of(visitor: &Visitor, name: &str, query: &Query) -> Result<ScopeEdit, Halt> {
    let may = visitor.may::<ReadScopes>()?;
    let mut work = visitor.app.instance.read();
    let scope = scopes::find(&mut work, name).await?.ok_or(Refusal::NotFound)?;
    let manages = manages(visitor);
    let resource = scope.resource.clone().unwrap_or_default();
    let resources = choices(&mut work, &may, &resource).await?;
    let row = row(&mut work, &scope, manages).await?;
    let refused = match (scope.is_system, manages) {
        (true, _) => Some("Built in: it stays as it is.".into()),
        (false, false) => Some(NEEDS.to_owned()),
        (false, true) => None,
    };
    let why = "It is in use. People and roles agreed to it as it is; make another scope for the \
               other kind.";
    let kind = kinds(scope.kind.as_str()).into_iter().map(|kind| Choice {
        refused: (row.clients > 0 && !kind.chosen).then(|| why.to_owned()),
        ..kind
    });
    Ok(ScopeEdit {
        frame: visitor.frame("Scopes", query),
        action: format!("{LIST}/edit"),
        delete: format!("{LIST}:delete"),
        version: scope.version.to_string(),
        kind: kind.collect(),
        description: scope.description.clone(),
        resources,
        row,
        refused,
        errors: Errors::default(),
    })
}

async fn again(
    visitor: &Visitor,
    typed: &Fields,
    (status, wrong): (StatusCode, Vec<FieldError>),
) -> Answer {
    let page = view(visitor, (typed, shown(wrong)), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

fn shown(wrong: Vec<FieldError>) -> Errors {
    let wrong = wrong.into_iter();
    Errors(wrong.map(|it| views::FieldError { field: it.field, message: it.message }).collect())
}

/// The catalogue is one for the whole instance.
fn manages(visitor: &Visitor) -> bool {
    let reach = visitor.authority.reach(<ManageScopes as Permission>::NAME);
    reach == Some(Reach::Everywhere)
}

/// The APIs that a scope may belong to.
async fn choices(
    work: &mut Work,
    may: &May<ReadScopes>,
    chosen: &str,
) -> Result<Vec<Choice>, Refusal> {
    let any = Choice { label: "Every API".into(), chosen: chosen.is_empty(), ..Choice::default() };
    let resources = resources::list(work, may).await?.into_iter().map(|it| Choice {
        chosen: it.id == chosen,
        label: it.name,
        value: it.id,
        ..Choice::default()
    });
    Ok(std::iter::once(any).chain(resources).collect())
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<ScopeList, Halt> {
    let may = visitor.may::<ReadScopes>()?;
    let mut work = visitor.app.instance.read();
    let q = query.text("q").to_lowercase();
    let manages = manages(visitor);
    let mut rows = Vec::new();
    for scope in scopes::list(&mut work).await? {
        if scope.name.to_lowercase().contains(&q) || scope.description.to_lowercase().contains(&q) {
            rows.push(row(&mut work, &scope, manages).await?);
        }
    }
    Ok(ScopeList {
        frame: visitor.frame("Scopes", query),
        q: query.text("q"),
        rows,
        refused: (!manages).then(|| NEEDS.into()),
        delete: format!("{LIST}:delete"),
        name: typed.text("name").to_owned(),
        kind: kinds(typed.text("kind")),
        description: typed.text("description").to_owned(),
        resources: choices(&mut work, &may, typed.text("resource")).await?,
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
        href: sealed::link(&format!("{LIST}/edit"), "name", &scope.name),
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
