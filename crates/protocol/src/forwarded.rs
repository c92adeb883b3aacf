//! Who asked, behind proxies: `Forwarded` (RFC 7239 §4, §6) and `X-Forwarded-For`.
//!
//! A proxy appends the address it was asked from; what stands left of that is what its caller sent.
//! So hops are read from the right, and the first that is no proxy of ours is the caller. A comma
//! always ends an element, in quotes or not: whoever opens a quote swallows nothing that a proxy
//! appended.
//!
//! Refuses to know which proxies are believed: the door says so of each address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The caller's address where the two headers name different ones: nobody's, and within no network
/// anybody allowed.
pub const DISPUTED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The address of the caller that `peer`, a proxy of ours, forwards for: from every line of the two
/// headers, in the order they came.
///
/// A proxy writes one of the two and often passes the other on as its caller sent it, so where both
/// are there they have to agree. Without any, it is the peer's own.
pub fn caller<'a>(
    peer: IpAddr,
    forwarded: impl Iterator<Item = &'a [u8]>,
    x_forwarded_for: impl Iterator<Item = &'a [u8]>,
    is_ours: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let by = |hops: Vec<Option<IpAddr>>| nearest(peer.to_canonical(), hops, &is_ours);
    let standard = elements(forwarded);
    let usual = elements(x_forwarded_for);
    let standard = standard.map(|all| by(all.iter().map(|e| node(for_parameter(e)?)).collect()));
    let usual = usual.map(|all| by(all.iter().map(|hop| node(hop)).collect()));
    match (standard, usual) {
        (Some(one), Some(other)) if one != other => DISPUTED,
        (one, other) => one.or(other).unwrap_or(peer.to_canonical()),
    }
}

/// The nearest hop that is no proxy of ours. An unreadable one is `None`: nothing left of it can be
/// believed.
fn nearest(peer: IpAddr, hops: Vec<Option<IpAddr>>, is_ours: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let Some(hop) = hop else { return last };
        last = hop;
        if !is_ours(hop) {
            break;
        }
    }
    last
}

/// The elements of a header, nearest last; `None` where it is not there. Bytes that are no text
/// spoil the element they stand in, not the line.
fn elements<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Vec<String>> {
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let all = lines.iter().flat_map(|line| line.split(',')).map(|e| e.trim().to_owned());
    (!lines.is_empty()).then(|| all.collect())
}

fn for_parameter(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value)
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

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The caller behind 10.0.0.1, where 10.x is ours.
    fn behind(forwarded: &[&str], usual: &[&str]) -> String {
        let is_ours = |hop: IpAddr| matches!(hop, IpAddr::V4(v4) if v4.octets()[0] == 10);
        let bytes =
            |lines: &[&str]| lines.iter().map(|l| l.as_bytes().to_vec()).collect::<Vec<_>>();
        let (forwarded, usual) = (bytes(forwarded), bytes(usual));
        let (forwarded, usual) =
            (forwarded.iter().map(Vec::as_slice), usual.iter().map(Vec::as_slice));
        caller(address("10.0.0.1"), forwarded, usual, is_ours).to_string()
    }

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
        let lines = [&b"a, b"[..], b"\xff, c"];
        assert_eq!(elements(lines.into_iter()).unwrap(), ["a", "b", "\u{fffd}", "c"]);
        assert_eq!(elements(std::iter::empty()), None);
        assert_eq!(for_parameter("proto=https;For=\"[2001:db8::7]\""), Some("\"[2001:db8::7]\""));
    }

    #[test]
    fn the_nearest_hop_that_is_not_ours_asked() {
        assert_eq!(behind(&[], &[]), "10.0.0.1");
        assert_eq!(behind(&[], &["192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(behind(&[], &["1.1.1.1, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(behind(&["for=1.1.1.1", "for=192.0.2.1;proto=https"], &[]), "192.0.2.1");
        assert_eq!(behind(&["for=192.0.2.1"], &["192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn nobody_is_believed_beyond_what_cannot_be_read_or_is_disputed() {
        assert_eq!(behind(&[], &["192.0.2.1, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(behind(&["for=192.0.2.1"], &["192.0.2.2"]), DISPUTED.to_string());
        assert_eq!(behind(&["for=\"1.1.1.1, for=192.0.2.1"], &[]), "192.0.2.1", "an open quote");
    }
}
