//! "Save these now": the answer that shows a secret, and the only one. It is the body of a POST,
//! never stored by the browser and never at an address of its own.

use axum::response::Response;
use domain::Plain;
use domain::clients::Client;

use super::{page_of, snippets, trial};
use crate::console::query::Query;
use crate::console::views::ClientSaved;
use crate::console::visitor::Visitor;

/// Why the sheet is shown.
pub(super) enum Occasion {
    /// A secret was made: this is the moment to copy it.
    Secret(Plain),
    /// A secret was made, and something becomes of the others.
    Rotated(Plain, String),
    /// The form was sent a second time.
    ShownBefore,
    /// There is no secret.
    Public,
}

/// The sheet.
pub(super) fn show(visitor: &Visitor, client: &Client, occasion: Occasion) -> Response {
    let (secret, previous, shown_before) = match occasion {
        Occasion::Secret(secret) => (Some(secret), None, false),
        Occasion::Rotated(secret, previous) => (Some(secret), Some(previous), false),
        Occasion::ShownBefore => (None, None, true),
        Occasion::Public => (None, None, false),
    };
    let secret = secret.map(|secret| secret.reveal().to_owned());
    let page = ClientSaved {
        frame: visitor.frame("Clients", &Query::default()),
        client_name: client.name.clone(),
        client_id: client.id.to_string(),
        snippets: if shown_before {
            Vec::new()
        } else {
            snippets::to_keep(&visitor.app.urls, client, secret.as_deref())
        },
        trial: (!shown_before).then(|| trial::of(&visitor.app.urls, client, secret.as_deref())),
        secret,
        shown_before,
        previous,
        next: page_of(client.id.as_str(), if shown_before { "credentials" } else { "" }),
    };
    visitor.render(&page)
}
