//! The tabs of one client.

use askama::Template;
use mandate::console::views::{
    ActivityRow, AuditRow, Change, ClientAccess, ClientActivity, ClientAudit, ClientCredentials,
    ClientDanger, ClientHead, ClientOverview, ClientTokens, Reach, Replay, RiskReason, SecretRow,
    SeenFrom, TokenRow, Trial,
};
use mandate::web::views::{Errors, Fact, Link, NavEntry, Snippet};

use crate::Page;
use crate::voice::{Voice, ago, ahead};

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("client-overview", overview(voice)),
        ("client-credentials", credentials(voice, false)),
        ("client-credentials-public", credentials(voice, true)),
        ("client-access", access(voice)),
        ("client-tokens", tokens(voice)),
        ("client-activity", activity(voice)),
        ("client-audit", audit(voice)),
        ("client-danger", danger(voice, false)),
        ("client-danger-system", danger(voice, true)),
    ]
}

pub fn head(voice: Voice, tab: &str) -> ClientHead {
    let entry = |label: &str| NavEntry {
        label: label.into(),
        href: format!("/console/clients/harbour-notes/{}", label.to_lowercase()),
        enabled: true,
        current: label == tab,
        ..NavEntry::default()
    };
    let tabs = [
        "Overview",
        "Settings",
        "Credentials",
        "Access",
        "Tokens",
        "Activity",
        "Audit",
        "Danger zone",
    ];
    ClientHead {
        id: voice.say("harbour-notes"),
        name: voice.say("Harbour Notes"),
        kind: "Confidential".into(),
        enabled: true,
        system: false,
        risk: "Medium risk".into(),
        risk_level: "warn".into(),
        owner: voice.maybe("Jonas Weir"),
        last_used: Some(ago(0)),
        warnings: vec![
            voice.say(
                "PKCE is optional for this client. A stolen code could be used by someone else.",
            ),
        ],
        tabs: tabs.map(entry).to_vec(),
    }
}

fn fact(voice: Voice, label: &str, value: &str) -> Fact {
    Fact { label: label.into(), value: voice.say(value) }
}

fn reason(voice: Voice, sentence: &str, remedy: &str) -> RiskReason {
    RiskReason {
        sentence: voice.say(sentence),
        points: 15,
        remedy: Link {
            label: voice.say(remedy),
            href: "/console/clients/harbour-notes/settings".into(),
        },
    }
}

pub fn trial(voice: Voice) -> Trial {
    Trial {
        client_id: voice.say("harbour-notes"),
        method: "client_secret_basic".into(),
        token: "/oauth2/token".into(),
        revoke: "/oauth2/revoke".into(),
        authorize: "/oauth2/authorize".into(),
        works_alone: true,
        redirect: voice.maybe("https://notes.harbour.example/callback"),
        scope: voice.say("openid profile"),
        secret: None,
        asks_secret: true,
        enabled: true,
    }
}

pub fn call(voice: Voice) -> Snippet {
    let code = "curl -s -X PATCH https://id.northwind.example/api/v1/clients/harbour-notes";
    Snippet { label: "Save this by the API".into(), code: voice.say(code) }
}

