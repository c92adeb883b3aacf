//! Files that hold secrets: are they there, and can nobody else read them?

use std::path::Path;

use super::Finding;
use crate::config::Config;
use crate::tls::Certificate;

/// The modes of every file that matters.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_database = config.database.file().map(Path::to_owned);
    if let Some(Err(sentence)) = config.tls.as_ref().map(Certificate::read) {
        findings.push(Finding::fail("files", sentence));
    }
    let secret = [
        config.key_file(),
        of_database,
        config.tls.as_ref().map(|tls| tls.key.clone()),
        config.secret_file.clone(),
    ];
    let open: Vec<_> = secret.into_iter().flatten().filter(|path| is_open(path)).collect();
    for path in &open {
        let path = path.display();
        findings.push(Finding::warn("files", format!("Others can read {path}: chmod 600 {path}")));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("files", "Nobody else can read the files that hold secrets."));
    }
    findings
}

/// Can anybody but the owner read it?
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|file| std::os::unix::fs::MetadataExt::mode(&file) & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
