//! Migrations only add, so that the version before goes on beside the new one while nodes are
//! replaced one by one (docs/decisions/0010). What is not needed any more goes two versions later.

use super::{holds, tree};

/// Why a statement is not for a version that runs beside the one before.
fn verdict(statement: &str) -> Option<&'static str> {
    let text = statement.to_uppercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let has = |word: &str| words.contains(&word);
    let follows = |first: &str, second: &str| words.windows(2).any(|pair| pair == [first, second]);
    if has("DROP") {
        return Some("drops what the version before still uses");
    }
    if has("RENAME") {
        return Some("renames what the version before still calls by its name");
    }
    if !follows("ALTER", "TABLE") {
        return None;
    }
    if follows("ALTER", "COLUMN") {
        return Some("changes a column that the version before still writes");
    }
    if has("CONSTRAINT") || has("UNIQUE") || has("CHECK") {
        return Some("forbids rows that the version before still writes");
    }
    let needs_a_value = follows("NOT", "NULL") && !has("DEFAULT");
    needs_a_value.then_some("adds a column that the version before does not fill")
}

/// The statements of a file, without comments.
fn statements(sql: &str) -> Vec<String> {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[test]
fn a_migration_only_adds() {
    let mut broken = Vec::new();
    let files = tree::files("migrations", &[".sql"]);
    assert!(files.len() >= 3, "the migrations are there");
    for file in files {
        for statement in statements(&file.text) {
            if let Some(why) = verdict(&statement) {
                let line = statement.lines().next().unwrap_or_default();
                broken.push(format!("{}: {line} {why}", file.path));
            }
        }
    }
    holds("Migrations only add: N and N−1 run side by side.", &broken);
}

#[test]
fn knows_what_the_version_before_would_stumble_over() {
    for (sql, is_refused) in [
        ("CREATE TABLE a (b TEXT NOT NULL, UNIQUE (b))", false),
        ("CREATE INDEX a_b_idx ON a (b)", false),
        ("ALTER TABLE a ADD COLUMN b TEXT", false),
        ("ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0", false),
        ("ALTER TABLE a ADD COLUMN b BIGINT NOT NULL", true),
        ("alter table a drop column b", true),
        ("DROP INDEX a_b_idx", true),
        ("ALTER TABLE a RENAME TO b", true),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL", true),
        ("ALTER TABLE a ADD CONSTRAINT a_b_key UNIQUE (b)", true),
        ("ALTER TABLE a ADD COLUMN b TEXT UNIQUE", true),
        ("UPDATE a SET b = 1", false),
    ] {
        assert_eq!(verdict(sql).is_some(), is_refused, "{sql}");
    }
}
