//! Places: teams, organizations, who belongs to them, and what their end takes away.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame, Link, NavEntry, Person};

/// One team in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamRow {
    /// Its page.
    pub href: String,
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it belongs.
    pub organization: Link,
    /// How many people hold a role in it.
    pub people: u64,
    /// How many clients it looks after.
    pub clients: u64,
}

/// `/console/teams`. The form posts `organization`, `name` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/team_list.html")]
pub struct TeamList {
    /// The console around it.
    pub frame: Frame,
    /// Teams, organizations.
    pub tabs: Vec<NavEntry>,
    /// Part of a name, sent as `q`.
    pub q: String,
    /// Of one organization only, sent as `organization`.
    pub organization: Vec<Choice>,
    /// Whether anything narrows the list.
    pub active: bool,
    /// One page of teams.
    pub rows: Vec<TeamRow>,
    /// Why this person cannot add a team, if so.
    pub refused: Option<String>,
    /// Where the form is sent.
    pub action: String,
    /// The name typed before.
    pub name: String,
    /// Where a new team can belong.
    pub homes: Vec<Choice>,
    /// What was wrong.
    pub errors: Errors,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// Somebody who belongs to a team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberRow {
    /// The page of the person, if the visitor may see people.
    pub href: Option<String>,
    /// Name and address.
    pub person: Person,
    /// Roles here, by name.
    pub roles: Vec<String>,
    /// Where "Remove" is sent.
    pub remove: String,
}

/// What the end of a place takes away, and what stands against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceEnd {
    /// Where "Delete" is sent.
    pub delete: String,
    /// Sentences.
    pub loses: Vec<String>,
    /// Clients that name it: it cannot be deleted while they do.
    pub in_the_way: Vec<Link>,
    /// Why this person cannot delete it, if so.
    pub refused: Option<String>,
}

/// `/console/teams/{team}`. The forms post `email` and `role`; `name`; `confirm_name`; each with
/// `form_token`.
#[derive(Template)]
#[template(path = "console/views/team_page.html")]
pub struct TeamPage {
    /// The console around it.
    pub frame: Frame,
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// Where it belongs.
    pub organization: Link,
    /// Its address; the forms go below it.
    pub path: String,
    /// How many people hold a role in it.
    pub people: u64,
    /// Whom the list is narrowed to, sent as `q`.
    pub q: String,
    /// One page of them.
    pub members: Vec<MemberRow>,
    /// The address typed before.
    pub email: String,
    /// Roles that can be given here.
    pub roles: Vec<Choice>,
    /// Some of the clients that it looks after.
    pub clients: Vec<Link>,
    /// All of those, where there are more.
    pub all_clients: Option<String>,
    /// The name in the form.
    pub rename: String,
    /// Its end.
    pub end: PlaceEnd,
    /// Why this person cannot change it, if so.
    pub refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// One organization in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its page, if the visitor may see the whole of it.
    pub href: Option<String>,
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many people hold a role in the whole of it.
    pub people: u64,
    /// How many teams it has.
    pub teams: u64,
}

/// `/console/organizations`. The form posts `name` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/organization_list.html")]
pub struct OrganizationList {
    /// The console around it.
    pub frame: Frame,
    /// Teams, organizations.
    pub tabs: Vec<NavEntry>,
    /// Part of a name, sent as `q`.
    pub q: String,
    /// One page of organizations.
    pub rows: Vec<OrganizationRow>,
    /// Why this person cannot add one, if so.
    pub refused: Option<String>,
    /// Where the form is sent.
    pub action: String,
    /// The name typed before.
    pub name: String,
    /// What was wrong.
    pub errors: Errors,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// `/console/organizations/{organization}`. The forms post `name` and `organization` for a new
/// team; `rename`; `confirm_name`; each with `form_token`.
#[derive(Template)]
#[template(path = "console/views/organization_page.html")]
pub struct OrganizationPage {
    /// The console around it.
    pub frame: Frame,
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// Its address; the forms go below it.
    pub path: String,
    /// Where a new team is sent.
    pub add: String,
    /// How many teams it has.
    pub teams: u64,
    /// Which of them the list is narrowed to, sent as `q`.
    pub q: String,
    /// One page of them.
    pub rows: Vec<TeamRow>,
    /// The name in the form.
    pub rename: String,
    /// Its end.
    pub end: PlaceEnd,
    /// Why this person cannot change it, if so.
    pub refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}
