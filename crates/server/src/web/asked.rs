//! Who asks: the call behind a request.
//!
//! Reads the clock once, names the request, and resolves the address. Forwarding headers count
//! only from a peer the operator listed; then the rightmost address that is not itself a listed
//! proxy is the caller's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use domain::{Actor, Call};
use protocol::forwarded;

use crate::app::App;

/// The id of a request, set by the outermost layer.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The id under which the reason of a refusal is kept, on the answer for the outermost layers.
#[derive(Debug, Clone)]
pub struct ErrorId(pub String);

impl ErrorId {
    /// Puts it on the answer, where there is one.
    pub fn mark(response: &mut Response, id: Option<&str>) {
        if let Some(id) = id {
            response.extensions_mut().insert(Self(id.to_owned()));
        }
    }
}

/// The call behind a request, made by nobody yet.
#[derive(Debug, Clone)]
pub struct Asked(pub Call);

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let id = parts.extensions.get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
        Ok(Self(Call {
            now: app.instance.clock().now(),
            actor: Actor::nobody(),
            address: peer.map(|peer| address(app, peer, &parts.headers)),
            request_id: id,
        }))
    }
}

/// The caller's address: the peer's own, unless the peer is a proxy we believe.
fn address(app: &App, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if app.trusted_proxies.is_empty() || !app.trusts(peer) {
        return peer;
    }
    let lines = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
    forwarded::caller(peer, lines("forwarded"), lines("x-forwarded-for"), |hop| app.trusts(hop))
}

/// The method, if it is one of ours: a caller may invent others.
pub fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
