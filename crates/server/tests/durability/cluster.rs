//! A PostgreSQL cluster of a test's own, to be killed, filled and cut off: durable, unlike the one
//! that other tests share.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::running::free_address;

/// A cluster, stopped and removed when this is dropped.
pub struct Cluster {
    binaries: PathBuf,
    pub directory: PathBuf,
    port: u16,
    owner: Option<(u32, u32)>,
    mounted: bool,
}

impl Cluster {
    /// A cluster that is not started yet; `None`, said aloud, where PostgreSQL is not. With a size
    /// (bytes) it lies on a file system that is no larger.
    pub fn make(name: &str, size: Option<u32>) -> Option<Self> {
        let Some(binaries) = binaries() else {
            crate::skipped("postgres", "no server binaries");
            return None;
        };
        let directory =
            std::env::temp_dir().join(format!("mandate-fault-{}-{name}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let mut cluster =
            Self { binaries, directory, port: free_address().port(), owner: None, mounted: false };
        if let Some(size) = size {
            let size = format!("size={size}");
            let mounted = Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(&cluster.directory)
                .stderr(Stdio::null())
                .status();
            if !mounted.is_ok_and(|status| status.success()) {
                crate::skipped("mounts", "a small file system cannot be mounted");
                return None;
            }
            cluster.mounted = true;
        }
        cluster.own();
        let made = cluster.run("initdb", |initdb| {
            initdb.args(["-D", "data", "-U", "mandate", "-A", "trust", "-E", "UTF8"]);
            initdb.args(["--locale=C", "--no-sync", "--wal-segsize=1"]);
        });
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(cluster)
    }

    /// A read-only copy of a running cluster, which follows it. Not started yet.
    /// `None`, said aloud, where the tools for that are not.
    pub fn standby_of(primary: &Self, name: &str) -> Option<Self> {
        for tool in ["pg_basebackup", "psql"] {
            if !tool_of(&primary.binaries, tool).is_file() {
                crate::skipped("postgres", &format!("no {tool}"));
                return None;
            }
        }
        let directory =
            std::env::temp_dir().join(format!("mandate-fault-{}-{name}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let (binaries, port) = (primary.binaries.clone(), free_address().port());
        let mut cluster = Self { binaries, directory, port, owner: None, mounted: false };
        cluster.own();
        let made = cluster.run("pg_basebackup", |copy| {
            copy.args(["-D", "data", "-R", "-X", "stream", "-c", "fast", "-d", &primary.uri()]);
        });
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(cluster)
    }

    /// Runs a statement as the owner of the cluster.
    pub fn sql(&self, statement: &str) {
        let told = self.run("psql", |psql| {
            psql.args(["-d", &self.uri(), "-v", "ON_ERROR_STOP=1", "-c", statement]);
        });
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }

    /// PostgreSQL refuses to run as root; then the directory belongs to somebody who is not.
    fn own(&mut self) {
        if fs::metadata(&self.directory).unwrap().uid() != 0 {
            return;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line =
            users.lines().find(|line| line.starts_with("postgres:") || line.starts_with("nobody:"));
        let fields: Vec<u32> =
            line.unwrap().split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
        chown(&self.directory, Some(fields[0]), Some(fields[1])).unwrap();
        self.owner = Some((fields[0], fields[1]));
    }

    fn run(&self, tool: &str, with: impl FnOnce(&mut Command)) -> Output {
        let mut command = Command::new(tool_of(&self.binaries, tool));
        command.current_dir(&self.directory).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        with(&mut command);
        command.output().unwrap()
    }

    /// Lets this network in, without a password.
    pub fn admit(&self, network: &str) {
        let path = self.directory.join("data/pg_hba.conf");
        let rules = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{rules}\nhost all all {network} trust\n")).unwrap();
    }

    /// Starts it, also after it was killed; waits until it answers.
    pub fn start(&self) {
        let options = format!(
            "-c listen_addresses=* -p {} -k {} -c shared_buffers=16MB -c max_connections=60 -c min_wal_size=2MB \
             -c logging_collector=off",
            self.port,
            self.directory.display()
        );
        let started = self.run("pg_ctl", |pg_ctl| {
            pg_ctl.args(["-D", "data", "-w", "-t", "60", "-l", "log", "-o", &options, "start"]);
            pg_ctl.stdout(Stdio::null()).stderr(Stdio::null());
        });
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        assert!(started.status.success(), "it does not start:\n{log}");
    }

    /// Does it run?
    pub fn is_up(&self) -> bool {
        let told = self.run("pg_ctl", |pg_ctl| {
            pg_ctl.args(["-D", "data", "status"]);
        });
        told.status.success()
    }

    /// Ends it without a checkpoint, as a loss of power would.
    pub fn kill(&self) {
        self.run("pg_ctl", |pg_ctl| {
            pg_ctl.args(["-D", "data", "-m", "immediate", "stop"]);
        });
    }

    /// Where it is, seen from this host.
    pub fn uri(&self) -> String {
        self.uri_at(Ipv4Addr::LOCALHOST)
    }

    pub fn uri_at(&self, host: Ipv4Addr) -> String {
        format!("postgres://mandate@{host}:{}/postgres?sslmode=disable", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.directory.join("data/postmaster.pid").exists() {
            self.kill();
        }
        if self.mounted {
            drop(Command::new("umount").arg(&self.directory).status());
        }
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let mut places = std::env::split_paths(&path).chain(versions.into_iter().rev());
    places.find(|place: &PathBuf| is_complete(place))
}

/// A tool of the distribution: where the server's binaries are, or where those really are.
fn tool_of(binaries: &Path, tool: &str) -> PathBuf {
    let own = binaries.join(tool);
    let real = fs::canonicalize(binaries.join("postgres")).ok();
    let other = real.and_then(|path| path.parent().map(|place| place.join(tool)));
    match other {
        Some(other) if !own.is_file() => other,
        _ => own,
    }
}

fn is_complete(place: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| place.join(name).is_file())
}
