//! How the wait grows with the failures. Pure, and once more as SQL, so that one statement can
//! judge and count; a test holds the two together.

use std::fmt::Write;

/// A few failures are free, then the wait is 1, 2, 4, … seconds, at most `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// Failures that cost no wait.
    pub free: i64,
    /// The longest wait, in seconds. Must be at least 1.
    pub cap: i64,
    /// Seconds after the last failure when all is forgotten. Must be longer than `cap`.
    pub window: i64,
}

impl Ladder {
    /// Five free, at most fifteen minutes, forgotten after a day.
    pub const USUAL: Self = Self { free: 5, cap: 900, window: 86_400 };

    /// Seconds to wait after so many failures.
    pub fn wait(&self, failures: i64) -> i64 {
        let over = failures - self.free;
        if over <= 0 {
            return 0;
        }
        match u32::try_from(over - 1).ok().and_then(|steps| 1_i64.checked_shl(steps)) {
            Some(doubled) if doubled > 0 => doubled.min(self.cap),
            _ => self.cap,
        }
    }

    /// [`Ladder::wait`] of `column`, as an expression that both engines read alike.
    pub(super) fn as_sql(&self, column: &str) -> String {
        let mut sql = format!("CASE WHEN {column} <= {} THEN 0", self.free);
        for failures in self.free + 1.. {
            let wait = self.wait(failures);
            if wait == self.cap {
                break;
            }
            // Writing to a String cannot fail.
            let _ = write!(sql, " WHEN {column} = {failures} THEN {wait}");
        }
        let _ = write!(sql, " ELSE {} END", self.cap);
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_after_the_free_ones_and_stops_at_the_cap() {
        let waits: Vec<_> = (0..18).map(|failures| Ladder::USUAL.wait(failures)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(Ladder::USUAL.wait(i64::MAX), 900);
        assert_eq!(Ladder::USUAL.wait(5 + 64), 900);
        assert_eq!(Ladder::USUAL.wait(5 + 65), 900);
    }

    #[test]
    fn says_the_same_in_sql() {
        let ladder = Ladder { free: 2, cap: 5, window: 60 };
        assert_eq!(
            ladder.as_sql("n"),
            "CASE WHEN n <= 2 THEN 0 WHEN n = 3 THEN 1 WHEN n = 4 THEN 2 WHEN n = 5 THEN 4 ELSE 5 END"
        );
    }
}
