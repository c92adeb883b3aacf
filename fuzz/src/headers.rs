//! Headers: how a client proves itself, bearer tokens, and who asked behind proxies.

use std::net::{IpAddr, Ipv4Addr};

use protocol::bearer::{self, Challenge};
use protocol::client_authentication::{Presented, basic_header};
use protocol::error::{Code, Error};
use protocol::trace_context::Parent;
use protocol::{Params, forwarded};

use crate::grammar::speaks_plainly;

/// A token fits the header again; a challenge is a header value whatever is said in it.
pub fn bearer(bytes: &[u8]) {
    let Some([header, said]) = crate::parts(bytes) else { return };
    match bearer::parse(Some(header)) {
        Ok(Some(token)) => {
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
            assert_eq!(bearer::parse(Some(&format!("Bearer {token}"))), Ok(Some(token)));
        }
        Ok(None) => {}
        Err(error) => speaks_plainly(&error),
    }
    let error = Error::new(Code::InvalidToken, said.to_owned());
    speaks_plainly(&error);
    let challenge = Challenge { realm: Some(said), scope: Some(said), ..Challenge::of(&error) };
    let written = challenge.to_string();
    assert!(written.bytes().all(|byte| matches!(byte, 0x20..=0x7E)), "{written:?}");
}

/// What a client writes is what the server reads; one proof at most; nothing is made up.
pub fn client_authentication(bytes: &[u8]) {
    let Some([header, id, secret, body]) = crate::parts(bytes) else { return };
    let Ok(params) = Params::parse(body.as_bytes()) else { return };
    let header = (!header.is_empty()).then_some(header);
    match Presented::parse(header, &params) {
        Ok(Presented::None { client_id }) => {
            assert!(header.is_none() && client_id.as_deref() == params.get("client_id"));
        }
        Ok(presented) => {
            assert!(presented.candidates().count() <= 2);
            let named = presented.client_id();
            assert!(params.get("client_id").is_none_or(|id| named == Some(id)));
        }
        Err(error) => speaks_plainly(&error),
    }
    let written = basic_header(id, secret);
    if let Ok(presented) = Presented::parse(Some(&written), &Params::default()) {
        let read = presented.candidates().any(|(i, s)| (i, s.expose()) == (id, secret));
        // A NUL is in nobody's id or secret, so such a pair is not decoded.
        assert!(read || id.contains('\0') || secret.contains('\0'), "{written}");
    }
}

/// Whatever a stranger sends, the hop that our own proxy appended is who asked.
pub fn forwarded(bytes: &[u8]) {
    let ours = |hop: IpAddr| matches!(hop, IpAddr::V4(v4) if v4.octets()[0] == 10);
    let (peer, stranger) =
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)));
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let none = || std::iter::empty();
    let sent = || lines.iter().copied();
    for (one, other) in
        [(&b"for=192.0.2.9"[..], &b"192.0.2.9"[..]), (b"For=\"192.0.2.9:4711\"", b"192.0.2.9:1")]
    {
        // On a line of its own, or at the end of the last one.
        let apart = |hop: &'static [u8]| sent().chain([hop]);
        assert_eq!(forwarded::caller(peer, apart(one), none(), ours), stranger);
        assert_eq!(forwarded::caller(peer, none(), apart(other), ours), stranger);
        let joined = |hop: &[u8]| [&bytes.replace_line_ends()[..], b", ", hop].concat();
        let (one, other) = (joined(one), joined(other));
        let alone = |line| std::iter::once(line);
        assert_eq!(forwarded::caller(peer, alone(&one[..]), none(), ours), stranger);
        assert_eq!(forwarded::caller(peer, none(), alone(&other[..]), ours), stranger);
    }
}

/// One line, as a header is.
trait OneLine {
    fn replace_line_ends(&self) -> Vec<u8>;
}

impl OneLine for [u8] {
    fn replace_line_ends(&self) -> Vec<u8> {
        self.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect()
    }
}

/// A parent is read from the one spelling it has.
pub fn trace_contexts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(parent) = Parent::parse(text) else { return };
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (trace, span) = (hex(&parent.trace), hex(&parent.span));
    assert_eq!(text.get(2..52), Some(format!("-{trace}-{span}").as_str()));
    let flags = u8::from(parent.is_sampled);
    assert_eq!(Parent::parse(&format!("00-{trace}-{span}-{flags:02x}")), Some(parent));
}
