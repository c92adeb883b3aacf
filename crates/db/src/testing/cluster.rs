//! A throw-away PostgreSQL cluster for the tests of one process.
//!
//! It listens on a socket in its own directory only and does not sync. A shell waits beside it on
//! a pipe from this process: when the process ends, however it ends, the pipe closes, and the
//! shell stops the server and removes the directory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Once, OnceLock};

const PREFIX: &str = "mandate-test";

/// Takes the directory of the binaries and the one to use; says `ready`; ends with its input.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
cd "$2" || exit 1
"$1/initdb" -D data -U mandate -A trust -E UTF8 --locale=C --no-sync >log 2>&1 || exit 1
"$1/postgres" -D data -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off -c shared_buffers=16MB -c max_connections=200 -c autovacuum=off \
  -c wal_level=minimal -c max_wal_senders=0 >>log 2>&1 </dev/null &
until grep -q ready data/postmaster.pid 2>/dev/null; do
  kill -0 $! || exit 1
  sleep 0.05
done
echo ready
read -r _
kill -QUIT $!
wait
cd / && rm -rf "$2"
"#;

/// The URI of the server for tests, started at first use. `None` when there is none.
pub(super) fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(find).as_ref().map(|server| server.uri.as_str())
}

struct Server {
    uri: String,
    /// Holds the pipe open that keeps the cluster alive.
    _shell: Option<Child>,
}

fn find() -> Option<Server> {
    if let Ok(uri) = std::env::var("MANDATE_TEST_POSTGRES")
        && !uri.is_empty()
    {
        return Some(Server { uri, _shell: None });
    }
    let server = binaries().map(|binaries| start(&binaries));
    if server.is_none() {
        let required = std::env::var("MANDATE_TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("postgres"),
            "MANDATE_TEST_REQUIRE asks for PostgreSQL, and neither MANDATE_TEST_POSTGRES nor \
             server binaries are there"
        );
        eprintln!("no PostgreSQL: that half of the tests was skipped");
    }
    server
}

/// Where initdb, `pg_ctl` and postgres are: on PATH or where distributions put them.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    places.extend(versions.into_iter().rev());
    places.into_iter().find(|place| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| place.join(name).is_file())
    })
}

fn start(binaries: &Path) -> Server {
    let directory = directory("postgres", "cluster");
    let mut shell = Command::new("sh");
    shell.args(["-c", SCRIPT, "sh"]).arg(binaries).arg(&directory);
    // Away from the terminal: an interrupt must reach the tests alone.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    as_owner(&mut shell, &directory);
    let mut shell = shell.spawn().expect("a shell starts");
    let mut answer = String::new();
    let output = shell.stdout.take().expect("the output is a pipe");
    BufReader::new(output).read_line(&mut answer).expect("the shell answers");
    if answer.trim() != "ready" {
        let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
        panic!("the PostgreSQL cluster for tests does not start:\n{log}");
    }
    let host = directory.display().to_string().replace('/', "%2F");
    Server { uri: format!("postgres://mandate@/postgres?host={host}"), _shell: Some(shell) }
}

/// PostgreSQL refuses to run as root; then the directory is given to somebody who is not.
fn as_owner(command: &mut Command, directory: &Path) {
    if fs::metadata(directory).map_or(0, |data| data.uid()) != 0 {
        return;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id_of = |name: &str| {
        let user = users.lines().find(|line| line.starts_with(name))?;
        let mut fields = user.split(':').skip(2);
        Some((fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?))
    };
    let (user, group) = id_of("postgres:")
        .or_else(|| id_of("nobody:"))
        .expect("a user other than root to run PostgreSQL as");
    std::os::unix::fs::chown(directory, Some(user), Some(group)).expect("root may give away");
    command.uid(user).gid(group);
}

/// An empty directory of this process. The first one also clears what others left behind.
pub(super) fn directory(kind: &str, name: &str) -> PathBuf {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
    let pid = std::process::id();
    let path = std::env::temp_dir().join(format!("{PREFIX}-{kind}-{pid}-{name}"));
    // Left behind by a process that had the same number.
    drop(fs::remove_dir_all(&path));
    fs::create_dir(&path).expect("a temporary directory can be made");
    path
}

/// Removes what was left by processes that are no more, clusters without their shell included.
fn sweep() {
    let entries = fs::read_dir(std::env::temp_dir()).map(|entries| entries.flatten().collect());
    let entries: Vec<fs::DirEntry> = entries.unwrap_or_default();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.strip_prefix(PREFIX).unwrap_or_default().split('-').skip(1);
        let (Some(kind), Some(pid)) = (parts.next(), parts.next()) else { continue };
        let known = Path::new("/proc/self").exists() && pid.parse::<u32>().is_ok();
        if !known || Path::new("/proc").join(pid).exists() {
            continue;
        }
        if kind == "postgres"
            && let Some(binaries) = binaries()
        {
            let mut stop = Command::new(binaries.join("pg_ctl"));
            stop.args(["-W", "-m", "immediate", "stop", "-D"]).arg(entry.path().join("data"));
            stop.stdout(Stdio::null()).stderr(Stdio::null());
            if let Ok(data) = entry.metadata() {
                stop.uid(data.uid()).gid(data.gid());
            }
            drop(stop.status());
        }
        drop(fs::remove_dir_all(entry.path()));
    }
}
