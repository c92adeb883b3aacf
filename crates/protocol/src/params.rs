//! The parameters of a request: `application/x-www-form-urlencoded`, in a query or a body
//! (RFC 6749 §3.1, §3.2 and appendix B; RFC 8707 §2 for the one parameter that may repeat).
//!
//! Strict where a lenient reader would differ from the client that wrote it: broken percent
//! encoding and broken UTF-8 are refused, and a repeated parameter has no value at all, so that
//! nobody reads the first of two while somebody else reads the last.
//!
//! Refuses to know which parameters exist. The size of the input is bounded by the door.

use std::fmt;
use std::ops::Range;

use crate::error::{Code, Error};
use crate::uri::hex_pair;

/// More parameters than this are refused.
pub const MAX_PARAMETERS: usize = 64;

/// The parameter that may stand more than once (RFC 8707 §2).
const REPEATABLE: &str = "resource";

/// Decoded parameters, in the order they came.
///
/// `Debug` shows the names only: values hold secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// All names and values, decoded, one after the other.
    text: String,
    /// Where each name and each value lies in `text`.
    pairs: Vec<(Range<usize>, Range<usize>)>,
}

impl Params {
    /// Decodes a query (without its `?`) or a form body.
    ///
    /// `invalid_request` for more than [`MAX_PARAMETERS`] parameters, broken percent encoding,
    /// broken UTF-8, or a NUL. Repeated parameters are no error here: see [`Params::single`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut decoded = Vec::with_capacity(bytes.len());
        let mut pairs = Vec::with_capacity(8);
        for pair in bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PARAMETERS {
                return Err(Error::new(Code::InvalidRequest, "There are too many parameters.")
                    .expected(format!("at most {MAX_PARAMETERS}")));
            }
            let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let name = decode_into(&mut decoded, &pair[..equals])?;
            let value = decode_into(&mut decoded, pair.get(equals + 1..).unwrap_or_default())?;
            pairs.push((name, value));
        }
        let text = String::from_utf8(decoded).map_err(|_| not_utf8())?;
        // Two broken halves could make one sound whole: each piece must be text by itself.
        for (name, value) in &pairs {
            if text.get(name.clone()).is_none() || text.get(value.clone()).is_none() {
                return Err(not_utf8());
            }
        }
        Ok(Self { text, pairs })
    }

    /// The value of a parameter that was sent once. `None` when it was left out, sent without a
    /// value (RFC 6749 §3.1 makes that the same), or repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.iter().filter(|(n, _)| *n == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// The value as it was sent, the empty one included. `None` when left out or repeated. Only
    /// for credentials, where an empty value must not pass for none at all.
    pub fn sent(&self, name: &str) -> Option<&str> {
        let mut values = self.iter().filter(|(n, _)| *n == name).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    }

    /// All values of a parameter that may repeat, without the empty ones.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(n, value)| *n == name && !value.is_empty()).map(|(_, v)| v)
    }

    /// Every name and value, in the order they came, for a form that carries them on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (self.piece(name), self.piece(value)))
    }

    /// The names that stand more than once, each named once, `resource` included.
    pub fn duplicates(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.repetitions() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Refuses a repeated parameter (RFC 6749 §3.1, §3.2): `invalid_request` naming it.
    pub fn single(&self) -> Result<(), Error> {
        match self.repetitions().find(|name| *name != REPEATABLE) {
            None => Ok(()),
            Some(name) => {
                let shown: String = name.chars().take(64).collect();
                Err(Error::new(
                    Code::InvalidRequest,
                    format!("The parameter {shown} stands more than once."),
                ))
            }
        }
    }

    /// The same parameters as a query, without the `?`. Parsing it gives them back.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::with_capacity(self.text.len()));
        query.extend_pairs(self.iter());
        query.finish()
    }

    /// The name of each parameter that stood before. They are few, so looking back is cheap.
    fn repetitions(&self) -> impl Iterator<Item = &str> {
        let stood_before = |at: usize, name: &str| self.iter().take(at).any(|(n, _)| n == name);
        let names = self.iter().map(|(name, _)| name).enumerate();
        names.filter(move |(at, name)| stood_before(*at, name)).map(|(_, name)| name)
    }

    fn piece(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes one form-encoded piece, as a Basic header holds it (RFC 6749 §2.3.1). `None` when it
/// is not form-encoded.
pub(crate) fn form_decode(piece: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(piece.len());
    decode_into(&mut decoded, piece.as_bytes()).ok()?;
    String::from_utf8(decoded).ok()
}

fn decode_into(decoded: &mut Vec<u8>, piece: &[u8]) -> Result<Range<usize>, Error> {
    let start = decoded.len();
    let mut at = 0;
    while let Some(&byte) = piece.get(at) {
        let plain = match byte {
            b'+' => b' ',
            b'%' => {
                let plain = hex_pair(piece, at + 1).ok_or_else(|| {
                    Error::new(Code::InvalidRequest, "A parameter has broken percent encoding.")
                })?;
                at += 2;
                plain
            }
            byte => byte,
        };
        if plain == 0 {
            return Err(Error::new(Code::InvalidRequest, "A parameter holds a NUL character."));
        }
        decoded.push(plain);
        at += 1;
    }
    Ok(start..decoded.len())
}

fn not_utf8() -> Error {
    Error::new(Code::InvalidRequest, "A parameter is not valid UTF-8.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        Params::parse(bytes).unwrap_err().to_string()
    }

    #[test]
    fn decodes_names_and_values() {
        let params = parse("a=1&b+c=d%26%3D&=nameless&flag&&caf%C3%A9=%E2%82%AC&raw=\u{20ac}");
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.get("b c"), Some("d&="));
        assert_eq!(params.get("caf\u{e9}"), Some("\u{20ac}"));
        assert_eq!(params.get("raw"), Some("\u{20ac}"));
        assert_eq!(params.get(""), Some("nameless"));
        assert_eq!(params.get("absent"), None);
        assert_eq!(params.iter().count(), 6);
    }

    #[test]
    fn takes_an_empty_value_for_none_but_can_tell() {
        let params = parse("scope=&client_secret=&flag");
        assert_eq!(params.get("scope"), None);
        assert_eq!(params.sent("client_secret"), Some(""));
        assert_eq!(params.sent("flag"), Some(""));
        assert_eq!(params.sent("absent"), None);
    }

    #[test]
    fn gives_a_repeated_parameter_no_value() {
        let params = parse("a=1&b=2&a=1&a=&resource=x&resource=&resource=y");
        assert_eq!((params.get("a"), params.sent("a")), (None, None));
        assert_eq!(params.get("b"), Some("2"));
        assert_eq!(params.duplicates(), ["a", "resource"]);
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        insta::assert_snapshot!(
            params.single().unwrap_err(),
            @"invalid_request: The parameter a stands more than once."
        );
        assert_eq!(parse("resource=x&resource=y&b=1").single(), Ok(()));
        assert!(parse("a=&a=1").single().is_err(), "an empty one is one");
        assert!(parse("a=1&%61=1").single().is_err(), "names are compared decoded");
    }

    #[test]
    fn refuses_what_two_readers_would_read_in_two_ways() {
        for broken in ["a=%", "a=%4", "a=%zz", "%=1", "a=%u20ac"] {
            let sentence = "invalid_request: A parameter has broken percent encoding.";
            assert_eq!(refusal(broken.as_bytes()), sentence, "{broken:?}");
        }
        for broken in [&b"a=\xff"[..], b"a=%ff", b"%c3=%a9", b"a=%c3&%a9=1", b"a=\xc3&b=\xa9"] {
            let sentence = "invalid_request: A parameter is not valid UTF-8.";
            assert_eq!(refusal(broken), sentence, "{broken:?}");
        }
        for broken in [&b"a=\0"[..], b"a=%00", b"%00=a"] {
            let sentence = "invalid_request: A parameter holds a NUL character.";
            assert_eq!(refusal(broken), sentence, "{broken:?}");
        }
    }

    #[test]
    fn refuses_too_many() {
        let many = |count| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(parse(&many(MAX_PARAMETERS)).iter().count(), MAX_PARAMETERS);
        let sentence = "invalid_request: There are too many parameters.";
        assert_eq!(refusal(many(MAX_PARAMETERS + 1).as_bytes()), sentence);
    }

    #[test]
    fn keeps_values_out_of_debug() {
        assert_eq!(format!("{:?}", parse("client_secret=hush&a=1")), r#"["client_secret", "a"]"#);
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, name in "[a-c]?") {
            if let Ok(params) = Params::parse(&bytes) {
                let _ = (params.get(&name), params.single());
                prop_assert_eq!(Params::parse(params.to_query().as_bytes()), Ok(params));
            }
        }

        #[test]
        fn reads_back_every_pair(pairs in proptest::collection::vec(("[^\0]{0,9}", "[^\0]{0,20}"), 0..20)) {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&pairs);
            let params = parse(&query.finish());
            let read: Vec<_> = params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