fn overview(voice: Voice) -> String {
    let snippet = |label: &str, code: &str| Snippet { label: label.into(), code: voice.say(code) };
    let page = ClientOverview {
        frame: voice.frame("Clients"),
        client: head(voice, "Overview"),
        description: voice.say("Lets people keep notes on ships, berths and tides."),
        summary: vec![
            fact(voice, "Gets tokens by", "Authorization code, refresh token"),
            fact(voice, "Access", "Read only"),
            fact(voice, "Teams", "One team of any in Northwind, chosen at consent"),
            fact(voice, "Access token", "1 hour, opaque"),
            fact(voice, "Refresh token", "7 days, replaced at each use"),
        ],
        redirect_uris: vec![
            voice.say("https://notes.harbour.example/callback"),
            voice.say("http://localhost:3000/callback"),
        ],
        endpoints: vec![
            fact(voice, "Issuer", "https://id.northwind.example"),
            fact(voice, "Authorization", "https://id.northwind.example/oauth2/authorize"),
            fact(voice, "Token", "https://id.northwind.example/oauth2/token"),
            fact(voice, "Signing keys", "https://id.northwind.example/oauth2/jwks"),
        ],
        snippets: vec![
            snippet(
                "curl",
                "curl -s -u 'harbour-notes:…' https://id.northwind.example/oauth2/token \\\n  -d grant_type=client_credentials",
            ),
            snippet("Python", "from authlib.integrations.requests_client import OAuth2Session"),
            snippet("Node", "import * as client from 'openid-client'"),
        ],
        risk_reasons: vec![
            reason(voice, "It may ask for codes without PKCE.", "Require PKCE."),
            reason(voice, "A living secret is older than 180 days.", "Rotate the secret."),
        ],
        risk_score: 30,
        trial: trial(voice),
        created: (ago(340), voice.say("Ada Brandt")),
        updated: (ago(12), voice.say("Jonas Weir")),
    };
    page.render().unwrap()
}

fn credentials(voice: Voice, public: bool) -> String {
    let secret = |label: &str, prefix: &str, alive| SecretRow {
        label: voice.say(label),
        prefix: prefix.into(),
        created: ago(120),
        created_by: voice.say("Ada Brandt"),
        expires: Some(ahead(21)),
        last_used: Some(ago(0)),
        last_address: voice.maybe("203.0.113.24"),
        alive,
        state: if alive { "Works" } else { "Retired" }.into(),
        ended: (!alive).then(|| ago(3)),
        late: !alive,
        retire: alive.then(|| "/console/clients/harbour-notes/secrets/1/retire".into()),
    };
    let page = ClientCredentials {
        frame: voice.frame("Clients"),
        client: head(voice, "Credentials"),
        secrets: vec![
            secret("Production cluster", "mcs_8sJ2…k3Xd", true),
            secret("Staging", "mcs_p0Qw…7nLa", true),
            secret("First secret", "mcs_v5Rt…b1Zc", false),
        ],
        safe: Some((false, voice.say("Not yet safe to retire Staging: it was used 3 days ago."))),
        late: voice.maybe("10.0.0.7 still uses the secret that ended on 3 May."),
        public,
        version: "7".into(),
        rotate: "/console/clients/harbour-notes/rotate".into(),
        rotate_refused: None,
        retire: vec![
            voice.choice("0", "Now", false),
            voice.choice("3600", "In 1 hour", false),
            voice.choice("86400", "In 24 hours", true),
            voice.choice("604800", "In 7 days", false),
        ],
        expires: vec![voice.choice("", "Never", true), voice.choice("90", "In 90 days", false)],
        revoke_tokens: false,
        call: call(voice),
        label: voice.say("Second cluster"),
        errors: Errors(vec![voice.wrong("confirm_name", "This is not the name of the client.")]),
    };
    page.render().unwrap()
}

fn access(voice: Voice) -> String {
    let words = |list: &[&str]| list.iter().map(|words| voice.say(words)).collect();
    let page = ClientAccess {
        frame: voice.frame("Clients"),
        client: head(voice, "Access"),
        acts_for: voice
            .say("It acts for whoever signs in, and never does more than that person can."),
        limits: vec![
            fact(voice, "Preset", "Read only: unsafe methods are refused"),
            fact(voice, "Teams", "One, chosen at consent"),
            fact(voice, "Resources", "https://api.harbour.example"),
        ],
        bindings: Some("/console/bindings/x".into()),
        scopes: vec![
            (voice.say("openid"), "read".into()),
            (voice.say("orders:read"), "read".into()),
            (voice.say("orders:write"), "write".into()),
        ],
        reach: vec![
            Reach {
                place: voice.say("Team Harbour"),
                read: words(&["Orders", "Members"]),
                change: words(&["Orders"]),
            },
            Reach { place: voice.say("Team Quay"), read: words(&["Orders"]), change: Vec::new() },
        ],
        last_seen: Some(SeenFrom {
            address: "10.0.0.7".into(),
            via: "X-Forwarded-For of the trusted proxy 10.0.0.1".into(),
            last: ago(0),
        }),
        observed: vec![(
            SeenFrom {
                address: "203.0.113.9".into(),
                via: "the connection itself".into(),
                last: ago(1),
            },
            3,
        )],
        proposal: "203.0.113.0/24".into(),
        change: Some(Link { label: "Change in settings".into(), href: "/console".into() }),
    };
    page.render().unwrap()
}

