//! `mandate clients` and the audit trail it leaves.

use serde_json::json;

use super::machine::Machine;

#[test]
fn the_life_of_a_client() {
    let machine = Machine::migrated();
    let made = machine.json(
        "clients --json create Backend --id backend --type service --scope 'user:read team:read'",
    );
    assert_eq!(made["client_id"], "backend");
    assert_eq!(made["scopes"], json!(["team:read", "user:read"]));
    assert!(made["client_secret"].as_str().unwrap().starts_with("mcs_"));
    assert!(made["created_at"].as_str().unwrap().ends_with('Z'));

    let shown = machine.run("clients show backend").ok();
    assert!(
        shown.contains("service")
            && shown.contains("mcs_…")
            && !shown.contains(made["client_secret"].as_str().unwrap())
    );

    let told = machine
        .run("clients update backend --set 'access_token_lifetime=30 m' --name 'Back end'")
        .ok();
    assert!(told.contains("access_token_lifetime  3600     1800"), "{told}");
    let told = machine.run("clients update backend --unset access_token_lifetime").ok();
    assert!(told.contains("access_token_lifetime  1800    3600"), "{told}");

    let told = machine.run("clients rotate backend --confirm-name Backend").refused();
    assert_eq!(told, "confirm_name: Type the name of the client exactly as it is.");
    let told = machine
        .run("clients rotate backend --confirm-name 'Back end' --retire-previous-after now")
        .ok();
    assert!(told.contains("The other secrets have ended.") && told.contains("mcs_"), "{told}");
    let shown = machine.run("clients show backend").ok();
    assert!(shown.contains("alive") && shown.contains("retired"), "{shown}");

    assert!(machine.run("clients revoke-tokens backend").ok().contains("Every token"));
    assert_eq!(machine.json("clients disable backend --json")["enabled"], json!(false));
    assert!(machine.run("clients disable backend").ok().contains("so already"));
    assert!(machine.run("clients enable backend").ok().contains("may get tokens again"));

    let told = machine.run("clients delete backend --confirm-name backend").refused();
    assert_eq!(told, "confirm_name: Type the name of the client exactly as it is.");
    assert!(
        machine.run("clients delete backend --confirm-name 'Back end'").ok().contains("Deleted")
    );
    assert_eq!(machine.run("clients show backend").refused(), "There is no client `backend`.");
    let told = machine.run("clients create Backend --id backend --type service").refused();
    assert!(told.contains("An id is never given again"), "{told}");

    let trail = machine.json("audit list --json --kind client --id backend");
    let actions: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "client.deleted",
            "client.resumed",
            "client.paused",
            "client.tokens_revoked",
            "client.secret_rotated",
            "client.updated",
            "client.updated",
            "client.created",
        ]
    );
    let operator = trail["items"][0]["actor"]["operator"].as_str().unwrap();
    assert!(operator.contains('@'), "{operator}");
    assert!(!trail.to_string().contains(made["client_secret"].as_str().unwrap()));
}

#[test]
fn refuses_fields_in_the_words_of_the_rules() {
    let machine = Machine::migrated();
    let told = machine.run("clients create Shop --type web --set redirect=x").refused();
    assert!(
        told.contains("type: One of `user_authorized`")
            && told.contains("redirect: A client has no such field."),
        "{told}"
    );
    let told = machine
        .run("clients create Shop --type user_authorized --redirect-uri http://shop.example.com/cb")
        .refused();
    assert!(told.starts_with("redirect_uris: "), "{told}");
    let told = machine.run("clients delete mandate-admin --confirm-name 'Admin Client'").refused();
    assert!(told.starts_with("System clients cannot be deleted"), "{told}");
    assert_eq!(machine.run("clients enable nobody").refused(), "There is no client `nobody`.");
    let told = machine.run("clients update mandate-cli --name Tool --if-version 7").refused();
    assert!(told.contains("changed meanwhile"), "{told}");
}

#[test]
fn settings_come_from_a_file_and_a_secret_from_another() {
    let machine = Machine::migrated();
    let settings = machine.write(
        "shop.json",
        r#"{"client_name": "Shop", "type": "service", "description": "Of the file."}"#,
    );
    let secret = machine.write("secret", "a-secret-of-my-own-with-40-characters-ok\n");
    let made = machine.json(&format!(
        "clients create --json --from {settings} --secret-file {secret} --idempotency-key k1"
    ));
    assert_eq!(made["description"], "Of the file.");
    assert_eq!(made["client_secret"], "a-secret-of-my-own-with-40-characters-ok");
    let again = machine.json(&format!(
        "clients create --json --from {settings} --secret-file {secret} --idempotency-key k1"
    ));
    assert_eq!(
        (&again["client_id"], &again["secret_already_shown"]),
        (&made["client_id"], &json!(true))
    );
    assert!(again.get("client_secret").is_none());
    let broken = machine.write("broken.json", "[1]");
    assert!(
        machine
            .run(&format!("clients create --from {broken}"))
            .refused()
            .ends_with("A JSON object is needed.")
    );
}

