//! The page of the manual about settings, written from the table.

use std::fmt::Write;

use super::table::{FILE_SUFFIX, SETTINGS, Shape};

const BEGINNING: &str = "# Settings

<!-- Written from crates/server/src/config/table.rs; `UPDATE_DOCS=1 cargo test -p mandate --test config` writes it anew. -->

Every setting is a key of `mandate.toml` and a variable of the environment. The file is the one in the working
directory, or the one that `--config PATH` or `MANDATE_CONFIG` names; paths are relative to the working directory. What
the environment says wins over the file; an empty variable counts as none. A key or a `MANDATE_…` variable that is not
in this table is an error. All mistakes are told at once, each with its line.

Lists stand between commas, in the file also as `[\"…\", \"…\"]`. Durations are texts such as `12 h` or `1 h 30 m`, or whole
seconds.

A secret, marked 🔒, may stand in a file of its own: `MANDATE_MASTER_KEY_FILE=/run/secrets/master-key`, or
`master_key_file` in `mandate.toml`. Not both at once. The line break at the end of that file is not part of the secret.

| key | variable | default | meaning |
|---|---|---|---|
";

const END: &str = "
A start with a wrong or missing master key is refused, and so is one with another issuer once there are tokens. The
master key is in no backup: keep it apart from the database, and keep it.

```toml
issuer = \"https://id.example.com\"
listen = [\"127.0.0.1:8080\", \"[::1]:8080\"]
database = \"sqlite:/var/lib/mandate/mandate.db\"
trusted_proxies = [\"127.0.0.1\", \"::1\"]
session_lifetime = \"8 h\"
```
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = BEGINNING.to_owned();
    for setting in SETTINGS {
        let default = if setting.default.is_empty() {
            "–".to_owned()
        } else {
            format!("`{}`", setting.default)
        };
        let (lock, also) = match setting.shape {
            Shape::Secret => {
                (" 🔒", format!(", `{}{}`", setting.variable(), FILE_SUFFIX.to_ascii_uppercase()))
            }
            _ => ("", String::new()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}`{lock} | `{}`{also} | {default} | {} |",
            setting.name,
            setting.variable(),
            setting.meaning
        );
    }
    page.push_str(END);
    page
}
