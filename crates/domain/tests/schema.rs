//! `schema.sql` is where the migrations end: applied to an empty database of each engine, both
//! make the same tables, columns, constraints and indexes, as the engines themselves report them.
//!
//! Refuses to know what a table means.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its schema has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use db::testing::TestDb;
use db::{Db, Migration, params};

/// What a catalogue says, one line for each column, constraint and index.
type Catalogue = BTreeSet<String>;

/// On SQLite: columns, foreign keys, the keys that stand in a table, and the indexes beside it.
const OF_SQLITE: [&str; 4] = [
    "SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ' notnull=' || c.\"notnull\"
       || ' default=' || COALESCE(c.dflt_value, '-') || ' pk=' || c.pk
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    "SELECT 'foreign key ' || t.name || '.' || f.\"from\" || ' to ' || f.\"table\" || '.' || COALESCE(f.\"to\", '-')
       || ' update ' || f.on_update || ' delete ' || f.on_delete
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    "SELECT 'key ' || t.name || ' ' || i.origin || ' unique=' || i.\"unique\" || ' ' ||
       (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
     FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin <> 'c'",
    "SELECT 'index ' || sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL",
];

/// On PostgreSQL: columns, constraints with their names, indexes, and whatever else there is.
const OF_POSTGRES: [&str; 4] = [
    "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' nullable=' || is_nullable
       || ' default=' || COALESCE(column_default, '-')
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT 'relation ' || relname::text || ' ' || relkind::text FROM pg_class
     WHERE relnamespace = 'public'::regnamespace",
];

/// A text of the repository.
fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// For the length of the test, which is the length of the process.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Every file in `migrations/`, in order: `0001_beginning.sql`.
fn migrations() -> Vec<Migration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    let migration = |name: String| {
        let (number, what) = name.strip_suffix(".sql").unwrap().split_once('_').unwrap();
        let sql = kept(text(&format!("migrations/{name}")));
        Migration { number: number.parse().unwrap(), name: kept(what.to_owned()), sql }
    };
    names.into_iter().map(migration).collect()
}

/// A schema in one piece.
fn whole(sql: String) -> Vec<Migration> {
    vec![Migration { number: 1, name: "whole", sql: kept(sql) }]
}

/// One line however it was written.
fn normal(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn catalogue(db: &Db, of: &[&str]) -> Catalogue {
    let mut lines = Catalogue::new();
    for sql in of {
        for row in db.read().query(sql, params![]).await.unwrap() {
            lines.insert(normal(&row.get::<String>(0).unwrap()));
        }
    }
    // The table by which migrations are counted is not ours.
    lines.retain(|line| {
        !line.split([' ', '.']).any(|word| word == "migrations" || word == "migrations_pkey")
    });
    lines
}

async fn of_sqlite(migrations: &[Migration]) -> Catalogue {
    catalogue(TestDb::sqlite_from(migrations).await.db(), &OF_SQLITE).await
}

async fn of_postgres(template: &str, migrations: &[Migration]) -> Option<Catalogue> {
    let test = TestDb::postgres_from(template, migrations).await?;
    Some(catalogue(test.db(), &OF_POSTGRES).await)
}

/// Fails with what only one of them has.
fn same(engine: &str, migrated: &Catalogue, whole: &Catalogue) {
    let only =
        |a: &Catalogue, b: &Catalogue| a.difference(b).cloned().collect::<Vec<_>>().join("\n    ");
    assert!(migrated.len() > 100, "the catalogue on {engine} was read: {} lines", migrated.len());
    assert!(
        migrated == whole,
        "on {engine} schema.sql is not where the migrations end\n  migrations alone:\n    {}\n  schema.sql alone:\n    {}",
        only(migrated, whole),
        only(whole, migrated)
    );
}

#[tokio::test]
async fn the_migrations_end_in_schema_sql() {
    let (migrated, whole) = (migrations(), whole(text("schema.sql")));
    same("SQLite", &of_sqlite(&migrated).await, &of_sqlite(&whole).await);
    if let Some(line) = of_postgres("line", &migrated).await {
        same("PostgreSQL", &line, &of_postgres("whole", &whole).await.unwrap());
    }
}

#[tokio::test]
async fn notices_what_differs() {
    let schema = "CREATE TABLE a (id BIGINT PRIMARY KEY, b TEXT NOT NULL UNIQUE, c BIGINT);\nCREATE INDEX a_c_idx ON a (c);";
    let (sqlite, postgres) =
        (of_sqlite(&whole(schema.into())).await, of_postgres("plain", &whole(schema.into())).await);
    for (n, (from, to)) in [
        ("c BIGINT)", "c TEXT)"),
        ("c BIGINT)", "c BIGINT NOT NULL)"),
        ("c BIGINT)", "c BIGINT, d TEXT)"),
        ("c BIGINT)", "c BIGINT REFERENCES a (id))"),
        ("TEXT NOT NULL UNIQUE", "TEXT NOT NULL"),
        ("CREATE INDEX a_c_idx ON a (c);", ""),
        ("a (c);", "a (c) WHERE c > 0;"),
        ("CREATE INDEX", "CREATE UNIQUE INDEX"),
    ]
    .into_iter()
    .enumerate()
    {
        let other = whole(schema.replace(from, to));
        assert_ne!(of_sqlite(&other).await, sqlite, "{from} → {to}");
        let template = format!("other_{n}");
        assert!(
            postgres.is_none() || of_postgres(&template, &other).await != postgres,
            "{from} → {to}"
        );
    }
}

#[test]
fn every_migration_is_compiled_in() {
    let code = text("crates/domain/src/migrations.rs");
    for migration in migrations() {
        let name = format!("migrations/{:04}_{}.sql", migration.number, migration.name);
        assert!(code.contains(&name), "{name} is not in crates/domain/src/migrations.rs");
        assert!(
            code.contains(&format!("number: {}", migration.number)),
            "{name} has another number there"
        );
    }
}
