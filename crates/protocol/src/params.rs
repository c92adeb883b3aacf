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
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let mut repeated: Vec<&str> = names
            .windows(2)
            .filter_map(|two| match two {
                [a, b] if a == b => Some(*a),
                _ => None,
            })
            .collect();
        repeated.dedup();
        repeated
    }

    /// Refuses a repeated parameter (RFC 6749 §3.1, §3.2): `invalid_request` naming it.
    pub fn single(&self) -> Result<(), Error> {
        match self.duplicates().into_iter().find(|name| *name != REPEATABLE) {
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
