//! Pages about OAuth clients: the list, a new one, and the tabs of one.

mod form;
mod head;
mod kinds;
mod list;
mod new;
mod overview;
mod places;
mod saved;
mod snippets;
mod typed;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// Where the list is.
const LIST: &str = "/console/clients";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/clients", get(list::show).post(new::create))
        .route("/clients/new", get(new::show))
        .route("/clients/{client}", get(overview::show))
}

/// The page of a client, or one of its tabs.
fn page_of(client: &str, tab: &str) -> String {
    if tab.is_empty() { format!("{LIST}/{client}") } else { format!("{LIST}/{client}/{tab}") }
}
