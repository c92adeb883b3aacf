//! Answers that are pages: rendered, never cached, and redirects after a form.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A page with status 200.
pub fn render(page: &impl askama::Template) -> Response {
    render_with(StatusCode::OK, page)
}

/// A page with another status.
pub fn render_with(status: StatusCode, page: &impl askama::Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a template failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be shown.\n").into_response()
        }
    }
}

/// 303: the browser follows with GET and forgets what it posted (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "This address cannot be followed.\n")
            .into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