#[test]
fn words_that_are_not_understood_end_with_2() {
    let machine = Machine::migrated();
    for words in [
        "clients frobnicate",
        "clients rotate mandate-admin",
        "clients delete mandate-admin",
        "clients update mandate-admin",
        "clients create x --set scopes",
        "clients rotate mandate-admin --confirm-name x --expires-in '1 month'",
        "audit list --csv --json",
        "serve now",
        "",
    ] {
        let answer = machine.run(words);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{words:?}: {}", answer.err);
    }
}

#[test]
fn a_list_is_found_by_name_and_cut_where_asked() {
    let machine = Machine::migrated();
    let ids = |words: &str| -> Vec<String> {
        let list = machine.json(words);
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["client_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("clients list --json --q mobile"), ["mandate-mobile"]);
    assert_eq!(ids("clients list --json --limit 2").len(), 2);
    assert_eq!(machine.run("clients list --q zebra").ok(), "There are no such clients.\n");
}

#[test]
fn an_export_runs_nothing_in_a_spreadsheet_and_is_an_entry() {
    let machine = Machine::migrated();
    machine.run("clients create =HYPERLINK(1) --id evil --type service").ok();
    let csv = machine.run("audit list --csv --kind client --id evil").ok();
    let (head, rows) = csv.split_once('\n').unwrap();
    assert!(head.starts_with("User Name,Action,Timestamp,"));
    let rows: Vec<&str> = rows.lines().collect();
    let [own, created] = rows[..] else { panic!("{rows:?}") };
    assert!(own.contains(",audit.exported,"), "whoever takes the file is in it: {own}");
    assert!(created.contains(",client.created,"), "{created}");
    assert!(created.contains(",\"'=HYPERLINK(1)\","), "{created}");
    let exports = machine.json("audit list --json --action audit.exported");
    let entry = exports["items"][0]["id"].as_str().unwrap();
    assert!(machine.run(&format!("audit show {entry}")).ok().contains("audit.exported"));
    assert_eq!(machine.run("audit show 1").refused(), "There is no entry `1`.");
}

/// Whoever can open database and key is above every ceiling; what they do bears their name, and
/// without the key they do nothing.
#[test]
fn the_operator_has_no_ceiling_but_a_name_and_without_the_key_no_way_in() {
    let mut machine = Machine::migrated();
    let ann = machine.json("users create ann@example.com --json")["id"].clone();
    let ann = ann.as_str().unwrap();
    machine.run("bindings create ann@example.com role_platform_administrator --instance").ok();
    let made = machine.json(&format!(
        "clients create Wide --id wide --type service --json --scope 'as_user:read as_user:write' \
         --set access=full --set context_user={ann}"
    ));
    assert_eq!(made["context_user"], ann, "{made}");
    machine.run("clients rotate wide --confirm-name Wide").ok();
    let trail = machine.json("audit list --json --kind client --id wide");
    for event in trail["items"].as_array().unwrap() {
        let name = event["actor"]["operator"].as_str().unwrap();
        assert!(name.contains('@') && event["actor"]["user"].is_null(), "{event}");
    }
    let other = machine.run("keys new-master").ok();
    machine.set("MANDATE_MASTER_KEY", other.trim());
    for words in [
        "clients rotate wide --confirm-name Wide",
        "clients update wide --set access=read_only",
        "clients create More --type service",
        "clients delete wide --confirm-name Wide",
    ] {
        let told = machine.run(words).refused();
        assert!(told.contains("master key does not fit this database"), "{words}: {told}");
    }
}

/// REL-14 on the machine itself: who would be refused while a list is only observed.
#[test]
fn trusted_addresses_of_a_client_are_told_with_who_would_be_refused() {
    let machine = Machine::migrated();
    let words = "clients --json create Watched --id watched --type service --trusted-ip 10.0.0.0/8 \
                 --set trusted_ips_mode=observe";
    let secret = machine.json(words)["client_secret"].as_str().unwrap().to_owned();
    let told = machine.run("clients trusted-ips watched").ok();
    let limit = "Client watched may ask from 10.0.0.0/8; for now others are let in and recorded.\n";
    assert_eq!(told, limit);

    let server = machine.serve();
    assert!(server.token("watched", &secret).contains("access_token"));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    let told = machine.run("clients trusted-ips watched").ok();
    assert!(told.starts_with(limit), "{told}");
    assert!(told.contains("\n  127.0.0.1  seen 1 times, last 20"), "{told}");
    assert!(
        told.ends_with(": would be refused\nLines that would let them in: 127.0.0.1\n"),
        "{told}"
    );
    let told = machine.json("clients trusted-ips watched --json");
    assert_eq!(
        (&told["trusted_ips"], &told["trusted_ips_mode"], &told["proposed"]),
        (&json!(["10.0.0.0/8"]), &json!("observe"), &json!(["127.0.0.1"]))
    );
    assert_eq!(
        (&told["observed"][0]["seen"], &told["observed"][0]["via"]),
        (&json!(1), &json!(null))
    );

    machine.run("clients update watched --unset trusted_ips --set trusted_ips_mode=enforce").ok();
    let told = machine.run("clients trusted-ips watched").ok();
    assert!(told.starts_with("Client watched may ask from anywhere.\n"), "{told}");
    let told = machine.run("clients trusted-ips nobody").refused();
    assert_eq!(told, "There is no client `nobody`.");
}
