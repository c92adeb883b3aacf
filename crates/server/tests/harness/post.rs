//! A post office: an SMTP server on loopback that takes what it is given, or refuses it, or says
//! nothing at all.

use std::sync::Arc;

use mandate::config::Mail;
use mandate::mail::Mailer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

/// How the office behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    Refuses,
    SaysNothing,
}

/// A mail as it was handed over.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Every recipient of the envelope.
    pub to: Vec<String>,
    /// Header lines, unfolded.
    pub headers: Vec<String>,
    /// The text, decoded.
    pub text: String,
}

/// The office, and what has arrived.
pub struct PostOffice {
    pub url: String,
    letters: Mutex<mpsc::UnboundedReceiver<Letter>>,
}

impl Letter {
    fn read(to: Vec<String>, lines: &[String]) -> Self {
        let end = lines.iter().position(String::is_empty).expect("an empty line ends the headers");
        let mut headers: Vec<String> = Vec::new();
        for line in &lines[..end] {
            match headers.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
                _ => headers.push(line.clone()),
            }
        }
        let text = lines[end + 1..].join("\n");
        let is_quoted = headers.iter().any(|header| header.ends_with(": quoted-printable"));
        let text = if is_quoted { unquoted(&text) } else { text };
        Self { to, headers, text }
    }

    /// The values of this header, one for each line that has it.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    }

    /// The one line that is a link.
    pub fn link(&self) -> String {
        let mut links = self.text.lines().filter(|line| line.starts_with("http"));
        let link = links.next().expect("a link").to_owned();
        assert_eq!(links.next(), None, "{}", self.text);
        link
    }
}

/// Decodes quoted-printable text.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'=' && after.len() >= 2 {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl PostOffice {
    /// Takes everything.
    pub async fn open() -> Arc<Self> {
        Self::with(Manner::Takes).await
    }

    /// Refuses every recipient.
    pub async fn refusing() -> Arc<Self> {
        Self::with(Manner::Refuses).await
    }

    /// Accepts connections and says nothing.
    pub async fn silent() -> Arc<Self> {
        Self::with(Manner::SaysNothing).await
    }

    async fn with(manner: Manner) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (post, letters) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if manner == Manner::SaysNothing {
                    kept.push(stream);
                } else {
                    tokio::spawn(serve(stream, manner, post.clone()));
                }
            }
        });
        Arc::new(Self { url, letters: Mutex::new(letters) })
    }

    /// The way to this office.
    pub fn mailer(&self) -> Mailer {
        Self::mailer_at(&self.url)
    }

    /// The way to the server at this URL.
    pub fn mailer_at(url: &str) -> Mailer {
        let from = "Mandate <id@mandate.test>".parse().unwrap();
        Mailer::new(&Mail::parse(url, from).unwrap()).unwrap()
    }

    /// The next letter that arrives.
    pub async fn letter(&self) -> Letter {
        let mut letters = self.letters.lock().await;
        let soon = std::time::Duration::from_secs(20);
        tokio::time::timeout(soon, letters.recv()).await.expect("a letter comes").unwrap()
    }

    /// Has nothing more arrived?
    pub async fn is_empty(&self) -> bool {
        self.letters.lock().await.is_empty()
    }
}

/// One conversation (RFC 5321).
async fn serve(stream: TcpStream, manner: Manner, post: mpsc::UnboundedSender<Letter>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut to, mut answer) = (Vec::new(), "220 post office");
    loop {
        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        let Ok(Some(line)) = lines.next_line().await else { return };
        answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "RCPT" if manner == Manner::Refuses => "550 nobody here",
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap().to_owned());
                "250 ok"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.unwrap();
                let mut content = Vec::new();
                while let Some(line) = lines.next_line().await.unwrap().filter(|l| l != ".") {
                    content.push(line.strip_prefix('.').map_or(line.clone(), str::to_owned));
                }
                // Nobody waits for it any more where the test is over.
                drop(post.send(Letter::read(std::mem::take(&mut to), &content)));
                "250 ok"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
    }
}
