//! The database as a whole: make it, bring it up to date, copy it.

use std::path::Path;

use super::Failure;
use super::operator::{self, Desk};
use crate::config::{Config, KeyFile};
use crate::foundation;

/// `mandate migrate`
pub async fn migrate(config: &Config) -> Result<String, Failure> {
    let was_new = config.database.is_new();
    let desk = Desk::at(operator::open(config, KeyFile::Make).await?);
    foundation::lay(&desk.instance, &desk.call()?).await?;
    let key = config.key_file().filter(|_| was_new).map(|path| {
        format!(
            "The master key is in {}; keep a copy of it apart from the database.\n",
            path.display()
        )
    });
    Ok(format!("The database is up to date: {}.\n{}", config.database, key.unwrap_or_default()))
}

/// `mandate backup PATH`
pub async fn backup(config: &Config, path: &Path) -> Result<String, Failure> {
    let desk = Desk::open(config).await?;
    desk.instance.backup(path).await?;
    let key = config
        .key_file()
        .map_or_else(|| "MANDATE_MASTER_KEY".into(), |key| key.display().to_string());
    Ok(format!(
        "Wrote {}. The master key is not in it, and without the key nobody can use it: keep a copy of {key} elsewhere.\n",
        path.display()
    ))
}
