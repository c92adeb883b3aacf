//! One line of history for both engines.
//!
//! The row in `migrations` is also the lock: it is inserted first, in the transaction of the
//! migration, so a second node waits on it and then finds the work done. Refuses to know what a
//! migration does.
//!
//! A migration is additive and holds several statements. It must not contain `DEFERRABLE`.
//! `BIGINT PRIMARY KEY`, written exactly so, becomes `INTEGER PRIMARY KEY` on SQLite: that makes
//! the key the row's own number and saves a second tree. Where the engines truly differ, the same
//! number stands twice, with names that end in `_sqlite` and `_postgres`.

use crate::{Db, Error, params};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the line, from 1.
    pub number: u32,
    /// What it does, in a word or two; the middle of the file's name.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
)";

pub(crate) async fn migrate(db: &Db, migrations: &[Migration]) -> Result<u32, Error> {
    let line = line(db, migrations)?;
    create_table(db).await?;
    let mut count = 0;
    loop {
        let Some(next) = first_missing(db, &line).await? else { return Ok(count) };
        match apply(db, next).await {
            Ok(()) => {
                tracing::info!(number = next.number, name = next.name, "applied a migration");
                count += 1;
            }
            // Another node was faster; look again what is left.
            Err(Error::Conflict { table, .. }) if table == "migrations" => {}
            Err(error) => return Err(in_migration(next, error)),
        }
    }
}

/// Refuses a database that does not stand where this binary does, without writing to it.
pub(crate) async fn check(db: &Db, migrations: &[Migration]) -> Result<(), Error> {
    let line = line(db, migrations)?;
    match first_missing(db, &line).await? {
        None => Ok(()),
        Some(next) => Err(Error::Broken(format!(
            "migration {} ({}) is not applied: start a server of this version at the primary first",
            next.number, next.name
        ))),
    }
}

/// The migrations for this engine, which must be in order and without a number twice.
fn line(db: &Db, migrations: &[Migration]) -> Result<Vec<Migration>, Error> {
    let foreign = |name: &str| {
        ["_sqlite", "_postgres"]
            .iter()
            .any(|suffix| *suffix != db.suffix() && name.ends_with(suffix))
    };
    let line: Vec<Migration> =
        migrations.iter().filter(|migration| !foreign(migration.name)).copied().collect();
    if let Some(pair) = line.windows(2).find(|pair| pair[0].number >= pair[1].number) {
        return Err(Error::Broken(format!("migration {} is out of order", pair[1].number)));
    }
    match line.iter().find(|migration| migration.sql.to_uppercase().contains("DEFERRABLE")) {
        Some(migration) => {
            Err(Error::Broken(format!("migration {} defers a constraint", migration.number)))
        }
        None => Ok(line),
    }
}

async fn create_table(db: &Db) -> Result<(), Error> {
    // PostgreSQL may refuse the loser of two nodes that create it at once; it is there then.
    let mut tx = db.begin().await?;
    let created = tx.batch(&db.render(TABLE)).await;
    let created = match created {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    match created {
        Err(error)
            if db.read().query("SELECT number FROM migrations", params![]).await.is_err() =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Compares what was applied with what is known.
async fn first_missing(db: &Db, line: &[Migration]) -> Result<Option<Migration>, Error> {
    let rows = db
        .read()
        .query("SELECT number, checksum FROM migrations ORDER BY number", params![])
        .await?;
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        let (number, checksum) = (row.get::<u32>(0)?, row.get::<String>(1)?);
        match line.iter().find(|migration| migration.number == number) {
            Some(known) if checksum_of(known.sql) == checksum => applied.push(number),
            Some(known) => {
                return Err(Error::Broken(format!(
                    "migration {number} ({}) was changed after it was applied",
                    known.name
                )));
            }
            None => return Err(unknown(db, number, line).await),
        }
    }
    Ok(line.iter().find(|migration| !applied.contains(&migration.number)).copied())
}

/// The database holds a migration that this binary does not know.
async fn unknown(db: &Db, number: u32, line: &[Migration]) -> Error {
    let binary = line.last().map_or(0, |last| last.number);
    let highest = db.read().query_one("SELECT max(number) FROM migrations", params![]).await;
    match highest.and_then(|row| row.map_or(Ok(number), |row| row.get(0))) {
        Ok(database) if database > binary => Error::Newer { database, binary },
        Ok(_) => Error::Broken(format!("migration {number} was applied but is not known")),
        Err(error) => error,
    }
}

async fn apply(db: &Db, migration: Migration) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let checksum = checksum_of(migration.sql);
    tx.execute(
        "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
        params![migration.number, migration.name, checksum],
    )
    .await?;
    tx.batch(&db.render(migration.sql)).await?;
    tx.commit().await
}

fn in_migration(migration: Migration, error: Error) -> Error {
    let place = format!("migration {} ({})", migration.number, migration.name);
    match error {
        Error::Unavailable(reason) => Error::Unavailable(format!("{place}: {reason}")),
        Error::Newer { .. } | Error::Unsupported(_) => error,
        other => Error::Broken(format!("{place}: {other}")),
    }
}

/// Tells a changed text from the applied one; no protection against an attacker. FNV-1a, 64 bit.
fn checksum_of(sql: &str) -> String {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// `BIGINT PRIMARY KEY` as SQLite wants it for a key that is the row's own number.
pub(crate) fn with_rowid_keys(sql: &str) -> String {
    sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_a_lone_key_the_row_number() {
        let sql = "CREATE TABLE a (id BIGINT PRIMARY KEY, b BIGINT NOT NULL, PRIMARY KEY (b))";
        assert_eq!(
            with_rowid_keys(sql),
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b BIGINT NOT NULL, PRIMARY KEY (b))"
        );
    }

    #[test]
    fn tells_texts_apart() {
        assert_eq!(checksum_of(""), "cbf29ce484222325");
        assert_eq!(checksum_of("a"), "af63dc4c8601ec8c");
        assert_ne!(checksum_of("CREATE TABLE a"), checksum_of("CREATE TABLE b"));
    }
}
