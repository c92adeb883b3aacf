//! Where values come from: the environment, else the file, else the default.
//!
//! Refuses what it does not know, in both, naming place and nearest known key. It refuses to know
//! what a value means, and never repeats one: a mistake may stand in a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Mistakes;
use super::table::{
    self, CONFIG_VARIABLE, DEFAULT_FILE, FILE_SUFFIX, PREFIX, SETTINGS, Setting, Shape, TEST_PREFIX,
};

/// A file with a secret in it is longer than this only by mistake.
const LONGEST_SECRET_FILE: u64 = 64 * 1024;

/// What is read.
#[derive(Default)]
pub struct Sources {
    /// The file that the command line names.
    pub file: Option<PathBuf>,
    /// The environment, whole.
    pub environment: Vec<(OsString, OsString)>,
}

impl Sources {
    /// The environment of this process and the file of `--config`.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        Self { file, environment: std::env::vars_os().collect() }
    }
}

/// A value and where it stands, for the sentence that refuses it.
#[derive(Clone)]
pub(super) struct Given {
    pub text: String,
    pub place: String,
}

/// One value for each setting that has any.
pub(super) struct Values {
    read: Read,
    /// The file of settings, where a secret stands in it.
    pub secret_file: Option<PathBuf>,
}

impl Values {
    /// Reads both sources.
    pub fn read(sources: &Sources, mistakes: &mut Mistakes) -> Self {
        let environment = of_environment(&sources.environment, mistakes);
        let mut read: Read = SETTINGS
            .iter()
            .filter(|setting| !setting.default.is_empty())
            .map(|setting| {
                (setting.name, Given { text: setting.default.into(), place: "the default".into() })
            })
            .collect();
        let mut secret_file = None;
        if let Some(path) = file(sources, mistakes) {
            let (of_file, holds_secret) = of_file(&path, mistakes);
            read.extend(of_file);
            secret_file = holds_secret.then_some(path);
        }
        read.extend(environment);
        Self { read, secret_file }
    }

    /// What was given for this setting, or its default.
    pub fn find(&self, name: &str) -> Option<&Given> {
        self.read.get(name)
    }
}

/// The file to read, if there is one.
fn file(sources: &Sources, mistakes: &mut Mistakes) -> Option<PathBuf> {
    let of_environment = sources.environment.iter().find(|(name, _)| name == CONFIG_VARIABLE);
    let of_environment =
        of_environment.map(|(_, path)| PathBuf::from(path)).filter(|p| !p.as_os_str().is_empty());
    let Some(named) = sources.file.clone().or(of_environment) else {
        return Path::new(DEFAULT_FILE).exists().then(|| DEFAULT_FILE.into());
    };
    if named.is_file() {
        return Some(named);
    }
    mistakes.add(&named.display(), "There is no such file of settings.");
    None
}

type Read = BTreeMap<&'static str, Given>;

fn of_environment(environment: &[(OsString, OsString)], mistakes: &mut Mistakes) -> Read {
    let mut read = Read::new();
    for (name, value) in environment {
        let name = name.to_string_lossy();
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        // Whatever composes containers sets variables it has no value for to nothing.
        if name == CONFIG_VARIABLE || name.starts_with(TEST_PREFIX) || value.is_empty() {
            continue;
        }
        let known = table::find(&key.to_ascii_lowercase())
            .filter(|_| !key.contains(|c: char| c.is_lowercase()));
        let Some((setting, in_file)) = known else {
            let nearest = table::nearest(key).to_ascii_uppercase();
            mistakes.add(
                &name,
                &format!("There is no such setting; the nearest known one is {PREFIX}{nearest}."),
            );
            continue;
        };
        let Some(text) = value.to_str() else {
            mistakes.add(&name, "The value is no UTF-8 text.");
            continue;
        };
        take(
            &mut read,
            (setting, in_file),
            Given { text: text.into(), place: name.into_owned() },
            mistakes,
        );
    }
    read
}

/// The values, and whether a secret stands there in the clear.
fn of_file(path: &Path, mistakes: &mut Mistakes) -> (Read, bool) {
    let (mut read, mut holds_secret) = (Read::new(), false);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            mistakes
                .add(&path.display(), &format!("The file of settings cannot be read: {error}."));
            return (read, holds_secret);
        }
    };
    let line_of =
        |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let place = format!("{}, line {}", path.display(), line_of(at));
        mistakes
            .add(&place, &format!("This is no TOML: {}.", error.message().trim_end_matches('.')));
    }
    let mut settings: Vec<_> = table.get_ref().iter().collect();
    settings.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in settings {
        let place = format!("{}, line {}", path.display(), line_of(key.span().start));
        let name: &str = key.get_ref();
        let Some((setting, in_file)) = table::find(name) else {
            let nearest = table::nearest(name);
            let sentence =
                format!("There is no setting `{name}`; the nearest known one is `{nearest}`.");
            mistakes.add(&place, &sentence);
            continue;
        };
        holds_secret |= setting.is_secret() && !in_file;
        let place = format!("{place}, {name}");
        match spelt(setting, value.get_ref()) {
            Ok(text) => take(&mut read, (setting, in_file), Given { text, place }, mistakes),
            Err(sentence) => mistakes.add(&place, sentence),
        }
    }
    (read, holds_secret)
}

/// The text of a value, as it would stand in the environment.
fn spelt(setting: &Setting, value: &DeValue<'_>) -> Result<String, &'static str> {
    match (setting.shape, value) {
        (_, DeValue::String(text)) => Ok(text.to_string()),
        (Shape::Duration, DeValue::Integer(seconds)) => Ok(seconds.to_string()),
        (Shape::List, DeValue::Array(items)) => {
            let items: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            items
                .map(|items| items.join(","))
                .ok_or("Every entry of the list has to stand in quotes.")
        }
        (Shape::Duration, _) => {
            Err("A text such as \"12 h\" or a whole number of seconds is needed.")
        }
        (Shape::List, _) => Err("A text in quotes or a list of them is needed."),
        (Shape::Text | Shape::Secret, _) => Err("A text in quotes is needed."),
    }
}

/// Keeps a value, after reading the file it may only name.
fn take(
    read: &mut Read,
    (setting, in_file): (&'static Setting, bool),
    given: Given,
    mistakes: &mut Mistakes,
) {
    let given = match in_file.then(|| content(&given)) {
        None => given,
        Some(Ok(given)) => given,
        Some(Err(sentence)) => return mistakes.add(&given.place, &sentence),
    };
    let place = given.place.clone();
    if let Some(other) = read.insert(setting.name, given) {
        let sentence = format!(
            "{} is set as well. Keep one of `{1}` and `{1}{FILE_SUFFIX}`.",
            other.place, setting.name
        );
        mistakes.add(&place, &sentence);
    }
}

/// A secret that stands in a file of its own; the line break at its end is not part of it.
fn content(named: &Given) -> Result<Given, String> {
    let path = &named.text;
    let cannot = |error: std::io::Error| format!("{path} cannot be read: {error}.");
    if std::fs::metadata(path).map_err(cannot)?.len() > LONGEST_SECRET_FILE {
        return Err(format!("{path} is longer than any secret."));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("{path} is empty."));
    }
    Ok(Given { text: text.to_owned(), place: named.place.clone() })
}

/// Shows where, never what.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({})", self.place)
    }
}
