//! `/console/bindings/{subject}`: which roles a person or a client holds where; giving one, taking
//! one away. Both hold from the next request.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ManageRoles, Place, ReadClients, ReadRoles, ReadUsers, RevokeTokens};
use domain::roles::{self, Binding, ListQuery, NewBinding};
use domain::{Refusal, UserId, Work, accounts, clients, teams, tokens};

use super::{beyond, place};
use crate::console::clients::page_of as page_of_client;
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::places::Places;
use crate::console::query::Query;
use crate::console::views::{BindingList, BindingRow};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::views::{Choice, Errors, Link};

/// Bindings shown of one subject.
const MOST: i64 = 200;

/// The page about what somebody holds.
pub(in crate::console) fn page_of(subject: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    format!("/console/bindings/{encoded}")
}

/// Where "Take away" of a binding is sent, where the visitor may.
pub(super) async fn take_path(
    visitor: &Visitor,
    work: &mut Work,
    binding: &Binding,
) -> Result<Option<String>, domain::Fault> {
    let (organization, team) = home(work, &binding.place).await?;
    let lacks = visitor.lacks_at::<ManageRoles>(organization.as_deref(), team.as_deref());
    Ok(lacks.is_none().then(|| format!("/console/bindings/{}/take", binding.id)))
}

/// The organization and the team of a place.
async fn home(
    work: &mut Work,
    place: &Place,
) -> Result<(Option<String>, Option<String>), domain::Fault> {
    Ok(match place {
        Place::Instance => (None, None),
        Place::Organization(id) => (Some(id.clone()), None),
        Place::Team(id) => {
            let team = teams::find_team(work, id).await?;
            (team.map(|team| team.organization), Some(id.clone()))
        }
    })
}

