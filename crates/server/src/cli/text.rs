//! How the terminal shows things: aligned columns, named lines, instants, JSON.
//!
//! Whatever others typed passes through [`safe`], so that a name cannot move the cursor or hide
//! what stands beside it.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::Value;

use super::Failure;

/// The text with everything escaped that a terminal would obey.
pub fn safe(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
        out
    })
}

/// Rows under their headings. `nothing` is said where there are none.
pub fn columns<const N: usize>(headings: [&str; N], rows: &[[String; N]], nothing: &str) -> String {
    if rows.is_empty() {
        return format!("{nothing}\n");
    }
    let headings = headings.map(str::to_uppercase);
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| row.each_ref().map(|cell| safe(cell))).collect();
    let mut widths = headings.each_ref().map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in std::iter::once(&headings).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// One thing, a named line for each of its sides.
pub fn details(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    lines.iter().fold(String::new(), |mut out, (name, value)| {
        let _ = writeln!(out, "{}", format!("{name:width$}  {}", safe(value)).trim_end());
        out
    })
}

/// A list in a cell; `–` for none.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    if items.is_empty() { "–".into() } else { items.join(" ") }
}

/// Seconds since 1970 as RFC 3339, the form of the contract.
pub fn instant(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

/// An instant that may never have been.
pub fn instant_or(seconds: Option<i64>, never: &str) -> String {
    seconds.map_or_else(|| never.to_owned(), instant)
}

/// An instant in JSON; null for none.
pub fn json_instant(seconds: Option<i64>) -> Value {
    seconds.map_or(Value::Null, |seconds| Value::String(instant(seconds)))
}

/// JSON for scripts and people.
///
/// # Errors
/// None that is known; a value of ours can be written.
pub fn json(value: &Value) -> Result<String, Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::refused(error.to_string()))?;
    Ok(text + "\n")
}

/// A list in the shape of the contract, whole.
///
/// # Errors
/// As [`json`].
pub fn json_list(items: &[Value]) -> Result<String, Failure> {
    json(&serde_json::json!({ "items": items, "next_cursor": null }))
}

/// Says that something is gone.
///
/// # Errors
/// As [`json`].
pub fn gone(as_json: bool, kind: &str, id: &str) -> Result<String, Failure> {
    if as_json {
        return json(&serde_json::json!({ "id": id, "deleted": true }));
    }
    Ok(format!("Gone: {kind} {}.\n", safe(id)))
}

/// "yes" or "no".
pub fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_columns_by_characters() {
        let rows = [
            ["a".into(), "école".into(), "1".into()],
            ["longer".into(), "b".into(), String::new()],
        ];
        insta::assert_snapshot!(columns(["id", "name", "n"], &rows, "Nothing."), @r"
        ID      NAME   N
        a       école  1
        longer  b
        ");
        assert_eq!(columns::<1>(["id"], &[], "Nothing."), "Nothing.\n");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(safe("a\u{1b}[2Jb\u{202e}c\nd"), "a\\u{1b}[2Jb\\u{202e}c d");
        assert!(!details(&[("name", "\u{7}\u{1b}]0;x".into())]).contains('\u{1b}'));
    }

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(instant(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(instant_or(None, "never"), "never");
    }
}
