//! Walls: which crates and libraries a crate may depend on, and that each library is explained.

use toml::Table;

use super::{holds, tree};

/// A crate and what it must not depend on (tests apart).
const WALLS: [(&str, &[&str]); 4] = [
    (
        "protocol",
        &[
            "tokio",
            "axum",
            "http",
            "hyper",
            "tower",
            "tower-http",
            "db",
            "domain",
            "mandate",
            "rusqlite",
            "tokio-postgres",
            "askama",
            "reqwest",
        ],
    ),
    ("db", &["protocol", "domain", "mandate", "axum", "http", "askama", "serde_json"]),
    (
        "domain",
        &[
            "axum",
            "askama",
            "http",
            "hyper",
            "tower",
            "tower-http",
            "clap",
            "rusqlite",
            "tokio-postgres",
            "mandate",
        ],
    ),
    ("server", &["db", "rusqlite", "tokio-postgres", "deadpool-postgres", "sqlx"]),
];

/// The tables of a manifest that say what the crate itself needs, on whichever machine.
fn dependencies(manifest: &Table) -> Vec<&String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let of_targets = targets.into_iter().flat_map(Table::values).filter_map(toml::Value::as_table);
    let all = std::iter::once(manifest).chain(of_targets);
    let tables =
        all.flat_map(|table| ["dependencies", "build-dependencies"].map(|name| table.get(name)));
    tables.flatten().filter_map(toml::Value::as_table).flat_map(Table::keys).collect()
}

fn manifest(path: &str) -> Table {
    tree::read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn a_crate_knows_only_what_it_may() {
    let mut broken = Vec::new();
    for (name, forbidden) in WALLS {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest = manifest(&path);
        for library in dependencies(&manifest) {
            if forbidden.contains(&library.as_str()) {
                broken.push(format!("{path}: {name} must not know {library}"));
            }
        }
    }
    holds("protocol knows no machine, db no table, domain no HTTP, server no SQL.", &broken);
}

#[test]
fn there_are_four_crates() {
    let workspace = manifest("Cargo.toml");
    let mut members: Vec<_> = workspace["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    members.sort_unstable();
    let mut walled: Vec<_> = WALLS.iter().map(|(name, _)| format!("crates/{name}")).collect();
    walled.sort_unstable();
    assert_eq!(members, walled, "a new crate needs walls, and a page in docs/decisions");
}

#[test]
fn every_library_is_explained() {
    let page = tree::read("docs/decisions/0007-dependencies.md");
    let explained: Vec<&str> =
        page.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').collect();
    let ours = ["protocol", "db", "domain"];
    let workspace = manifest("Cargo.toml");
    let libraries = workspace["workspace"]["dependencies"].as_table().unwrap().keys();
    let broken: Vec<String> = libraries
        .filter(|name| !ours.contains(&name.as_str()) && !explained.contains(&name.as_str()))
        .map(|name| format!("{name}: why this one, who maintains it, what else was considered?"))
        .collect();
    holds(
        "Each library of the workspace is explained in docs/decisions/0007-dependencies.md.",
        &broken,
    );
}

#[test]
fn sees_dependencies_of_every_kind() {
    let text = "[dependencies]\na = \"1\"\n[build-dependencies]\nb = \"1\"\n[dev-dependencies]\nc = \"1\"\n\
                [target.'cfg(unix)'.dependencies]\nd = \"1\"\n";
    let manifest: Table = text.parse().unwrap();
    assert_eq!(dependencies(&manifest), ["a", "b", "d"]);
}
