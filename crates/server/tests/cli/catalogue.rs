//! `mandate scopes` and `mandate resources`.

use serde_json::json;

use super::machine::Machine;

#[test]
fn the_life_of_a_scope() {
    let machine = Machine::migrated();
    let made = machine
        .json("scopes create orders:read --json --kind read --description 'See your orders'");
    assert_eq!((&made["kind"], &made["is_system"]), (&json!("read"), &json!(false)));
    let told = machine.run("scopes create orders:read --kind read --description again").refused();
    assert_eq!(told, "name: There is a scope of this name already.");
    let told = machine.run("scopes update orders:read --description 'See what you ordered'").ok();
    assert_eq!(told, "The scope orders:read is at version 2.\n");
    let told = machine.run("scopes update orders:read --kind write --if-version 1").refused();
    assert!(told.contains("changed meanwhile"), "{told}");
    machine.run("clients create Shop --id shop --type service --scope orders:read").ok();
    let told = machine.run("scopes update orders:read --kind write").refused();
    assert!(told.ends_with("(shop)"), "{told}");
    assert!(machine.run("scopes delete orders:read").refused().contains("1 clients may ask"));
    let list = machine.run("scopes list").ok();
    let line = list.lines().find(|line| line.contains("orders:read")).unwrap();
    assert!(line.contains("See what you ordered") && line.contains(" 1 "), "{line}");
    machine.run("clients delete shop --confirm-name Shop").ok();
    assert_eq!(machine.json("scopes update orders:read --json --kind write")["kind"], "write");
    assert_eq!(machine.run("scopes delete orders:read").ok(), "Deleted the scope orders:read.\n");
    assert_eq!(
        machine.run("scopes delete orders:read").refused(),
        "There is no scope `orders:read`."
    );
    assert!(machine.run("scopes update openid --description x").refused().contains("Built-in"));
    let trail = machine.json("audit list --json --kind scope --id orders:read");
    let actions: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["scope.deleted", "scope.updated", "scope.updated", "scope.created"]);
}

#[test]
fn the_life_of_a_resource() {
    let machine = Machine::migrated();
    let made = machine.json("resources create https://orders.example --json --name Orders");
    let id = made["id"].as_str().unwrap().to_owned();
    let with =
        machine.json(&format!("resources update {id} --json --introspecting-client mandate-sync"));
    assert_eq!(with["introspecting_clients"], json!(["mandate-sync"]));
    let told =
        machine.run(&format!("resources update {id} --introspecting-client mandate-cli")).refused();
    assert!(told.contains("is public"), "{told}");
    let without =
        machine.json(&format!("resources update {id} --json --nobody-introspects --name Shop"));
    assert_eq!((&without["introspecting_clients"], &without["name"]), (&json!([]), &json!("Shop")));
    assert!(machine.run("resources list").ok().contains("https://orders.example"));
    assert!(machine.run(&format!("resources delete {id}")).ok().starts_with("Deleted"));
    assert_eq!(
        machine.run(&format!("resources delete {id}")).refused(),
        format!("There is no resource `{id}`.")
    );
}
