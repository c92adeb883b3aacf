//! What is alive, and the settings of the server.

use askama::Template;
use mandate::console::views::{
    AppGroup, AppTokenRow, BrowserRow, BrowserSessions, ConnectedApps, PolicyForm, PolicyList,
    PolicyRow, SettingField, SettingsPage,
};
use mandate::web::views::{Errors, Fact, Link, NavEntry};

use crate::Page;
use crate::voice::{Voice, ago, ahead};

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("sessions", apps(voice, true)),
        ("sessions-none", apps(voice, false)),
        ("sessions-browsers", browsers(voice)),
        ("policies", policies(voice)),
        ("policy", policy(voice, None)),
        ("policy-read", policy(voice, voice.maybe("Needs settings:manage."))),
        ("settings", settings(voice, None)),
        ("settings-read", settings(voice, voice.maybe("Needs the permission settings:manage."))),
    ]
}

fn policies(voice: Voice) -> String {
    let row = |name: &str, priority: &str, denies| PolicyRow {
        href: "/console/sign-in-policies/x".into(),
        name: voice.say(name),
        description: voice.say("Who left for the season"),
        priority: priority.into(),
        denies,
        requires_second_factor: !denies,
        sessions: "4 hours, or 30 minutes unused".into(),
        whom: "2 people, 1 team".into(),
    };
    let page = PolicyList {
        frame: voice.frame("Sign-in policies"),
        rows: vec![row("Crew ashore", "900", true), row("Default", "", false)],
        refused: voice.maybe("Only somebody who may do everything writes them."),
        first: None,
        next: Some("?cursor=x".into()),
    };
    page.render().unwrap()
}

fn policy(voice: Voice, refused: Option<String>) -> String {
    let page = PolicyForm {
        frame: voice.frame("Sign-in policies"),
        exists: true,
        name: voice.say("Crew ashore"),
        description: voice.say("Who left for the season"),
        priority: "900".into(),
        access: vec![
            voice.choice("allow", "May sign in", true),
            voice.choice("deny", "May not sign in", false),
        ],
        sign_on_profiles: vec![voice.choice("local", "Local", true)],
        second_factor: vec![
            voice.choice("optional", "If they have one", false),
            voice.choice("required", "Always", true),
        ],
        requires_second_factor: true,
        denies: false,
        session_lifetime: "4 hours".into(),
        session_idle_lifetime: String::new(),
        usual: "12 hours".into(),
        usual_idle: "2 hours".into(),
        users: voice.say("ada@northwind.example"),
        teams: vec![voice.choice("t", "Harbour", true), voice.choice("u", "Quay", false)],
        roles: vec![voice.choice("r", "Auditor", false)],
        version: "3".into(),
        action: "/console/sign-in-policies/x".into(),
        delete: "/console/sign-in-policies/x/delete".into(),
        refused,
        errors: Errors(vec![voice.wrong("priority", "Another policy has this priority.")]),
    };
    page.render().unwrap()
}

fn tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str| NavEntry {
        label: label.into(),
        href: "/console/sessions".into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Connected apps"), tab("Browser sessions")]
}

fn group(voice: Voice, name: &str) -> AppGroup {
    let row = |kind: &str, person: Option<&str>, full| AppTokenRow {
        id: "4kx0w2m9-sJ2vQ0pLr5TnX".into(),
        kind: kind.into(),
        person: person.map(|name| voice.say(name)),
        full,
        scopes: vec![voice.say("openid"), voice.say("orders:read")],
        teams: if person.is_some() { vec![voice.say("Harbour")] } else { Vec::new() },
        last_used: person.map(|_| ago(0)),
        expires: ahead(1),
        revoke: Some("/console/sessions/tokens/x/revoke".into()),
    };
    AppGroup {
        name: voice.say(name),
        id: voice.say("harbour-notes"),
        href: "/console/clients/x".into(),
        rows: vec![
            row("Refresh token", Some("Ada Brandt"), false),
            row("Access token", Some("Ben Okafor"), true),
            row("Access token", None, false),
        ],
        more: Some("/console/clients/x/tokens".into()),
        revoke_all: Some("/console/sessions/apps/x/revoke".into()),
    }
}

fn apps(voice: Voice, any: bool) -> String {
    let page = ConnectedApps {
        frame: voice.frame("Active sessions"),
        tabs: tabs("Connected apps"),
        q: String::new(),
        user: if any { "usr_x".into() } else { String::new() },
        person: any.then(|| Link { label: voice.say("Ada"), href: "/console/users/usr_x".into() }),
        active: false,
        groups: if any { vec![group(voice, "Harbour Notes"), group(voice, "CLI")] } else { vec![] },
        first: None,
        next: None,
    };
    page.render().unwrap()
}

fn browsers(voice: Voice) -> String {
    let row = |browser: &str, current| BrowserRow {
        person: voice.person(),
        href: "/console/users/usr_x".into(),
        browser: voice.say(browser),
        device: voice.say("Linux"),
        location: voice.say("unknown"),
        address: voice.say("203.0.113.24"),
        last_active: ago(0),
        expires: ahead(0),
        current,
        second_factor: current,
        end: Some("/console/sessions/browsers/x/end".into()),
    };
    let page = BrowserSessions {
        frame: voice.frame("Active sessions"),
        tabs: tabs("Browser sessions"),
        q: voice.say("203.0"),
        user: String::new(),
        person: None,
        rows: vec![row("Firefox 141", true), row("Chrome 139", false)],
        refused: voice.maybe("Needs the permission token:revoke."),
        first: None,
        next: Some("?cursor=x".into()),
    };
    page.render().unwrap()
}

fn settings(voice: Voice, refused: Option<String>) -> String {
    let field = |name: &str, label: &str, value: &str, duration| SettingField {
        name: name.into(),
        label: label.into(),
        hint: voice.say("Everybody signs in again so long after they signed in."),
        value: voice.say(value),
        usual: voice.say("12 hours"),
        duration,
        switch: name.ends_with("_required"),
    };
    let wrong = voice.wrong("session_lifetime", "It can be from 5 minutes to 365 days.");
    let page = SettingsPage {
        frame: voice.frame("Settings"),
        fields: vec![
            field("session_lifetime", "Force logout after", "1 s", true),
            field("second_factor_required", "Everybody needs a second factor", "on", false),
            field("audit_retention_days", "Keep the audit trail for (days)", "400", false),
        ],
        version: "1".into(),
        errors: if refused.is_some() { Errors::default() } else { Errors(vec![wrong]) },
        refused,
        facts: vec![Fact { label: "Issuer".into(), value: voice.say("https://id.example") }],
    };
    page.render().unwrap()
}
