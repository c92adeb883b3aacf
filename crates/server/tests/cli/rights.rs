//! `mandate organizations`, `teams`, `roles`, `permissions`, `bindings`, `sessions`, `grants`,
//! `settings` and `audit verify`: the same rules as through every other door, told as the operator's.

use serde_json::json;

use super::machine::Machine;

#[test]
fn places_and_members_are_made_renamed_and_deleted() {
    let machine = Machine::migrated();
    let acme = machine.json("organizations create Acme --json")["id"].as_str().unwrap().to_owned();
    assert!(machine.run("organizations create ACME").refused().starts_with("name: "));
    assert!(machine.run(&format!("organizations rename {acme} Ajax")).ok().contains("(Ajax)"));
    assert_eq!(machine.json("organizations list --json --q aja")["items"][0]["id"], json!(acme));
    let blue = machine.json(&format!("teams create {acme} Blue --json"));
    assert_eq!((&blue["organization"], &blue["name"]), (&json!(acme), &json!("Blue")));
    let blue = blue["id"].as_str().unwrap();
    machine.json("users create ann@example.com --json");
    let members = machine.run(&format!("teams add {blue} ann@example.com")).ok();
    assert!(members.contains("ann@example.com") && members.contains("role_member"), "{members}");
    assert!(machine.run(&format!("teams delete {blue}")).refused().contains("members"));
    assert!(machine.run(&format!("organizations delete {acme}")).refused().contains("teams"));
    let nobody = machine.run(&format!("teams remove {blue} ann@example.com")).ok();
    assert!(nobody.contains("Nobody holds a role"), "{nobody}");
    assert!(machine.run(&format!("teams delete {blue}")).ok().starts_with("Gone: "));
    assert!(machine.run(&format!("organizations delete {acme} --json")).ok().contains("true"));
    assert_eq!(machine.run("teams rename team_none x").refused(), "There is no team `team_none`.");
    let told = machine.json("audit list --json --kind team");
    let actors: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|event| &event["actor"]["operator"]).collect();
    assert_eq!(actors.len(), 4);
    assert!(actors.iter().all(|actor| actor.as_str().is_some_and(|name| name.contains('@'))));
}

#[test]
fn permissions_roles_and_bindings_are_defined_given_and_taken() {
    let machine = Machine::migrated();
    assert!(
        machine.run("permissions create Orders:read --kind read").refused().starts_with("name: ")
    );
    machine.run("permissions create orders:cancel --kind write").ok();
    let clerk =
        machine.json("roles create Clerk --permission orders:cancel --permission user:read --json");
    assert_eq!(clerk["permissions"], json!(["orders:cancel", "user:read"]));
    let clerk = clerk["id"].as_str().unwrap();
    assert!(machine.run("permissions delete orders:cancel").refused().contains(clerk));
    machine.json("users create ann@example.com --json");
    assert_eq!(machine.run(&format!("bindings create ann@example.com {clerk}")).code, 2);
    let bound = machine.json(&format!("bindings create ann@example.com {clerk} --instance --json"));
    assert_eq!(bound["place"], json!({ "instance": true }));
    let bound = bound["id"].as_str().unwrap();
    assert!(machine.run("bindings list --subject ann@example.com").ok().contains(bound));
    assert!(machine.run(&format!("roles delete {clerk}")).refused().contains(bound));
    machine.run(&format!("bindings delete {bound} --revoke-tokens")).ok();
    let ended = machine.json("audit list --json --action user.tokens_revoked");
    assert_eq!(ended["items"].as_array().unwrap().len(), 1);
    machine.run(&format!("roles edit {clerk} --permission user:read")).ok();
    let told = machine.run(&format!("roles edit {clerk} --name Clerks --revoke-tokens")).ok();
    assert_eq!(told, format!("Changed {clerk} (Clerks).\nThe tokens of 0 clients are dead.\n"));
    machine.run("permissions delete orders:cancel").ok();
    machine.run(&format!("roles delete {clerk}")).ok();
    assert!(machine.run("roles delete role_member").refused().contains("Built-in"));
    assert!(machine.run("permissions list").ok().contains("audit:read"));
}

#[test]
fn settings_are_shown_set_and_reset() {
    let machine = Machine::migrated();
    let usual = machine.json("settings list --json");
    assert_eq!(usual["audit_retention_days"], json!(400));
    assert!(
        machine
            .run("settings set audit_retention_days 0")
            .refused()
            .starts_with("audit_retention_days: ")
    );
    assert_eq!(machine.run("settings set issuer 1").code, 2);
    let set = machine.json("settings set audit_retention_days 30 --json");
    assert_eq!(set["audit_retention_days"], json!(30));
    assert_eq!(machine.json("settings reset audit_retention_days --json"), usual);
    assert_eq!(usual["second_factor_required"], json!(false));
    let set = machine.json("settings set second_factor_required true --json");
    assert_eq!(set["second_factor_required"], json!(true));
    assert_eq!(machine.json("sign-in-policies show default --json")["second_factor"], "required");
    assert_eq!(machine.run("settings set second_factor_required perhaps").code, 2);
    assert!(machine.run("settings set second_factor_required 2").refused().starts_with("second_"));
    assert_eq!(machine.json("settings reset second_factor_required --json"), usual);
    assert!(machine.run("settings").ok().contains("MANDATE_ISSUER"), "alone: the manual page");
    assert!(machine.run("sessions list").ok().contains("Nobody is signed in."));
    assert!(machine.run("grants list").ok().contains("Nothing is allowed"));
    assert_eq!(machine.run("grants revoke x").refused(), "There is no grant `x`.");
    assert_eq!(machine.run("sessions end x").refused(), "There is no session `x`.");
}

#[test]
fn the_trail_is_verified_and_a_head_noted_elsewhere_is_looked_for() {
    let machine = Machine::migrated();
    let verdict = machine.json("audit verify --json");
    assert_eq!((&verdict["intact"], &verdict["wrong"]), (&json!(true), &json!(0)));
    assert!(verdict["unsealed"].as_i64().unwrap() > 0, "no server has sealed yet");
    let told = machine.run("audit verify").ok();
    assert!(told.contains("The trail is as it was sealed."), "{told}");
    assert_eq!(machine.run("audit verify --known 1:abc").code, 1);
    assert_eq!(machine.run("audit verify --known abc").code, 2);
}
