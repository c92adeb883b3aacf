//! Where the master key comes from: the setting, else the file beside the database.
//!
//! The file is made only where there is no database yet, readable by its owner alone, whole or
//! not at all. A database whose key is lost is never given a new one: nothing in it could be read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::{Chance, MasterKeys};

use super::{Config, Mistakes};

/// The name of the file beside the database.
const FILE_NAME: &str = "master.key";

/// What becomes of a missing key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFile {
    /// It is made, where there is no database yet.
    Make,
    /// It has to be there.
    Expect,
}

impl Config {
    /// The file that holds the master key, where it is one beside the database.
    pub fn key_file(&self) -> Option<PathBuf> {
        let file = self.database.file().filter(|_| self.master_key.is_none())?;
        Some(file.with_file_name(FILE_NAME))
    }
}

/// The master keys.
///
/// # Errors
/// One sentence: there is none, it cannot be read, or it is no key.
pub fn master_keys(config: &Config, missing: KeyFile) -> Result<MasterKeys, Mistakes> {
    if let Some(given) = &config.master_key {
        return MasterKeys::parse(given.reveal())
            .map_err(|error| format!("MANDATE_MASTER_KEY: {error}.").into());
    }
    let Some(path) = config.key_file() else {
        let sentence = "MANDATE_MASTER_KEY: With PostgreSQL it has to be set: 32 random bytes in base64url, the same on \
                        every node. `mandate keys new-master` makes one.";
        return Err(Mistakes::from(sentence.to_owned()));
    };
    match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("{}: The master key cannot be read: {error}.", path.display()).into())
        }
        Err(_) if config.database.is_new() && missing == KeyFile::Make => make(&path),
        Err(_) => Err(lost(config, &path).into()),
    }
}

fn parse(path: &Path, text: &str) -> Result<MasterKeys, Mistakes> {
    let keys = MasterKeys::parse(text.trim());
    keys.map_err(|error| format!("{}: This holds no master key: {error}.", path.display()).into())
}

fn lost(config: &Config, path: &Path) -> String {
    format!(
        "{}: There is a database ({}) but no master key. Put back the key that belongs to it, here or as \
         MANDATE_MASTER_KEY; without it no secret in the database can be read.",
        path.display(),
        config.database
    )
}

fn make(path: &Path) -> Result<MasterKeys, Mistakes> {
    let (keys, text) = MasterKeys::generate(&Chance::System)
        .map_err(|fault| Mistakes::from(format!("No master key could be made: {fault}.")))?;
    match keep(path, &text) {
        Ok(()) => Ok(keys),
        // Somebody else started at the same moment: theirs is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(|error| cannot(path, &error))?;
            parse(path, &text)
        }
        Err(error) => Err(cannot(path, &error).into()),
    }
}

fn cannot(path: &Path, error: &io::Error) -> String {
    format!("{}: The master key cannot be written: {error}.", path.display())
}

/// Writes the file under another name first, so that nobody ever reads half a key, and returns
/// when it would survive a loss of power.
fn keep(path: &Path, text: &str) -> io::Result<()> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private(directory)?;
    let chance = Chance::System.bytes::<8>().map_err(io::Error::other)?;
    let part = path.with_file_name(format!("{FILE_NAME}.{:016x}", u64::from_be_bytes(chance)));
    let written = private_file(&part).and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()
    });
    let linked = written.and_then(|()| fs::hard_link(&part, path));
    fs::remove_file(&part)?;
    linked?;
    fs::File::open(directory)?.sync_all()
}

fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
