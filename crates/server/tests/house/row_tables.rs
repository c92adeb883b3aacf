//! Tables of rows: each row of the requirements, and the tests that show it by their names with
//! spaces between. They know nothing of what a row says.

use super::{holds, tree};

/// A product, and the first and the last number of its rows.
pub type Stretch = (&'static str, u32, u32);

/// Fails with every row that names no test, or one that is nowhere.
#[track_caller]
pub fn shown_by_tests(rule: &str, rows: &[(&str, &str)]) {
    let files = tree::files("crates", &[".rs"]).into_iter();
    let tests: Vec<_> = files.filter(|file| file.path.contains("/tests/")).collect();
    let is_there = |name: &str| {
        let written = format!("fn {name}()");
        tests.iter().any(|file| file.text.contains(&written))
    };
    let broken = rows.iter().flat_map(|(row, names)| {
        let missing = names.split(' ').filter(|name| !is_there(name));
        missing.map(move |name| format!("{row}: there is no test {name}"))
    });
    holds(rule, &broken.collect::<Vec<_>>());
}

/// Fails unless the table has every row of these stretches once, in their order.
#[track_caller]
pub fn is_whole(rows: &[(&str, &str)], stretches: &[Stretch]) {
    let wanted = stretches.iter().flat_map(|(product, first, last)| {
        (*first..=*last).map(move |number| format!("{product}-{number}"))
    });
    let named: Vec<&str> = rows.iter().map(|(row, _)| *row).collect();
    assert_eq!(named, wanted.collect::<Vec<_>>());
}
