//! `GET /console/users/new` and `POST /console/users`: somebody new, by a link that is shown once.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::{CreateUsers, ManageTeams, SYSTEM_ROLES};
use domain::accounts::{self, NewUser, User};
use domain::{Refusal, teams};

use super::{LIST, handed_over};
use crate::console::places::Places;
use crate::console::query::Query;
use crate::console::views::UserNew;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::views::{self, Choice, Errors};

/// The form.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<CreateUsers>()?;
    let page = view(&visitor, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// Creates the person and shows the link, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<CreateUsers>()?;
    let new = NewUser {
        email: fields.text("email").to_owned(),
        display_name: fields.text("display_name").to_owned(),
        password: None,
    };
    let app = Arc::clone(&visitor.app);
    match accounts::create(&app.instance, visitor.call(), &may, new).await {
        Ok((user, link)) => {
            let warning = join(&visitor, &user, &fields).await?;
            let link = link.ok_or(Refusal::NotFound)?;
            Ok(handed_over(&visitor, &user, &link, warning).await)
        }
        Err(Refusal::Invalid(wrong)) => {
            let wrong = wrong.into_iter();
            let wrong = wrong.map(|it| views::FieldError { field: it.field, message: it.message });
            let errors = Errors(wrong.collect());
            let page = view(&visitor, (&fields, errors), &Query::default()).await?;
            Ok(visitor.render_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(visitor.halt(other)),
    }
}

/// Gives the new person the role in every ticked team, all or none. What stood in the way, if
/// anything did: the person exists then, without teams.
async fn join(visitor: &Visitor, user: &User, fields: &Fields) -> Result<Option<String>, Halt> {
    let (chosen, role) = (fields.all("teams"), fields.text("role"));
    if chosen.is_empty() {
        return Ok(None);
    }
    let may = visitor.may::<ManageTeams>()?;
    let mut work = visitor.app.instance.begin().await?;
    for team in &chosen {
        let seat = (team.as_str(), &user.id);
        let joined = teams::add_member(&mut work, visitor.call(), &may, seat, role).await;
        match joined {
            Ok(()) => {}
            Err(Refusal::Fault(fault)) => return Err(fault.into()),
            Err(refusal) => {
                return Ok(Some(format!("The teams were not given: {refusal}.")));
            }
        }
    }
    work.commit().await?;
    Ok(None)
}

async fn view(
    visitor: &Visitor,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<UserNew, Halt> {
    let may_place = visitor.holds::<ManageTeams>();
    let mut work = visitor.app.instance.read();
    let places = if may_place { Places::of(visitor, &mut work).await? } else { Places::default() };
    let (chosen, role) = (typed.all("teams"), typed.text("role"));
    let roles = SYSTEM_ROLES.iter().rev().map(|it| Choice {
        value: it.id.into(),
        label: format!("{}: {}", it.name, it.description),
        chosen: it.id == role,
        ..Choice::default()
    });
    let teams = places.teams.iter().map(|team| Choice {
        value: team.id.clone(),
        label: places.spell(team),
        chosen: chosen.contains(&team.id),
        ..Choice::default()
    });
    Ok(UserNew {
        frame: visitor.frame("Users", query),
        action: LIST.into(),
        mails: visitor.app.mail.is_some(),
        display_name: typed.text("display_name").to_owned(),
        email: typed.text("email").to_owned(),
        roles: if places.teams.is_empty() { Vec::new() } else { roles.collect() },
        teams: teams.collect(),
        errors,
    })
}
