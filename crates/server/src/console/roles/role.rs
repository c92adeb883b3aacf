//! `GET /console/roles/{role}`: what it allows, who holds it where, and its end.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ManageRoles, PLATFORM_ADMINISTRATOR, ReadRoles};
use domain::roles::{self, Binding, ListQuery};
use domain::{Fault, Refusal, Work};

use super::{LIST, bindings, groups, list, page_of, place};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{HolderRow, RolePage};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::{unconfirmed, wrong};
use crate::web::views::{Choice, Errors};

/// The page.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let page = view(&visitor, &id, &query, Errors::default()).await?;
    Ok(visitor.render(&page))
}

/// Gone, once its name was typed and nobody holds it.
pub(super) async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let role = find(&visitor, &mut work, &id).await?.role;
    if fields.text("confirm_name") != role.name {
        drop(work);
        return again(&visitor, &id, unconfirmed()).await;
    }
    match roles::delete(&mut work, visitor.call(), &may, &id).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(LIST, "role-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "confirm_name")?;
            again(&visitor, &id, wrong).await
        }
    }
}

async fn again(visitor: &Visitor, id: &str, (status, errors): (StatusCode, Errors)) -> Answer {
    let page = view(visitor, id, &Query::default(), errors).await?;
    Ok(visitor.render_with(status, &page))
}

/// The role, for a visitor who may see roles.
pub(super) async fn find(
    visitor: &Visitor,
    work: &mut Work,
    id: &str,
) -> Result<roles::Versioned, Halt> {
    let may = visitor.may::<ReadRoles>()?;
    let found = roles::find(work, &may, id).await?;
    found.ok_or_else(|| visitor.halt(Refusal::NotFound))
}

async fn view(
    visitor: &Visitor,
    id: &str,
    query: &Query,
    errors: Errors,
) -> Result<RolePage, Halt> {
    let may = visitor.may::<ReadRoles>()?;
    let mut work = visitor.app.instance.read();
    let role = find(visitor, &mut work, id).await?.role;
    let known = groups::known(&mut work, &may).await?;
    let held = |it: &groups::Known| {
        let line = groups::choice(it, &role.permissions, &visitor.authority);
        line.chosen.then_some(Choice { refused: None, ..line })
    };
    let wanted = ListQuery {
        role: Some(role.id.clone()),
        cursor: query.get("cursor").map(str::to_owned),
        ..ListQuery::default()
    };
    let page = roles::list_bindings(&mut work, &may, &wanted).await;
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let (mut names, mut holders) = (Names::default(), Vec::new());
    for binding in &page.items {
        holders.push(holder(visitor, &mut work, &mut names, binding).await?);
    }
    let path = page_of(&role.id);
    let refused = list::refused(visitor);
    let beyond = super::beyond(&visitor.authority, role.permissions.iter().map(String::as_str));
    let beyond = beyond.map(|it| format!("It allows more than you may do yourself: {it}."));
    let held_by = (roles::count_held(&mut work, &role.id).await? > 0)
        .then(|| "It is held. Take it from everybody below first.".to_owned());
    Ok(RolePage {
        frame: visitor.frame("Roles", query),
        name: role.name,
        id: role.id,
        description: role.description,
        system: role.is_system,
        fixed: id == PLATFORM_ADMINISTRATOR,
        groups: groups::grouped(&known, held),
        holders,
        edit: format!("{path}/edit"),
        delete: format!("{path}/delete"),
        change_refused: refused.clone().or(beyond),
        delete_refused: refused.or(held_by),
        errors,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    })
}

async fn holder(
    visitor: &Visitor,
    work: &mut Work,
    names: &mut Names,
    binding: &Binding,
) -> Result<HolderRow, Fault> {
    Ok(HolderRow {
        name: names.actor(work, &binding.subject).await?,
        href: bindings::page_of(&binding.subject),
        person: binding.subject.starts_with("usr_"),
        place: place(work, names, &binding.place).await?,
        subject: binding.subject.clone(),
        take: bindings::take_path(visitor, work, binding).await?,
    })
}
