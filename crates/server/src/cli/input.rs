//! What is read for a verb: a file, or standard input under the name `-`.

use std::path::Path;

use domain::Plain;

use super::Failure;

/// The whole text.
///
/// # Errors
/// A sentence that names the file.
pub fn text(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| Failure::refused(format!("{} cannot be read: {error}.", path.display())))
}

/// A secret; the line break at its end is not part of it.
///
/// # Errors
/// As [`text`].
pub fn secret(path: &Path) -> Result<Plain, Failure> {
    Ok(Plain::new(text(path)?.trim_end_matches(['\r', '\n'])))
}
