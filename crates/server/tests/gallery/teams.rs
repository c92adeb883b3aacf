//! Places.

use askama::Template;
use mandate::console::views::{
    MemberRow, OrganizationList, OrganizationPage, OrganizationRow, PlaceEnd, TeamList, TeamPage,
    TeamRow,
};
use mandate::web::views::{Choice, Errors, Link, NavEntry};

use crate::Page;
use crate::voice::Voice;

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("teams", teams(voice, true)),
        ("teams-none", teams(voice, false)),
        ("team", team(voice, Errors::default())),
        ("team-wrong", team(voice, Errors(vec![voice.wrong("email", "Nobody here has it.")]))),
        ("organizations", organizations(voice)),
        ("organization", organization(voice)),
    ]
}

fn tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str| NavEntry {
        label: label.into(),
        href: "/console/teams".into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Teams"), tab("Organizations")]
}

fn row(voice: Voice, name: &str) -> TeamRow {
    TeamRow {
        href: "/console/teams/t".into(),
        id: "team_4kx0w2m9".into(),
        name: voice.say(name),
        organization: Link {
            label: voice.say("Northwind"),
            href: "/console/organizations/o".into(),
        },
        people: 12,
        clients: 1,
    }
}

fn teams(voice: Voice, any: bool) -> String {
    let rows = if any { vec![row(voice, "Harbour"), row(voice, "Quay")] } else { Vec::new() };
    let page = TeamList {
        frame: voice.frame("Teams"),
        tabs: tabs("Teams"),
        q: String::new(),
        organization: vec![
            Choice { label: "Any".into(), chosen: true, ..Choice::default() },
            voice.choice("o1", "Northwind", false),
            voice.choice("o2", "Eastwind", false),
        ],
        active: false,
        refused: if any { None } else { voice.maybe("Needs the permission team:manage.") },
        rows,
        action: "/console/teams".into(),
        name: String::new(),
        homes: vec![voice.choice("o1", "Northwind", false)],
        errors: Errors::default(),
        first: None,
        next: any.then(|| "?cursor=x".into()),
    };
    page.render().unwrap()
}

fn end(voice: Voice) -> PlaceEnd {
    PlaceEnd {
        delete: "/console/teams/t/delete".into(),
        loses: vec![voice.say("12 members lose what they hold here, at once.")],
        in_the_way: Vec::new(),
        refused: None,
    }
}

fn team(voice: Voice, errors: Errors) -> String {
    let member = |name: &str, roles: &[&str]| MemberRow {
        href: Some("/console/users/usr_x".into()),
        person: mandate::web::views::Person {
            name: voice.say(name),
            email: voice.say("ada@northwind.example"),
        },
        roles: roles.iter().map(|it| voice.say(it)).collect(),
        remove: "/console/teams/t/members/usr_x/remove".into(),
    };
    let blocked = PlaceEnd {
        in_the_way: vec![
            Link { label: voice.say("Harbour Notes"), href: "/console/clients/x".into() },
            Link { label: "A client that you may not see".into(), href: String::new() },
        ],
        ..end(voice)
    };
    let page = TeamPage {
        frame: voice.frame("Teams"),
        id: "team_4kx0w2m9".into(),
        name: voice.say("Harbour"),
        organization: Link {
            label: voice.say("Northwind"),
            href: "/console/organizations/o".into(),
        },
        path: "/console/teams/t".into(),
        people: 12,
        q: String::new(),
        members: vec![
            member("Ada Brandt", &["Client manager", "Auditor"]),
            member("Ben Okafor", &["Member"]),
        ],
        email: voice.say("cleo@northwind.example"),
        roles: vec![
            voice.choice("member", "Member", true),
            Choice {
                refused: Some("settings:manage".into()),
                ..voice.choice("admin", "Platform administrator (needs settings:manage)", false)
            },
        ],
        clients: vec![Link {
            label: voice.say("Harbour Notes"),
            href: "/console/clients/x".into(),
        }],
        all_clients: Some("/console/clients?owner=t".into()),
        rename: voice.say("Harbour"),
        end: if errors.is_empty() { end(voice) } else { blocked },
        refused: None,
        errors,
        first: None,
        next: Some("?cursor=x".into()),
    };
    page.render().unwrap()
}

fn organizations(voice: Voice) -> String {
    let row = |name: &str, href: Option<&str>| OrganizationRow {
        href: href.map(str::to_owned),
        id: "org_8d1qz7".into(),
        name: voice.say(name),
        people: 1,
        teams: 3,
    };
    let page = OrganizationList {
        frame: voice.frame("Teams"),
        tabs: tabs("Organizations"),
        q: String::new(),
        rows: vec![row("Northwind", Some("/console/organizations/o")), row("Eastwind", None)],
        refused: None,
        action: "/console/organizations".into(),
        name: voice.say("Northwind"),
        errors: Errors(vec![voice.wrong("name", "Another organization has this name.")]),
        first: None,
        next: None,
    };
    page.render().unwrap()
}

fn organization(voice: Voice) -> String {
    let page = OrganizationPage {
        frame: voice.frame("Teams"),
        id: "org_8d1qz7".into(),
        name: voice.say("Northwind"),
        path: "/console/organizations/o".into(),
        add: "/console/teams".into(),
        teams: 12,
        q: String::new(),
        rows: vec![row(voice, "Harbour"), row(voice, "Quay")],
        rename: voice.say("Northwind"),
        end: PlaceEnd { refused: voice.maybe("It still has 2 teams."), ..end(voice) },
        refused: None,
        errors: Errors::default(),
        first: None,
        next: None,
    };
    page.render().unwrap()
}
