//! A database file that another process has locked, as a shell, a copying tool or a stuck upgrade
//! does: what writes is refused until it lets go, or dies, and nothing was acknowledged meanwhile.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::running::{Outcome, Running, free_address};

/// Names the database to the other process.
const DATABASE: &str = "MANDATE_TEST_LOCK";
/// What it says once it holds the lock.
const HELD: &str = "the lock is held";

/// The other process, which holds the lock until its input ends.
struct Holder {
    child: Child,
    input: Option<ChildStdin>,
}

impl Holder {
    fn take(uri: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "locked::another_process", "--nocapture"])
            .env(DATABASE, uri)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(HELD)), "it got no lock");
        let input = child.stdin.take();
        Self { child, input }
    }

    /// Rolls back and ends.
    fn lets_go(mut self) {
        drop(self.input.take());
        self.child.wait().unwrap();
    }

    /// `kill -9`: the machine lets go for it.
    fn dies(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "the other process of the test below"]
async fn another_process() {
    let Ok(uri) = std::env::var(DATABASE) else { return };
    let database = db::Db::open(&uri).await.unwrap();
    let mut tx = database.begin().await.unwrap();
    tx.execute("DELETE FROM attempts WHERE subject = 'nobody'", &[]).await.unwrap();
    println!("{HELD}");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_database_that_another_process_locks_is_503_until_it_lets_go_or_dies() {
    let directory = tempdir();
    let uri = format!("sqlite:{}", directory.join("mandate.db").display());
    let running = Running::start(&uri, free_address());
    let mut desk = running.desk();
    let mut tokens = Vec::new();
    for end in [Holder::lets_go, Holder::dies] {
        for _ in 0..10 {
            let Outcome::Done(token) = desk.token() else { panic!("nobody holds the lock") };
            tokens.push(token);
        }
        let holder = Holder::take(&uri);
        assert_eq!(desk.token(), Outcome::Later, "nothing may be acknowledged");
        assert_eq!(desk.revoke(&tokens[0]), Outcome::Later, "nothing may be acknowledged");
        assert!(running.becomes(503, Duration::from_secs(10)), "it says that it takes no writes");
        assert_eq!(desk.is_active(&tokens[0]), Outcome::Done(true), "reading waits for nobody");
        end(holder);
        desk.heals(Duration::from_secs(5));
        assert!(running.becomes(200, Duration::from_secs(5)));
        desk.knows(&tokens);
    }
    drop(running);
    Running::start(&uri, free_address()).desk().knows(&tokens);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn tempdir() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("mandate-locked-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&path));
    std::fs::create_dir(&path).unwrap();
    path
}
