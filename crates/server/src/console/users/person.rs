//! `GET /console/users/{user}`: one person: what they hold, where they belong, how they come in, and
//! their end.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{
    self, Binding, DeleteUsers, Permission, Reach, ReadRoles, ReadTeams, ReadTokens, ReadUsers,
    UpdateUsers,
};
use domain::accounts::{self, Patch, Status, User};
use domain::{Plain, Refusal, UserId, Work, teams};

use super::{LIST, addresses, handed_over, second_factor, source, status};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::policies;
use crate::console::query::Query;
use crate::console::roles::{page_of_holder, place};
use crate::console::sessions::page_of_person;
use crate::console::teams::page_of_team;
use crate::console::views::UserPage;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::{unconfirmed, wrong};
use crate::web::form::Fields;
use crate::web::views::{Errors, Fact, Link, Person, When};

/// Teams named on the page.
const TEAMS: usize = 30;

/// The page.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let page = view(&visitor, &id, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

async fn view(
    visitor: &Visitor,
    id: &str,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<UserPage, Halt> {
    let may = visitor.may::<ReadUsers>()?;
    let mut work = visitor.app.instance.read();
    let found = accounts::show(&mut work, &may, &UserId::new(id)).await;
    let user = found.map_err(|refusal| visitor.halt(refusal))?;
    let path = format!("{LIST}/{}", user.id);
    let (words, level) = status(&user);
    // What was typed stays; a field that the form did not send is as it is stored.
    let again = |name: &str, stored: String| typed.all(name).pop().unwrap_or(stored);
    let networks = accounts::networks(&mut work, &may, &user.id).await;
    let networks = networks.map_err(|refusal| visitor.halt(refusal))?;
    let mut seen = addresses::seen(visitor, &mut work, (&may, &user, &networks)).await?;
    let proposal = addresses::propose(&seen);
    seen.truncate(addresses::MOST);
    let (teams, more_teams) = teams_of(visitor, &mut work, &user).await?;
    Ok(UserPage {
        frame: visitor.frame("Users", query),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        id: user.id.to_string(),
        status: words.into(),
        status_level: level.into(),
        facts: facts(&user),
        roles: roles(&mut work, &user).await?,
        bindings: visitor.holds::<ReadRoles>().then(|| page_of_holder(user.id.as_str())),
        policy: policies::of_person(visitor, &mut work, &user.id).await?,
        sessions: visitor.holds::<ReadTokens>().then(|| page_of_person(user.id.as_str())),
        teams,
        more_teams,
        is_self: user.id == visitor.signed_in.user.id,
        active: user.is_active(),
        locked: user.status == Status::Locked,
        display_name: again("display_name", user.display_name.clone()),
        email: again("email", user.email.clone()),
        trusted_ips: again("trusted_ips", networks.trusted_ips.lines().join("\n")),
        trusted_ips_modes: addresses::modes(&again(
            "trusted_ips_mode",
            networks.mode.as_str().into(),
        )),
        only_observed: addresses::only_observed(&networks),
        proposal,
        seen,
        invite: (words == "Invited").then(|| format!("{path}/invite")),
        reset: can_be_reset(&user).then(|| format!("{path}/reset-password")),
        path,
        without_factor: second_factor::without(&mut work, &user).await?,
        second_factor: second_factor::held(&mut work, &user, visitor.now()).await?,
        refused: lacks_everywhere::<UpdateUsers>(visitor),
        delete_refused: lacks_everywhere::<DeleteUsers>(visitor),
        errors,
    })
}

/// Have they a password here, and may they use it?
fn can_be_reset(user: &User) -> bool {
    user.has_password && user.source == "local" && user.is_active()
}

/// People belong to the whole instance, so a right over them must be held there.
fn lacks_everywhere<P: Permission>(visitor: &Visitor) -> Option<String> {
    let everywhere = visitor.authority.reach(P::NAME) == Some(Reach::Everywhere);
    (!everywhere).then(|| format!("Needs the permission {}, held at the whole instance.", P::NAME))
}

fn facts(user: &User) -> Vec<Fact> {
    let fact = |label: &str, value: String| Fact { label: label.into(), value };
    let last = user.last_sign_in_at.map_or_else(|| "never".to_owned(), |at| When::exact(at).text);
    vec![
        fact("Source", source(user).into()),
        fact("Last sign-in", last),
        fact("Account made", When::exact(user.created_at).text),
    ]
}

/// Each role with the place it is held in.
async fn roles(work: &mut Work, user: &User) -> Result<Vec<(String, String)>, Halt> {
    let mut names = Names::default();
    let mut roles = Vec::new();
    for Binding { role_name, place: held, .. } in
        access::bindings_of(work, user.id.as_str()).await?
    {
        roles.push((role_name, place(work, &mut names, &held).await?));
    }
    Ok(roles)
}

/// Some of the teams they belong to, and how many more there are.
async fn teams_of(
    visitor: &Visitor,
    work: &mut Work,
    user: &User,
) -> Result<(Vec<Link>, u64), Halt> {
    let may = visitor.authority.may::<ReadTeams>().ok();
    let all = teams::teams_of_user(work, &user.id).await?;
    let more = all.len().saturating_sub(TEAMS);
    let link = |team: teams::Team| {
        let seen =
            may.as_ref().is_some_and(|it| it.covers(Some(&team.organization), Some(&team.id)));
        let href = if seen { page_of_team(&team.id) } else { String::new() };
        Link { label: team.name, href }
    };
    let links = all.into_iter().take(TEAMS).map(link).collect();
    Ok((links, u64::try_from(more).unwrap_or_default()))
}

/// Another name or address.
pub(super) async fn change(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let patch = Patch {
        email: Some(fields.text("email").to_owned()),
        display_name: Some(fields.text("display_name").to_owned()),
    };
    let about = (&UserId::new(&id), None);
    match accounts::change(&mut work, visitor.call(), &may, about, &patch).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "user-changed"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "display_name")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// They may not act any more, from now on.
pub(super) async fn disable(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let user = UserId::new(&id);
    match accounts::disable(&mut work, visitor.call(), &may, &user, None).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "user-disabled"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "state")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// The same for the time being.
pub(super) async fn lock(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let user = UserId::new(&id);
    match accounts::lock(&mut work, visitor.call(), &may, &user, None).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "user-locked"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "state")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// They may act again.
pub(super) async fn enable(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let user = UserId::new(&id);
    match accounts::enable(&mut work, visitor.call(), &may, &user, None).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "user-enabled"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "state")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// Gone for good, once their address was typed.
pub(super) async fn delete(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<DeleteUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let user = UserId::new(&id);
    let found = accounts::find(&mut work, &user).await?.ok_or(Refusal::NotFound)?;
    if fields.text("confirm_name") != found.email {
        drop(work);
        return again(&visitor, &id, &fields, unconfirmed()).await;
    }
    match accounts::delete(&mut work, visitor.call(), &may, &user).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(LIST, "user-deleted"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "confirm_name")?;
            again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// The page once more, with what stands against it.
pub(super) async fn again(
    visitor: &Visitor,
    id: &str,
    typed: &Fields,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let page = view(visitor, id, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

/// Another invitation, in place of the link before.
pub(super) async fn invite(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let link = accounts::invite(&mut work, visitor.call(), &may, &UserId::new(&id)).await;
    hand_over(&visitor, (work, link), &id, &fields).await
}

/// A link to another password, in place of the link before.
pub(super) async fn reset_password(
    Path(id): Path<String>,
    Posted { visitor, fields }: Posted,
) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let link = accounts::reset_link(&mut work, visitor.call(), &may, &UserId::new(&id)).await;
    hand_over(&visitor, (work, link), &id, &fields).await
}

/// Shows the link that was made, once, or the page again with what stands against it.
async fn hand_over(
    visitor: &Visitor,
    (mut work, link): (Work, Result<Plain, Refusal>),
    id: &str,
    fields: &Fields,
) -> Answer {
    match link {
        Ok(link) => {
            let user = accounts::find(&mut work, &UserId::new(id)).await?;
            let user = user.ok_or(Refusal::NotFound)?;
            work.commit().await?;
            Ok(handed_over(visitor, &user, &link, None).await)
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(visitor, refusal, "link")?;
            again(visitor, id, fields, wrong).await
        }
    }
}
