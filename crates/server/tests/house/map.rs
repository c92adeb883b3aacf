//! The map: ARCHITECTURE.md and the tree agree, and links between documents lead somewhere.

use std::collections::BTreeSet;

use super::{arrows, holds, tree};

/// The fenced block below the heading that begins with `heading`.
fn block<'a>(page: &'a str, heading: &str) -> &'a str {
    let section = page.split("\n## ").find(|section| section.starts_with(heading));
    let fenced = section.and_then(|section| section.split("```").nth(1));
    fenced
        .and_then(|block| block.split_once('\n'))
        .unwrap_or_else(|| panic!("no block under {heading}"))
        .1
}

/// The section below the heading that begins with `heading`.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    page.split("\n## ")
        .find(|section| section.starts_with(heading))
        .unwrap_or_else(|| panic!("no section {heading}"))
}

/// The folders that a map names: a line at the margin is a base, an indented one is below it.
fn mapped(map: &str) -> BTreeSet<String> {
    let (mut base, mut folders) = (String::new(), BTreeSet::new());
    for line in map.lines() {
        let Some(name) = line.split_whitespace().next().filter(|name| name.ends_with('/')) else {
            continue;
        };
        if line.starts_with(' ') {
            folders.insert(format!("{base}{name}"));
        } else {
            name.clone_into(&mut base);
            folders.insert(base.clone());
        }
    }
    folders
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_map_is_the_tree() {
    let page = tree::read("ARCHITECTURE.md");
    let mapped = mapped(block(&page, "Map"));
    let there: BTreeSet<String> = tree::source_folders().into_iter().collect();
    let gone =
        mapped.difference(&there).map(|folder| format!("{folder} is on the map and is not there"));
    let new =
        there.difference(&mapped).map(|folder| format!("{folder} is there and not on the map"));
    holds(
        "ARCHITECTURE.md maps every folder of the sources.",
        &gone.chain(new).collect::<Vec<_>>(),
    );
}

#[test]
fn the_floor_plan_is_that_of_the_code() {
    let page = tree::read("ARCHITECTURE.md");
    let as_header = format!("//! ```text\n{}//! ```\n", block(&page, "Floor plan"));
    let code = tree::read("crates/domain/src/lib.rs");
    assert_eq!(
        arrows::floors(&as_header),
        arrows::floors(&code),
        "the floor plan of ARCHITECTURE.md is another than that of crates/domain/src/lib.rs"
    );
}

#[test]
fn files_that_the_page_names_are_there() {
    let page = tree::read("ARCHITECTURE.md");
    let sources = tree::files("crates", &[".rs"]);
    let is_there = |name: &str| sources.iter().any(|file| file.path.ends_with(&format!("/{name}")));
    let named: BTreeSet<&str> = quoted(&page).filter(|name| name.ends_with(".rs")).collect();
    let gone: Vec<String> = named
        .into_iter()
        .filter(|name| !is_there(name.split_once("src/").map_or(*name, |(_, below)| below)))
        .map(|name| format!("{name} is not there"))
        .collect();
    holds("ARCHITECTURE.md names files that exist.", &gone);
}

#[test]
fn every_kind_of_row_has_a_life() {
    let page = tree::read("ARCHITECTURE.md");
    let rows = section(&page, "Rows").lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<&str> = rows
        .flat_map(|line| line.split('|').next().unwrap_or_default().split(", "))
        .map(|name| name.trim_matches(|c: char| c == '`' || c.is_whitespace()))
        .collect();
    let schema = tree::read("schema.sql");
    let tables = schema.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let tables: BTreeSet<&str> = tables.filter_map(|line| line.split_whitespace().next()).collect();
    let missing = tables
        .difference(&told)
        .map(|name| format!("{name}: how long does it live, and who removes it?"));
    let gone = told.difference(&tables).map(|name| format!("{name} is no table"));
    holds(
        "ARCHITECTURE.md tells the life of every kind of row.",
        &missing.chain(gone).collect::<Vec<_>>(),
    );
}

#[test]
fn decisions_are_numbered_once_and_have_a_price() {
    let mut broken = Vec::new();
    let mut numbers = BTreeSet::new();
    for page in tree::files("docs/decisions", &[".md"]) {
        let number = page.name().get(..4).unwrap_or_default().to_owned();
        if number.parse::<u32>().is_err() || !numbers.insert(number) {
            broken.push(format!("{}: its number is taken or is none", page.path));
        }
        for part in ["## Context", "## Choice", "## Price"] {
            if !page.text.contains(part) {
                broken.push(format!("{}: it has no {part}", page.path));
            }
        }
    }
    assert!(!numbers.is_empty(), "there are decisions");
    holds("A decision has a number of its own, a context, a choice and a price.", &broken);
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in tree::files("", &[".md"]) {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let is_ours =
                !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:");
            if is_ours && !tree::root().join(folder).join(target).exists() {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    holds("Links between documents lead somewhere.", &broken);
}

#[test]
fn reads_a_map() {
    let map = "a/src/     the first\n  b/       its room\nsee also\nc/src/\n";
    let want = ["a/src/", "a/src/b/", "c/src/"].map(str::to_owned);
    assert_eq!(mapped(map), BTreeSet::from(want));
}
