//! Durations as people write them: "30 d", "1 h 30 m", "1d12h", "90".
//!
//! Seconds inside, words outside. What [`spell`] writes, [`parse`] reads back. Months and years
//! are refused because they have no fixed length. Refuses to know what a duration is for and
//! which are allowed there.

use std::fmt;

/// The longest duration: 100 years of 365 days, in seconds.
pub const LONGEST: u64 = 100 * 365 * DAY;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// Why a text is no duration. `Display` is a sentence for the person who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Nothing was written.
    Empty,
    /// A fraction, a sign or anything else that is no whole number.
    NotWhole,
    /// A unit without a number before it.
    NumberMissing,
    /// One number of several without a unit.
    UnitMissing,
    /// A unit nobody knows.
    UnknownUnit,
    /// Months or years.
    NoFixedLength,
    /// A unit twice, or a smaller one before a larger one.
    WrongOrder,
    /// More than [`LONGEST`].
    TooLong,
}

impl Refusal {
    /// The sentence for the person who wrote the duration.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "Write a duration, such as 30 d or 1 h 30 m.",
            Self::NotWhole => "Write whole numbers, such as 1 h 30 m instead of 1.5 h.",
            Self::NumberMissing => "A number is missing before a unit.",
            Self::UnitMissing => "A unit is missing after a number: s, m, h, d or w.",
            Self::UnknownUnit => "The units are s, m, h, d and w.",
            Self::NoFixedLength => "Months and years differ in length. Write days.",
            Self::WrongOrder => "Write each unit once, the larger ones first.",
            Self::TooLong => "This is longer than 100 years.",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Refusal {}

/// Reads a duration into seconds. A single number without a unit is seconds.
pub fn parse(text: &str) -> Result<u64, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return bounded(number(text)?);
    }
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
        let (name, after) = split_while(after.trim_start(), char::is_alphabetic);
        let unit = check_pair(digits, name, after)?;
        if unit >= last {
            return Err(Refusal::WrongOrder);
        }
        last = unit;
        let seconds = number(digits)?.checked_mul(unit).ok_or(Refusal::TooLong)?;
        total = bounded(total.checked_add(seconds).ok_or(Refusal::TooLong)?)?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Writes a duration in days, hours, minutes and seconds: "30 days", "1 hour 30 minutes".
pub fn spell(seconds: u64) -> String {
    let parts = [
        (seconds / DAY, "day"),
        (seconds % DAY / HOUR, "hour"),
        (seconds % HOUR / MINUTE, "minute"),
        (seconds % MINUTE, "second"),
    ];
    let spelt: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if spelt.is_empty() { "0 seconds".to_owned() } else { spelt.join(" ") }
}

/// The unit of one pair, or what is wrong with the pair.
fn check_pair(digits: &str, name: &str, after: &str) -> Result<u64, Refusal> {
    match (digits.is_empty(), name.is_empty()) {
        (true, false) => Err(Refusal::NumberMissing),
        (false, true) if after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(Refusal::UnitMissing)
        }
        (_, true) => Err(Refusal::NotWhole),
        (false, false) => unit(name),
    }
}

fn unit(name: &str) -> Result<u64, Refusal> {
    match name.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => Ok(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Ok(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => Ok(HOUR),
        "d" | "day" | "days" => Ok(DAY),
        "w" | "week" | "weeks" => Ok(WEEK),
        "mo" | "mon" | "month" | "months" | "y" | "yr" | "year" | "years" => {
            Err(Refusal::NoFixedLength)
        }
        _ => Err(Refusal::UnknownUnit),
    }
}

fn number(digits: &str) -> Result<u64, Refusal> {
    digits.parse().map_err(|_| Refusal::TooLong)
}

fn bounded(seconds: u64) -> Result<u64, Refusal> {
    if seconds > LONGEST { Err(Refusal::TooLong) } else { Ok(seconds) }
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("90", 90),
            ("0", 0),
            ("30 d", 30 * DAY),
            ("1 h 30 m", 5_400),
            ("1d12h", 36 * HOUR),
            ("  2 Weeks ", 14 * DAY),
            ("1 minute 1 second", 61),
            ("1w 1d 1h 1m 1s", WEEK + DAY + HOUR + 61),
            ("36500 d", LONGEST),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text:?}");
        }
    }

    #[test]
    fn refuses_in_words() {
        for (text, refusal) in [
            ("", Refusal::Empty),
            ("  ", Refusal::Empty),
            ("1.5 h", Refusal::NotWhole),
            ("1,5 h", Refusal::NotWhole),
            ("-1 h", Refusal::NotWhole),
            ("+1", Refusal::NotWhole),
            ("h", Refusal::NumberMissing),
            ("1 h m", Refusal::NumberMissing),
            ("1 h 30", Refusal::UnitMissing),
            ("1 30 m", Refusal::UnitMissing),
            ("1 fortnight", Refusal::UnknownUnit),
            ("1 \u{661}", Refusal::NotWhole),
            ("1 \u{e9}", Refusal::UnknownUnit),
            ("1 month", Refusal::NoFixedLength),
            ("1 y", Refusal::NoFixedLength),
            ("30 m 1 h", Refusal::WrongOrder),
            ("1 h 1 h", Refusal::WrongOrder),
            ("36501 d", Refusal::TooLong),
            ("99999999999999999999", Refusal::TooLong),
            ("18446744073709551615 w", Refusal::TooLong),
        ] {
            assert_eq!(parse(text), Err(refusal), "{text:?}");
            assert!(refusal.to_string().ends_with('.'));
        }
    }

    #[test]
    fn spells_without_weeks() {
        insta::assert_snapshot!(spell(30 * DAY), @"30 days");
        insta::assert_snapshot!(spell(WEEK), @"7 days");
        insta::assert_snapshot!(spell(5_400), @"1 hour 30 minutes");
        insta::assert_snapshot!(spell(DAY + 1), @"1 day 1 second");
        insta::assert_snapshot!(spell(0), @"0 seconds");
    }

    proptest! {
        #[test]
        fn reads_back_what_it_spells(seconds in 0..=LONGEST) {
            prop_assert_eq!(parse(&spell(seconds)), Ok(seconds));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
