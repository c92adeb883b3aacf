//! The `OpenAPI` 3.1 document, made of the table that the router is made of.

use serde_json::{Map, Value, json};

use super::operation::{Guard, Operation, Outcome, Parameter, Place, Shape, Type};
use super::schemas;

const DESCRIPTION: &str = "\
Clients, people, places and what happened to them. Every call carries an access token of this server \
whose audience is this API: `Authorization: Bearer …`. A permission counts only if a scope of the token \
lets it through, the preset of the client allows its kind, and whoever the token acts for holds it now. \
Instants are RFC 3339 in UTC, durations are seconds. Errors are problem documents (RFC 9457). Unknown \
fields and parameters are refused by name. `?dry_run=true` tries a write and changes nothing.";

/// Every refusal: its status, its name, when it is given.
const REFUSALS: [(u16, &str, &str); 10] = [
    (400, "Invalid", "Something in the request is not as it must be; `errors` names each field."),
    (401, "Unauthorized", "No living access token for this API came; `WWW-Authenticate` says why."),
    (403, "Forbidden", "A permission is missing; `permission` names it."),
    (404, "NotFound", "There is no such object, or none that the caller may see."),
    (406, "NotAcceptable", "It is not there in a form that `Accept` names."),
    (409, "Conflict", "It contradicts the state of things; `ids` names the objects in the way."),
    (412, "Stale", "The object is at another version than `If-Match` says; `current_etag` has it."),
    (413, "TooLarge", "The body is longer than 1 MiB."),
    (415, "WrongMediaType", "The body is not JSON."),
    (
        503,
        "Unavailable",
        "Not possible right now; nothing was changed. `Retry-After` says when to try again.",
    ),
];

/// Writes the document, with a line break at its end.
pub(super) fn document(operations: &[Operation]) -> String {
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.verb.as_str()] = described(operation);
    }
    let responses: Map<String, Value> =
        REFUSALS.iter().map(|(_, name, when)| ((*name).to_owned(), refusal(when))).collect();
    let schemas: Map<String, Value> =
        schemas::all().into_iter().map(|(name, schema)| (name.into(), schema)).collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mandate management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api/v1" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "client": { "type": "http", "scheme": "basic" },
            },
            "schemas": schemas,
            "responses": responses,
        },
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn described(operation: &Operation) -> Value {
    let tag = operation.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [if operation.path.contains("/secrets") { "secrets" } else { tag }],
        "responses": responses(operation),
    });
    if !operation.note.is_empty() {
        value["description"] = operation.note.into();
    }
    match operation.signature.guard {
        Guard::Open => value["security"] = json!([]),
        Guard::Token => value["security"] = json!([{ "bearer": [] }]),
        Guard::Client => value["security"] = json!([{ "client": [] }, {}]),
        Guard::Permission(name) => {
            value["security"] = json!([{ "bearer": [name] }]);
            value["x-permission"] = name.into();
        }
    }
    let mut parameters: Vec<Value> = operation.names().map(in_path).collect();
    parameters.extend(operation.signature.parameters.iter().map(parameter));
    if !parameters.is_empty() {
        value["parameters"] = parameters.into();
    }
    if let Some(schema) = operation.signature.body {
        let is_patch = operation.verb.as_str() == "patch";
        let media: &[&str] = if is_patch {
            &["application/merge-patch+json", "application/json"]
        } else {
            &["application/json"]
        };
        let content: Map<String, Value> = media
            .iter()
            .map(|media| ((*media).to_owned(), json!({ "schema": reference(schema) })))
            .collect();
        value["requestBody"] = json!({ "required": true, "content": content });
    }
    value
}

fn in_path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Query => "query",
        Place::Header => "header",
    };
    let schema = match parameter.kind {
        Type::Text => json!({ "type": "string" }),
        Type::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Type::Flag => json!({ "type": "boolean" }),
        Type::Word(words) => json!({ "type": "string", "enum": words }),
    };
    json!({ "name": parameter.name, "in": place, "description": parameter.description, "schema": schema })
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for outcome in &operation.outcomes {
        responses.insert(outcome.status.to_string(), answered(operation, outcome));
    }
    let signature = &operation.signature;
    let reads = signature.body.is_some() || !signature.parameters.is_empty();
    let guarded = signature.guard != Guard::Open;
    for (status, name, _) in REFUSALS {
        let possible = match status {
            400 => reads || guarded,
            401 | 503 => guarded,
            403 => matches!(signature.guard, Guard::Permission(_) | Guard::Client),
            404 => operation.names().next().is_some(),
            406 => signature.offers_csv,
            409 => operation.may_conflict,
            412 => signature.is_conditional,
            _ => signature.body.is_some(),
        };
        if possible {
            responses.insert(
                status.to_string(),
                json!({ "$ref": format!("#/components/responses/{name}") }),
            );
        }
    }
    Value::Object(responses)
}

fn answered(operation: &Operation, outcome: &Outcome) -> Value {
    let schema = match outcome.shape {
        Shape::Empty => return json!({ "description": outcome.description }),
        Shape::One(name) => reference(name),
        Shape::Page(name) => schemas::page(reference(name)),
        Shape::Json => json!({ "type": "object" }),
    };
    let mut content = Map::new();
    content.insert("application/json".into(), json!({ "schema": schema }));
    if operation.signature.offers_csv {
        content.insert("text/csv".into(), json!({ "schema": { "type": "string" } }));
    }
    let mut value = json!({ "description": outcome.description, "content": content });
    if outcome.status == 201 {
        let location =
            json!({ "description": "Where it is from now on.", "schema": { "type": "string" } });
        value["headers"] = json!({ "Location": location });
    }
    value
}

fn refusal(when: &str) -> Value {
    json!({
        "description": when,
        "content": { "application/problem+json": { "schema": reference("Problem") } },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
