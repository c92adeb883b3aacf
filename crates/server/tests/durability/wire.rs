//! The least HTTP client that keeps its connection: enough to load a server and to see it die.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const FORM: &str = "application/x-www-form-urlencoded";

/// One connection to the server.
pub struct Wire {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    /// `Retry-After` of the last answer, seconds.
    pub retry_after: Option<u32>,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, retry_after: None }
    }

    /// Posts a form; `None` when no whole answer came back.
    pub fn post(&mut self, path: &str, authorization: &str, body: &str) -> Option<(u16, String)> {
        self.send(("POST", path), authorization, (FORM, body))
    }

    /// GET; `None` when no whole answer came back.
    pub fn get(&mut self, path: &str) -> Option<(u16, String)> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    /// Any request with a body; `None` when no whole answer came back.
    pub fn send(
        &mut self,
        (method, path): (&str, &str),
        authorization: &str,
        (kind, body): (&str, &str),
    ) -> Option<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {authorization}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.exchange(&request)
    }

    fn exchange(&mut self, request: &str) -> Option<(u16, String)> {
        self.retry_after = None;
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
            stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
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
            match header.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("content-length", value)) => length = value.parse().ok()?,
                Some(("retry-after", value)) => self.retry_after = value.parse().ok(),
                Some(("connection", value)) => closes = value == "close",
                _ => {}
            }
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
