//! The database as a whole, the signing keys, and the doctor.

use std::collections::BTreeMap;

use serde_json::json;

use super::machine::Machine;

#[test]
fn verbs_make_no_database_by_accident() {
    let machine = Machine::new();
    for words in ["clients list", "users create a@b.test", "backup copy.db", "keys list"] {
        assert!(machine.run(words).refused().starts_with("There is no database yet"), "{words:?}");
    }
    assert_eq!(std::fs::read_dir(&machine.directory).unwrap().count(), 0);
}

#[test]
fn migrating_twice_does_no_harm() {
    let machine = Machine::migrated();
    assert_eq!(
        machine.run("migrate").ok(),
        "The database is up to date: SQLite, mandate-data/mandate.db.\n"
    );
    assert_eq!(machine.json("clients list --json")["items"].as_array().unwrap().len(), 5);
    assert_eq!(machine.json("keys list --json")["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_backup_is_whole_without_the_key_and_replaces_nothing() {
    let mut machine = Machine::migrated();
    machine.run("users create ann@example.com").ok();
    let server = machine.serve();
    let told = machine.run("backup copies.db").ok();
    assert!(
        told.contains("The master key is not in it") && told.contains("mandate-data/master.key"),
        "{told}"
    );
    drop(server);
    assert!(machine.run("backup copies.db").refused().contains("is there already"));
    let key = machine.path("mandate-data/master.key");
    let copy = std::fs::read(machine.path("copies.db")).unwrap();
    let text = std::fs::read_to_string(&key).unwrap();
    assert!(!copy.windows(text.trim().len()).any(|part| part == text.trim().as_bytes()));
    machine.set("MANDATE_DATABASE", "sqlite:copies.db");
    assert!(machine.run("users list").refused().contains("no master key"));
    machine.set("MANDATE_MASTER_KEY_FILE", key.to_str().unwrap());
    assert!(machine.run("users list").ok().contains("ann@example.com"));
}

#[test]
fn signing_keys_are_rotated_one_rotation_at_a_time() {
    let machine = Machine::migrated();
    assert!(machine.run("keys rotate").ok().contains("sign from"));
    let phases: Vec<_> = machine.json("keys list --json")["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(phases.iter().filter(|phase| *phase == "published").count(), 4);
    assert_eq!(phases.iter().filter(|phase| *phase == "signing").count(), 4);
    assert!(machine.run("keys rotate").refused().contains("already under way"));
}

fn verdicts(machine: &Machine, code: i32) -> BTreeMap<String, String> {
    let answer = machine.run("doctor --json");
    assert_eq!(answer.code, code, "{}{}", answer.out, answer.err);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let text = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (text(f, "check"), text(f, "verdict")))
        .collect()
}

#[test]
fn the_doctor_finds_nothing_where_nothing_is_wrong() {
    let mut machine = Machine::migrated();
    machine.set("MANDATE_ISSUER", "https://id.example.com");
    machine.set("MANDATE_TRUSTED_PROXIES", "127.0.0.1");
    let found = verdicts(&machine, 0);
    for check in ["settings", "issuer", "proxies", "files", "key", "database", "clock", "keys"] {
        assert_eq!(found[check], "ok", "{check}");
    }
    assert_eq!(found["people"], "warn");
}

#[test]
fn the_doctor_names_what_is_wrong_and_fails_only_for_that() {
    let mut machine = Machine::new();
    assert_eq!(verdicts(&machine, 1)["database"], "fail");
    machine.run("migrate").ok();
    machine.set("MANDATE_ISSUER", "https://id.example.com");
    assert_eq!(verdicts(&machine, 0)["proxies"], "warn");
    machine.set("MANDATE_TRUSTED_PROXIES", "0.0.0.0/0");
    assert_eq!(verdicts(&machine, 1)["proxies"], "fail");
    machine.set("MANDATE_TRUSTED_PROXIES", "");
    machine.set("MANDATE_LOG_FORMAT", "xml");
    assert_eq!(verdicts(&machine, 1)["settings"], "fail");
}

#[cfg(unix)]
#[test]
fn the_doctor_sees_files_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::migrated();
    let key = machine.path("mandate-data/master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = machine.run("doctor").ok();
    assert!(told.contains("Others can read mandate-data/master.key: chmod 600"), "{told}");
}

#[tokio::test]
async fn the_same_words_work_with_a_database_server() {
    let Some(database) = db::testing::TestDb::postgres().await else { return };
    let mut machine = Machine::new();
    machine.set("MANDATE_DATABASE", database.uri());
    assert!(machine.run("migrate").refused().contains("it has to be set"));
    let key = machine.run("keys new-master").ok();
    machine.set("MANDATE_MASTER_KEY", key.trim());
    machine.run("migrate").ok();
    let made = machine.json("clients --json create Backend --type service");
    assert!(made["client_secret"].as_str().unwrap().starts_with("mcs_"));
    let server = machine.serve();
    assert!(server.greeting.contains("\n  database  PostgreSQL, "), "{}", server.greeting);
    let id = made["client_id"].as_str().unwrap();
    assert!(server.token(id, made["client_secret"].as_str().unwrap()).contains("access_token"));
    assert!(machine.run(&format!("clients disable {id}")).ok().contains("Its tokens are dead."));
    assert!(server.token(id, made["client_secret"].as_str().unwrap()).contains("error"));
    let told = machine.run("backup copy.dump").ok();
    assert!(told.contains("keep a copy of MANDATE_MASTER_KEY elsewhere"), "{told}");
    let dump = std::fs::read(machine.path("copy.dump")).unwrap();
    assert!(!dump.windows(key.trim().len()).any(|part| part == key.trim().as_bytes()));
    assert_eq!(verdicts(&machine, 0)["database"], "ok");
    machine.set("MANDATE_MASTER_KEY", machine.run("keys new-master").ok().trim());
    assert!(machine.run("serve").refused().contains("the master key does not fit"));
}

// THE-38
#[test]
fn the_38_counts_the_trail_by_category_and_action() {
    let machine = Machine::migrated();
    machine.run("organizations create Acme").ok();
    let told = machine.run("audit overview").ok();
    let line = |word: &str| told.lines().find(|line| line.starts_with(word)).unwrap().to_owned();
    let words = |word: &str| line(word).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words("identity"), "identity 1 1 0 100 %");
    assert_eq!(words("organization.created"), "organization.created 1 1 0 100 %");
    assert_eq!(words("notifications"), "notifications 0 0 0 -");
    let counted = machine.json("audit overview --json --person nobody@example.com");
    assert_eq!((&counted["total"], &counted["actions"]), (&json!(0), &json!([])));
    let told = machine.run("audit overview --from 2020-01-01T00:00:00Z").refused();
    assert_eq!(told, "from: At most 90 days are counted at once.");
    let listed = machine.json("audit list --json --category identity");
    assert_eq!(listed["items"][0]["action"], "organization.created");
}
