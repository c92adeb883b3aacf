//! Who asks: the call behind a request.
//!
//! Reads the clock once, names the request, and resolves the address. Forwarding headers count
//! only from a peer the operator listed; then the rightmost address that is not itself a listed
//! proxy is the caller's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::{Actor, Call, Via};

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

/// The caller's address where the two headers name different ones: nobody's, and within no network
/// anybody allowed.
const DISPUTED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The caller's address, and whose word it is. A proxy writes one of the two headers and often passes the other on as the
/// caller sent it, so where both are there they have to agree.
fn address(app: &App, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Option<Via>) {
    let peer = peer.to_canonical();
    if app.trusted_proxies.is_empty() || !app.trusts(peer) {
        return (peer, None);
    }
    let by = |hops: Vec<Option<IpAddr>>| nearest(app, peer, hops);
    let standard = elements(headers, "forwarded");
    let usual = elements(headers, "x-forwarded-for");
    let standard = standard.map(|all| by(all.iter().map(|e| node(for_parameter(e)?)).collect()));
    let usual = usual.map(|all| by(all.iter().map(|hop| node(hop)).collect()));
    let said = |address, header| (address, Some(Via { header, proxy: peer }));
    match (standard, usual) {
        (Some(one), Some(other)) if one != other => {
            said(DISPUTED, "Forwarded and X-Forwarded-For, which disagree,")
        }
        (Some(one), Some(_)) => said(one, "Forwarded and X-Forwarded-For"),
        (Some(one), None) => said(one, "Forwarded"),
        (None, Some(other)) => said(other, "X-Forwarded-For"),
        (None, None) => (peer, None),
    }
}

/// The nearest hop that is no listed proxy. An unreadable one is `None`: nothing left of it can be
/// believed.
fn nearest(app: &App, peer: IpAddr, hops: Vec<Option<IpAddr>>) -> IpAddr {
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let Some(hop) = hop else { return last };
        last = hop;
        if !app.trusts(hop) {
            break;
        }
    }
    last
}

/// The elements of a header, nearest last; `None` where it is not there. Bytes that are no text
/// spoil the element they stand in, not the line.
fn elements(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect();
    let all = lines.iter().flat_map(|line| line.split(',')).map(|e| e.trim().to_owned());
    (!lines.is_empty()).then(|| all.collect())
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
    use axum::http::HeaderValue;

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
    fn reads_every_element_of_a_header_nearest_last() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "a, b".parse().unwrap());
        headers.append("x-forwarded-for", HeaderValue::from_bytes(b"\xff, c").unwrap());
        let read = elements(&headers, "x-forwarded-for").unwrap();
        assert_eq!(read, ["a", "b", "\u{fffd}", "c"]);
        assert_eq!(elements(&headers, "forwarded"), None);
        assert_eq!(for_parameter("proto=https;For=\"[2001:db8::7]\""), Some("\"[2001:db8::7]\""));
    }
}
