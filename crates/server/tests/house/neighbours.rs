//! Neighbours: no file names a package registry or a path of somebody's machine. What is built
//! here is built the same anywhere.

use super::{holds, tree};

/// What must not be named, in two halves so that this file does not name it either.
const FOREIGN: [(&str, &str); 12] = [
    ("crates", ".io"),
    ("registry.npm", "js.org"),
    ("pypi", ".org"),
    ("python", "hosted.org"),
    ("deb.debian", ".org"),
    ("proxy.golang", ".org"),
    ("sparse", "+http"),
    ("index-", "url"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
];

/// The one line in which a lock file says that a crate comes from the default registry.
const DEFAULT_REGISTRY: (&str, &str) =
    ("source = \"registry+https://github.com/rust-lang/crates", ".io-index\"");

#[test]
fn no_file_names_a_registry_or_somebodys_machine() {
    let foreign = FOREIGN.map(|(a, b)| format!("{a}{b}"));
    let default = format!("{}{}", DEFAULT_REGISTRY.0, DEFAULT_REGISTRY.1);
    let mut broken = Vec::new();
    for file in tree::files("", &[]) {
        let is_cargo_lock = file.name() == "Cargo.lock";
        for (n, line) in file.text.lines().enumerate() {
            if is_cargo_lock && line == default {
                continue;
            }
            if let Some(word) = foreign.iter().find(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{}: {word}", file.path, n + 1));
            }
        }
    }
    holds("No registry and no path of one machine is named anywhere.", &broken);
}
