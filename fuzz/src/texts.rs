//! Words, durations, PKCE and compact JWS: what is read is what was written.

use protocol::duration;
use protocol::jose::{self, Algorithm};
use protocol::pkce::Challenge;
use protocol::prompt::{self, Prompts};
use protocol::response::{ResponseMode, ResponseType};

use crate::grammar::speaks_plainly;

/// A word that is known is spelled the one way it is known by.
pub fn words(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let spaced = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    if let Ok(read) = ResponseType::parse(text) {
        let (mut ours, mut theirs) = (spaced(read.as_str()), spaced(text));
        ours.sort();
        theirs.sort();
        theirs.retain(|word| !word.is_empty());
        assert_eq!(ours, theirs);
    }
    if let Ok(read) = ResponseMode::parse(text) {
        assert_eq!(read.as_str(), text);
    }
    if let Ok(read) = Prompts::parse(text) {
        assert_eq!(Prompts::parse(&read.to_string()), Ok(read));
    }
    if let Ok(seconds) = prompt::max_age(text) {
        assert_eq!(prompt::max_age(&seconds.to_string()), Ok(seconds));
    }
    if let Some(read) = Algorithm::parse(text) {
        assert_eq!(read.as_str(), text);
    }
}

/// What is spelled is read back the same, and nothing is longer than the longest.
pub fn durations(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(seconds) = duration::parse(text) {
        assert!(seconds <= duration::LONGEST);
        assert_eq!(duration::parse(&duration::spell(seconds)), Ok(seconds), "{text}");
    }
}

/// A challenge has one spelling, and only its own verifier fits it.
pub fn pkce(bytes: &[u8]) {
    let Some([challenge, verifier, other]) = crate::parts(bytes) else { return };
    match Challenge::parse(Some(challenge), Some("S256")) {
        Ok(read) => assert_eq!(read.map(|c| c.to_string()).as_deref(), Some(challenge)),
        Err(error) => speaks_plainly(&error),
    }
    let of = Challenge::of(verifier);
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    assert_eq!(of.verify(verifier).is_ok(), is_verifier);
    assert!(other == verifier || of.verify(other).is_err());
}

/// A token that is taken apart can be put together again, byte for byte.
pub fn jws(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parts = match jose::split(text) {
        Ok(parts) => parts,
        Err(error) => return speaks_plainly(&error),
    };
    assert!(!parts.signature.is_empty());
    assert_eq!(jose::assemble(parts.signed.to_owned(), &parts.signature), text);
    let signed = jose::signing_input(&parts.header, &parts.claims);
    let again = jose::assemble(signed, &parts.signature);
    if again.len() <= jose::MAX_BYTES {
        let again = jose::split(&again).expect("what we write can be read");
        assert!(again.header == parts.header && again.claims == parts.claims);
    }
}
