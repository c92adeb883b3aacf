//! The least HTTP client that keeps its connection: enough to load a server and to see it die.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection to the server.
pub struct Wire {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Posts a form; `None` when no whole answer came back.
    pub fn post(&mut self, path: &str, authorization: &str, body: &str) -> Option<(u16, String)> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.exchange(&request)
    }

    /// GET; `None` when no whole answer came back.
    pub fn get(&mut self, path: &str) -> Option<(u16, String)> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    fn exchange(&mut self, request: &str) -> Option<(u16, String)> {
        let answer = self.attempt(request);
        if answer.is_none() {
            self.stream = None;
        }
        answer
    }

    fn attempt(&mut self, request: &str) -> Option<(u16, String)> {
        if self.stream.is_none() {
            let stream =
                TcpStream::connect_timeout(&self.address, Duration::from_millis(500)).ok()?;
            stream.set_nodelay(true).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut()?;
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let (mut length, mut closes) = (0, false);
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).ok().filter(|read| *read > 0)?;
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            closes |= header == "connection: close";
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        if closes {
            self.stream = None;
        }
        Some((status, String::from_utf8(body).ok()?))
    }
}

/// A member of a JSON answer as text.
pub fn member(body: &str, name: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(body).ok()?;
    json[name].as_str().map(str::to_owned)
}
