//! Words: the engines are named in `db` and in the settings alone, and no file and no item has a
//! name that says nothing.

use super::{holds, rust, tree};

/// Where the engines may be named (tests choose one, so they may too).
const NAMES_ENGINES: [&str; 2] = ["crates/db/", "crates/server/src/config"];
/// The engines.
const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Parts of names that say nothing of what a thing is.
const EMPTY: [&str; 12] = [
    "util", "utils", "helper", "helpers", "manager", "managers", "handler", "handlers", "dto",
    "model", "common", "misc",
];
/// Says nothing at the end of a name; alone it is a word of the trade (a kind of client).
const EMPTY_SUFFIX: &str = "service";

/// Names with such a part that are no choice of ours: where, which, whose. This list may only shrink.
const GIVEN: [(&str, &str, &str); 2] = [
    (
        "crates/domain/src/access/roles.rs",
        "CLIENT_MANAGER",
        "a built-in role; its name is part of the contract",
    ),
    ("crates/db/src/postgres/mod.rs", "manager", "deadpool's word for what opens connections"),
];

/// What brings a name into the world.
const ITEMS: [&str; 9] =
    ["fn", "struct", "enum", "union", "trait", "mod", "type", "const", "static"];

/// A name in its parts: `snake_case`, `CamelCase`, `kebab-case`, dots.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_was_lower) {
            parts.push(String::new());
        }
        before_was_lower = c.is_lowercase() || c.is_numeric();
        if c.is_alphanumeric() {
            parts.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The part of a name that says nothing.
fn empty_part(name: &str) -> Option<String> {
    let mut parts = parts(name);
    let last = parts.last()?.clone();
    if parts.len() > 1 && last == EMPTY_SUFFIX {
        return Some(last);
    }
    parts.retain(|part| EMPTY.contains(&part.as_str()));
    parts.pop()
}

/// Every name that this source gives to an item, with its line.
fn items(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for keyword in ITEMS {
        for at in rust::words(code, keyword) {
            let rest = code[at + keyword.len()..].trim_start();
            let rest = rest.strip_prefix("mut ").unwrap_or(rest);
            let name = rust::identifier(rest);
            // `*const T`, `fn(…)` and `const { … }` name nothing.
            if !name.is_empty() && !code[..at].ends_with('*') && !ITEMS.contains(&name) {
                found.push((name.to_owned(), rust::line_of(code, at)));
            }
        }
    }
    found
}

#[test]
fn engines_are_named_below_the_rules_only() {
    let mut broken = Vec::new();
    let sources =
        tree::files("crates", &[".rs", ".html", ".css", ".js"]).into_iter().filter(|file| {
            let may = NAMES_ENGINES.iter().any(|place| file.path.starts_with(place));
            file.path.contains("/src/") && !may
        });
    for file in sources {
        for (n, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            if ENGINES.iter().any(|engine| lower.contains(engine)) {
                broken.push(format!("{}:{}: {}", file.path, n + 1, line.trim()));
            }
        }
    }
    holds(
        "Engines are named in crates/db, the settings, tests and the manual, nowhere else.",
        &broken,
    );
}

#[test]
fn a_name_says_what_a_thing_is() {
    let mut broken = Vec::new();
    let mut unused = GIVEN.to_vec();
    for file in tree::files("crates", &[]) {
        let folders_and_name = file.path.split('/').skip(2);
        for name in folders_and_name.filter(|name| empty_part(name).is_some()) {
            broken.push(format!("{}: the name {name}", file.path));
        }
        // The name of a test is a sentence, and may speak of a manager who is a person.
        if file.is_test() || !file.path.ends_with(".rs") {
            continue;
        }
        for (name, line) in items(&rust::without_tests(&rust::code(&file.text))) {
            let Some(part) = empty_part(&name) else { continue };
            let is_given =
                |(path, given, _): &(&str, &str, &str)| *path == file.path && *given == name;
            if !GIVEN.iter().any(is_given) {
                broken.push(format!("{}:{line}: {name} ({part})", file.path));
            }
            unused.retain(|given| !is_given(given));
        }
    }
    broken.extend(
        unused
            .iter()
            .map(|(path, name, _)| format!("{path}: {name} is gone, take it off the list")),
    );
    holds(
        "Names say what a thing is: not util, helper, manager, handler, dto, model, common, misc, …service.",
        &broken,
    );
}

#[test]
fn knows_an_empty_name_in_any_spelling() {
    for (name, empty) in [
        ("TokenHelper", true),
        ("token_util.rs", true),
        ("UserService", true),
        ("user_service", true),
        ("COMMON_WORDS", true),
        ("dto", true),
        ("Service", false),
        ("ServiceClient", false),
        ("handle", false),
        ("Handlebars", false),
        ("remodelled", false),
        ("commonly", false),
    ] {
        assert_eq!(empty_part(name).is_some(), empty, "{name}");
    }
}

#[test]
fn sees_every_item() {
    let code = "pub struct A; enum B {} trait C { fn d(); } const E: u8 = 0; static mut F: u8 = 0; let p: *const G; \
                type H = fn(u8); mod i {}";
    let mut names: Vec<_> = items(code).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["A", "B", "C", "E", "F", "H", "d", "i"]);
}
