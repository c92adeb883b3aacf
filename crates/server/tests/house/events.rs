//! Events of the trail: what the rules record has words on the page, and a test that makes it happen
//! and looks for it.

use std::collections::BTreeSet;

use super::{holds, tree};

/// The names of actions among the words of a text between these marks: those whose first word is
/// one of `nouns`.
fn actions(text: &str, marks: &[char], nouns: &BTreeSet<&str>) -> BTreeSet<String> {
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.split(marks)
        .filter_map(|piece| piece.split_once('.').map(|(noun, deed)| (piece, noun, deed)))
        .filter(|(_, noun, deed)| nouns.contains(noun) && !deed.is_empty() && is_word(deed))
        .map(|(piece, ..)| piece.to_owned())
        .collect()
}

/// What the console has words for.
fn told() -> BTreeSet<String> {
    named_in("crates/server/src/console/deeds.rs", "const ACTIONS")
}

/// The actions that a table of this file names first in each line.
fn named_in(path: &str, table: &str) -> BTreeSet<String> {
    let page = tree::read(path);
    let table = page.split(table).nth(1).and_then(|rest| rest.split("];").next());
    let lines = table.expect("a table of actions").lines();
    lines
        .filter_map(|line| line.trim().strip_prefix("(\"")?.split('"').next().map(str::to_owned))
        .collect()
}

#[test]
fn every_event_has_words_and_a_test() {
    let told = told();
    let nouns: BTreeSet<&str> = told.iter().filter_map(|action| action.split('.').next()).collect();
    let files = tree::files("crates", &[".rs"]);
    let (mut recorded, mut tested) = (BTreeSet::new(), BTreeSet::new());
    for file in &files {
        let is_rule = file.path.contains("domain/src") || file.path.contains("server/src/");
        if file.is_test() && !file.path.contains("/house/") {
            tested.extend(actions(&file.text, &['"', ' ', '\n'], &nouns));
        } else if is_rule && file.text.contains("audit::record") {
            recorded.extend(actions(&file.text, &['"'], &nouns));
        }
    }
    assert!(recorded.len() > 40, "{recorded:?}");
    let mut broken: Vec<String> =
        recorded.difference(&told).map(|action| format!("{action} has no words")).collect();
    broken.extend(told.difference(&tested).map(|action| format!("{action} has no test")));
    holds("Every event of the trail has words, and a test that looks for it.", &broken);
}

/// THE-38: whoever counts by category counts everything once.
#[test]
fn every_event_has_one_category() {
    let (told, sorted) = (told(), named_in("crates/domain/src/audit/category.rs", "const ACTIONS"));
    let broken: Vec<String> = told.symmetric_difference(&sorted).cloned().collect();
    holds("Every event of the trail is in the table of categories.", &broken);
}
