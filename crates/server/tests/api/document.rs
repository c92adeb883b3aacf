//! The published document: served without a token, and the same as in `docs`.

use std::path::PathBuf;

use axum::http::Request;

use crate::harness::one;
use crate::schema;
use crate::talk::send;

#[test]
fn the_file_in_docs_is_what_the_code_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let generated = mandate::api::document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "docs/openapi.json is out of date: run the tests with UPDATE_DOCS=1"
    );
}

#[tokio::test]
async fn is_served_to_everybody_as_it_is_in_docs() {
    let answer = send(&one().await, Request::get("/api/v1/openapi.json"), "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.body, mandate::api::document());
}

#[test]
fn says_of_every_operation_what_it_needs() {
    for (method, path, operation) in schema::operations() {
        let at = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
        assert!(operation["operationId"].is_string(), "{at}");
        assert!(operation["security"].is_array(), "{at}");
        if path == "/clients/self/secrets" {
            assert_eq!(operation["security"], serde_json::json!([{ "client": [] }, {}]), "{at}");
        } else if !["/openapi.json", "/me"].contains(&path.as_str()) {
            let permission = operation["x-permission"].as_str().expect(&at);
            assert!(domain::access::definition(permission).is_some(), "{at}: {permission}");
            assert_eq!(operation["security"][0]["bearer"][0], permission, "{at}");
        }
    }
}

/// The judge of all other tests can say no.
#[test]
fn the_judge_finds_what_does_not_fit() {
    let document = schema::document();
    let team = serde_json::json!({ "$ref": "#/components/schemas/Team" });
    let judge = |value| schema::judge(document, &team, &value, "").len();
    assert_eq!(judge(serde_json::json!({ "id": "a", "organization": "b", "name": "c" })), 0);
    assert_eq!(judge(serde_json::json!({ "id": "a", "organization": "b" })), 1);
    assert_eq!(
        judge(serde_json::json!({ "id": 7, "organization": "b", "name": "c", "secret": "d" })),
        2
    );
}
