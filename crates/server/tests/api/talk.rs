//! Somebody who calls the API with a token, and reads answers that must fit the document.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request};
use domain::access::{self, Place};
use domain::accounts;
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, ISSUER, Server};
use crate::schema;

/// A caller with a token.
#[derive(Clone)]
pub struct Caller {
    pub server: Arc<Server>,
    pub token: String,
}

impl Caller {
    pub fn new(server: &Arc<Server>, token: &str) -> Self {
        Self { server: Arc::clone(server), token: token.into() }
    }

    /// The Admin Client: every permission, everywhere.
    pub async fn admin(server: &Arc<Server>) -> Self {
        let answer = server.admin_client().own_token().await;
        Self::new(server, &answer.text("access_token"))
    }

    /// A service that holds `role` in `place`, with these scopes.
    pub async fn service(
        server: &Arc<Server>,
        id: &str,
        scopes: &[&str],
        (role, place): (&str, Place),
    ) -> Self {
        let draft = json!({
            "client_id": id, "client_name": id, "type": "service", "access": "full",
            "grant_types": ["client_credentials"], "scopes": scopes,
        });
        let app = server.register(draft).await;
        let mut work = server.instance.begin().await.unwrap();
        access::bind(&mut work, server.clock.now(), id, role, &place).await.unwrap();
        work.commit().await.unwrap();
        let answer = app.own_token().await;
        assert_eq!(answer.verdict(), "200", "{}", answer.body);
        Self::new(server, &answer.text("access_token"))
    }

    /// Whoever acts for the person with this address, limited by the preset.
    pub async fn acting_for(server: &Arc<Server>, email: &str, access: &str) -> Self {
        let mut work = server.instance.read();
        let user =
            accounts::find_by_email(&mut work, email).await.unwrap().expect("the person is there");
        let scopes = if access == "full" {
            json!(["as_user:read", "as_user:write"])
        } else {
            json!(["as_user:read"])
        };
        let id = format!("for-{}-{access}", user.id);
        let draft = json!({
            "client_id": id, "client_name": id, "type": "service", "access": access, "scopes": scopes,
            "grant_types": ["client_credentials"], "context_user": user.id, "default_resource": format!("{ISSUER}/api/v1"),
        });
        let answer = server.register(draft).await.own_token().await;
        assert_eq!(answer.verdict(), "200", "{}", answer.body);
        Self::new(server, &answer.text("access_token"))
    }

    /// The first administrator through a client that only looks.
    pub async fn read_only_admin(server: &Arc<Server>) -> Self {
        Self::acting_for(server, ADMIN_EMAIL, "read_only").await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// A call with more headers. The answer fits the document, or the test fails.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("/api/v1{path}"));
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let answer =
            send(&self.server, request, body.map(|b| b.to_string()).unwrap_or_default()).await;
        schema::check(&method, path, &answer);
        answer
    }

    /// Registers a service client and returns the answer.
    pub async fn create_client(&self, name: &str) -> Answer {
        let answer = self.post("/clients", json!({ "client_name": name, "type": "service" })).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }
}

/// Sends a request as it is.
pub async fn send(server: &Server, request: Builder, body: impl Into<Body>) -> Answer {
    server.send(request.body(body.into()).unwrap()).await
}

/// The names of the fields that a problem complains about.
#[track_caller]
pub fn fields(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.body);
    let problem = answer.json();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

/// The ids of a page.
#[track_caller]
pub fn ids(answer: &Answer, member: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = answer.json();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}
