//! Who belongs to a team: added by e-mail address with a role, taken out of it at once.

use std::sync::Arc;

use axum::extract::Path;
use domain::access::ceiling::{self, Where};
use domain::access::{ManageTeams, ReadRoles, SYSTEM_ROLES};
use domain::teams::Team;
use domain::{FieldError, Refusal, UserId, Work, accounts, roles, teams};

use super::{page_of_team, team};
use crate::console::done::done;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::views::Choice;

/// The roles of a form, each with its bare name.
pub(super) type Roles = Vec<(Choice, String)>;

/// Somebody gets a role here.
pub(super) async fn add(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageTeams>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let added = match accounts::find_by_email(&mut work, fields.text("email").trim()).await? {
        Some(user) => {
            let seat = (id.as_str(), &user.id);
            let role = fields.text("role");
            teams::add_member(&mut work, visitor.call(), &may, seat, role).await
        }
        None => Err(unknown()),
    };
    match added {
        Ok(()) => {
            work.commit().await?;
            Ok(done(&page_of_team(&id), "member-added"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "role")?;
            team::again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// Somebody loses every role here.
pub(super) async fn remove(
    Path((id, user)): Path<(String, String)>,
    Posted { visitor, .. }: Posted,
) -> Answer {
    let may = visitor.may::<ManageTeams>()?;
    let mut work = visitor.app.instance.begin().await?;
    let user = UserId::new(user);
    let removed = teams::remove_member(&mut work, visitor.call(), &may, &id, &user).await;
    removed.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&page_of_team(&id), "member-removed"))
}

fn unknown() -> Refusal {
    let message = "Nobody here has this e-mail address. Invite them first, under Users.";
    Refusal::Invalid(vec![FieldError { field: "email".into(), message: message.into() }])
}

/// The roles that can be given in a team, those beyond the visitor's own rights with what is
/// missing.
pub(super) async fn roles(
    visitor: &Visitor,
    work: &mut Work,
    team: &Team,
    chosen: &str,
) -> Result<Roles, Halt> {
    let known: Vec<(String, String, Vec<String>)> = match visitor.authority.may::<ReadRoles>() {
        Ok(may) => {
            let all = roles::list(work, &may).await?.into_iter();
            all.map(|it| (it.id, it.name, it.permissions)).collect()
        }
        Err(_) => SYSTEM_ROLES
            .iter()
            .map(|it| {
                let permissions = it.permissions().into_iter().map(str::to_owned).collect();
                (it.id.into(), it.name.into(), permissions)
            })
            .collect(),
    };
    let chosen = if chosen.is_empty() { domain::access::MEMBER } else { chosen };
    let there = Where::Team { id: &team.id, organization: &team.organization };
    let mut roles: Roles = known
        .into_iter()
        .map(|(id, name, permissions)| {
            let refused = ceiling::allows(&visitor.authority, &permissions, there).err();
            let missing = match refused {
                Some(Refusal::Forbidden { missing, .. }) => Some(missing),
                _ => None,
            };
            let label = match &missing {
                Some(missing) => format!("{name} (needs {missing})"),
                None => name.clone(),
            };
            let chosen = id == chosen;
            let hint = String::new();
            (Choice { value: id, label, hint, chosen, refused: missing }, name)
        })
        .collect();
    roles.sort_by_key(|(choice, _)| choice.refused.is_some());
    Ok(roles)
}
