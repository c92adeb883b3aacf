//! A machine with nothing but the binary: a directory of its own, an empty environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

/// A password that nobody tries first.
pub const PASSWORD: &str = "violet-kettle-49-marzipan";

pub struct Machine {
    pub directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Machine {
    /// Nothing is there yet. The server answers on a port that is free.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self { directory, variables: vec![("MANDATE_LISTEN".into(), "127.0.0.1:0".into())] }
    }

    /// A database is there, with nobody in it.
    pub fn migrated() -> Self {
        let machine = Self::new();
        machine.run("migrate").ok();
        machine
    }

    /// Sets a variable for what is run from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mandate"));
        command
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .args(split(words));
        command
    }

    pub fn run(&self, words: &str) -> Answer {
        Answer::of(words, self.command(words).stdin(Stdio::null()).output().unwrap())
    }

    /// The JSON that these words print.
    pub fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.run(words).ok()).unwrap()
    }

    pub fn serve(&self) -> Server {
        let server = self.start();
        for _ in 0..500 {
            if server.get("/readyz").starts_with("HTTP/1.1 200") {
                return server;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not answer: {}", server.greeting);
    }

    /// A server that answers over TLS alone.
    pub fn serve_https(&self) -> Server {
        let mut server = self.start();
        server.address = server.address.strip_suffix(" (https)").unwrap().to_owned();
        server
    }

    fn start(&self) -> Server {
        let mut command = self.command("serve");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let mut server = Server { child, out, greeting: String::new(), address: String::new() };
        server.hear_the_greeting();
        server
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

pub struct Answer {
    words: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Answer {
    fn of(words: &str, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Self { words: words.to_owned(), code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it printed, after it did what it was asked to.
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "mandate {}: {}", self.words, self.err);
        self.out
    }

    /// The sentence it was refused with, log lines left out.
    pub fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "mandate {}: {}", self.words, self.err);
        let begins = self.err.find("mandate: ").unwrap_or_default();
        self.err[begins..].trim_end().trim_start_matches("mandate: ").to_owned()
    }
}

pub struct Server {
    child: Child,
    out: Receiver<String>,
    pub greeting: String,
    pub address: String,
}

impl Server {
    /// Up to the line about the database; then what comes at once.
    fn hear_the_greeting(&mut self) {
        let mut patience = Duration::from_secs(10);
        while let Ok(line) = self.out.recv_timeout(patience) {
            let said = line.trim();
            if let Some(address) = said.strip_prefix("address   ") {
                address.clone_into(&mut self.address);
            }
            if said.starts_with("database") {
                patience = Duration::from_millis(100);
            }
            self.greeting.push_str(&line);
            self.greeting.push('\n');
        }
    }

    pub fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    }

    /// A token for a client, by its secret.
    pub fn token(&self, client: &str, secret: &str) -> String {
        let form =
            format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        self.send(&format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        ))
    }

    fn send(&self, request: &str) -> String {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            stream.write_all(request.as_bytes()).unwrap();
            // What is no text is no answer either.
            drop(stream.read_to_string(&mut answer));
        }
        answer
    }

    /// Asks it to end, and tells how it did: the code, and all that was logged.
    pub fn stop(mut self) -> (Option<i32>, String) {
        signal(&self.child);
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// SIGTERM, by the tool that every machine has.
fn signal(child: &Child) {
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
}

/// Lines as they come, read elsewhere.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Words as in a shell, single quotes around those with spaces.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut is_quoted) = (Vec::new(), false);
    for part in line.split('\'') {
        if is_quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
        is_quoted = !is_quoted;
    }
    words
}
