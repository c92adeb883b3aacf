//! Whole requests through every door: `METHOD path`, headers, an empty line, a body.
//!
//! Whatever comes, the answer is no fault of the server's, sends nobody to a place that nobody
//! registered, is the JSON it says it is, and shows no markup of a stranger.

use std::cell::RefCell;

use axum::body::Body;
use axum::http::Request;

use crate::world::{Answer, ISSUER, REGISTERED, World};

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// What a stranger would write to see whether it is taken for markup. No page of ours holds it.
const MARKUP: &str = "<fuzz";

/// Runs with the one world there is.
pub fn in_world<T>(run: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(|world| run(world.get_or_insert_with(World::new)))
}

/// Sends the input as a request.
pub fn requests(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    in_world(|world| {
        let mut said = text.to_owned();
        for (name, value) in &world.texts {
            said = said.replace(&format!("{{{name}}}"), value);
        }
        let Some(request) = read(&said) else { return };
        let is_safe = request.method().is_safe();
        let is_admin = said != text && !is_safe;
        let answer = world.send(request);
        judge(&answer, &said, is_admin);
        // Read-only for strangers: what they can write is of no account to the next input.
        let ended = answer.header("set-cookie").contains("Max-Age=0");
        let has_changed = answer.status.as_u16() < 400 && (!is_safe || said.contains("authorize"));
        if has_changed || ended {
            world.spoil();
        }
    });
}

fn read(text: &str) -> Option<Request<Body>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    if !path.starts_with('/') {
        return None;
    }
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        request = request.header(name, value);
    }
    request.body(Body::from(body.to_owned())).ok()
}

fn judge(answer: &Answer, said: &str, is_admin: bool) {
    let status = answer.status.as_u16();
    let body = String::from_utf8_lossy(&answer.body);
    assert!(status < 500, "{status} for\n{said}\n\n{body}");
    let location = answer.header("location");
    // Whoever administers may register a place and be sent there.
    assert!(is_admin || leads_home(&location), "sent to {location} by\n{said}");
    let kind = answer.header("content-type");
    if kind.contains("json") && !answer.body.is_empty() {
        let read = serde_json::from_slice::<serde_json::Value>(&answer.body);
        assert!(read.is_ok(), "no JSON for\n{said}\n\n{body}");
    }
    if kind.starts_with("text/html") {
        assert!(!body.contains(MARKUP), "markup of a stranger by\n{said}\n\n{body}");
    }
    assert!(answer.headers.contains_key("x-request-id"));
}

fn leads_home(location: &str) -> bool {
    let path = location.strip_prefix(ISSUER).unwrap_or(location);
    let is_path = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
    let place = location.split(['?', '#']).next().unwrap_or_default();
    // The native application is at any port of this machine.
    let port = place.strip_prefix("http://127.0.0.1").and_then(|rest| rest.strip_suffix("/cb"));
    let is_port = |text: &str| {
        let digits = text.strip_prefix(':').unwrap_or_default();
        text.is_empty() || (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    location.is_empty() || is_path || REGISTERED.contains(&place) || port.is_some_and(is_port)
}
