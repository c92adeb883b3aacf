//! Roles and who holds them.

use askama::Template;
use mandate::console::views::{
    BindingList, BindingRow, HolderRow, PermissionGroup, PermissionList, PermissionRow, RoleEdit,
    RoleList, RolePage, RoleRow,
};
use mandate::web::views::{Choice, Errors, Link, NavEntry};

use crate::Page;
use crate::voice::Voice;

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("roles", roles(voice)),
        ("role", role(voice, false)),
        ("role-built-in", role(voice, true)),
        ("role-new", edit(voice, Errors::default())),
        ("role-wrong", edit(voice, Errors(vec![voice.wrong("permissions", "Not yours to give.")]))),
        ("permissions", permissions(voice)),
        ("bindings", bindings(voice, false)),
        ("bindings-client", bindings(voice, true)),
    ]
}

fn roles(voice: Voice) -> String {
    let row = |name: &str, about: &str, system: bool, (reads, changes): (u64, u64)| RoleRow {
        href: "/console/roles/role_x".into(),
        name: voice.say(name),
        description: voice.say(about),
        system,
        reads,
        changes,
        held: if system { Some(2) } else { None },
    };
    let page = RoleList {
        frame: voice.frame("Roles"),
        tabs: vec![NavEntry {
            label: "Roles".into(),
            href: "/console/roles".into(),
            enabled: true,
            current: true,
            ..NavEntry::default()
        }],
        rows: vec![
            row("Platform administrator", "May do everything.", true, (12, 14)),
            row("Member", "Belongs to a place.", true, (0, 0)),
            row("Order desk", "Sees orders and answers for them.", false, (3, 1)),
        ],
        refused: None,
    };
    page.render().unwrap()
}

fn groups(voice: Voice) -> Vec<PermissionGroup> {
    let line = |name: &str, about: &str, chosen| voice.hinted(name, name, about, chosen);
    vec![
        PermissionGroup {
            title: "OAuth clients".into(),
            names: Some(("OAUTH_CLIENT_READ".into(), "OAUTH_CLIENT_MANAGE".into())),
            read: vec![line("oauth_client:read", "See OAuth clients and their settings", true)],
            change: vec![
                line("oauth_client:create", "Register OAuth clients", false),
                Choice {
                    refused: voice.maybe("You do not hold it everywhere."),
                    ..line("oauth_client:delete", "Delete OAuth clients", false)
                },
            ],
        },
        PermissionGroup {
            title: voice.say("API: orders"),
            read: vec![line("orders:read", "See orders", true)],
            ..PermissionGroup::default()
        },
    ]
}

fn role(voice: Voice, system: bool) -> String {
    let holder = |name: &str, person: bool| HolderRow {
        name: voice.say(name),
        subject: voice.say("usr_x"),
        href: "/console/bindings/usr_x".into(),
        person,
        place: voice.say("Team Harbour"),
        take: Some("/console/bindings/bnd_x/take".into()),
    };
    let page = RolePage {
        fixed: false,
        frame: voice.frame("Roles"),
        id: "role_4kx0".into(),
        name: voice.say("Order desk"),
        description: voice.say("Sees orders and answers for them."),
        system,
        groups: groups(voice),
        holders: vec![holder("Ada Brandt", true), holder("Nightly Report", false)],
        edit: "/console/roles/role_4kx0/edit".into(),
        delete: "/console/roles/role_4kx0/delete".into(),
        change_refused: None,
        delete_refused: system.then(|| voice.say("It is held.")),
        errors: Errors::default(),
        first: None,
        next: Some("?cursor=x".into()),
    };
    page.render().unwrap()
}

fn edit(voice: Voice, errors: Errors) -> String {
    let page = RoleEdit {
        system: false,
        frame: voice.frame("Roles"),
        action: "/console/roles".into(),
        back: "/console/roles".into(),
        exists: !errors.is_empty(),
        name: voice.say("Order desk"),
        description: voice.say("Sees orders."),
        groups: groups(voice),
        version: "1".into(),
        revocation: Some("Revoke the tokens of 3 clients too".into()),
        revoke_tokens: false,
        errors,
    };
    page.render().unwrap()
}

fn bindings(voice: Voice, is_client: bool) -> String {
    let row = |role: &str, place: &str| BindingRow {
        role: Link { label: voice.say(role), href: "/console/roles/role_x".into() },
        place: voice.say(place),
        take: Some("/console/bindings/bnd_x/take".into()),
    };
    let page = BindingList {
        frame: voice.frame("Users"),
        is_client,
        is_self: !is_client,
        subject: voice.say("usr_x"),
        holder: Link { label: voice.say("Ada Brandt"), href: "/console/users/usr_x".into() },
        rows: vec![row("Auditor", "Everywhere"), row("Client manager", "Team Harbour")],
        roles: vec![voice.choice("r", "Auditor", true), voice.choice("s", "Member", false)],
        places: vec![voice.choice("instance", "Everywhere", true)],
        refused: is_client.then(|| voice.say("Needs the permission role:manage.")),
        revoke_tokens: Some(false),
        errors: if is_client {
            Errors::default()
        } else {
            Errors(vec![voice.wrong("place", "There is no such place.")])
        },
    };
    page.render().unwrap()
}

fn permissions(voice: Voice) -> String {
    let row = |name: &str, kind: &str, system: bool| PermissionRow {
        name: voice.say(name),
        kind: kind.into(),
        description: voice.say("See orders"),
        system,
        roles: if system { vec![voice.say("Auditor"), voice.say("Member")] } else { Vec::new() },
        deletable: !system,
    };
    let page = PermissionList {
        frame: voice.frame("Roles"),
        tabs: Vec::new(),
        rows: vec![row("orders:read", "read", false), row("user:create", "write", true)],
        refused: None,
        action: "/console/permissions".into(),
        delete: "/console/permissions:delete".into(),
        name: voice.say("orders"),
        kind: vec![voice.choice("read", "Reads", true), voice.choice("write", "Writes", false)],
        description: voice.say("See orders"),
        errors: Errors(vec![voice.wrong("name", "resource:action is needed.")]),
    };
    page.render().unwrap()
}
