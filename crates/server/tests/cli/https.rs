//! https without a proxy: what is served, and under which certificate.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::machine::Machine;

pub const FIRST: [&str; 2] =
    [include_str!("certificates/first.pem"), include_str!("certificates/first.key")];
pub const SECOND: [&str; 2] =
    [include_str!("certificates/second.pem"), include_str!("certificates/second.key")];

/// What the server answers to somebody who trusts this certificate alone.
fn ask(address: &str, trusted: &str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    // A server that closes without a last word has said all it had to say.
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(String::from_utf8(answer).unwrap()),
    }
}

fn machine([cert, key]: [&str; 2]) -> Machine {
    let mut machine = Machine::migrated();
    let (cert, key) = (machine.write("cert.pem", cert), machine.write("key.pem", key));
    machine.set("MANDATE_TLS_CERT", &cert);
    machine.set("MANDATE_TLS_KEY", &key);
    machine.set("MANDATE_ISSUER", "https://localhost");
    machine
}

#[test]
fn serves_https_under_the_certificate_given() {
    let machine = machine(FIRST);
    let server = machine.serve_https();
    assert!(ask(&server.address, FIRST[0]).unwrap().starts_with("HTTP/1.1 200"));
    assert!(ask(&server.address, SECOND[0]).is_err());
    // Nobody is answered in the clear.
    assert_eq!(server.get("/readyz").find("HTTP/1.1"), None);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
}

/// A05: RFC 9325 §3.1.1. The hello of a client that knows TLS 1.1 at most, and one in the clear.
#[test]
fn a05_speaks_to_nobody_below_tls_1_2_and_to_nobody_in_the_clear() {
    let machine = machine(FIRST);
    let server = machine.serve_https();
    for minor in [1_u8, 2] {
        let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, minor];
        hello.extend_from_slice(&[7; 32]);
        // No session, one suite of that time, no compression.
        hello.extend_from_slice(&[0, 0, 2, 0xc0, 0x13, 1, 0]);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(&hello).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.first(), Some(&0x15), "an alert and no hello: {answer:?}");
    }
    assert_eq!(server.get("/oauth2/token").find("HTTP/1.1"), None);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn takes_a_new_certificate_without_a_restart_and_keeps_the_old_over_a_broken_one() {
    let machine = machine(FIRST);
    let server = machine.serve_https();
    machine.write("cert.pem", "renewal failed\n");
    std::thread::sleep(Duration::from_secs(3));
    assert!(ask(&server.address, FIRST[0]).is_ok());
    machine.write("cert.pem", SECOND[0]);
    machine.write("key.pem", SECOND[1]);
    let is_new = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(200));
        ask(&server.address, SECOND[0]).is_ok()
    });
    assert!(is_new, "the new certificate is not served");
    let (_, log) = server.stop();
    assert!(log.contains("The certificate read before stays."), "{log}");
}

#[test]
fn a_slow_handshake_keeps_nobody_waiting() {
    let machine = machine(FIRST);
    let server = machine.serve_https();
    let silent: Vec<TcpStream> =
        (0..100).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    assert!(ask(&server.address, FIRST[0]).is_ok());
    drop(silent);
}

#[test]
fn refuses_files_that_do_not_belong_together() {
    let told = machine([FIRST[0], SECOND[1]]).run("serve").refused();
    assert!(
        told.starts_with("tls_key: ") && told.ends_with("it is not the key of the certificate."),
        "{told}"
    );
    let told = machine(["", FIRST[1]]).run("serve").refused();
    assert!(told.starts_with("tls_cert: "), "{told}");
    let told = machine([FIRST[0], "no key"]).run("serve").refused();
    assert!(told.starts_with("tls_key: ") && !told.contains("no key\n"), "{told}");
}

#[test]
fn refuses_https_under_an_issuer_that_says_http() {
    let mut machine = machine(FIRST);
    machine.set("MANDATE_ISSUER", "http://localhost:8080");
    assert!(machine.run("serve").refused().contains("the issuer begins with http."));
}
