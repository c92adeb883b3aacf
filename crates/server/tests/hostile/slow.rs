//! Clients that take their time: a head or a body drop by drop, thousands that say nothing, bodies
//! that are too large or too deep. They are cut off or refused, and everybody else is served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use mandate::app::{self, Manner};
use mandate::connections::Patience;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::{App, Server, both, form, one};

/// The server of the harness on a socket, until this is dropped.
struct Listening {
    address: SocketAddr,
    /// Dropping it ends the server.
    _stop: watch::Sender<bool>,
}

impl Listening {
    async fn begin(server: &Server, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, (stop, stopped)) = (listener.local_addr().unwrap(), watch::channel(false));
        let serving = app::serve(Arc::clone(&server.app), vec![listener], manner, stopped);
        tokio::spawn(serving);
        Self { address, _stop: stop }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back until the other end closes.
    async fn say(&self, text: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

fn token_request(app: &App) -> String {
    let (basic, body) = (app.basic(), "grant_type=client_credentials");
    format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {basic}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Everybody slow is given up after a moment.
fn hasty() -> Manner {
    let moment = Duration::from_millis(150);
    Manner { patience: Patience { head: moment, whole: moment }, ..Manner::default() }
}

#[tokio::test]
async fn cuts_off_a_head_that_trickles() {
    let server = one().await;
    let listening = Listening::begin(&server, hasty()).await;
    let mut stream = listening.connect().await;
    let (mut reading, mut writing) = stream.split();
    let trickle = async {
        for byte in "GET /healthz HTTP/1.1\r\nx-slow: ".bytes().chain(std::iter::repeat(b'a')) {
            if writing.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut answer = Vec::new();
    let end = async {
        tokio::time::timeout(Duration::from_secs(5), reading.read_to_end(&mut answer)).await
    };
    tokio::select! {
        () = trickle => {}
        ended = end => assert!(ended.is_ok(), "it may go on for ever"),
    }
}

#[tokio::test]
async fn cuts_off_a_body_that_trickles() {
    let server = one().await;
    let listening = Listening::begin(&server, hasty()).await;
    let mut stream = listening.connect().await;
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\ngrant";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await;
    assert!(matches!(read, Ok(Ok(_))), "it may go on for ever: {read:?}");
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn cuts_off_who_asks_nothing_more() {
    let server = one().await;
    let listening = Listening::begin(&server, hasty()).await;
    let mut stream = listening.connect().await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let read =
        tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    assert!(matches!(read, Ok(Ok(_))), "it stays open for ever");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn serves_tokens_beside_thousands_of_idle_connections() {
    // Both ends are in this process: two files for each connection.
    let wanted = if open_files() > 12_000 { 5_000 } else { (open_files() / 2).saturating_sub(150) };
    let server = Arc::new(one().await);
    let service = server.service().await;
    let listening = Listening::begin(&server, Manner::default()).await;
    let mut idle = Vec::new();
    for n in 0..wanted {
        let mut stream = listening.connect().await;
        // Half of them have begun to ask.
        if n % 2 == 0 {
            stream.write_all(b"POST /oauth2/token HTTP/1.1\r\n").await.unwrap();
        }
        idle.push(stream);
    }
    let request = token_request(&service);
    for _ in 0..20 {
        let asking = tokio::time::timeout(Duration::from_secs(5), listening.say(&request));
        let answer = asking.await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    println!("{} idle connections", idle.len());
    assert!(idle.len() >= 300, "raise the limit of open files");
}

/// The soft limit of this process.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}

#[tokio::test]
async fn refuses_bodies_that_are_too_large_or_too_deep() {
    both(|server| async move {
        let (service, admin) = (server.service().await, server.admin_client());
        let fields = format!("grant_type=client_credentials&x={}", "a".repeat(200_000));
        let request = form("/oauth2/token", &[]).header("authorization", service.basic());
        let answer = server.send(request.body(Body::from(fields)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 400, "{}", answer.body);

        let token = admin.own_token().await.text("access_token");
        let to_api = |body: String| {
            let request =
                Request::post("/api/v1/clients").header("content-type", "application/json");
            let request = request.header("authorization", format!("Bearer {token}"));
            server.send(request.body(Body::from(body)).unwrap())
        };
        let deep = format!("{{\"claims\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let large = format!("{{\"description\":\"{}\"}}", "a".repeat(3_000_000));
        for (body, statuses) in [(deep, 400..=422), (large, 400..=422)] {
            let answer = to_api(body).await;
            assert!(
                statuses.contains(&answer.status.as_u16()),
                "{} {}",
                answer.status,
                answer.body
            );
        }
        assert_eq!(service.own_token().await.verdict(), "200");
    })
    .await;
}
