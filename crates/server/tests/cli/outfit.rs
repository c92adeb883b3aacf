//! What an operator sets up beside the server: mail, and the places of addresses.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::machine::Machine;

/// An SMTP server that says yes to everything; its URL.
fn mail_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (mut write, mut is_text) = (stream.try_clone().unwrap(), false);
            write.write_all(b"220 hello\r\n").unwrap();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                is_text = line == "DATA" || (is_text && line != ".");
                let answer = match line.as_str() {
                    "DATA" => "354 go on\r\n",
                    _ if is_text => "",
                    _ => "250 ok\r\n",
                };
                if write.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    url
}

fn finding(machine: &Machine, check: &str) -> (String, String) {
    let told = machine.run("doctor --json").out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let all = told["items"].as_array().unwrap();
    let one = all.iter().find(|finding| finding["check"] == check).unwrap();
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    (text("verdict"), text("finding"))
}

#[test]
fn a_link_is_mailed_from_the_command_line_too_and_a_failure_is_told() {
    let mut machine = Machine::migrated();
    assert_eq!(machine.json("users create --json cy@example.com")["mail"], "off");
    machine.set("MANDATE_MAIL_FROM", "id@example.com");
    machine.set("MANDATE_SMTP_URL", &mail_server());
    let told = machine.run("users create ann@example.com").ok();
    assert!(told.contains("It was mailed to them too."), "{told}");
    let (verdict, found) = finding(&machine, "mail");
    assert!(verdict == "ok" && found.ends_with("from id@example.com answers."), "{found}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    machine.set("MANDATE_SMTP_URL", &format!("smtp://ann:tiger@{closed}"));
    let told = machine.run("users invite ann@example.com");
    assert!(told.err.contains("a mail could not be sent"), "{}", told.err);
    assert!(!told.err.contains("tiger"), "{}", told.err);
    let told = told.ok();
    assert!(
        told.contains("It could not be mailed") && told.contains("/invitation?link="),
        "{told}"
    );
    let (verdict, found) = finding(&machine, "mail");
    assert!(verdict == "fail" && found.contains("Look at `smtp_url`"), "{found}");
    assert!(!found.contains("tiger"), "{found}");
}

#[test]
fn a_file_that_is_no_database_of_places_refuses_the_start() {
    let mut machine = Machine::migrated();
    let file = machine.write("places.mmdb", "Berlin");
    machine.set("MANDATE_GEOIP_DATABASE", &file);
    let told = machine.run("serve").refused();
    assert!(told.starts_with(&format!("geoip_database: {file} cannot be used: ")), "{told}");
    assert!(told.ends_with("such as GeoLite2-City.mmdb."), "{told}");
    assert_eq!(finding(&machine, "places").0, "fail");
    machine.set("MANDATE_GEOIP_DATABASE", "");
    assert_eq!(finding(&machine, "places").0, "ok");
}
