//! The list of clients.

use askama::Template;
use mandate::console::views::{
    ClientBulkDelete, ClientFilters, ClientList, ClientRow, RowAction, SecretsSummary,
};
use mandate::web::views::{Errors, When};

use crate::Page;
use crate::voice::{Voice, ago, ahead};

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("clients", list(voice).render().unwrap()),
        (
            "clients-empty",
            ClientList { rows: Vec::new(), only_system: true, ..list(voice) }.render().unwrap(),
        ),
        ("clients-nothing", nothing(voice)),
        ("clients-delete", bulk_delete(voice)),
    ]
}

fn filters(voice: Voice) -> ClientFilters {
    let all = |list: &[&str]| {
        list.iter().enumerate().map(|(at, label)| voice.choice(label, label, at == 0)).collect()
    };
    ClientFilters {
        q: String::new(),
        team: all(&["Any team", "All teams", "Harbour", "Quay"]),
        access: all(&["Any", "Read only", "Full access"]),
        kind: all(&["Any", "Confidential", "Public", "Service"]),
        status: all(&["Any", "Enabled", "Disabled"]),
        used: all(&["Any", "Unused for 90 days"]),
        secret: all(&["Any", "Ends within 30 days"]),
        risk: all(&["Any", "High"]),
        columns: vec![
            voice.choice("type", "Type and grants", true),
            voice.choice("owner", "Owner", false),
        ],
        grant: all(&["Any", "Authorization code"]),
        scope: all(&["Any", "openid"]),
        sort: all(&["Name", "Newest first"]),
        more: false,
        active: false,
    }
}

fn row(voice: Voice, name: &str, kind: &str, grants: &[&str]) -> ClientRow {
    let id = name.to_lowercase().replace(' ', "-");
    ClientRow {
        href: format!("/console/clients/{id}"),
        id: voice.say(&id),
        name: voice.say(name),
        kind: kind.into(),
        grants: grants.iter().map(|&grant| grant.to_owned()).collect(),
        access: "Read only".into(),
        enabled: true,
        risk: "Low".into(),
        secrets: (kind != "Public").then(|| secrets(1, ahead(120), "plain")),
        last_used: Some(ago(0)),
        owner: voice.maybe("Jonas Weir"),
        created: ago(80),
        scopes: ["openid", "profile", "orders:read"].map(|scope| voice.say(scope)).into(),
        access_token: "1 hour".into(),
        refresh_token: (kind != "Service").then(|| "7 days".into()),
        actions: actions(voice, kind),
        ..ClientRow::default()
    }
}

fn actions(voice: Voice, kind: &str) -> Vec<RowAction> {
    let action = |label: &str, icon: &str| RowAction {
        label: label.into(),
        icon: icon.into(),
        target: format!("/console/clients/x/{icon}"),
        ..RowAction::default()
    };
    let rotate = action("Rotate secret", "repeat");
    let refused = (kind == "Public").then(|| voice.say("It is public and has no secret."));
    vec![
        action("Edit", "change"),
        RowAction { refused, ..rotate },
        RowAction { sends: true, ..action("Disable", "pause") },
        RowAction { dangerous: true, ..action("Delete", "trash") },
    ]
}

fn secrets(alive: u32, soonest: When, urgency: &str) -> SecretsSummary {
    SecretsSummary { alive, soonest: Some(soonest), urgency: urgency.into() }
}

fn list(voice: Voice) -> ClientList {
    let rows = vec![
        row(voice, "Harbour Notes", "Confidential", &["Code", "Refresh token"]),
        ClientRow {
            full: true,
            access: "Full access".into(),
            risk: voice.say("High risk: never rotated"),
            teams: voice.maybe("Harbour, Quay"),
            secrets: Some(secrets(3, ahead(5), "danger")),
            last_used: Some(ago(12)),
            ..row(voice, "Billing export", "Service", &["Client credentials"])
        },
        ClientRow { last_used: None, owner: None, ..row(voice, "Deck Agent", "Public", &["Code"]) },
        ClientRow {
            enabled: false,
            teams: voice.maybe("Lighthouse"),
            secrets: Some(secrets(2, ahead(21), "warn")),
            last_used: Some(ago(200)),
            ..row(
                voice,
                "Directory sync of the northern branch",
                "Service",
                &["Client credentials"],
            )
        },
        ClientRow {
            system: true,
            ..row(voice, "Mandate CLI", "Public", &["Code", "Refresh token"])
        },
    ];
    ClientList {
        frame: voice.frame("Clients"),
        filters: filters(voice),
        rows,
        create_refused: None,
        only_system: false,
        bulk_delete: Some("/console/clients/delete".into()),
        bulk_disable: Some("/console/clients/disable".into()),
        view: voice.say("q=harbour"),
        first: None,
        next: Some("?cursor=abc".into()),
    }
}

fn nothing(voice: Voice) -> String {
    let page = ClientList {
        rows: Vec::new(),
        filters: ClientFilters { q: voice.say("backend"), active: true, ..filters(voice) },
        create_refused: voice.maybe("You need the permission oauth_client:create."),
        ..list(voice)
    };
    page.render().unwrap()
}

fn bulk_delete(voice: Voice) -> String {
    let page = ClientBulkDelete {
        frame: voice.frame("Clients"),
        action: "/console/clients/delete".into(),
        clients: vec![
            (voice.say("Billing export"), voice.say("billing-export")),
            (voice.say("Deck Agent"), voice.say("deck-agent")),
        ],
        tokens: 14,
        word: "delete".into(),
        errors: Errors(vec![
            voice.wrong("client_ids", "deck-agent was deleted meanwhile. Nothing was deleted."),
        ]),
    };
    page.render().unwrap()
}
