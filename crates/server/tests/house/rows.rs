//! Rows: what is promised of tokens has a number, and each number stands in the name of a test or
//! in the comment above it.

use super::{holds, rust, tree};

/// The promises about how tokens are asked for, limited and ended.
const ROWS: [(&str, std::ops::RangeInclusive<u32>); 7] = [
    ("REL", 8..=15),
    ("REL", 30..=48),
    ("RLT", 1..=10),
    ("RLT", 20..=42),
    ("RLT", 50..=60),
    ("COR", 16..=20),
    ("COR", 50..=54),
];

/// Does this text name the row: `REL-8`, or `rel8` and `rel08` as a part of a test's name?
fn names(text: &str, family: &str, number: u32) -> bool {
    let plain = format!("{family}-{number}");
    let short = family.to_ascii_lowercase();
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
    [plain, format!("{short}{number}"), format!("{short}{number:02}")].iter().any(|name| {
        text.match_indices(name.as_str()).any(|(at, _)| is_end(&text[at + name.len()..]))
    })
}

#[test]
fn every_promise_about_tokens_has_a_test() {
    let tests: Vec<String> = tree::files("crates", &[".rs"])
        .into_iter()
        .filter(|file| file.is_test() && !file.path.contains("/house/"))
        .map(|file| {
            // Names of functions and comments; what stands in quotes shows nothing.
            let comments = file.text.lines().filter(|line| line.trim_start().starts_with("//"));
            let comments: String = comments.collect::<Vec<_>>().join("\n");
            let code = rust::code(&file.text);
            let names: Vec<&str> =
                code.split("fn ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
            format!("{comments}\n{}", names.join("\n"))
        })
        .collect();
    let missing: Vec<String> = ROWS
        .into_iter()
        .flat_map(|(family, numbers)| numbers.map(move |number| (family, number)))
        .filter(|(family, number)| !tests.iter().any(|text| names(text, family, *number)))
        .map(|(family, number)| format!("{family}-{number} has no test"))
        .collect();
    holds("Every promise about tokens is shown by a test that names it.", &missing);
}

#[test]
fn a_longer_number_is_another_row() {
    assert!(names("fn rel08_x", "REL", 8) && names("REL-8, REL-9", "REL", 8));
    assert!(!names("rel80_x REL-81", "REL", 8));
}
