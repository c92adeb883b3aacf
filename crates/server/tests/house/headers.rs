//! Headers: every file of ours begins by saying what it is.

use super::{holds, tree};

/// A kind of file, and the beginnings that its header may have.
const HEADERS: [(&str, &[&str]); 9] = [
    (".rs", &["//!"]),
    (".html", &["{#", "<!--"]),
    (".css", &["/*"]),
    (".js", &["//", "/*"]),
    (".mjs", &["//", "/*"]),
    (".sql", &["--"]),
    (".py", &["\"\"\"", "#"]),
    (".sh", &["#"]),
    (".ci/run", &["#"]),
];

/// The first line that may be a header: after `#!`, and in a template after what it extends.
fn first_line(text: &str) -> &str {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("#!"));
    let first = lines.next().unwrap_or_default();
    if first.starts_with("{% extends") { lines.next().unwrap_or_default() } else { first }
}

/// Does it say something, with one of the `beginnings`?
fn says_what_it_is(text: &str, beginnings: &[&str]) -> bool {
    let line = first_line(text);
    let Some(said) = beginnings.iter().find_map(|beginning| line.strip_prefix(beginning)) else {
        return false;
    };
    // A block comment may open on a line of its own.
    let opens_alone = said.trim().is_empty() && !line.starts_with("//!");
    let next = text.lines().skip_while(|l| l.trim() != line).nth(1).unwrap_or_default();
    let sentence = if opens_alone { next } else { said };
    sentence.chars().filter(|c| c.is_alphabetic()).count() >= 5
}

#[test]
fn a_file_begins_by_saying_what_it_is() {
    let mut broken = Vec::new();
    for file in tree::files("", &[]) {
        let Some((_, beginnings)) = HEADERS.iter().find(|(end, _)| file.path.ends_with(end)) else {
            continue;
        };
        if !says_what_it_is(&file.text, beginnings) {
            broken.push(format!("{}:1: {}", file.path, first_line(&file.text)));
        }
    }
    holds(
        "The header of a file says what it is (in a template, right after what it extends).",
        &broken,
    );
}

#[test]
fn tells_a_header_from_a_beginning() {
    for (text, beginnings, says) in [
        ("//! The doors of Mandate.\n", &["//!"], true),
        ("// The doors of Mandate.\n", &["//!"], false),
        ("//!\nmod a;\n", &["//!"], false),
        ("{% extends \"a.html\" %}\n{# The page of a person. #}\n", &["{#"], true),
        ("{% extends \"a.html\" %}\n{% block b %}\n", &["{#"], false),
        ("#!/usr/bin/env bash\n# Runs all the checks.\n", &["#"], true),
        ("#!/usr/bin/env bash\nset -e\n", &["#"], false),
    ] {
        assert_eq!(says_what_it_is(text, beginnings), says, "{text}");
    }
}
