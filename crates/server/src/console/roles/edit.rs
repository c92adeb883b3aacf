//! `/console/roles/new` and `/console/roles/{role}/edit`: a role of one's own. Nobody puts into it
//! what they do not hold everywhere themselves.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{
    ManageRoles, PLATFORM_ADMINISTRATOR, Permission, Reach, ReadRoles, RevokeTokens, SYSTEM_ROLES,
};
use domain::roles::{self, NewRole, Patch};
use domain::{Refusal, Work, clients};

use super::{LIST, groups, page_of, role};
use crate::console::done::done;
use crate::console::query::Query;
use crate::console::views::RoleEdit;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::form::Fields;
use crate::web::views::Errors;

/// What the form holds.
#[derive(Default)]
struct Typed {
    name: String,
    description: String,
    permissions: Vec<String>,
    version: Option<i64>,
    revoke_tokens: bool,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            description: fields.text("description").to_owned(),
            permissions: fields.all("permissions"),
            version: fields.filled("version").and_then(|version| version.parse().ok()),
            revoke_tokens: fields.ticked("revoke_tokens"),
        }
    }
}

/// The form, empty.
pub(super) async fn new(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ManageRoles>()?;
    let mut work = visitor.app.instance.read();
    let page = view(&visitor, &mut work, None, (Typed::default(), Errors::default())).await?;
    let page = RoleEdit { frame: visitor.frame("Roles", &query), ..page };
    Ok(visitor.render(&page))
}

/// A new role, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let typed = Typed::read(&fields);
    let new = NewRole {
        name: typed.name.clone(),
        description: typed.description.clone(),
        permissions: typed.permissions.clone(),
    };
    match roles::create(&mut work, visitor.call(), &may, new).await {
        Ok(made) => {
            work.commit().await?;
            Ok(done(&page_of(&made.role.id), "role-added"))
        }
        Err(refusal) => {
            drop(work);
            again(&visitor, None, (typed, refusal)).await
        }
    }
}

/// The form, filled with a role.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    visitor.may_everywhere::<ManageRoles>()?;
    let mut work = visitor.app.instance.read();
    let found = role::find(&visitor, &mut work, &id).await?;
    if found.role.id == PLATFORM_ADMINISTRATOR {
        let words = "This role stays as it is, so that somebody may always do everything.";
        return Err(visitor.halt(Refusal::conflict(words)));
    }
    let typed = Typed {
        name: found.role.name,
        description: found.role.description,
        permissions: found.role.permissions,
        version: Some(found.version),
        revoke_tokens: false,
    };
    let page = view(&visitor, &mut work, Some(&id), (typed, Errors::default())).await?;
    let page = RoleEdit { frame: visitor.frame("Roles", &query), ..page };
    Ok(visitor.render(&page))
}

/// Other permissions for everybody who holds it, or the form again.
pub(super) async fn change(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let typed = Typed::read(&fields);
    let patch = Patch {
        name: Some(typed.name.clone()),
        description: Some(typed.description.clone()),
        permissions: Some(typed.permissions.clone()),
    };
    let about = (id.as_str(), typed.version);
    let changed = match roles::change(&mut work, visitor.call(), &may, about, patch).await {
        Ok(_) if typed.revoke_tokens => end_tokens(&visitor, &mut work, &id).await,
        other => other.map(drop),
    };
    match changed {
        Ok(()) => {
            work.commit().await?;
            Ok(done(&page_of(&id), "role-changed"))
        }
        Err(refusal) => {
            drop(work);
            again(&visitor, Some(&id), (typed, refusal)).await
        }
    }
}

/// Ends the tokens of the clients under the role, in the work of the change.
async fn end_tokens(visitor: &Visitor, work: &mut Work, id: &str) -> Result<(), Refusal> {
    let may = visitor.authority.may()?;
    clients::revoke_tokens_under_role(work, visitor.call(), &may, id).await.map(drop)
}

/// "Revoke the tokens of 3 clients too", where there are some and the visitor may.
async fn revocation(
    visitor: &Visitor,
    work: &mut Work,
    id: Option<&str>,
) -> Result<Option<String>, Halt> {
    let may = visitor.authority.reach(RevokeTokens::NAME) == Some(Reach::Everywhere);
    let Some(id) = id.filter(|_| may) else { return Ok(None) };
    Ok(match clients::count_under_role(work, id).await? {
        0 => None,
        1 => Some("Revoke the tokens of 1 client too".into()),
        count => Some(format!("Revoke the tokens of {count} clients too")),
    })
}

async fn again(visitor: &Visitor, id: Option<&str>, (typed, refusal): (Typed, Refusal)) -> Answer {
    let (status, errors): (StatusCode, Errors) = wrong(visitor, refusal, "permissions")?;
    let mut work = visitor.app.instance.read();
    let page = view(visitor, &mut work, id, (typed, errors)).await?;
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    work: &mut Work,
    id: Option<&str>,
    (typed, errors): (Typed, Errors),
) -> Result<RoleEdit, Halt> {
    let may = visitor.may::<ReadRoles>()?;
    let known = groups::known(work, &may).await?;
    let line =
        |it: &groups::Known| Some(groups::choice(it, &typed.permissions, &visitor.authority));
    Ok(RoleEdit {
        frame: visitor.frame("Roles", &Query::default()),
        action: id.map_or_else(|| LIST.into(), |id| format!("{}/edit", page_of(id))),
        back: id.map_or_else(|| LIST.into(), page_of),
        exists: id.is_some(),
        system: id.is_some_and(|id| SYSTEM_ROLES.iter().any(|role| role.id == id)),
        revocation: revocation(visitor, work, id).await?,
        revoke_tokens: typed.revoke_tokens,
        groups: groups::grouped(&known, line),
        version: typed.version.map(|version| version.to_string()).unwrap_or_default(),
        name: typed.name,
        description: typed.description,
        errors,
    })
}
