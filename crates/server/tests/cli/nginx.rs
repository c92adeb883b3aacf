//! The nginx configuration of the guide, with Debian's nginx before the built binary.
//!
//! Skipped aloud where there is no nginx; `MANDATE_TEST_REQUIRE=nginx` makes that a failure.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::machine::{Machine, Server};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RESOURCE: &str = "https://orders.example.com";

/// Is nginx there?
fn has_nginx() -> bool {
    let is_there = Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok();
    if !is_there {
        let required = std::env::var("MANDATE_TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("nginx"),
            "MANDATE_TEST_REQUIRE asks for nginx; it is not there"
        );
        eprintln!("no nginx: its configuration in the guide was not tried");
    }
    is_there
}

/// The blocks of nginx configuration in the guide.
fn guide() -> [String; 2] {
    let text = include_str!("../../../../docs/guide-protect-an-api.md");
    let blocks = text.split("```nginx\n").skip(1);
    let blocks: Vec<String> =
        blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect();
    blocks.try_into().expect("one configuration and what it includes")
}

/// An upstream that says what it was sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut head, mut byte) = (Vec::new(), [0_u8]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let status = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", head.len());
            drop(stream.write_all(&[status.as_bytes(), &head].concat()));
        }
    });
    address
}

struct Nginx {
    child: Child,
    address: String,
}

impl Nginx {
    fn before(machine: &Machine, server: &Server) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let [site, included] = guide();
        let site = site
            .replace("127.0.0.1:8080", &server.address)
            .replace("127.0.0.1:9000", &echo())
            .replace("127.0.0.1:8090", &address);
        machine.write("forward-auth.conf", &included);
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths = paths.map(|name| format!("{name}_temp_path {name};\n")).concat();
        let whole = format!(
            "daemon off; master_process off; pid nginx.pid;\n\
             events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{paths}{site}}}\n"
        );
        machine.write("nginx.conf", &whole);
        let child = Command::new("nginx")
            .args([
                "-p",
                machine.directory.to_str().unwrap(),
                "-c",
                "nginx.conf",
                "-e",
                "nginx.log",
            ])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { child, address };
        for _ in 0..500 {
            if TcpStream::connect(&nginx.address).is_ok() {
                return nginx;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{}", std::fs::read_to_string(machine.path("nginx.log")).unwrap_or_default());
    }

    fn ask(&self, request: &str, headers: &[&str]) -> String {
        let headers: Vec<String> = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let headers = headers.concat();
        send(
            &self.address,
            &format!(
                "{request} HTTP/1.1\r\nhost: orders.example.com\r\nconnection: close\r\n{headers}\r\n"
            ),
        )
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn send(address: &str, request: &str) -> String {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    drop(stream.read_to_string(&mut answer));
    answer
}

/// A call of the management API.
fn api(server: &Server, token: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let answer = send(
        &server.address,
        &format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 20"), "{path}: {answer}");
    json_of(&answer)
}

fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_default()
}

fn token(server: &Server, client: &str, secret: &str) -> String {
    json_of(&server.token(client, secret))["access_token"].as_str().unwrap().to_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[test]
fn nginx_refuses_writes_of_a_read_only_token_and_whatever_has_no_token() {
    if !has_nginx() {
        return;
    }
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", SECRET);
    machine.set("MANDATE_TRUSTED_PROXIES", "127.0.0.1/32");
    let server = machine.serve();
    let admin = token(&server, "mandate-admin", SECRET);
    api(&server, &admin, "/resources", &json!({ "identifier": RESOURCE, "name": "Orders" }));
    let scope = json!({ "name": "orders:read", "kind": "read", "description": "See orders" });
    api(&server, &admin, "/scopes", &scope);
    let make = |id: &str, access: &str| {
        let draft = json!({
            "client_id": id, "client_name": id, "type": "service", "access": access,
            "grant_types": ["client_credentials"], "scopes": ["orders:read"], "default_resource": RESOURCE,
        });
        let made = api(&server, &admin, "/clients", &draft);
        token(&server, id, made["client_secret"].as_str().unwrap())
    };
    let (reads, writes) = (make("reader", "read_only"), make("writer", "full"));
    let [reads, writes] = [&reads, &writes].map(|token| format!("authorization: Bearer {token}"));
    let nginx = Nginx::before(&machine, &server);

    let passed = nginx
        .ask("GET /orders?page=2", &[&reads, "x-mandate-user: usr_root", "X-Mandate-Access: full"]);
    assert_eq!(status(&passed), "200", "{passed}");
    let (_, upstream) = passed.split_once("\r\n\r\n").unwrap();
    assert!(upstream.starts_with("GET /orders?page=2 "), "{upstream}");
    let upstream = upstream.to_lowercase();
    for line in [
        "x-mandate-client: reader\r\n",
        "x-mandate-access: read_only\r\n",
        "x-mandate-scope: orders:read\r\n",
    ] {
        assert!(upstream.contains(line), "{line} {upstream}");
    }
    assert!(!upstream.contains("usr_root") && !upstream.contains("authorization"), "{upstream}");

    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = format!("{method} /orders");
        let disguise = ["content-length: 2\r\n\r\n{}"];
        assert_eq!(status(&nginx.ask(&request, &[&reads, disguise[0]])), "403", "{method}");
        let named = ["x-original-method: GET", "x-forwarded-method: GET", "content-length: 0"];
        let answer = nginx.ask(&request, &[&reads, named[0], named[1], named[2]]);
        assert_eq!(status(&answer), "403", "{method} that says GET");
        assert_eq!(status(&nginx.ask(&request, &[&writes, named[2]])), "200", "{method}");
    }
    let unnamed = nginx.ask("GET /orders", &[]);
    assert_eq!(status(&unnamed), "401");
    assert!(unnamed.to_lowercase().contains("www-authenticate: bearer\r\n"), "{unnamed}");
    let foreign = format!("authorization: Bearer {admin}");
    assert_eq!(
        status(&nginx.ask("GET /orders", &[&foreign])),
        "401",
        "made for the API of Mandate"
    );
    assert_eq!(status(&nginx.ask("GET /teams/team_x/orders", &[&writes])), "403");
    assert_eq!(status(&nginx.ask("GET /_mandate", &[&writes])), "404", "internal");

    api(&server, &admin, "/clients/writer/revoke-tokens", &json!({}));
    assert_eq!(status(&nginx.ask("GET /orders", &[&writes])), "401", "revoked");
    assert!(Path::new(&machine.path("nginx.log")).exists());
}
