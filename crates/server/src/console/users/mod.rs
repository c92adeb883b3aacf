//! Pages about people: the list, an invitation, one person, a link to another password.

mod addresses;
mod list;
mod new;
mod person;
mod second_factor;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use domain::Plain;
use domain::accounts::{INVITATION_LIFETIME, RESET_LIFETIME, Status, User};

use super::query::Query;
use super::views::UserLink;
use super::visitor::Visitor;
use crate::app::App;
use crate::mail::{Delivery, Wanted};
use crate::web::views::{Person, When};

/// Where the list is.
const LIST: &str = "/console/users";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/users", get(list::show).post(new::create))
        .route("/users/new", get(new::show))
        .route("/users/{user}", get(person::show).post(person::change))
        .route("/users/{user}/delete", post(person::delete))
        .route("/users/{user}/disable", post(person::disable))
        .route("/users/{user}/lock", post(person::lock))
        .route("/users/{user}/enable", post(person::enable))
        .route("/users/{user}/invite", post(person::invite))
        .route("/users/{user}/trusted-ips", post(addresses::save))
        .route("/users/{user}/reset-password", post(person::reset_password))
        .route("/users/{user}/reset-second-factor", post(second_factor::reset))
}

/// A status in a word, and its colour.
fn status(user: &User) -> (&'static str, &'static str) {
    match user.status {
        Status::Active if !user.has_password && user.source == "local" => ("Invited", "off"),
        Status::Active => ("Active", "ok"),
        Status::Disabled => ("Disabled", "off"),
        Status::Locked => ("Locked", "danger"),
    }
}

/// Who vouches for somebody, in a word.
fn source(user: &User) -> &'static str {
    match user.source.as_str() {
        "local" => "Local",
        "directory" => "Directory",
        _ => "Upstream",
    }
}

/// Mails the link, where mail is set up, and shows it on the one page that does: an invitation, or to
/// another password.
async fn handed_over(
    visitor: &Visitor,
    user: &User,
    link: &Plain,
    warning: Option<String>,
) -> Response {
    let wanted = Wanted::ByAdministrator;
    let delivery = visitor.app.mail_link(visitor.call(), (user, link), wanted).await;
    let lifetime = if user.has_password { RESET_LIFETIME } else { INVITATION_LIFETIME };
    let page = UserLink {
        frame: visitor.frame("Users", &Query::default()),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        is_reset: user.has_password,
        url: visitor.app.urls.password_link(user, link).reveal().to_owned(),
        expires: When::relative(visitor.now() + lifetime, visitor.now()),
        page: format!("{LIST}/{}", user.id),
        mailed: delivery == Delivery::Sent,
        not_mailed: delivery == Delivery::Failed,
        warning,
    };
    visitor.render(&page)
}
