//! Is the trail still what was sealed? Reads all of it, a segment at a time, and names every entry
//! that was altered, removed or put in, and every segment that no longer fits the chain.
//!
//! Whoever can write the database could make the whole chain anew; a head that was noted elsewhere
//! (`known`) tells.

use std::collections::BTreeMap;

use super::chain::{self, Hash, NOTHING, Segment};
use super::seal::hash;
use super::store::COLUMNS;
use crate::{Fault, Work};

/// Findings that are listed; the rest are counted.
const LISTED: usize = 1000;
/// Segments read at once.
const PAGE: i64 = 50;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// An entry is not as it was sealed.
    Altered,
    /// An entry that was sealed is not there.
    Missing,
    /// An entry stands in a segment that was sealed without it.
    Inserted,
    /// A segment is not as it was sealed.
    SegmentAltered,
    /// A segment is not there.
    SegmentMissing,
    /// A segment is not chained to the one before.
    ChainBroken,
    /// Entries were removed from the midst, where retention only takes the oldest.
    SegmentEmptied,
    /// The trail does not hold the head that was noted elsewhere.
    HeadUnknown,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What.
    pub wrong: Wrong,
    /// In which segment.
    pub segment: i64,
    /// The entry, where it is about one.
    pub entry: Option<i64>,
}

/// What came of reading the trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Segments, those whose entries retention removed included.
    pub segments: i64,
    /// Segments whose entries retention removed.
    pub removed: i64,
    /// Entries that were checked against their digests.
    pub events: i64,
    /// Entries that are not sealed yet.
    pub unsealed: i64,
    /// The last segment and its hash, in hexadecimal: worth noting elsewhere.
    pub head: Option<(i64, String)>,
    /// What is wrong, at most a thousand.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub wrong: u64,
}

impl Verdict {
    fn add(&mut self, wrong: Wrong, segment: i64, entry: Option<i64>) {
        self.wrong += 1;
        if self.findings.len() < LISTED {
            self.findings.push(Finding { wrong, segment, entry });
        }
    }
}

/// A segment as it is stored.
struct Stored {
    segment: Segment,
    hash: Hash,
    digests: Option<Vec<u8>>,
    is_removed: bool,
}

/// Reads the whole trail. `known` is a head noted earlier: number and hash in hexadecimal.
///
/// # Errors
/// When the database cannot answer.
pub async fn verify(work: &mut Work, known: Option<(i64, &str)>) -> Result<Verdict, Fault> {
    let mut verdict = Verdict::default();
    let (mut last, mut previous, mut is_known) = (0, NOTHING, false);
    let mut is_kept = false;
    loop {
        let page = list(work, last, PAGE).await?;
        for stored in &page {
            let number = stored.segment.number;
            for missing in (last + 1..number).take(LISTED) {
                verdict.add(Wrong::SegmentMissing, missing, None);
            }
            if stored.segment.hash() != stored.hash {
                verdict.add(Wrong::SegmentAltered, number, None);
            }
            if stored.segment.previous != previous {
                verdict.add(Wrong::ChainBroken, number, None);
            }
            if stored.is_removed && is_kept {
                verdict.add(Wrong::SegmentEmptied, number, None);
            }
            is_kept |= !stored.is_removed;
            check(work, &mut verdict, stored).await?;
            is_known |= known.is_some_and(|(n, text)| n == number && text == hex(stored.hash));
            verdict.segments += 1;
            verdict.removed += i64::from(stored.is_removed);
            (last, previous) = (number, stored.hash);
        }
        if page.is_empty() {
            break;
        }
    }
    if let (Some((number, _)), false) = (known, is_known) {
        verdict.add(Wrong::HeadUnknown, number, None);
    }
    verdict.head = (last > 0).then(|| (last, hex(previous)));
    strays(work, &mut verdict, last).await?;
    let sql = "SELECT COUNT(*) FROM audit_events WHERE segment IS NULL";
    if let Some(row) = work.tx.query_one(sql, &[]).await? {
        verdict.unsealed = row.get(0)?;
    }
    Ok(verdict)
}

async fn list(work: &mut Work, after: i64, limit: i64) -> Result<Vec<Stored>, Fault> {
    let sql = "SELECT number, events, first_id, last_id, last_at, root, previous, hash, digests,
                 removed_at IS NOT NULL
               FROM audit_segments WHERE number > $1 ORDER BY number LIMIT $2";
    let rows = work.tx.query(sql, db::params![after, limit]).await?;
    rows.iter()
        .map(|row| {
            let segment = Segment {
                number: row.get(0)?,
                events: row.get(1)?,
                first_id: row.get(2)?,
                last_id: row.get(3)?,
                last_at: row.get(4)?,
                root: hash(row, 5)?,
                previous: hash(row, 6)?,
            };
            let (hash, digests, is_removed) = (hash(row, 7)?, row.get(8)?, row.get(9)?);
            Ok(Stored { segment, hash, digests, is_removed })
        })
        .collect()
}

/// Holds the entries of one segment against their digests.
async fn check(work: &mut Work, verdict: &mut Verdict, stored: &Stored) -> Result<(), Fault> {
    let number = stored.segment.number;
    let sql = format!("SELECT {COLUMNS} FROM audit_events WHERE segment = $1 ORDER BY id");
    let mut there = BTreeMap::new();
    for row in work.tx.query(&sql, db::params![number]).await? {
        there.insert(row.get::<i64>(0)?, chain::digest_of(&row)?);
    }
    let Some(listed) = stored.digests.as_deref().and_then(chain::read_listed) else {
        // Retention may have taken it since it was listed.
        if !stored.is_removed && !is_removed(work, number).await? {
            verdict.add(Wrong::SegmentAltered, number, None);
        }
        for entry in there.into_keys() {
            verdict.add(Wrong::Inserted, number, Some(entry));
        }
        return Ok(());
    };
    if chain::sha256(&chain::listed(&listed)) != stored.segment.root {
        verdict.add(Wrong::SegmentAltered, number, None);
    }
    if there.is_empty() && is_removed(work, number).await? {
        return Ok(());
    }
    for (entry, digest) in listed {
        match there.remove(&entry) {
            None => verdict.add(Wrong::Missing, number, Some(entry)),
            Some(found) if found != digest => verdict.add(Wrong::Altered, number, Some(entry)),
            Some(_) => verdict.events += 1,
        }
    }
    for entry in there.into_keys() {
        verdict.add(Wrong::Inserted, number, Some(entry));
    }
    Ok(())
}

async fn is_removed(work: &mut Work, number: i64) -> Result<bool, Fault> {
    let sql = "SELECT number FROM audit_segments WHERE number = $1 AND removed_at IS NOT NULL";
    Ok(work.tx.query_one(sql, db::params![number]).await?.is_some())
}

/// Entries that claim to be of a segment that never was. What was sealed while this was read
/// comes after `last` and is none of them.
async fn strays(work: &mut Work, verdict: &mut Verdict, last: i64) -> Result<(), Fault> {
    let sql = "SELECT segment, id FROM audit_events e WHERE segment IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM audit_segments s WHERE s.number = e.segment)
               ORDER BY segment, id LIMIT 1000";
    for row in work.tx.query(sql, &[]).await? {
        let segment: i64 = row.get(0)?;
        let is_lost = segment <= last && segment > 0;
        let wrong = if is_lost { Wrong::SegmentMissing } else { Wrong::Inserted };
        verdict.add(wrong, segment, Some(row.get(1)?));
    }
    Ok(())
}

fn hex(hash: Hash) -> String {
    use std::fmt::Write;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
