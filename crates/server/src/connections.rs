//! Connections: how long a slow one is waited for, and how all of them end.
//!
//! HTTP/1.1. Whoever sends a head or a body drop by drop is cut off, so that nobody can hold the
//! server by doing nothing. When the end has come, an answer under way is finished and says that
//! the connection closes. Refuses to know what is asked (`routes`) and how it came (`tls`).

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch;
use tower::ServiceExt;
use tower_http::timeout::TimeoutLayer;

/// How long somebody slow is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, and for the next one on a connection that is kept open. Proxies
    /// keep theirs for 60 seconds; ours has to last longer, or a request would meet a closed one.
    pub head: Duration,
    /// For a request as a whole: its body, and its answer.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(75), whole: Duration::from_mins(1) }
    }
}

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Not begun.
    Far,
    /// Requests are still taken, and each answer closes its connection.
    Announced,
    /// No new connections; those that are idle close.
    Come,
}

/// Serves until the end has come, and returns when the last connection is closed.
pub async fn serve<L>(
    mut listener: L,
    router: Router,
    patience: Patience,
    mut end: watch::Receiver<End>,
) where
    L: Listener<Addr = SocketAddr>,
{
    let slow = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, patience.whole);
    let router = router.layer(slow);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let connections = GracefulShutdown::new();
    let announced = end.clone();
    let mut come = pin!(end.wait_for(|end| *end == End::Come));
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut come => break,
        };
        let (router, announced) = (router.clone(), announced.clone());
        let service =
            service_fn(move |request| answer(router.clone(), request, peer, announced.clone()));
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended badly");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn answer(
    router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    end: watch::Receiver<End>,
) -> Result<Response, std::convert::Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let mut response = router.oneshot(request.map(Body::new)).await?;
    if *end.borrow() > End::Far {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
