//! Traces: one span for each request, for the collector that the operator names (OpenTelemetry).
//!
//! A span holds the template of the route, the method, the status and the ids by which log and
//! answer name the request: nothing that a caller sent, so never a secret. `traceparent` counts only
//! from a peer the operator listed, as forwarding headers do; anybody else's begins a trace of ours.
//! Without a collector nothing of this is there. Refuses to wait: what the collector does not take
//! in time is counted and lost.

mod export;
mod spelled;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use domain::{Fault, Stopwatch};
use prometheus_client::metrics::counter::Counter;
use protocol::trace_context::Parent;
use tokio::sync::{mpsc, oneshot};

use crate::app::App;
use crate::web::asked::{ErrorId, method_word};

/// Spans that wait at most. More are lost: an answer never waits for a collector.
const QUEUE: usize = 2_048;
/// What is still waiting when the server ends has this long.
const FLUSH: Duration = Duration::from_secs(3);

/// Where a span stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    trace: [u8; 16],
    parent: Option<[u8; 8]>,
    id: [u8; 8],
}

/// One request.
#[derive(Debug, Clone)]
struct Span {
    place: Place,
    /// The template of its path; `None` where no route knows it.
    route: Option<MatchedPath>,
    method: &'static str,
    status: StatusCode,
    /// Milliseconds since 1970.
    began: i64,
    seconds: f64,
    request_id: Option<HeaderValue>,
    error_id: Option<String>,
}

/// What the exporter is told.
enum Message {
    Ended(Box<Span>),
    /// Send what there is, then say so.
    Flush(oneshot::Sender<()>),
}

/// The way to the collector.
pub struct Traces {
    queue: mpsc::Sender<Message>,
    lost: Counter,
}

impl Traces {
    /// Begins to send spans to this address, in the background.
    pub fn begin(collector: Uri) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let lost = Counter::default();
        tokio::spawn(export::run(waiting, collector, lost.clone()));
        Self { queue, lost }
    }

    /// How many spans the collector never got.
    pub fn lost(&self) -> &Counter {
        &self.lost
    }

    /// Sends what waits, for as long as the end of the server may take.
    pub async fn flush(&self) {
        let (done, sent) = oneshot::channel();
        let flush = async {
            let asked = self.queue.send(Message::Flush(done)).await;
            asked.is_ok() && sent.await.is_ok()
        };
        if !tokio::time::timeout(FLUSH, flush).await.unwrap_or_default() {
            tracing::warn!("the last spans did not reach the collector in time");
        }
    }

    fn ended(&self, span: Span) {
        if self.queue.try_send(Message::Ended(Box::new(span))).is_err() {
            self.lost.inc();
        }
    }
}

/// Whose child the request is, if whoever says so is believed.
fn parent(app: &App, request: &Request) -> Option<Parent> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
    if !app.trusts(peer) {
        return None;
    }
    let mut lines = request.headers().get_all("traceparent").iter();
    let only = lines.next().filter(|_| lines.next().is_none())?;
    Parent::parse(only.to_str().ok()?)
}

/// Where a request stands: in the caller's trace or in one of its own. `None` where the caller
/// records none.
fn place(app: &App, request: &Request) -> Result<Option<Place>, Fault> {
    let (vault, parent) = (app.instance.vault(), parent(app, request));
    let id = vault.random_bytes()?;
    Ok(match parent {
        Some(parent) if !parent.is_sampled => None,
        Some(parent) => Some(Place { trace: parent.trace, parent: Some(parent.span), id }),
        None => Some(Place { trace: vault.random_bytes()?, parent: None, id }),
    })
}

/// Measures a request and notes it.
pub async fn layer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(traces) = &app.traces else { return next.run(request).await };
    let Ok(Some(place)) = place(&app, &request) else { return next.run(request).await };
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_word(request.method());
    let (began, watch) = (app.instance.clock().milliseconds(), Stopwatch::start());
    let response = next.run(request).await;
    traces.ended(Span {
        place,
        route,
        method,
        status: response.status(),
        began,
        seconds: watch.seconds(),
        request_id: response.headers().get("x-request-id").cloned(),
        error_id: response.extensions().get::<ErrorId>().map(|id| id.0.clone()),
    });
    response
}
