//! The files of the repository, as the rules read them. Knows no rule.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 6] =
    ["target", "node_modules", "mandate-data", "__pycache__", ".git", ".venv"];

/// A text file of ours.
#[derive(Debug, Clone)]
pub struct File {
    /// Below the root of the repository, with slashes.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// Without folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Is it a test, or furniture of tests?
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// One file; a rule that needs it cannot do without it.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file below `under`, in the order of their paths, whose name ends in one of `endings`
/// (empty: every one).
pub fn files(under: &str, endings: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    walk(&root().join(under), &mut paths);
    let wanted =
        |path: &String| endings.is_empty() || endings.iter().any(|end| path.ends_with(end));
    let root = root();
    let relative =
        |path: PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    let mut paths: Vec<String> = paths.into_iter().map(relative).filter(wanted).collect();
    paths.sort();
    let read =
        |path: String| fs::read_to_string(root.join(&path)).ok().map(|text| File { path, text });
    paths.into_iter().filter_map(read).collect()
}

/// Every folder below the `src` of each crate, with the crates' `src` themselves.
pub fn source_folders() -> Vec<String> {
    let sources = files("crates", &[]).into_iter().filter(|file| file.path.contains("/src/"));
    let mut folders: Vec<String> = Vec::new();
    for file in sources {
        let mut folder = file.path.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            folders.push(format!("{above}/"));
            if above.ends_with("/src") {
                break;
            }
            folder = above;
        }
    }
    folders.sort();
    folders.dedup();
    folders
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !FOREIGN.contains(&name.as_str()) {
            walk(&entry.path(), found);
        } else if kind.is_file() && name != ".git" {
            found.push(entry.path());
        }
    }
}
