//! A database file that cannot grow, or cannot be written at all. The limit on the size of files
//! (`RLIMIT_FSIZE`) is the full disk: it is set and lifted from outside while the server runs.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness;
use crate::running::{Outcome, Running, free_address};

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mandate-disk-{}-{name}", std::process::id()));
    drop(std::fs::remove_dir_all(&path));
    std::fs::create_dir(&path).unwrap();
    path
}

/// Lets files of this process grow to so many bytes.
fn limit(running: &Running, bytes: &str) {
    let pid = running.child.id().to_string();
    let soft = format!("--fsize={bytes}:");
    let set = Command::new("prlimit").args(["--pid", &pid, &soft]).status().unwrap();
    assert!(set.success());
}

#[test]
fn a_full_disk_is_503_until_there_is_room_and_nothing_is_lost() {
    if Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_err() {
        return crate::skipped("prlimit", "it comes with util-linux");
    }
    let directory = directory("full");
    let uri = format!("sqlite:{}", directory.join("mandate.db").display());
    // The signal that goes with the limit is ignored, as a full disk sends none.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_mandate")]);
    let running = Running::of(command, &uri, free_address());
    let mut desk = running.desk();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        for _ in 0..20 {
            let Outcome::Done(token) = desk.token() else { panic!("there is room") };
            tokens.push(token);
        }
        let revoked = tokens.pop().unwrap();
        assert_eq!(desk.revoke(&revoked), Outcome::Done(()));
        limit(&running, "1");
        for _ in 0..3 {
            assert_eq!(desk.token(), Outcome::Later, "nothing may be acknowledged");
        }
        assert_eq!(desk.revoke(&tokens[0]), Outcome::Later, "nothing may be acknowledged");
        assert!(running.becomes(503, Duration::from_secs(5)), "it says that it takes no writes");
        // Reading needs no room, and what was not acknowledged did not happen.
        assert_eq!(desk.is_active(&tokens[0]), Outcome::Done(true));
        assert_eq!(desk.is_active(&revoked), Outcome::Done(false));
        limit(&running, "unlimited");
        desk.heals(Duration::from_secs(5));
        assert!(running.becomes(200, Duration::from_secs(5)));
        desk.knows(&tokens);
        assert_eq!(desk.is_active(&revoked), Outcome::Done(false));
    }
    drop(running);
    Running::start(&uri, free_address()).desk().knows(&tokens);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_refused_at_the_start() {
    let directory = directory("locked");
    let file = directory.join("mandate.db");
    let uri = format!("sqlite:{}", file.display());
    drop(Running::start(&uri, free_address()));
    forbid_writing(&directory);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mandate"));
    if crate::is_root() {
        // Root may write anything; somebody else may not. The binary lies where only root can
        // reach, so it is opened first and started by its open file.
        let there = directory.join("mandate");
        std::fs::copy(env!("CARGO_BIN_EXE_mandate"), &there).unwrap();
        command = Command::new(there);
        command.uid(65_534).gid(65_534);
    }
    let told = command
        .arg("serve")
        .env_clear()
        .env("MANDATE_DATABASE", &uri)
        .env("MANDATE_LISTEN", free_address().to_string())
        .env("MANDATE_ISSUER", harness::ISSUER)
        .env("MANDATE_MASTER_KEY", harness::master_key())
        .current_dir(&directory)
        .output()
        .unwrap();
    let said = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(said.contains("mandate.db") && !said.contains("panicked"), "{said}");
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Everybody may read, nobody may write.
fn forbid_writing(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o444)).unwrap();
    }
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o555)).unwrap();
}
