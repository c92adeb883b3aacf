//! `GET /metrics`, on its own address alone, and the layer that counts what it tells.
//!
//! Nobody signs in there: whoever reaches the address may read. It holds numbers, no names of
//! people or clients and no secret.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Stopwatch;

use crate::app::App;
use crate::figures::Figures;
use crate::web::asked::method_word;

/// Where a request went that no route knows.
const NOWHERE: &str = "none";
/// The media type of the page.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of the address for metrics.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(app)
}

async fn show(State(app): State<Arc<App>>) -> Response {
    let load = app.instance.database_load();
    let page = app.figures.as_ref().map(|figures| figures.written(load));
    match page {
        Some(Ok(page)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Some(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Counts a request under the template of its route, its method and its status.
pub async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(figures) = &app.figures else { return next.run(request).await };
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_word(request.method());
    let watch = Stopwatch::start();
    let under_way = UnderWay::begin(figures);
    let response = next.run(request).await;
    let route = route.as_ref().map_or(NOWHERE, MatchedPath::as_str);
    under_way.answered(route, method, response.status().as_u16(), watch);
    response
}

/// A request that may be given up before it is answered.
struct UnderWay<'a>(Option<&'a Figures>);

impl<'a> UnderWay<'a> {
    fn begin(figures: &'a Figures) -> Self {
        figures.begun();
        Self(Some(figures))
    }

    fn answered(mut self, route: &str, method: &'static str, status: u16, watch: Stopwatch) {
        if let Some(figures) = self.0.take() {
            figures.answered(route, method, status, watch);
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(figures) = self.0 {
            figures.abandoned();
        }
    }
}
