//! A backup that was taken while the server works, and a server that starts from it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use db::testing::TestDb;
use domain::{Chance, Clock, Instance, MasterKeys, Opening, Policy};

use crate::harness::{self, App, both};

/// Puts a backup where a server can start from it: its URI, and what keeps it there.
async fn restored(engine: &str, backup: &Path) -> (String, Option<TestDb>) {
    if engine == "sqlite" {
        return (format!("sqlite:{}", backup.display()), None);
    }
    let empty = TestDb::postgres().await.expect("the server is there");
    let restore = tool("pg_restore");
    let told = Command::new(restore)
        .args(["--no-owner", "--exit-on-error", "--dbname", empty.uri()])
        .arg(backup)
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    (empty.uri().to_owned(), Some(empty))
}

/// A tool beside the server's binaries, or on the path.
pub fn tool(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let there =
        versions.map(|entry| entry.path().join("bin").join(name)).find(|path| path.is_file());
    there.unwrap_or_else(|| name.into())
}

/// Why a start under another master key is refused.
async fn refused_under_another_key(uri: &str) -> String {
    let opening = Opening {
        database: uri.to_owned(),
        master_keys: MasterKeys::generate(&Chance::seeded(8)).unwrap().0,
        issuer: harness::ISSUER.into(),
        policy: Policy::default(),
        clock: Clock::stepped(harness::START),
        chance: Chance::seeded(9),
    };
    Instance::open(opening).await.err().expect("it is refused").to_string()
}

fn scratch(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    drop(std::fs::remove_file(&path));
    path
}

#[tokio::test]
async fn a_server_starts_from_a_backup_and_knows_everything() {
    both(|server| async move {
        let web: App = server.web_app().await;
        let before = web.sign_in(&[]).await;
        let (access, refresh) = (before.text("access_token"), before.text("refresh_token"));
        let path = scratch(&format!("restore-{}.backup", server.engine));
        server.instance.backup(&path).await.unwrap();
        // What happens later is not in it.
        let later = web.sign_in(&[]).await.text("access_token");
        web.revoke(&access).await;

        let (uri, kept) = restored(server.engine, &path).await;
        let refused = refused_under_another_key(&uri).await;
        assert!(refused.contains("the master key does not fit this database"), "{refused}");
        let there = Arc::new(server.node_on(&uri).await);
        let web = there.client("web-app", web.secret.as_deref());
        assert!(web.is_active(&access).await, "it was alive at that moment");
        assert!(!web.is_active(&later).await, "it was not there yet");
        assert_eq!(web.refresh(&refresh).await.verdict(), "200");
        drop((web, there, kept));
        std::fs::remove_file(&path).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_is_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    both(|server| async move {
        let path = scratch(&format!("once-{}.backup", server.engine));
        server.instance.backup(&path).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = server.instance.backup(&path).await.unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
        std::fs::remove_file(&path).unwrap();
        let nowhere = server.instance.backup("/proc/no/such.backup".as_ref()).await;
        assert!(nowhere.unwrap_err().to_string().contains("the backup can't be written"));
    })
    .await;
}
