//! The binary as a process of its own, on the database of a server that was filled here: its words,
//! and the memory it takes while it sends a long answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::{ADMIN_SECRET, ISSUER, Server, encode, master_key};

fn command(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mandate"));
    command
        .env_clear()
        .env("MANDATE_DATABASE", server.database_uri())
        .env("MANDATE_ISSUER", ISSUER)
        .env("MANDATE_MASTER_KEY", master_key())
        .env("MANDATE_LOG", "error")
        .stdin(Stdio::null());
    command
}

/// What the words print, and the most memory they took, in KiB.
pub fn run(server: &Server, words: &[&str]) -> (String, i64) {
    let mut child = command(server).args(words).stdout(Stdio::piped()).spawn().unwrap();
    let (mut text, mut most) = (String::new(), 0);
    while child.try_wait().unwrap().is_none() {
        most = memory(child.id()).max(most);
        std::thread::sleep(Duration::from_millis(2));
    }
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{words:?}: {text}");
    (text, most)
}

/// Kibibytes that a process holds for itself; pages of a file that are mapped are the system's.
fn memory(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or_default()
}

/// `mandate serve`, ended with this value.
pub struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    pub fn start(server: &Server) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = command(server);
        command.arg("serve").env("MANDATE_LISTEN", address.to_string());
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut running = Self { child, address };
        let out = BufReader::new(running.child.stdout.take().unwrap());
        // It says where it is once it listens, and goes on to say more.
        let mut lines = out.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.trim().starts_with("database")), "it does not start");
        std::thread::spawn(move || lines.for_each(drop));
        running
    }

    /// KiB that it holds for itself.
    pub fn memory(&self) -> i64 {
        memory(self.child.id())
    }

    /// A token of the Admin Client.
    pub fn token(&self) -> String {
        let form = encode(&[
            ("grant_type", "client_credentials"),
            ("client_id", "mandate-admin"),
            ("client_secret", ADMIN_SECRET),
        ]);
        let request = format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        let mut answer = String::new();
        self.send(&request).read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// The trail as a table, read as it comes and not kept: how many of our entries it
    /// holds, and the most memory that the server took meanwhile.
    pub fn table(&self, token: &str) -> (usize, i64) {
        let request = format!(
            "GET /api/v1/audit-events HTTP/1.1\r\nhost: test\r\nconnection: close\r\naccept: text/csv\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let mut answer = BufReader::new(self.send(&request));
        let (mut rows, mut most, mut line, mut last) = (0, 0, Vec::new(), Vec::new());
        while answer.read_until(b'\n', &mut line).unwrap() > 0 {
            rows += usize::from(line.windows(9).any(|part| part == b",request-"));
            if line != b"\r\n" {
                last.clone_from(&line);
            }
            if rows % 1_000 == 0 {
                most = self.memory().max(most);
            }
            line.clear();
        }
        assert_eq!(last, b"0\r\n", "an answer in pieces ends so, unless it was cut short");
        (rows, most)
    }

    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
