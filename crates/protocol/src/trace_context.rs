//! The place of a request in a trace (W3C Trace Context, `traceparent`).
//!
//! Reads the one header that names it; `tracestate` is other people's and is not carried on. Refuses
//! to know whether whoever sent it is believed.

/// Whose child a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The trace, never all zeros.
    pub trace: [u8; 16],
    /// The caller's own span, never all zeros.
    pub span: [u8; 8],
    /// Does the caller record it? Then so may we.
    pub is_sampled: bool,
}

impl Parent {
    /// Reads the header; `None` for what is malformed, which begins a trace of its own (§3.2.2.1).
    /// A later version may add parts, and those are not read.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = bytes::<1>(parts.next()?)?;
        let (trace, span) = (bytes::<16>(parts.next()?)?, bytes::<8>(parts.next()?)?);
        let [flags] = bytes::<1>(parts.next()?)?;
        let is_whole = match version {
            [0] => parts.next().is_none(),
            [0xFF] => false,
            _ => true,
        };
        let is_named = trace != [0; 16] && span != [0; 8];
        (is_whole && is_named).then_some(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

/// `N` bytes in lower-case hexadecimal digits, and nothing else.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut read = [0; N];
    for (byte, pair) in read.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRUE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn reads_whose_child_it_is() {
        let read = Parent::parse(TRUE).unwrap();
        assert_eq!((read.trace[0], read.trace[15]), (0x4b, 0x36));
        assert_eq!(read.span, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert!(read.is_sampled);
        let quiet = Parent::parse(&TRUE.replace("-01", "-02")).unwrap();
        assert!(!quiet.is_sampled, "another flag");
        let later = format!("{}-more-of-it", TRUE.replacen("00", "01", 1));
        assert_eq!(Parent::parse(&later), Some(read), "a later version");
    }

    #[test]
    fn refuses_what_is_malformed() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e47\u{e9}6-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Parent::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Parent::parse(&text);
        }
    }
}
