//! Strangers' bytes for everything that reads what the network brings.
//!
//! One program, one target at a time: `MANDATE_FUZZ` names it, `fuzz/run` starts it. A target reads
//! its input, and where that is accepted, checks what acceptance promises. A panic anywhere is a
//! finding, one that the server would catch too. Refuses to open the insides of a crate: targets go
//! in where the server goes in.

#![no_main]

mod grammar;
mod headers;
mod names;
mod requests;
mod texts;
mod tokens;
mod uris;
mod world;

use std::sync::OnceLock;

/// What is done with an input.
type Target = fn(&[u8]);

/// Every target, by the name of its folder of seeds.
const TARGETS: &[(&str, Target)] = &[
    ("authorization-requests", grammar::authorization_requests),
    ("bearer", headers::bearer),
    ("client-authentication", headers::client_authentication),
    ("drafts", names::drafts),
    ("durations", texts::durations),
    ("forwarded", headers::forwarded),
    ("jws", texts::jws),
    ("names", names::names),
    ("params", grammar::params),
    ("passwords", names::passwords),
    ("pkce", texts::pkce),
    ("redirect-uris", uris::redirect_uris),
    ("requests", requests::requests),
    ("resources", uris::resources),
    ("responses", uris::responses),
    ("scopes", grammar::scopes),
    ("token-requests", grammar::token_requests),
    ("tokens", tokens::tokens),
    ("trace-contexts", headers::trace_contexts),
    ("trusted-addresses", names::trusted_addresses),
    ("user-agents", names::user_agents),
    ("words", texts::words),
];

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// Takes the target that `MANDATE_FUZZ` names; without one, prints all of them.
fn choose() {
    let name = std::env::var("MANDATE_FUZZ").unwrap_or_default();
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        for (name, _) in TARGETS {
            println!("{name}");
        }
        std::process::exit(if name == "list" { 0 } else { 2 });
    };
    CHOSEN.get_or_init(|| *target);
}

/// The input as text, in up to `N` parts with a line end between; missing parts are empty.
fn parts<const N: usize>(bytes: &[u8]) -> Option<[&str; N]> {
    let mut parts = std::str::from_utf8(bytes).ok()?.splitn(N, '\n');
    Some(std::array::from_fn(|_| parts.next().unwrap_or_default()))
}

libfuzzer_sys::fuzz_target!(init: choose(), |bytes: &[u8]| {
    if let Some(target) = CHOSEN.get() {
        target(bytes);
    }
});
