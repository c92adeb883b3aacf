//! `mandate users`: invitations instead of passwords, and one administrator who stays.

use domain::accounts::{self, second_factor};
use domain::{Actor, Call, Chance, Clock, Instance, MasterKeys, Opening, Plain, Policy};
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::machine::{Machine, PASSWORD};

#[test]
fn somebody_without_a_password_is_invited() {
    let machine = Machine::migrated();
    let made = machine.json("users create --json ann@example.com --name Ann");
    assert!(made["id"].as_str().unwrap().starts_with("usr_"));
    assert!(
        made["invitation_url"]
            .as_str()
            .unwrap()
            .starts_with("http://localhost:8080/invitation?link=mlk_")
    );
    let again = machine.run("users invite ann@example.com").ok();
    assert!(
        again.contains("/invitation?link=mlk_")
            && !again.contains(made["invitation_url"].as_str().unwrap())
    );
    let told = machine.run("users reset-password ann@example.com").refused();
    assert!(told.contains("Invite them instead"), "{told}");
    let told = machine.run("users create Ann@Example.com").refused();
    assert!(told.starts_with("email: "), "{told}");
}

#[test]
fn a_password_comes_from_a_file_and_is_shown_nowhere() {
    let machine = Machine::migrated();
    let file = machine.write("password", &format!("{PASSWORD}\n"));
    let told = machine.run(&format!("users create ann@example.com --password-file {file}")).ok();
    assert!(
        told.starts_with("Created usr_")
            && !told.contains("invitation")
            && !told.contains(PASSWORD),
        "{told}"
    );
    assert!(machine.run("users invite ann@example.com").refused().contains("without a password"));
    let reset = machine.json("users reset-password --json ann@example.com");
    let url = reset["password_reset_url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost:8080/password-reset?link=mlk_"), "{url}");
    let told = machine.run("users reset-password ann@example.com").ok();
    assert!(told.contains("good for a day") && told.contains("/password-reset?link="), "{told}");
    let short = machine.write("short", "short");
    let told =
        machine.run(&format!("users create bob@example.com --password-file {short}")).refused();
    assert!(told.starts_with("password: "), "{told}");
}

#[test]
fn a_person_is_stopped_let_in_again_and_deleted() {
    let machine = Machine::migrated();
    let made = machine.json("users create --json ann@example.com");
    let id = made["id"].as_str().unwrap();
    assert_eq!(machine.json(&format!("users disable {id} --json"))["status"], "disabled");
    assert_eq!(machine.json("users list --json --status active")["items"], serde_json::json!([]));
    assert!(machine.run("users enable ann@example.com").ok().starts_with("Enabled usr_"));
    let told = machine.run(&format!("users delete {id} --confirm-email an@example.com")).refused();
    assert!(told.starts_with("confirm_email: "), "{told}");
    assert!(
        machine
            .run(&format!("users delete {id} --confirm-email ann@example.com"))
            .ok()
            .starts_with("Deleted usr_")
    );
    assert_eq!(
        machine.run(&format!("users disable {id}")).refused(),
        format!("There is no user `{id}`.")
    );
}

