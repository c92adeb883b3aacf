//! Starting, stopping, and everything a start is refused for.

use super::machine::{Machine, PASSWORD};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn a_first_start_makes_everything_but_a_default_password() {
    let machine = Machine::new();
    let server = machine.serve();
    let greeting = server.greeting.clone();
    assert!(greeting.contains("\n  issuer    http://localhost:8080\n"), "{greeting}");
    assert!(greeting.contains("\n  database  SQLite, mandate-data/mandate.db\n"), "{greeting}");
    assert!(greeting.contains("master.key was made now"), "{greeting}");
    assert!(greeting.contains("\n  http://localhost:8080/setup?link=mlk_"), "{greeting}");
    assert!(!greeting.to_lowercase().contains("password"), "{greeting}");
    assert!(server.get("/oauth2/jwks").contains("\"keys\""));
    assert!(server.token("mandate-admin", SECRET).contains("invalid_client"));
    assert_eq!(machine.json("users list --json")["items"], serde_json::json!([]));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("mlk_"), "{log}");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_a_first_start_makes() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::migrated();
    let mode = |name: &str| machine.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("mandate-data"), 0o700);
    assert_eq!(mode("mandate-data/mandate.db"), 0o600);
    assert_eq!(mode("mandate-data/master.key"), 0o600);
}

#[test]
fn the_bootstrap_is_used_once_and_told_nobody() {
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "ann@example.com");
    machine.set("MANDATE_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD);
    let secret = machine.write("secret", &format!("{SECRET}\n"));
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET_FILE", &secret);
    machine.set("MANDATE_LOG", "trace");
    let server = machine.serve();
    assert!(!server.greeting.contains("/setup"), "{}", server.greeting);
    assert!(server.token("mandate-admin", SECRET).contains("access_token"));
    let greeting = server.greeting.clone();
    let (_, log) = server.stop();
    for hidden in [PASSWORD, SECRET] {
        assert!(!greeting.contains(hidden) && !log.contains(hidden));
    }
    // Later words change nothing.
    machine.set("MANDATE_LOG", "info");
    machine.set("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "eve@example.com");
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET_FILE", "");
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", "another-secret-of-thirty-two-chars");
    let server = machine.serve();
    assert!(server.token("mandate-admin", SECRET).contains("access_token"));
    assert!(
        server
            .token("mandate-admin", "another-secret-of-thirty-two-chars")
            .contains("invalid_client")
    );
    let people = machine.json("users list --json");
    assert_eq!(people["items"].as_array().unwrap().len(), 1);
    assert_eq!(people["items"][0]["email"], "ann@example.com");
}

#[test]
fn an_admin_client_may_have_an_id_of_the_operators_choice() {
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_CLIENT_ID", "pipeline");
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", SECRET);
    let server = machine.serve();
    assert!(server.token("pipeline", SECRET).contains("access_token"));
    drop(server);
    assert!(machine.serve().token("pipeline", SECRET).contains("access_token"));
}

#[test]
fn refuses_a_bootstrap_that_everybody_would_guess() {
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "ann@example.com");
    machine.set("MANDATE_BOOTSTRAP_ADMIN_PASSWORD", "changeme");
    let told = machine.run("serve").refused();
    assert!(told.starts_with("the first administrator cannot be made: password:"), "{told}");
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", "changeme");
    let told = machine.run("serve").refused();
    assert!(told.starts_with("the first client secret cannot be set: client_secret:"), "{told}");
}

#[test]
fn refuses_a_second_start_with_another_master_key() {
    let mut machine = Machine::migrated();
    let key = machine.run("keys new-master").ok();
    machine.set("MANDATE_MASTER_KEY", key.trim());
    let told = machine.run("serve").refused();
    assert!(told.contains("the master key does not fit this database"), "{told}");
    assert!(!told.contains(key.trim()));
    assert!(machine.run("clients list").refused().contains("does not fit"));
}

#[test]
fn refuses_a_database_whose_key_is_lost() {
    let machine = Machine::migrated();
    std::fs::remove_file(machine.path("mandate-data/master.key")).unwrap();
    for words in ["serve", "migrate", "clients list"] {
        let told = machine.run(words).refused();
        assert!(
            told.contains(
                "There is a database (SQLite, mandate-data/mandate.db) but no master key."
            ),
            "{told}"
        );
    }
    assert!(!machine.path("mandate-data/master.key").exists());
}

#[test]
fn takes_a_newer_master_key_while_the_old_one_is_given_too() {
    let mut machine = Machine::migrated();
    let old = std::fs::read_to_string(machine.path("mandate-data/master.key")).unwrap();
    let new = machine.run("keys new-master").ok();
    machine.set("MANDATE_MASTER_KEY", &format!("{},{}", new.trim(), old.trim()));
    assert!(machine.run("keys list").ok().contains("signing"));
}

#[test]
fn refuses_another_issuer_once_tokens_exist() {
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", SECRET);
    let server = machine.serve();
    assert!(server.token("mandate-admin", SECRET).contains("access_token"));
    drop(server);
    machine.set("MANDATE_ISSUER", "https://id.example.com");
    let told = machine.run("serve").refused();
    assert!(
        told.contains("tokens of this database were issued by http://localhost:8080"),
        "{told}"
    );
}

#[test]
fn refuses_an_address_that_another_program_has() {
    let mut machine = Machine::migrated();
    let server = machine.serve();
    machine.set("MANDATE_LISTEN", &server.address);
    let told = machine.run("serve").refused();
    assert_eq!(
        told,
        format!("listen: {} cannot be used: another program answers there.", server.address)
    );
}

#[test]
fn refuses_an_address_for_metrics_that_another_program_has() {
    let mut machine = Machine::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    machine.set("MANDATE_METRICS_LISTEN", &taken.local_addr().unwrap().to_string());
    assert!(machine.run("serve").refused().starts_with("metrics_listen: "));
    assert!(!machine.path("mandate-data").exists());
}

#[test]
fn an_unknown_variable_stops_everything() {
    let mut machine = Machine::migrated();
    machine.set("MANDATE_MASTERKEY", "x");
    let told = machine.run("clients list").refused();
    assert_eq!(
        told,
        "MANDATE_MASTERKEY: There is no such setting; the nearest known one is MANDATE_MASTER_KEY."
    );
}

#[test]
fn settings_of_the_directory_are_read_and_others_when_named() {
    let machine = Machine::migrated();
    machine.write("mandate.toml", "isuer = \"https://id.example.com\"\n");
    assert!(
        machine
            .run("clients list")
            .refused()
            .contains("mandate.toml, line 1: There is no setting `isuer`")
    );
    let other = machine.write("other.toml", "log = \"warn\"\n");
    assert!(machine.run(&format!("clients list --config {other}")).ok().contains("mandate-admin"));
}
