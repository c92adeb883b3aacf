//! Licences: every library in the tree allows what we do with it. The list is that of `deny.toml`,
//! so that this rule holds where cargo-deny is not at hand, too.

use std::process::Command;

use serde_json::Value;

use super::{holds, tree};

/// What this machine builds for: libraries of other machines may not be here to be read.
fn host() -> String {
    let rustc = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap();
    String::from_utf8(rustc.stdout).unwrap().trim().to_owned()
}

/// Every library that a build for this machine takes in: name, version, licence.
fn libraries() -> Vec<(String, String)> {
    let cargo = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            &host(),
        ])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let text =
        |package: &Value, field: &str| package[field].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|p| (format!("{} {}", text(p, "name"), text(p, "version")), text(p, "license")))
        .collect()
}

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<String> {
    let deny: toml::Table = tree::read("deny.toml").parse().unwrap();
    let list = deny["licenses"]["allow"].as_array().unwrap();
    list.iter().filter_map(|licence| licence.as_str().map(str::to_owned)).collect()
}

/// Does an SPDX expression leave a way of only these licences? `AND` binds more than `OR`.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut rest = expression.as_str();
    // The innermost brackets first, each turned into the name of its verdict.
    if let Some(close) = rest.find(')') {
        let open = rest[..close].rfind('(').unwrap_or_default();
        let verdict =
            if permits(&rest[open + 1..close], allowed) { allowed[0].as_str() } else { "none" };
        return permits(&format!("{}{verdict}{}", &rest[..open], &rest[close + 1..]), allowed);
    }
    rest = rest.trim();
    rest.split(" OR ").any(|way| {
        way.split(" AND ").all(|one| allowed.iter().any(|licence| licence == one.trim()))
    })
}

#[test]
fn every_library_may_be_used() {
    let allowed = allowed();
    let libraries = libraries();
    assert!(libraries.len() > 50, "the tree was read: {} libraries", libraries.len());
    let broken: Vec<String> = libraries
        .into_iter()
        .filter(|(_, licence)| !permits(licence, &allowed))
        .map(|(name, licence)| format!("{name}: {licence:?}"))
        .collect();
    holds("Libraries have a permissive licence of deny.toml.", &broken);
}

#[test]
fn reads_licence_expressions() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for (expression, may) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("MIT AND (GPL-3.0 OR (GPL-2.0 AND ISC))", false),
        ("GPL-3.0 AND MIT OR ISC", true),
    ] {
        assert_eq!(permits(expression, &allowed), may, "{expression}");
    }
}