#[test]
fn the_last_administrator_cannot_be_disabled_or_deleted() {
    let mut machine = Machine::new();
    machine.set("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "ann@example.com");
    machine.set("MANDATE_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD);
    drop(machine.serve());
    for words in [
        "users disable ann@example.com",
        "users delete ann@example.com --confirm-email ann@example.com",
    ] {
        assert!(machine.run(words).refused().contains("last platform administrator"), "{words:?}");
    }
}

/// REL-53 on the machine itself: a list that is only observed says so.
#[test]
fn trusted_addresses_of_a_person_are_set_observed_and_cleared() {
    let machine = Machine::migrated();
    machine.json("users create --json ann@example.com");
    let told = machine.run("users trusted-ips ann@example.com --allow 10.0.0.5/8").refused();
    assert!(told.contains("Did you mean `10.0.0.0/8`?"), "{told}");
    let words = "users trusted-ips ann@example.com --allow 10.0.0.0/8 --mode observe";
    let told = machine.run(words).ok();
    let want =
        "ann@example.com may sign in from 10.0.0.0/8; for now others are let in and recorded.\n";
    assert_eq!(told, want);
    let told = machine.json("users trusted-ips ann@example.com --mode enforce --json");
    assert_eq!(
        told,
        serde_json::json!({
            "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "enforce", "observed": [], "proposed": [],
        })
    );
    let told = machine.run("users trusted-ips ann@example.com --clear").ok();
    assert_eq!(told, "ann@example.com may sign in from anywhere.\n");
}

// THE-36
#[test]
fn the_36_the_life_of_a_sign_in_policy() {
    let machine = Machine::migrated();
    machine.run("users create ann@example.com --name Ann").ok();
    let words =
        "sign-in-policies create Ashore --json --priority 900 --access deny --user ann@example.com";
    let made = machine.json(words);
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((&made["access"], &made["is_default"]), (&json!("deny"), &json!(false)));
    let of = machine.json("sign-in-policies of ann@example.com --json");
    assert_eq!(of["id"], json!(id));
    let listed = machine.run("sign-in-policies list").ok();
    let last = listed.lines().last().unwrap();
    assert!(last.contains("Default") && last.contains("everybody else"), "{listed}");
    assert!(listed.contains("1 people, 0 teams, 0 roles"), "{listed}");
    let words = format!("sign-in-policies edit {id} --json --access allow --session-lifetime 3600");
    let changed = machine.json(&words);
    assert_eq!((&changed["access"], &changed["session_lifetime"]), (&json!("allow"), &json!(3600)));
    assert_eq!(changed["users"].as_array().unwrap().len(), 1, "what is not named stays");
    let words = format!("sign-in-policies edit {id} --json --second-factor required");
    let changed = machine.json(&words);
    assert_eq!(
        (&changed["second_factor"], &changed["sign_on_profile"]),
        (&json!("required"), &json!("local"))
    );
    let told = machine.run(&format!("sign-in-policies edit {id} --sign-on-profile ldap"));
    assert_eq!(told.code, 2);
    assert!(machine.run("sign-in-policies list").ok().contains("required"));
    let none = machine.run("users reset-second-factor ann@example.com").refused();
    assert_eq!(none, "They have no second factor.");
    assert_eq!(machine.json("users list --json --second-factor true")["items"], json!([]));
    let words = format!("sign-in-policies edit {id} --nobody --session-lifetime 0");
    let told = machine.run(&words).ok();
    assert!(told.contains("as the settings say"), "{told}");
    assert_eq!(machine.json("sign-in-policies of ann@example.com --json")["id"], "default");
    let told = machine.run("sign-in-policies delete default").refused();
    assert!(told.contains("cannot be deleted"), "{told}");
    let words = format!("sign-in-policies edit {id} --priority 0");
    assert!(machine.run(&words).refused().starts_with("priority: "));
    assert!(machine.run(&format!("sign-in-policies show {id}")).ok().contains("Ashore"));
    assert!(machine.run(&format!("sign-in-policies delete {id}")).ok().starts_with("Gone"));
    let told = machine.run(&format!("sign-in-policies show {id}")).refused();
    assert_eq!(told, format!("There is no sign-in policy `{id}`."));
}

/// Somebody sets a second factor up, as on their page.
async fn set_up_second_factor(machine: &Machine, email: &str) {
    let key = std::fs::read_to_string(machine.path("mandate-data/master.key")).unwrap();
    let database = machine.path("mandate-data/mandate.db");
    let instance = Instance::open(Opening {
        database: format!("sqlite:{}", database.display()),
        master_keys: MasterKeys::parse(key.trim()).unwrap(),
        issuer: "http://localhost:8080".into(),
        policy: Policy::default(),
        clock: Clock::Machine,
        chance: Chance::System,
    });
    let instance = instance.await.unwrap();
    let now = instance.clock().now();
    let call =
        Call { now, actor: Actor::nobody(), address: None, via: None, request_id: "r".into() };
    let user = accounts::find_by_email(&mut instance.read(), email).await.unwrap().unwrap();
    let password = Plain::new(PASSWORD);
    let begun = second_factor::begin(&instance, &call, &user.id, &password).await.unwrap();
    let secret = Secret::try_from_base32(begun.key().replace(' ', "")).unwrap();
    let app = Builder::new().with_secret(secret.as_ref().to_vec()).build().unwrap();
    let code = app.generate(now.unsigned_abs()).to_string();
    second_factor::confirm(&instance, &call, (&user.id, begun), &code).await.unwrap();
}

#[tokio::test]
async fn a_lost_second_factor_is_reset_and_the_doctor_counts_administrators_without() {
    let machine = Machine::migrated();
    let file = machine.write("password", PASSWORD);
    let words = format!("users create ann@example.com --json --password-file {file}");
    let id = machine.json(&words)["id"].as_str().unwrap().to_owned();
    machine.run(&format!("bindings create {id} role_platform_administrator --instance")).ok();
    let people = || {
        let report = machine.json("doctor --json");
        let items = report["items"].as_array().unwrap().clone();
        items.into_iter().find(|it| it["check"] == "people").unwrap().to_string()
    };
    assert!(people().contains("A platform administrator has no second factor"), "{}", people());
    set_up_second_factor(&machine, "ann@example.com").await;
    assert!(people().contains("\"ok\""), "{}", people());
    let with = machine.json("users list --json --second-factor true");
    assert_eq!(with["items"][0]["id"], json!(id));
    assert!(machine.run("users list").ok().lines().nth(1).unwrap().trim_end().ends_with("yes"));
    let told = machine.run("users reset-second-factor ann@example.com").ok();
    assert!(told.starts_with("Took the second factor of usr_"), "{told}");
    assert!(people().contains("no second factor"), "{}", people());
}
