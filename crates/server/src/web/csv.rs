//! Tables for spreadsheets (RFC 4180), of which no cell can be a formula.

/// One row, with its line break.
pub fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

/// A cell: quoted where it must be, and led by an apostrophe where a spreadsheet would otherwise
/// calculate it.
fn cell(text: &str) -> String {
    let text = text.replace('\0', "\u{FFFD}");
    let shown = if is_formula(&text) { format!("'{text}") } else { text };
    if shown.contains([',', '"', '\r', '\n', '\'', '\t', ';']) {
        format!("\"{}\"", shown.replace('"', "\"\""))
    } else {
        shown
    }
}

/// Does a spreadsheet take it for more than text? Also behind white space, which some strip, and
/// in full width, which some fold.
fn is_formula(text: &str) -> bool {
    let first = text.chars().find(|c| !c.is_whitespace() && !c.is_control());
    let leads = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    leads || text.starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neutralises_what_a_spreadsheet_would_calculate() {
        for (text, want) in [
            ("ada@example.com", "ada@example.com"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+49 30", "\"'+49 30\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1+1", "\"'  =1+1\""),
            ("\t=1+1", "\"'\t=1+1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("", ""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), want, "{text:?}");
        }
    }

    #[test]
    fn ends_each_row_as_the_rfc_says() {
        assert_eq!(row(["User Name", "Action", "=x"]), "User Name,Action,\"'=x\"\r\n");
    }

    /// Reads one cell back as RFC 4180 says.
    fn read(cell: &str) -> String {
        cell.strip_prefix('"')
            .and_then(|c| c.strip_suffix('"'))
            .map_or(cell.into(), |c| c.replace("\"\"", "\""))
    }

    proptest! {
        #[test]
        fn no_cell_begins_like_a_formula(text in any::<String>()) {
            let written = cell(&text);
            let shown = read(&written);
            prop_assert!(!shown.trim_start().starts_with(['=', '+', '-', '@']), "{}", shown);
            prop_assert!(written.starts_with('"') || !written.contains([',', '"', '\n', '\r']));
            let kept = shown.strip_prefix('\'').unwrap_or(&shown);
            let text = text.replace('\0', "\u{FFFD}");
            prop_assert!(kept == text || shown == text);
        }
    }
}
