//! Who asks: the call behind a request.
//!
//! Reads the clock once, names the request, and resolves the address. Forwarding headers count
//! only from a peer the operator listed; then the rightmost address that is not itself a listed
//! proxy is the caller's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::{Actor, Call};

use crate::app::App;

/// The id of a request, set by the outermost layer.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

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

/// The caller's address.
fn address(app: &App, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if app.trusted_proxies.is_empty() || !app.trusts(peer) {
        return peer;
    }
    let mut last = peer;
    for hop in forwarded(headers).into_iter().rev() {
        let Some(hop) = hop else { return last };
        last = hop;
        if !app.trusts(hop) {
            break;
        }
    }
    last
}

/// The hops of `Forwarded` (RFC 7239), else of `X-Forwarded-For`, nearest last. An unreadable hop
/// is `None`: nothing left of it can be believed.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: &str| -> Vec<String> {
        let all = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        all.flat_map(|v| v.split(',')).map(|v| v.trim().to_owned()).collect()
    };
    let standard = values("forwarded");
    if !standard.is_empty() {
        return standard.iter().map(|element| node(for_parameter(element)?)).collect();
    }
    values("x-forwarded-for").iter().map(|hop| node(hop)).collect()
}

fn for_parameter(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map(|(_, value)| value)
}

/// An address with or without port, brackets and quotes.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address =
        text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()));
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    address.or_else(|| bare?.parse().ok()).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hops_in_every_spelling() {
        for (text, want) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:4711", Some("192.0.2.1")),
            ("\"[2001:db8::1]:4711\"", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("::ffff:10.0.0.9", Some("10.0.0.9")),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
        ] {
            assert_eq!(node(text).map(|a| a.to_string()).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn the_standard_header_wins_and_hides_nothing() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        headers.append(
            "forwarded",
            "proto=https;For=\"[2001:db8::7]\", for=10.0.0.1".parse().unwrap(),
        );
        let hops: Vec<_> =
            forwarded(&headers).into_iter().flatten().map(|a| a.to_string()).collect();
        assert_eq!(hops, ["2001:db8::7", "10.0.0.1"]);
    }
}
