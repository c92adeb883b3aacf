//! A new file that appears under its name only when it is whole and on disk, readable by its owner
//! alone. Refuses to know what is in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;

/// Has `write` fill a file beside `to` that is there already and empty, then gives it its name.
/// Refuses to replace a file.
pub(crate) fn write_new(
    to: &Path,
    write: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::Broken(format!("{} is there already", to.display())));
    }
    let part = part(to);
    let written = private_file(&part)
        .map_err(|error| failed(&error))
        .and_then(|_| write(&part))
        .and_then(|()| publish(&part, to).map_err(|error| failed(&error)));
    if written.is_err() {
        // What is left of it is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

/// A new, empty file with mode 0600.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn part(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn publish(part: &Path, to: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, to)?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(error: &io::Error) -> Error {
    Error::Unavailable(format!("the backup can't be written: {error}"))
}
