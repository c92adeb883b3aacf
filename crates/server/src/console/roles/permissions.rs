//! `/console/permissions`: what roles are made of: what is built in, and what administrators define
//! for the APIs they protect, each `read` or `write`.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::{Effect, ManageRoles, ReadRoles};
use domain::roles;

use super::{PERMISSIONS_LIST, list, tabs};
use crate::console::done::done;
use crate::console::query::Query;
use crate::console::views::{PermissionList, PermissionRow};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::form::Fields;
use crate::web::views::{Choice, Errors};

/// The list, and the form that defines one.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let page = view(&visitor, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// A new permission, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let new = (
        fields.text("name").trim(),
        Effect::parse(fields.text("kind")),
        fields.text("description"),
    );
    match roles::create_permission(&mut work, visitor.call(), &may, new).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(PERMISSIONS_LIST, "permission-added"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "name")?;
            again(&visitor, &fields, wrong).await
        }
    }
}

/// Gone, where no role holds it. The name comes in the form: it may hold what an address cannot.
pub(super) async fn delete(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let name = fields.text("permission");
    match roles::delete_permission(&mut work, visitor.call(), &may, name).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(PERMISSIONS_LIST, "permission-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "permissions")?;
            again(&visitor, &Fields::default(), wrong).await
        }
    }
}

async fn again(
    visitor: &Visitor,
    typed: &Fields,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let page = view(visitor, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<PermissionList, Halt> {
    let may = visitor.may::<ReadRoles>()?;
    let mut work = visitor.app.instance.read();
    let all = roles::list(&mut work, &may).await?;
    let holders = |name: &str| {
        let holding = all.iter().filter(|role| role.permissions.iter().any(|it| it == name));
        holding.map(|role| role.name.clone()).collect::<Vec<_>>()
    };
    let refused = list::refused(visitor);
    let row = |it: roles::Permission| {
        let roles = holders(&it.name);
        PermissionRow {
            deletable: !it.is_system && roles.is_empty() && refused.is_none(),
            kind: it.effect.as_str().into(),
            description: it.description,
            system: it.is_system,
            name: it.name,
            roles,
        }
    };
    let mut rows: Vec<_> =
        roles::list_permissions(&mut work, &may).await?.into_iter().map(row).collect();
    rows.sort_by_key(|row| row.system);
    let writes = typed.text("kind") == "write";
    let kind = |value: &str, label: &str, hint: &str, chosen| Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen,
        refused: None,
    };
    Ok(PermissionList {
        frame: visitor.frame("Roles", query),
        tabs: tabs("Permissions"),
        name: typed.text("name").to_owned(),
        kind: vec![
            kind("read", "Reads", "Using it only looks.", !writes),
            kind("write", "Writes", "Using it changes something.", writes),
        ],
        description: typed.text("description").to_owned(),
        action: PERMISSIONS_LIST.into(),
        delete: format!("{PERMISSIONS_LIST}:delete"),
        rows,
        refused,
        errors,
    })
}
