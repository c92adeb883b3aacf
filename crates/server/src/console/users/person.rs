//! `GET /console/users/{user}`: one person, what they hold, and whether they may act.

use axum::extract::Path;
use domain::access::{self, Binding, Place, Reach, ReadUsers, UpdateUsers};
use domain::accounts::{self, User};
use domain::{Fault, UserId, Work};

use super::{LIST, invited, source, status};
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::UserPage;
use crate::console::visitor::{Answer, Posted, Visitor};
use crate::web::views::{Fact, Person, When};

/// The page.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let may = visitor.may::<ReadUsers>()?;
    let mut work = visitor.app.instance.read();
    let found = accounts::show(&mut work, &may, &UserId::new(id)).await;
    let user = found.map_err(|refusal| visitor.halt(refusal))?;
    let path = format!("{LIST}/{}", user.id);
    let (words, level) = status(&user);
    let everywhere = Some(Reach::Everywhere);
    let may_change =
        visitor.authority.reach(<UpdateUsers as access::Permission>::NAME) == everywhere;
    let page = UserPage {
        frame: visitor.frame("Users", &query),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        id: user.id.to_string(),
        status: words.into(),
        status_level: level.into(),
        facts: facts(&user),
        roles: roles(&mut work, &user).await?,
        is_self: user.id == visitor.signed_in.user.id,
        active: user.is_active(),
        disable: format!("{path}/disable"),
        enable: format!("{path}/enable"),
        invite: (words == "Invited").then(|| format!("{path}/invite")),
        refused: (!may_change)
            .then(|| "Needs the permission user:update, held at the whole instance.".to_owned()),
    };
    Ok(visitor.render(&page))
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
async fn roles(work: &mut Work, user: &User) -> Result<Vec<(String, String)>, Fault> {
    let mut names = Names::default();
    let mut roles = Vec::new();
    for Binding { role_name, place, .. } in access::bindings_of(work, user.id.as_str()).await? {
        let place = match place {
            Place::Instance => "Everywhere".into(),
            Place::Organization(id) => format!("All of {}", names.organization(work, &id).await?),
            Place::Team(id) => format!("Team {}", names.team(work, &id).await?),
        };
        roles.push((role_name, place));
    }
    Ok(roles)
}

/// They may not act any more, from now on.
pub(super) async fn disable(Path(id): Path<String>, Posted { visitor, .. }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let mut work = visitor.app.instance.begin().await?;
    let id = UserId::new(id);
    let ended = accounts::disable(&mut work, visitor.call(), &may, &id, None).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&format!("{LIST}/{id}"), "user-disabled"))
}

/// They may act again.
pub(super) async fn enable(Path(id): Path<String>, Posted { visitor, .. }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let mut work = visitor.app.instance.begin().await?;
    let id = UserId::new(id);
    let begun = accounts::enable(&mut work, visitor.call(), &may, &id, None).await;
    begun.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&format!("{LIST}/{id}"), "user-enabled"))
}

/// Another link, in place of the one before.
pub(super) async fn invite(Path(id): Path<String>, Posted { visitor, .. }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let mut work = visitor.app.instance.begin().await?;
    let id = UserId::new(id);
    let link = accounts::invite(&mut work, visitor.call(), &may, &id).await;
    let link = link.map_err(|refusal| visitor.halt(refusal))?;
    let user = accounts::find(&mut work, &id).await?.ok_or(domain::Refusal::NotFound)?;
    work.commit().await?;
    Ok(invited(&visitor, &user, &link, None))
}
