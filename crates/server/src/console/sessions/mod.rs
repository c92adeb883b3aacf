//! Pages about what is alive (COR-37…40): the applications that hold tokens, and the browsers in
//! which people are signed in. Whatever is ended here is refused in its very next request.

mod apps;
mod browsers;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use domain::access::{Reach, ReadTokens, ReadUsers};
use domain::{UserId, Work, accounts};

use super::query::Query;
use super::visitor::{Halt, Visitor};
use crate::app::App;
use crate::web::sealed;
use crate::web::views::{Link, NavEntry};

const APPS: &str = "/console/sessions";
const BROWSERS: &str = "/console/sessions/browsers";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sessions", get(apps::show))
        .route("/sessions/tokens/{token}/revoke", post(apps::revoke))
        .route("/sessions/apps/{client}/revoke", post(apps::revoke_all))
        .route("/sessions/browsers", get(browsers::show))
        .route("/sessions/browsers/{session}/end", post(browsers::end))
}

/// The page about what one person has alive.
pub(super) fn page_of_person(user: &str) -> String {
    sealed::link(APPS, "user", user)
}

/// Connected apps, and browser sessions for who may see those.
fn tabs(visitor: &Visitor, current: &str, user: Option<&str>) -> Vec<NavEntry> {
    let everywhere = visitor.authority.reach("token:read") == Some(Reach::Everywhere);
    let tab = |label: &str, path: &str, enabled| NavEntry {
        label: label.into(),
        href: user.map_or_else(|| path.to_owned(), |user| sealed::link(path, "user", user)),
        enabled,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Connected apps", APPS, true), tab("Browser sessions", BROWSERS, everywhere)]
}

/// The person the page is narrowed to, if the visitor may see people; their id where not.
async fn narrowed(visitor: &Visitor, work: &mut Work, query: &Query) -> Result<Option<Link>, Halt> {
    visitor.may::<ReadTokens>()?;
    let Some(id) = query.get("user") else { return Ok(None) };
    let Ok(may) = visitor.authority.may::<ReadUsers>() else {
        return Ok(Some(Link { label: id.to_owned(), href: String::new() }));
    };
    let found = accounts::show(work, &may, &UserId::new(id)).await.ok();
    Ok(Some(match found {
        Some(user) => {
            Link { label: user.display_name, href: format!("/console/users/{}", user.id) }
        }
        None => Link { label: id.to_owned(), href: String::new() },
    }))
}
