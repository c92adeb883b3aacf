//! `GET /console/roles`: what can be held, and by how many it is.

use domain::access::{ManageRoles, Permission, Reach, ReadRoles, Role};
use domain::{Fault, Work, roles};

use super::groups::{self, Known};
use super::{page_of, tabs};
use crate::console::query::Query;
use crate::console::views::{RoleList, RoleRow};
use crate::console::visitor::{Answer, Visitor};

/// The list.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may::<ReadRoles>()?;
    let mut work = visitor.app.instance.read();
    let known = groups::known(&mut work, &may).await?;
    let counts = *may.reach() == Reach::Everywhere;
    let mut rows = Vec::new();
    for role in roles::list(&mut work, &may).await? {
        rows.push(row(&mut work, &known, (&role, counts)).await?);
    }
    let page = RoleList {
        frame: visitor.frame("Roles", &query),
        tabs: tabs("Roles"),
        rows,
        refused: refused(&visitor),
    };
    Ok(visitor.render(&page))
}

/// Why the visitor cannot define roles, if so.
pub(super) fn refused(visitor: &Visitor) -> Option<String> {
    let reach = visitor.authority.reach(<ManageRoles as Permission>::NAME);
    (reach != Some(Reach::Everywhere))
        .then(|| "Needs the permission role:manage, held at the whole instance.".into())
}

async fn row(
    work: &mut Work,
    known: &[Known],
    (role, counts): (&Role, bool),
) -> Result<RoleRow, Fault> {
    let (reads, changes) = groups::counts(known, &role.permissions);
    let held = if counts { Some(roles::count_held(work, &role.id).await?) } else { None };
    Ok(RoleRow {
        href: page_of(&role.id),
        name: role.name.clone(),
        description: role.description.clone(),
        system: role.is_system,
        reads,
        changes,
        held: held.map(|count| u64::try_from(count).unwrap_or_default()),
    })
}
