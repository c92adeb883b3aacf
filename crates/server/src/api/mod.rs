//! The management API: the nouns of the domain as JSON under `/api/v1`, one file each.
//!
//! Every call carries a bearer token of this very server, made for this very API. A handler is
//! short: its signature names the permission and what it reads; it begins a work, calls one rule,
//! commits, answers. The router and the published `OpenAPI` document are made of one table.
//!
//! Refuses to know pages, cookies and sessions of its caller; rules are `domain`'s.

mod answer;
mod audit_events;
mod bindings;
mod body;
mod caller;
mod client_secrets;
mod clients;
mod conditions;
mod grants;
mod me;
mod openapi;
mod operation;
mod organizations;
mod own_client;
mod permissions;
mod problem;
mod query;
mod resources;
mod roles;
mod schemas;
mod scopes;
mod second_factors;
mod sessions;
mod settings;
mod sign_in_policies;
mod teams;
mod token_statistics;
mod tokens;
mod trusted_ips;
mod user_access;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use operation::{Operation, Shape, Verb};
use problem::Failed;

use crate::app::App;

/// Every route of the API, to be nested at `/api/v1`.
pub fn router() -> Router<Arc<App>> {
    let mut router = Router::new();
    for operation in operations(&Bytes::from(document())) {
        router = router.route(operation.path, operation.route);
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(problem::layer))
}

/// The `OpenAPI` document of these routes, as it is served.
pub fn document() -> String {
    openapi::document(&operations(&Bytes::new()))
}

/// The table: every operation of every noun.
fn operations(document: &Bytes) -> Vec<Operation> {
    let document = document.clone();
    let own = Operation::new(
        Verb::Get,
        ("/openapi.json", "getOpenApi"),
        "Read this document",
        move || std::future::ready(answer::document(document.clone())),
    );
    let mut all = vec![own.answers(200, Shape::Json, "This document.")];
    for of_noun in [
        me::operations,
        clients::operations,
        client_secrets::operations,
        trusted_ips::operations,
        users::operations,
        organizations::operations,
        teams::operations,
        roles::operations,
        permissions::operations,
        bindings::operations,
        scopes::operations,
        resources::operations,
        sessions::operations,
        tokens::operations,
        token_statistics::operations,
        second_factors::operations,
        user_access::operations,
        grants::operations,
        settings::operations,
        sign_in_policies::operations,
        audit_events::operations,
    ] {
        all.extend(of_noun());
    }
    all
}

async fn unknown() -> Failed {
    Failed::new(
        StatusCode::NOT_FOUND,
        "The API has no such path. GET /api/v1/openapi.json lists all.",
    )
}

async fn wrong_method() -> Failed {
    Failed::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path is not there for this method; Allow names those it is for.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::operation::{Guard, Place};
    use super::*;

    #[test]
    fn nothing_is_open_but_the_document() {
        for operation in operations(&Bytes::new()) {
            let open = operation.signature.guard == Guard::Open;
            assert_eq!(open, operation.path == "/openapi.json", "{}", operation.path);
        }
    }

    #[test]
    fn every_write_can_be_tried_and_asks_for_a_writing_permission() {
        for operation in operations(&Bytes::new()) {
            let Guard::Permission(name) = operation.signature.guard else { continue };
            let writes = operation.verb != Verb::Get;
            let effect = domain::access::definition(name).unwrap().effect;
            assert_eq!(
                effect == domain::access::Effect::Write,
                writes,
                "{} needs {name}",
                operation.id
            );
            let can_be_tried = operation.signature.parameters.iter().any(|p| p.name == "dry_run");
            assert_eq!(can_be_tried, writes, "{}", operation.id);
        }
    }

    #[test]
    fn names_and_parameters_are_there_once() {
        let mut ids = BTreeSet::new();
        for operation in operations(&Bytes::new()) {
            assert!(ids.insert(operation.id), "{}", operation.id);
            assert!(!operation.outcomes.is_empty(), "{} says nothing of its answer", operation.id);
            let names: Vec<_> = operation
                .signature
                .parameters
                .iter()
                .map(|p| (p.place == Place::Query, p.name))
                .collect();
            assert_eq!(
                names.iter().collect::<BTreeSet<_>>().len(),
                names.len(),
                "{}",
                operation.id
            );
        }
    }

    #[test]
    fn every_schema_named_is_there() {
        let text = document();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        for part in text.split("\"#/components/").skip(1) {
            let place = part.split('"').next().unwrap();
            let pointer = format!("/components/{place}");
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
    }
}
