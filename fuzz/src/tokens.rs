//! Token texts with something changed in them: none is ever taken for what it was.
//!
//! The input names a kind by its first byte and edits by the pairs of bytes after it: where, and
//! what stands there instead. What is sent changes nothing in the world, or the test has failed.

use axum::body::Body;
use axum::http::Request;
use protocol::client_authentication::basic_header;

use crate::requests::in_world;
use crate::world::{Answer, World};

/// How a text is presented, and whether the answer took it.
type Door = (&'static str, fn(&mut World, &str) -> bool);

const DOORS: [Door; 7] = [
    ("access", is_active),
    ("refresh", is_active),
    ("code", is_redeemed),
    ("session", is_signed_in),
    ("link", is_welcome),
    ("id_token", ends_a_session),
    ("consent", is_asked),
];

/// Changes a living text and presents it.
pub fn tokens(bytes: &[u8]) {
    let Some((first, edits)) = bytes.split_first() else { return };
    let (name, takes) = DOORS[usize::from(*first) % DOORS.len()];
    in_world(|world| {
        let living = world.text(name).to_owned();
        let mut text = living.clone().into_bytes();
        for edit in edits.chunks(2) {
            match *edit {
                [at, byte] if usize::from(at) < text.len() => text[usize::from(at)] = byte & 0x7F,
                [_, byte] => text.push(byte & 0x7F),
                _ => {
                    text.pop();
                }
            }
        }
        let Ok(text) = String::from_utf8(text) else { return };
        if text != living {
            assert!(!takes(world, &text), "{name}: {text:?} passes for {living:?}");
        } else if edits.is_empty() {
            assert!(takes(world, &text), "{name}: the living one is refused");
            world.spoil();
        }
    });
}

fn post(world: &mut World, path: &str, fields: &[(&str, &str)]) -> Answer {
    let basic = basic_header("web", world.text("secret"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic);
    world.send(request.body(Body::from(body)).expect("a request"))
}

fn get(world: &mut World, path: &str, field: &str, text: &str, session: &str) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair(field, text).finish();
    let browser = world.text("browser");
    let cookie = format!("__Host-mandate_browser={browser}; __Host-mandate_session={session}");
    match Request::get(format!("{path}?{query}")).header("cookie", cookie).body(Body::empty()) {
        Ok(request) => world.send(request),
        // A text that no cookie can hold: nobody is signed in.
        Err(_) => get(world, path, field, text, ""),
    }
}

fn is_active(world: &mut World, text: &str) -> bool {
    post(world, "/oauth2/introspect", &[("token", text)]).json()["active"] == true
}

fn is_redeemed(world: &mut World, text: &str) -> bool {
    let verifier = world.text("verifier").to_owned();
    let fields =
        [("grant_type", "authorization_code"), ("code", text), ("code_verifier", &verifier)];
    post(world, "/oauth2/token", &fields).status == 200
}

/// The cookie of the session may hold no blank and no semicolon, which would end it.
fn is_signed_in(world: &mut World, text: &str) -> bool {
    let is_one = !text.contains([';', ' ', '\t']);
    is_one && get(world, "/account", "x", "", text).status == 200
}

fn is_welcome(world: &mut World, text: &str) -> bool {
    get(world, "/invitation", "link", text, "").status == 200
}

fn ends_a_session(world: &mut World, text: &str) -> bool {
    let session = world.text("session").to_owned();
    let answer = get(world, "/oauth2/logout", "id_token_hint", text, &session);
    answer.header("location") == "/signed-out"
}

fn is_asked(world: &mut World, text: &str) -> bool {
    let session = world.text("session").to_owned();
    get(world, "/consent", "request", text, &session).status == 200
}
