//! Pages of an administrator: clients, people, places, roles, sign-in policies, sessions, scopes, refusals, the
//! audit trail, settings. Knows no protocol endpoint and no other door.
//!
//! Every page needs a session and a proof. A function is short: read what was asked, begin a work,
//! call one rule, commit, answer. What somebody may not do is shown as such before they try.

mod audit;
mod audit_filters;
mod audit_overview;
mod clients;
mod deeds;
mod done;
mod names;
mod nav;
mod places;
mod policies;
mod policy_form;
mod query;
mod refusals;
mod roles;
mod scopes;
mod search;
mod sessions;
mod settings;
mod spelled;
mod teams;
mod users;
pub mod views;
mod visitor;
mod wrong;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use crate::app::App;
use crate::web::page;

/// The pages of an administrator, to be nested at `/console`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(start))
        .route("/search", get(search::go))
        .merge(clients::router())
        .merge(users::router())
        .merge(teams::router())
        .merge(roles::router())
        .merge(policies::router())
        .merge(sessions::router())
        .merge(settings::router())
        .merge(refusals::router())
        .merge(scopes::router())
        .merge(audit::router())
}

/// `/console`: the list of clients is where everybody begins.
async fn start() -> Response {
    page::see_other("/console/clients")
}
