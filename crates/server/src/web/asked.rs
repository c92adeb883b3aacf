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
use domain::{Actor, Call, Via};
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
        let (address, via) = peer.map(|peer| address(app, peer, &parts.headers)).unzip();
        Ok(Self(Call {
            now: app.instance.clock().now(),
            actor: Actor::nobody(),
            address,
            via: via.flatten(),
            request_id: id,
        }))
    }
}

/// The caller's address, and whose word it is: the peer's own, unless the peer is a proxy we believe.
fn address(app: &App, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Option<Via>) {
    let peer = peer.to_canonical();
    if app.trusted_proxies.is_empty() || !app.trusts(peer) {
        return (peer, None);
    }
    let lines = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let (standard, usual) = (lines("forwarded"), lines("x-forwarded-for"));
    let address = forwarded::caller(peer, standard, usual, |hop| app.trusts(hop));
    let has = |name| headers.contains_key(name);
    let header = match (has("forwarded"), has("x-forwarded-for")) {
        (true, true) if address == forwarded::DISPUTED => {
            "Forwarded and X-Forwarded-For, which disagree,"
        }
        (true, true) => "Forwarded and X-Forwarded-For",
        (true, false) => "Forwarded",
        (false, true) => "X-Forwarded-For",
        (false, false) => return (peer, None),
    };
    (address, Some(Via { header, proxy: peer }))
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
