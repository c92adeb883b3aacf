//! Mail over TLS as it should be: the server is trusted by the certificates of the machine, nothing
//! but the request for TLS is said in the clear, and the letter arrives.
//!
//! The binary runs as a program of its own, so that it may have other trusted certificates than the
//! test (`SSL_CERT_FILE`).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::https::{FIRST, SECOND};
use super::machine::Machine;

/// What a client said, line by line: in the clear, and over TLS.
#[derive(Debug, Default)]
struct Heard {
    clear: Vec<String>,
    sealed: Vec<String>,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    AtOnce,
    WhenAsked,
}

fn tls() -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_slice(FIRST[0].as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(FIRST[1].as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.unwrap())
}

/// An SMTP server under the first certificate: its port, and what it heard in each conversation.
fn post_office(begins: Begins) -> (u16, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Nobody waits for it any more where the test is over.
            drop(tell.send(conversation(stream, begins)));
        }
    });
    (port, heard)
}

/// One conversation (RFC 5321, RFC 3207).
fn conversation(mut stream: TcpStream, begins: Begins) -> Heard {
    let mut heard = Heard::default();
    if begins == Begins::WhenAsked {
        heard.clear = talk(&mut stream, (true, "STARTTLS"));
        if heard.clear.last().is_none_or(|line| line != "STARTTLS") {
            return heard;
        }
    }
    let mut sealed = StreamOwned::new(ServerConnection::new(tls()).unwrap(), stream);
    heard.sealed = talk(&mut sealed, (begins == Begins::AtOnce, "AUTH PLAIN"));
    heard
}

/// Says yes to everything, until the client leaves or asks for TLS.
fn talk(stream: &mut (impl Read + Write), (greets, offers): (bool, &str)) -> Vec<String> {
    let (mut heard, mut is_text) = (Vec::new(), false);
    let say = |stream: &mut _, words: &str| Write::write_all(stream, words.as_bytes()).is_ok();
    if greets && !say(stream, "220 hello\r\n") {
        return heard;
    }
    while let Some(line) = line(stream) {
        is_text = line == "DATA" || (is_text && line != ".");
        let answer = match line.split(' ').next().unwrap_or_default() {
            "DATA" => "354 go on\r\n".to_owned(),
            _ if is_text => String::new(),
            "EHLO" => format!("250-hello\r\n250 {offers}\r\n"),
            "STARTTLS" => "220 go on\r\n".to_owned(),
            "AUTH" => "235 welcome\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        };
        let is_last = line == "STARTTLS" || line == "QUIT";
        heard.push(line);
        if !say(stream, &answer) || is_last {
            break;
        }
    }
    heard
}

/// The next line, without its end; a byte at a time, because what follows may be TLS.
fn line(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    bytes.truncate(bytes.len() - 2);
    String::from_utf8(bytes).ok()
}

#[test]
fn a_letter_arrives_over_tls_from_the_first_byte_or_once_both_agree() {
    for (begins, scheme, wants) in
        [(Begins::AtOnce, "smtps", ""), (Begins::WhenAsked, "smtp", "?tls=required")]
    {
        let (port, heard) = post_office(begins);
        let heard = || heard.recv_timeout(Duration::from_secs(20)).expect("somebody spoke");
        let mut machine = Machine::migrated();
        let trusted = machine.write("trusted.pem", FIRST[0]);
        let others = machine.write("others.pem", SECOND[0]);
        machine.set("MANDATE_MAIL_FROM", "id@example.com");
        machine.set("MANDATE_SMTP_URL", &format!("{scheme}://ann:tiger@localhost:{port}{wants}"));
        machine.set("SSL_CERT_FILE", &trusted);
        let told = machine.run("users create bo@example.com").ok();
        assert!(told.contains("It was mailed to them too."), "{begins:?}: {told}");
        let Heard { clear, sealed } = heard();
        let in_the_clear = |line: &String| line.starts_with("EHLO ") || line == "STARTTLS";
        assert!(clear.iter().all(in_the_clear), "{clear:?}");
        assert_eq!(clear.is_empty(), begins == Begins::AtOnce, "{clear:?}");
        for said in [
            // The name and the password, as RFC 4616 spells them.
            "AUTH PLAIN AGFubgB0aWdlcg==",
            "MAIL FROM:<id@example.com>",
            "RCPT TO:<bo@example.com>",
            "Subject: Choose a password for your account",
            ".",
        ] {
            assert!(sealed.iter().any(|line| line.starts_with(said)), "{said}: {sealed:?}");
        }
        assert!(sealed.iter().any(|line| line.contains("/invitation?link")), "{sealed:?}");

        // A server whose certificate the machine does not trust hears no name, no password, no letter.
        machine.set("SSL_CERT_FILE", &others);
        let told = machine.run("users invite bo@example.com");
        assert!(told.err.contains("a mail could not be sent"), "{}", told.err);
        assert!(!told.err.contains("tiger"), "{}", told.err);
        let Heard { clear, sealed } = heard();
        assert!(clear.iter().all(in_the_clear), "{clear:?}");
        assert!(sealed.is_empty(), "{sealed:?}");
    }
}