fn tokens(voice: Voice) -> String {
    let row = |kind: &str, person: Option<String>| TokenRow {
        id: voice.say("tok_01JD4Q7Z"),
        kind: kind.into(),
        person,
        scopes: vec![voice.say("openid"), voice.say("orders:read")],
        teams: vec![voice.say("Harbour")],
        issued: ago(1),
        last_used: Some(ago(0)),
        expires: ahead(6),
        revoke: Some("/console/tokens/1/revoke".into()),
    };
    let page = ClientTokens {
        frame: voice.frame("Clients"),
        client: head(voice, "Tokens"),
        replays: vec![Replay {
            label: "Suspected theft".into(),
            advice: "A spent refresh token came again too late.".into(),
            count: 2,
            last: ago(1),
            address: voice.say("203.0.113.24"),
        }],
        rows: vec![row("Access token", voice.maybe("Mina Okafor")), row("Refresh token", None)],
        revoke_all: Some("/console/clients/harbour-notes/revoke-tokens".into()),
        first: None,
        next: Some("?cursor=1".into()),
    };
    page.render().unwrap()
}

fn activity(voice: Voice) -> String {
    let row = |what: &str, answer: &str, granted: bool, count| ActivityRow {
        at: ago(count),
        what: voice.say(what),
        granted,
        answer: answer.into(),
        count: count.unsigned_abs(),
        address: voice.say("203.0.113.24"),
        person: granted.then(|| voice.say("Mina Okafor")),
        refusal: (!granted).then(|| "/console/errors/err_1".into()),
    };
    let page = ClientActivity {
        frame: voice.frame("Clients"),
        client: head(voice, "Activity"),
        rows: vec![
            row("Refreshed a token", "200", true, 14),
            row("Redirect address refused", "invalid_request", false, 1),
        ],
        first: None,
        next: None,
    };
    page.render().unwrap()
}

fn audit(voice: Voice) -> String {
    let change = |field: &str, before: &str, after: &str| Change {
        field: field.into(),
        before: voice.say(before),
        after: voice.say(after),
    };
    let page = ClientAudit {
        frame: voice.frame("Clients"),
        client: head(voice, "Audit"),
        rows: vec![AuditRow {
            through: None,
            href: "/console/audit/1".into(),
            at: ago(12),
            actor: voice.say("Jonas Weir"),
            action: voice.say("Updated the client"),
            changes: vec![
                change("access_token_lifetime", "1 hour", "30 minutes"),
                change(
                    "redirect_uris",
                    "https://notes.example/cb",
                    "https://notes.harbour.example/callback",
                ),
            ],
            address: voice.say("198.51.100.7"),
            request_id: "req_7QK2M4XD".into(),
        }],
        single: false,
        export: Some(Link { label: "Export as CSV".into(), href: "?format=csv".into() }),
        first: Some("?".into()),
        next: None,
    };
    page.render().unwrap()
}

fn danger(voice: Voice, system: bool) -> String {
    let page = ClientDanger {
        frame: voice.frame("Clients"),
        client: ClientHead { system, enabled: !system, ..head(voice, "Danger zone") },
        live_tokens: 14,
        offline_until: Some(ahead(0)),
        disable: "/disable".into(),
        enable: "/enable".into(),
        revoke_tokens: "/revoke".into(),
        delete: "/delete".into(),
        update_refused: None,
        revoke_refused: None,
        delete_refused: system
            .then(|| voice.say("A system client cannot be deleted: this server relies on it.")),
        calls: vec![call(voice)],
        errors: Errors::default(),
    };
    page.render().unwrap()
}
