//! How sealed entries are hashed: the bytes that a digest is of, and the links of the chain.
//!
//! Pure. The encoding, for whoever checks it with other means: an entry is the columns of
//! `audit_events` from `id` to `count` in the order of `schema.sql`. A number is the byte `1` and
//! eight bytes, a text the byte `2`, its length in eight bytes and its UTF-8, nothing there the byte
//! `0`; numbers are big-endian, `changes` is the stored text. A digest is SHA-256 of
//! `mandate audit entry 1\n` and these bytes. The root of a segment is SHA-256 of, for each entry by
//! rising id, eight bytes of id and its digest. The hash of a segment is SHA-256 of
//! `mandate audit segment 1\n`, its number, the hash of the segment before (32 zeros before the
//! first), the count of entries, the first and the last id, the latest instant, and the root.

use aws_lc_rs::digest::{self, SHA256};

use crate::Fault;

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first segment is chained to.
pub(super) const NOTHING: Hash = [0; 32];

/// Bytes of one entry in a list of digests.
const LISTED: usize = 8 + 32;

/// A sealed stretch of the trail, without the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub number: i64,
    pub events: i64,
    pub first_id: i64,
    pub last_id: i64,
    /// The latest instant of its entries.
    pub last_at: i64,
    pub root: Hash,
    pub previous: Hash,
}

impl Segment {
    /// What the next one is chained to.
    pub fn hash(&self) -> Hash {
        let mut bytes = b"mandate audit segment 1\n".to_vec();
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.previous);
        for number in [self.events, self.first_id, self.last_id, self.last_at] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.root);
        sha256(&bytes)
    }
}

/// The digest of an entry whose columns stand first in a row, in the order of the schema.
pub(super) fn digest_of(row: &db::Row) -> Result<Hash, Fault> {
    let mut bytes = b"mandate audit entry 1\n".to_vec();
    number(&mut bytes, row.get(0)?);
    number(&mut bytes, row.get(1)?);
    for column in 2..13 {
        text(&mut bytes, row.get::<Option<String>>(column)?.as_deref());
    }
    number(&mut bytes, row.get(13)?);
    Ok(sha256(&bytes))
}

fn number(bytes: &mut Vec<u8>, value: i64) {
    bytes.push(1);
    bytes.extend(value.to_be_bytes());
}

fn text(bytes: &mut Vec<u8>, value: Option<&str>) {
    let Some(value) = value else { return bytes.push(0) };
    bytes.push(2);
    bytes.extend(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend(value.as_bytes());
}

/// The list of digests of a segment, as it is stored.
pub(super) fn listed(entries: &[(i64, Hash)]) -> Vec<u8> {
    entries.iter().flat_map(|(id, digest)| id.to_be_bytes().into_iter().chain(*digest)).collect()
}

/// Reads it back; `None` where it is none.
pub(super) fn read_listed(bytes: &[u8]) -> Option<Vec<(i64, Hash)>> {
    let entry = |entry: &[u8]| {
        let (id, digest) = entry.split_at_checked(8)?;
        Some((i64::from_be_bytes(id.try_into().ok()?), digest.try_into().ok()?))
    };
    bytes.len().is_multiple_of(LISTED).then(|| bytes.chunks(LISTED).map(entry).collect())?
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = NOTHING;
    hash.copy_from_slice(digest::digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_segment_changes_its_hash() {
        let segment = Segment {
            number: 7,
            events: 2,
            first_id: 10,
            last_id: 20,
            last_at: 30,
            root: [1; 32],
            previous: [2; 32],
        };
        let others = [
            Segment { number: 8, ..segment.clone() },
            Segment { events: 3, ..segment.clone() },
            Segment { first_id: 11, ..segment.clone() },
            Segment { last_id: 21, ..segment.clone() },
            Segment { last_at: 31, ..segment.clone() },
            Segment { root: [3; 32], ..segment.clone() },
            Segment { previous: [3; 32], ..segment.clone() },
        ];
        for other in others {
            assert_ne!(other.hash(), segment.hash(), "{other:?}");
        }
    }

    #[test]
    fn texts_that_only_read_alike_together_are_told_apart() {
        let bytes = |parts: [Option<&str>; 2]| {
            let mut bytes = Vec::new();
            for part in parts {
                text(&mut bytes, part);
            }
            bytes
        };
        let all = [
            bytes([Some("ab"), Some("c")]),
            bytes([Some("a"), Some("bc")]),
            bytes([None, Some("abc")]),
            bytes([Some(""), Some("abc")]),
            bytes([Some("abc"), None]),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
    }

    #[test]
    fn reads_the_list_it_wrote_and_nothing_else() {
        let entries = vec![(1, [4; 32]), (i64::MAX, [5; 32])];
        assert_eq!(read_listed(&listed(&entries)), Some(entries.clone()));
        assert_eq!(read_listed(&listed(&entries)[1..]), None);
        assert_eq!(read_listed(&[]), Some(Vec::new()));
    }
}
