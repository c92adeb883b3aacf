//! Sizes: 500 lines a source file, 80 a function. What is longer stands here with its length, and
//! may become shorter only.

use super::{holds, rust, tree};

/// Lines of a source file, its inline tests included.
const FILE: usize = 500;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION: usize = 80;

/// What is longer, and how long it may be at most: a path, or `path::function`. Only shrinks.
const LONGER: [(&str, usize); 0] = [];

/// What is wrong with the length of one thing.
fn verdict(name: &str, place: &str, lines: usize, limit: usize) -> Option<String> {
    let listed = LONGER.iter().find(|(known, _)| *known == name).map(|(_, lines)| *lines);
    match listed {
        None if lines > limit => Some(format!("{place}: {lines} lines, {limit} at most")),
        Some(allowed) if lines > allowed => {
            Some(format!("{place}: {lines} lines, it had {allowed}: it may only shrink"))
        }
        Some(_) if lines <= limit => {
            Some(format!("{place}: {lines} lines is short enough, take it off the list"))
        }
        _ => None,
    }
}

#[test]
fn a_file_has_one_idea() {
    let sources = tree::files("crates", &[".rs", ".html", ".css", ".js"]).into_iter();
    let verdicts = sources.filter(|file| file.path.contains("/src/")).filter_map(|file| {
        let lines = file.text.lines().count();
        verdict(&file.path, &file.path, lines, FILE)
    });
    holds("A source file has 500 lines at most; usually 250.", &verdicts.collect::<Vec<_>>());
}

#[test]
fn a_function_fits_a_screen() {
    let mut broken = Vec::new();
    for file in
        tree::files("crates", &[".rs"]).into_iter().filter(|file| file.path.contains("/src/"))
    {
        for function in rust::functions(&rust::without_tests(&rust::code(&file.text))) {
            let name = format!("{}::{}", file.path, function.name);
            let place = format!("{}:{}: {}", file.path, function.line, function.name);
            broken.extend(verdict(&name, &place, function.lines, FUNCTION));
        }
    }
    holds("A function has 80 lines at most; usually 40.", &broken);
}

#[test]
fn what_is_listed_is_there() {
    let gone: Vec<String> = LONGER
        .iter()
        .map(|(name, _)| name.split("::").next().unwrap_or_default())
        .filter(|path| !tree::root().join(path).exists())
        .map(|path| format!("{path} is gone, take it off the list"))
        .collect();
    holds("Exceptions are of files that exist.", &gone);
}