/// The page.
pub(super) async fn show(visitor: Visitor, Path(subject): Path<String>, query: Query) -> Answer {
    let page = view(&visitor, &subject, (&Fields::default(), Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// One more role, or the page with what stands against it.
pub(super) async fn give(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let subject = fields.text("subject");
    let mut work = app.instance.begin().await?;
    let given = match read_place(fields.text("place")) {
        Some(place) => {
            let role = fields.text("role").to_owned();
            let new = NewBinding { subject: subject.to_owned(), role, place };
            roles::bind(&mut work, visitor.call(), &may, new).await
        }
        None => Err(Refusal::field("place", "Choose where the role is held.")),
    };
    let given = match given {
        Ok(_) => end_tokens_of(&visitor, &mut work, (&fields, subject)).await,
        Err(refusal) => Err(refusal),
    };
    match given {
        Ok(()) => {
            work.commit().await?;
            Ok(done(&page_of(subject), "role-given"))
        }
        Err(refusal) => {
            drop(work);
            let (status, errors): (StatusCode, Errors) = wrong(&visitor, refusal, "role")?;
            let page = view(&visitor, subject, (&fields, errors), &Query::default()).await?;
            Ok(visitor.render_with(status, &page))
        }
    }
}

/// One role less. The last platform administrator stays.
pub(super) async fn take(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may::<ManageRoles>()?;
    let app = Arc::clone(&visitor.app);
    let subject = fields.text("subject");
    let mut work = app.instance.begin().await?;
    let taken = match roles::unbind(&mut work, visitor.call(), &may, &id).await {
        Ok(taken) => end_tokens_of(&visitor, &mut work, (&fields, &taken.subject)).await,
        Err(refusal) => Err(refusal),
    };
    match taken {
        Ok(()) => {
            work.commit().await?;
            // Whoever took it from themselves may not see the page any more.
            let back = page_of(subject);
            Ok(if subject == visitor.signed_in.user.id.as_str() {
                page::see_other("/account")
            } else {
                done(&back, "role-taken")
            })
        }
        Err(refusal) => {
            drop(work);
            let (status, errors) = wrong(&visitor, refusal, "held")?;
            let about = (&Fields::default(), errors);
            let page = view(&visitor, subject, about, &Query::default()).await?;
            Ok(visitor.render_with(status, &page))
        }
    }
}

/// Ends what the holder has alive, in the work of the change, where that was ticked.
async fn end_tokens_of(
    visitor: &Visitor,
    work: &mut Work,
    (fields, holder): (&Fields, &str),
) -> Result<(), Refusal> {
    if !fields.ticked("revoke_tokens") {
        return Ok(());
    }
    let may = visitor.authority.may()?;
    tokens::end_tokens_of_holder(work, visitor.call(), &may, holder).await
}

/// `instance`, `organization:…`, `team:…`.
fn read_place(text: &str) -> Option<Place> {
    match text.split_once(':') {
        None if text == "instance" => Some(Place::Instance),
        Some(("organization", id)) if !id.is_empty() => Some(Place::Organization(id.into())),
        Some(("team", id)) if !id.is_empty() => Some(Place::Team(id.into())),
        _ => None,
    }
}

/// Who it is about: their name and the way back; nobody learns of others.
async fn about(visitor: &Visitor, work: &mut Work, subject: &str) -> Result<Link, Halt> {
    if subject.starts_with("usr_") {
        let may = visitor.may::<ReadUsers>()?;
        let user = accounts::show(work, &may, &UserId::new(subject)).await;
        let user = user.map_err(|refusal| visitor.halt(refusal))?;
        return Ok(Link { label: user.display_name, href: format!("/console/users/{}", user.id) });
    }
    let may = visitor.may::<ReadClients>()?;
    let client = clients::show(work, &may, subject).await;
    let client = client.map_err(|refusal| visitor.halt(refusal))?;
    let href = page_of_client(client.id.as_str(), "access");
    Ok(Link { label: client.name.clone(), href })
}

async fn view(
    visitor: &Visitor,
    subject: &str,
    (typed, errors): (&Fields, Errors),
    query: &Query,
) -> Result<BindingList, Halt> {
    let may = visitor.may::<ReadRoles>()?;
    let mut work = visitor.app.instance.read();
    let holder = about(visitor, &mut work, subject).await?;
    let known = roles::list(&mut work, &may).await?;
    let wanted = ListQuery { subject: Some(subject.into()), limit: MOST, ..ListQuery::default() };
    let held = roles::list_bindings(&mut work, &may, &wanted).await;
    let (mut names, mut rows) = (Names::default(), Vec::new());
    for binding in held.map_err(|refusal| visitor.halt(refusal))?.items {
        let role = known.iter().find(|role| role.id == binding.role);
        rows.push(BindingRow {
            role: Link {
                label: role.map_or_else(|| binding.role.clone(), |role| role.name.clone()),
                href: super::page_of(&binding.role),
            },
            place: place(&mut work, &mut names, &binding.place).await?,
            take: take_path(visitor, &mut work, &binding).await?,
        });
    }
    let chosen = typed.text("role");
    let role_choices = known.iter().map(|role| {
        let missing = beyond(&visitor.authority, role.permissions.iter().map(String::as_str));
        Choice {
            value: role.id.clone(),
            label: match missing {
                Some(missing) => format!("{} (needs {missing})", role.name),
                None => role.name.clone(),
            },
            chosen: role.id == chosen,
            refused: missing.map(str::to_owned),
            ..Choice::default()
        }
    });
    let is_client = !subject.starts_with("usr_");
    let mut roles: Vec<Choice> = role_choices.collect();
    roles.sort_by_key(|choice| choice.refused.is_some());
    let places = Places::of(visitor, &mut work).await.map_err(|it| visitor.halt(it))?;
    Ok(BindingList {
        frame: visitor.frame(if is_client { "Clients" } else { "Users" }, query),
        is_client,
        subject: subject.into(),
        is_self: subject == visitor.signed_in.user.id.as_str(),
        holder,
        rows,
        roles,
        places: place_choices(visitor, &places, typed.text("place")),
        refused: visitor.lacks::<ManageRoles>(),
        revoke_tokens: visitor.holds::<RevokeTokens>().then(|| typed.ticked("revoke_tokens")),
        errors,
    })
}

/// Where the visitor may give a role.
fn place_choices(visitor: &Visitor, places: &Places, chosen: &str) -> Vec<Choice> {
    let Ok(may) = visitor.authority.may::<ManageRoles>() else { return Vec::new() };
    let choice = |value: String, label: String| Choice {
        chosen: value == chosen,
        value,
        label,
        ..Choice::default()
    };
    let mut choices = Vec::new();
    if may.covers(None, None) {
        choices.push(choice("instance".into(), "Everywhere".into()));
    }
    for it in places.organizations.iter().filter(|it| may.covers(Some(&it.id), None)) {
        choices.push(choice(format!("organization:{}", it.id), format!("All of {}", it.name)));
    }
    let within = |it: &&teams::Team| may.covers(Some(&it.organization), Some(&it.id));
    for it in places.teams.iter().filter(within) {
        choices.push(choice(format!("team:{}", it.id), format!("Team {}", places.spell(it))));
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_place_and_nothing_else() {
        assert_eq!(read_place("instance"), Some(Place::Instance));
        assert_eq!(read_place("team:t"), Some(Place::Team("t".into())));
        assert_eq!(read_place("organization:o"), Some(Place::Organization("o".into())));
        for bad in ["", "team", "team:", "instance:x", "planet:x"] {
            assert_eq!(read_place(bad), None, "{bad}");
        }
    }
}
