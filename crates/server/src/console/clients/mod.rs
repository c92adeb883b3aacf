//! Pages about OAuth clients: the list, a new one, and the tabs of one.

mod access;
mod activity;
mod audit;
mod bulk;
mod calls;
mod credentials;
mod danger;
mod form;
mod head;
mod kinds;
mod list;
mod more;
mod new;
mod overview;
mod remedies;
mod saved;
mod settings;
mod snippets;
mod tokens;
mod trial;
mod typed;
mod undo;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// Where the list is.
const LIST: &str = "/console/clients";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/clients", get(list::show).post(new::create))
        .route("/clients/new", get(new::show))
        .route("/clients:delete", post(bulk::delete))
        .route("/clients:disable", post(bulk::disable))
        .route("/clients/{client}", get(overview::show))
        .route("/clients/{client}/settings", get(settings::show).post(settings::save))
        .route("/clients/{client}/undo", post(undo::restore))
        .route("/clients/{client}/credentials", get(credentials::show))
        .route("/clients/{client}/rotate", post(credentials::rotate))
        .route("/clients/{client}/secrets/{secret}/retire", post(credentials::retire))
        .route("/clients/{client}/access", get(access::show))
        .route("/clients/{client}/tokens", get(tokens::show))
        .route("/clients/{client}/tokens/{token}/revoke", post(tokens::revoke))
        .route("/clients/{client}/revoke-tokens", post(tokens::revoke_all))
        .route("/clients/{client}/activity", get(activity::show))
        .route("/clients/{client}/audit", get(audit::show))
        .route("/clients/{client}/audit.csv", get(audit::export))
        .route("/clients/{client}/audit/{entry}", get(audit::entry))
        .route("/clients/{client}/danger", get(danger::show))
        .route("/clients/{client}/disable", post(danger::disable))
        .route("/clients/{client}/enable", post(danger::enable))
        .route("/clients/{client}/delete", post(danger::delete))
}

/// The page of a client, or one of its tabs. An id may be `new`, which is a page of its own: a
/// letter spelled in hexadecimal tells them apart.
pub(super) fn page_of(client: &str, tab: &str) -> String {
    let client = if client == "new" { "%6Eew" } else { client };
    if tab.is_empty() { format!("{LIST}/{client}") } else { format!("{LIST}/{client}/{tab}") }
}
