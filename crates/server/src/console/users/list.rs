//! `GET /console/users`: who can sign in here.

use domain::access::{self, CreateUsers, Reach, ReadUsers};
use domain::accounts::{self, ListQuery, Status, User};
use domain::{Fault, Refusal, Work, teams};

use super::{LIST, source, status};
use crate::console::query::Query;
use crate::console::views::{UserFilters, UserList, UserRow};
use crate::console::visitor::{Answer, Visitor};
use crate::web::views::{Choice, Person, When};

/// Teams and roles named of one person.
const NAMED: usize = 4;

const STATUSES: [(&str, &str); 4] =
    [("", "Any"), ("active", "Active"), ("disabled", "Disabled"), ("locked", "Locked")];

const SOURCES: [(&str, &str); 4] =
    [("", "Any"), ("local", "Local"), ("directory", "Directory"), ("upstream", "Upstream")];

const SECOND_FACTORS: [(&str, &str); 3] = [("", "Any"), ("true", "With one"), ("false", "Without")];

/// One page of the list.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may::<ReadUsers>()?;
    let mut work = visitor.app.instance.read();
    let status = query.get("status").filter(|named| STATUSES.iter().any(|(it, _)| it == named));
    let asked = ListQuery {
        q: query.get("q").map(str::to_owned),
        status: status.map(Status::parse),
        source: query
            .get("source")
            .filter(|named| SOURCES.iter().any(|(it, _)| it == named))
            .map(str::to_owned),
        second_factor: query.get("second_factor").and_then(|word| word.parse().ok()),
        cursor: query.get("cursor").map(str::to_owned),
        limit: 0,
    };
    let page = match accounts::list(&mut work, &may, &asked).await {
        // A cursor that is none of ours: the list begins again.
        Err(Refusal::Invalid(_)) => {
            accounts::list(&mut work, &may, &ListQuery { cursor: None, ..asked }).await?
        }
        other => other?,
    };
    let mut rows = Vec::with_capacity(page.items.len());
    for user in &page.items {
        rows.push(row(&mut work, user, visitor.now()).await?);
    }
    let list = UserList {
        frame: visitor.frame("Users", &query),
        filters: UserFilters {
            q: query.text("q"),
            status: STATUSES.iter().map(|pair| choice(&query, "status", *pair)).collect(),
            source: SOURCES.iter().map(|pair| choice(&query, "source", *pair)).collect(),
            second_factor: SECOND_FACTORS
                .iter()
                .map(|pair| choice(&query, "second_factor", *pair))
                .collect(),
            active: query.has_any(&["q", "status", "source", "second_factor"]),
        },
        rows,
        create_refused: create_refused(&visitor),
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    };
    Ok(visitor.render(&list))
}

/// People belong to the whole instance, so the right must be held there.
pub(super) fn create_refused(visitor: &Visitor) -> Option<String> {
    let reach = visitor.authority.reach(<CreateUsers as access::Permission>::NAME);
    if reach == Some(Reach::Everywhere) {
        return None;
    }
    Some("Needs the permission user:create, held at the whole instance.".into())
}

fn choice(query: &Query, name: &str, (value, label): (&str, &str)) -> Choice {
    let chosen = query.get(name).unwrap_or_default() == value;
    Choice { value: value.into(), label: label.into(), chosen, ..Choice::default() }
}

/// The first few names, and how many more there are.
fn some(names: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = names.len().saturating_sub(NAMED);
    let told = (more > 0).then(|| format!("{more} more"));
    names.take(NAMED).chain(told).collect()
}

async fn row(work: &mut Work, user: &User, now: i64) -> Result<UserRow, Fault> {
    let (status, level) = status(user);
    let teams = teams::teams_of_user(work, &user.id).await?;
    let mut roles: Vec<String> = access::bindings_of(work, user.id.as_str())
        .await?
        .into_iter()
        .map(|it| it.role_name)
        .collect();
    roles.dedup();
    let roles = some(roles.into_iter());
    Ok(UserRow {
        href: Some(format!("{LIST}/{}", user.id)),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        status: status.into(),
        status_level: level.into(),
        source: source(user).into(),
        second_factor: user.has_second_factor,
        teams: some(teams.into_iter().map(|team| team.name)),
        roles,
        last_sign_in: user.last_sign_in_at.map(|at| When::relative(at, now)),
        created: When::relative(user.created_at, now),
    })
}
