//! Creating and changing a client, users, refusals.

use askama::Template;
use mandate::console::views::{
    AuditEntry, AuditFilters, AuditList, AuditOverview, AuditRow, Change, ClientForm, ClientKinds,
    ClientNew, ClientSaved, ClientSettings, Comparison, Counted, Forbidden, HeldFactor, Kind,
    MoreSettings, PolicyOf, Preview, Refusal, RefusalList, RefusalRow, ScopeEdit, ScopeList,
    ScopeRow, SeenAddress, TeamGroup, UserFilters, UserLink, UserList, UserNew, UserPage, UserRow,
};
use mandate::web::views::{Choice, Errors, Fact, FieldError, Link, NavEntry, Person, Snippet};

use crate::Page;
use crate::client::{call, head, trial};
use crate::voice::{Voice, ago, ahead};

pub fn pages(voice: Voice) -> Vec<Page> {
    let mut pages = vec![
        ("client-kinds", kinds(voice)),
        ("client-new", client_new(voice, Errors::default())),
        ("client-new-wrong", client_new(voice, wrong(voice))),
        ("client-saved", saved(voice)),
        ("client-settings", settings(voice)),
    ];
    pages.push(("scopes", scopes(voice)));
    pages.push(("scope-edit", scope_edit(voice, None)));
    pages.push(("scope-edit-refused", scope_edit(voice, voice.maybe("Built in."))));
    pages.push(("audit", audit(voice)));
    pages.push(("audit-overview", audit_overview(voice)));
    pages.extend(users(voice));
    pages.extend(refusals(voice));
    pages
}

fn kind(voice: Voice, title: &str, icon: &str, about: &str, terms: &str) -> Kind {
    Kind {
        title: voice.say(title),
        about: voice.say(about),
        terms: voice.say(terms),
        icon: icon.into(),
        href: format!("/console/clients/new/{icon}"),
        refused: None,
    }
}

fn kinds(voice: Voice) -> String {
    let sync = kind(
        voice,
        "Sync connector",
        "plug",
        "Copies people and groups from a directory.",
        "Client credentials, SCIM scopes",
    );
    let page = ClientKinds {
        frame: voice.frame("Clients"),
        kinds: vec![
            kind(
                voice,
                "Web application",
                "browser",
                "Runs on a server and signs people in.",
                "Authorization code, confidential",
            ),
            kind(
                voice,
                "App without a server",
                "device",
                "Single-page, mobile, desktop or command line: runs where no secret can be kept.",
                "Authorization code with PKCE, public",
            ),
            kind(
                voice,
                "Service",
                "server",
                "A job or backend that works on its own, with nobody watching.",
                "Client credentials, confidential",
            ),
            kind(
                voice,
                "AI agent or MCP client",
                "agent",
                "Acts for a person who allows it, read only unless you say otherwise.",
                "Authorization code with PKCE, short tokens",
            ),
            Kind { refused: voice.maybe("You need the permission scim:write."), ..sync },
            kind(voice, "Something else", "custom", "Choose every setting yourself.", "Custom"),
        ],
    };
    page.render().unwrap()
}

fn form(voice: Voice, errors: Errors) -> ClientForm {
    let write = Choice {
        refused: voice.maybe("A read-only client cannot hold it."),
        ..voice.hinted("orders:write", "orders:write", "", false)
    };
    ClientForm {
        client_id: Some(String::new()),
        client_name: voice.say("Harbour Notes"),
        description: voice.say("Notes on ships, berths and tides."),
        contacts: voice.say("ops@harbour.example"),
        organization: vec![voice.choice("o1", "Northwind", true)],
        owner_team: vec![voice.choice("t1", "Harbour", true), voice.choice("t2", "Quay", false)],
        confidential: vec![
            voice.hinted("true", "Confidential", "Keeps a secret on a server.", true),
            voice.hinted("false", "Public", "No secret; proves itself with PKCE.", false),
        ],
        grants: vec![
            voice.hinted(
                "authorization_code",
                "Authorization code",
                "People sign in and allow it.",
                true,
            ),
            voice.hinted("client_credentials", "Client credentials", "It works on its own.", false),
            Choice {
                refused: voice.maybe("Switched off on this server."),
                ..voice.choice("password", "Password (legacy)", false)
            },
        ],
        grants_summary: voice.say("authorization code"),
        team_selection: vec![
            voice.hinted("single", "One team", "The person picks exactly one.", true),
            voice.hinted("multiple", "Several teams", "Any of those they belong to.", false),
        ],
        team_groups: vec![TeamGroup {
            organization: voice.choice("o1", "Northwind", false),
            teams: vec![voice.choice("t1", "Harbour", true), voice.choice("t2", "Quay", false)],
        }],
        access: vec![
            voice.hinted("read_only", "Read only", "It can look, and change nothing.", true),
            voice.hinted("full", "Full access", "It can also change and delete.", false),
        ],
        scopes: vec![
            voice.hinted("openid", "openid", "Sign people in", true),
            voice.hinted("orders:read", "orders:read", "See orders", true),
            write,
        ],
        context_user: String::new(),
        access_token_lifetime: voice.say("1 h"),
        lifetime_advice: voice.say("1 h is usual for web applications."),
        lifetime_usual: "1 h".into(),
        access_token_format: vec![
            voice.hinted("opaque", "Opaque", "Ends at once when revoked.", true),
            voice.hinted("jwt", "JWT", "Checked offline; lives until it expires.", false),
        ],
        refresh: voice.choice("refresh_token", "Refresh", true),
        refresh_token_lifetime: "60 d".into(),
        pkce: vec![
            voice.choice("required", "Required", true),
            voice.choice("optional", "Optional", false),
        ],
        require_consent: true,
        trusted_ips: String::new(),
        redirect_uris: voice.say("https://notes.harbour.example/callback"),
        post_logout_redirect_uris: String::new(),
        more: more(voice),
        high_risk: !errors.is_empty(),
        high_risk_above: 3600,
        errors,
    }
}

fn more(voice: Voice) -> MoreSettings {
    MoreSettings {
        logo_uri: voice.say("https://notes.harbour.example/logo.svg"),
        verified: Some(true),
        default_scopes: voice.say("openid profile"),
        default_resource: voice.say("https://api.harbour.example"),
        id_token_alg: vec![voice.choice("RS256", "RS256", true)],
        refresh_rotation: vec![voice.choice("rotate", "It is replaced", true)],
        refresh_overlap: voice.say("30 s"),
        trusted_ips_mode: vec![voice.choice("enforce", "Is refused", true)],
        token_issuance: vec![voice.choice("always_new", "A token of its own", true)],
        claims: voice.say("{\"tier\": \"gold\"}"),
        open: true,
        ..MoreSettings::default()
    }
}

fn wrong(voice: Voice) -> Errors {
    let fields: [(&str, &str); 4] = [
        ("client_name", "Another client in Northwind has this name."),
        ("scopes", "orders:write needs full access."),
        ("redirect_uris", "http://notes.harbour.example/cb must use https."),
        ("confirm_high_risk", "Confirm that you want full access with a long access token."),
    ];
    Errors(fields.map(|(field, message)| voice.wrong(field, message)).into())
}

fn client_new(voice: Voice, errors: Errors) -> String {
    let page = ClientNew {
        frame: voice.frame("Clients"),
        action: "/console/clients".into(),
        kind: kind(
            voice,
            "web application",
            "browser",
            "Runs on a server and signs people in.",
            "Authorization code, confidential",
        ),
        kind_word: "web".into(),
        kind_value: "user_authorized".into(),
        idempotency_key: "sample-key".into(),
        call: None,
        form: form(voice, errors),
    };
    page.render().unwrap()
}

fn settings(voice: Voice) -> String {
    let conflict = Change {
        field: "access_token_lifetime".into(),
        before: voice.say("2 hours"),
        after: voice.say("1 hour"),
    };
    let page = ClientSettings {
        frame: voice.frame("Clients"),
        client: head(voice, "Settings"),
        action: "/console/clients/harbour-notes/settings".into(),
        version: "7".into(),
        conflict: vec![conflict.clone()],
        preview: Some(Preview { changes: vec![conflict], tokens: 2, tokens_end: false }),
        call: Some(call(voice)),
        refused: None,
        revoke_tokens: false,
        form: ClientForm { client_id: None, ..form(voice, Errors::default()) },
    };
    page.render().unwrap()
}

fn saved(voice: Voice) -> String {
    let snippet = |label: &str, code: &str| Snippet { label: label.into(), code: voice.say(code) };
    let page = ClientSaved {
        frame: voice.frame("Clients"),
        client_name: voice.say("Harbour Notes"),
        client_id: voice.say("harbour-notes"),
        secret: voice.maybe("mcs_8sJ2vQ0pLr5TnXk3Wd7YhBz4Mc9FgAe1Ru6NjSo"),
        shown_before: false,
        previous: voice.maybe("The secrets before this one stop working tomorrow at 14:05."),
        snippets: vec![
            snippet(
                ".env",
                "OAUTH_ISSUER=https://id.northwind.example\nOAUTH_CLIENT_ID=harbour-notes\nOAUTH_CLIENT_SECRET=mcs_8sJ2…",
            ),
            snippet("JSON", "{\"client_id\": \"harbour-notes\"}"),
            snippet("Kubernetes Secret", "apiVersion: v1\nkind: Secret"),
            snippet(
                "curl",
                "curl -s -u 'harbour-notes:mcs_8sJ2…' https://id.northwind.example/oauth2/token",
            ),
        ],
        trial: Some(trial(voice)),
        next: "/console/clients/harbour-notes".into(),
    };
    page.render().unwrap()
}

fn scope_edit(voice: Voice, refused: Option<String>) -> String {
    let page = ScopeEdit {
        frame: voice.frame("Scopes"),
        action: "/console/scopes/edit".into(),
        delete: "/console/scopes:delete".into(),
        version: "3".into(),
        row: ScopeRow {
            name: voice.say("orders:read"),
            kind: "read".into(),
            description: voice.say("See your orders"),
            clients: 3,
            clients_href: "/console/clients?scope=orders%3Aread".into(),
            ..ScopeRow::default()
        },
        kind: vec![
            voice.hinted("read", "Reads", "A token with it only looks.", true),
            Choice {
                refused: voice.maybe("It is in use."),
                ..voice.choice("write", "Writes", false)
            },
        ],
        description: voice.say("See your orders"),
        resources: vec![voice.choice("", "Every API", true)],
        refused,
        errors: Errors(vec![voice.wrong("description", "Say what it allows, in 300 characters.")]),
    };
    page.render().unwrap()
}

fn scopes(voice: Voice) -> String {
    let row = |name: &str, kind: &str, words: &str, clients| ScopeRow {
        name: voice.say(name),
        href: "/console/scopes/edit?name=x".into(),
        kind: kind.into(),
        description: voice.say(words),
        resource: voice.maybe("Orders"),
        management: kind == "identity",
        system: kind == "identity",
        clients,
        clients_href: "/console/clients?scope=openid".into(),
        deletable: clients == 0,
    };
    let page = ScopeList {
        frame: voice.frame("Scopes"),
        q: voice.say("o"),
        rows: vec![
            row("openid", "identity", "Know who you are", 7),
            row("orders:read", "read", "See your orders", 1),
            row("orders:write", "write", "Change your orders", 0),
        ],
        refused: None,
        delete: "/console/scopes:delete".into(),
        name: voice.say("orders:read"),
        kind: vec![voice.choice("read", "Reads", true), voice.choice("write", "Writes", false)],
        description: voice.say("See your orders"),
        resources: vec![voice.choice("", "Every API", true)],
        errors: Errors(vec![voice.wrong("name", "There is a scope of this name already.")]),
    };
    page.render().unwrap()
}

fn audit_tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str| NavEntry {
        label: label.into(),
        href: "/console/audit".into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Entries"), tab("Overview")]
}

fn audit_overview(voice: Voice) -> String {
    let counted = |label: &str, value: &str, share| Counted {
        label: label.into(),
        about: "Sign-ins, sessions, tokens, passwords and secrets".into(),
        value: value.into(),
        href: "/console/audit?outcome=refused".into(),
        refused: "12".into(),
        refused_href: "/console/audit?outcome=refused".into(),
        share,
    };
    let plain =
        |label: &str, value: &str| Counted { about: String::new(), ..counted(label, value, 0) };
    let page = AuditOverview {
        frame: voice.frame("Audit"),
        tabs: audit_tabs("Overview"),
        stretches: audit_tabs("Entries"),
        person: voice.say("ada@northwind.example"),
        from: "2026-11-01".into(),
        to: "2026-11-07".into(),
        refused: voice.maybe("90 days at most are counted at once."),
        cards: vec![
            plain("Total", "1 204"),
            plain("Successful", "1 192"),
            plain("Failed or denied", "12"),
            Counted { href: String::new(), ..plain("Success rate", "99 %") },
        ],
        categories: vec![counted("Access", "204", 0), counted("Authentication", "1 000", 0)],
        actions: vec![
            counted(&voice.say("Signed in"), "988", 100),
            counted(&voice.say("Failed to sign in"), "12", 2),
        ],
    };
    page.render().unwrap()
}

fn audit(voice: Voice) -> String {
    let entry = |action: &str, refused| AuditEntry {
        row: AuditRow {
            through: voice.maybe("harbour-notes"),
            href: "/console/audit/1".into(),
            at: ago(1),
            actor: voice.say("Jonas Weir"),
            action: voice.say(action),
            changes: vec![Change {
                field: voice.say("Name"),
                before: voice.say("Harbour"),
                after: voice.say("Harbour Notes"),
            }],
            address: voice.say("198.51.100.7"),
            request_id: "req_7QK2M4XD".into(),
        },
        object: voice.say("Harbour Notes"),
        object_kind: "client".into(),
        object_href: Some("/console/clients/harbour-notes".into()),
        refused,
        count: 3,
    };
    let page = AuditList {
        frame: voice.frame("Audit"),
        rows: vec![entry("Changed the settings", false), entry("Signed in", true)],
        filters: AuditFilters {
            actor: voice.say("ada@northwind.example"),
            kind: vec![voice.choice("", "Anything", true), voice.choice("client", "Client", false)],
            action: vec![voice.choice("", "Anything", true)],
            outcome: vec![voice.choice("", "Any", true)],
            from: "2026-11-01".into(),
            more: true,
            active: true,
            ..AuditFilters::default()
        },
        tabs: audit_tabs("Entries"),
        single: false,
        export: Some(Link { label: "Export".into(), href: "/console/audit.csv".into() }),
        first: None,
        next: Some("?cursor=1".into()),
    };
    page.render().unwrap()
}

fn user(voice: Voice, name: &str, status: &str, level: &str) -> UserRow {
    UserRow {
        href: Some("/console/users/usr_1".into()),
        person: Person { name: voice.say(name), email: voice.say("someone@northwind.example") },
        status: status.into(),
        status_level: level.into(),
        source: "Local".into(),
        second_factor: level == "ok",
        teams: vec![voice.say("Harbour"), voice.say("Quay")],
        roles: vec![voice.say("Client manager")],
        last_sign_in: (level == "ok").then(|| ago(2)),
        created: ago(90),
    }
}

fn seen(address: &str, is_trusted: bool) -> SeenAddress {
    let address = address.into();
    SeenAddress { address, is_trusted, was_refused: !is_trusted, times: 3, last: ago(0) }
}

fn users(voice: Voice) -> Vec<Page> {
    let list = UserList {
        frame: voice.frame("Users"),
        filters: UserFilters {
            q: voice.say("a"),
            status: vec![voice.choice("", "Any", true)],
            source: vec![voice.choice("", "Any", true)],
            second_factor: vec![voice.choice("", "Any", true)],
            active: true,
        },
        rows: vec![
            user(voice, "Ada Brandt", "Active", "ok"),
            user(voice, "Jonas Weir", "Invited", "off"),
            user(voice, "Mina Okafor", "Locked", "danger"),
        ],
        create_refused: None,
        first: None,
        next: None,
    };
    let new = UserNew {
        frame: voice.frame("Users"),
        action: "/console/users".into(),
        mails: true,
        display_name: voice.say("Mina Okafor"),
        email: "mina".into(),
        teams: vec![voice.choice("t1", "Harbour", true), voice.choice("t2", "Quay", false)],
        roles: vec![
            voice.choice("r1", "Client manager", false),
            voice.choice("r2", "Reader", true),
        ],
        errors: Errors(vec![FieldError {
            field: "email".into(),
            message: voice.say("Write a whole address, such as mina@northwind.example."),
        }]),
    };
    let link = |is_reset: bool| UserLink {
        frame: voice.frame("Users"),
        person: voice.person(),
        is_reset,
        url: voice.say("https://id.northwind.example/invitation/9sKd2aQ7mVx4Rj6NcYt0HfGw"),
        expires: ahead(3),
        page: "/console/users/usr_1".into(),
        mailed: is_reset,
        not_mailed: !is_reset,
        warning: voice.maybe("The teams were not given: there is no such role."),
    };
    let reason = "This is the last platform administrator who can sign in.";
    let refused = user_page(voice, Errors(vec![voice.wrong("state", reason)]), false);
    let stronger =
        user_page(voice, Errors(vec![voice.wrong("link", "This person may do more.")]), true);
    let page = user_page(voice, Errors::default(), false);
    vec![
        ("users", list.render().unwrap()),
        ("user-new", new.render().unwrap()),
        ("user-invited", link(false).render().unwrap()),
        ("user-reset", link(true).render().unwrap()),
        ("user", page.render().unwrap()),
        ("user-refused", refused.render().unwrap()),
        ("user-link-refused", stronger.render().unwrap()),
    ]
}

fn user_page(voice: Voice, errors: Errors, has_password: bool) -> UserPage {
    UserPage {
        policy: Some(PolicyOf {
            name: voice.say("Contractors"),
            href: "/console/sign-in-policies/x".into(),
            words: "Their sessions end after 4 hours.".into(),
        }),
        frame: voice.frame("Users"),
        person: voice.person(),
        id: "usr_8sJ2vQ0pLr5TnXk3".into(),
        status: "Invited".into(),
        status_level: "off".into(),
        facts: vec![Fact { label: "Source".into(), value: "Local".into() }],
        roles: vec![(voice.say("Client manager"), voice.say("Team Harbour"))],
        bindings: Some("/console/bindings/usr_x".into()),
        sessions: Some("/console/sessions?user=usr_x".into()),
        teams: vec![
            Link { label: voice.say("Harbour"), href: "/console/teams/t".into() },
            Link { label: voice.say("Quay"), href: String::new() },
        ],
        more_teams: 9,
        is_self: true,
        active: true,
        locked: false,
        display_name: voice.say("Ada Brandt"),
        email: voice.say("ada@northwind.example"),
        path: "/console/users/usr_x".into(),
        trusted_ips: "192.0.2.0/24".into(),
        trusted_ips_modes: vec![voice.choice("observe", "Is let in and recorded", true)],
        only_observed: Some(voice.say("Only observed for now.")),
        seen: vec![seen("192.0.2.7", true), seen("2001:db8::7", false)],
        proposal: "2001:db8::7".into(),
        invite: (!has_password).then(|| "/invite".into()),
        reset: has_password.then(|| "/reset-password".into()),
        without_factor: "None yet: they set one up when they next sign in.",
        second_factor: has_password.then(|| HeldFactor {
            since: ago(40),
            last_used: Some(ago(0)),
            recovery_codes: 7,
            reset: "/console/users/usr_x/reset-second-factor".into(),
        }),
        refused: None,
        delete_refused: None,
        errors,
    }
}

fn refusals(voice: Voice) -> Vec<Page> {
    let fact = |label: &str, value: &str| Fact { label: label.into(), value: voice.say(value) };
    let refusal = Refusal {
        frame: voice.frame("Refusals"),
        error_id: "err_7QK2-M4XD".into(),
        title: voice.say("Redirect address not registered"),
        reason: voice.say("The application asked to send the answer to an address that is not registered for it. Addresses are compared byte for byte."),
        comparisons: vec![Comparison::of(
            "Redirect address",
            &voice.say("https://notes.harbour.example/callback"),
            &format!("{}/", voice.say("https://notes.harbour.example/Callback")),
        )],
        advice: vec![
            voice.say("If the new address is right, add it under Settings of the client."),
            voice.say("Otherwise correct it in the application: case and a final slash count."),
        ],
        at: ago(0),
        client: Some(Link { label: voice.say("Harbour Notes"), href: "/console/clients/harbour-notes".into() }),
        facts: vec![
            fact("The caller was told", "A page, without a redirect"),
            fact("Endpoint", "GET /oauth2/authorize"),
            fact("Person", "nobody yet"),
            fact("Address", "203.0.113.24"),
            fact("Browser", "Firefox on Linux"),
            fact("Request", "req_7QK2M4XD"),
        ],
        repeated: voice.maybe("The same happened 37 times in the last hour."),
    };
    let row = |title: &str, code: &str, client: Option<String>| RefusalRow {
        error_id: "err_7QK2-M4XD".into(),
        href: "/console/errors/err_7QK2-M4XD".into(),
        title: voice.say(title),
        code: code.into(),
        client,
        address: voice.say("203.0.113.24"),
        at: ago(1),
    };
    let list = RefusalList {
        frame: voice.frame("Refusals"),
        q: String::new(),
        rows: vec![
            row("Redirect address not registered", "page", voice.maybe("Harbour Notes")),
            row("Wrong client secret", "invalid_client", voice.maybe("Billing export")),
            row("Unknown client", "page", None),
        ],
        counted: voice
            .maybe("112 more refusals of Billing export in the last hour were only counted."),
        first: None,
        next: Some("?cursor=1".into()),
    };
    let forbidden = Forbidden {
        frame: voice.frame("Clients"),
        what: voice.say("create clients"),
        permission: "oauth_client:create".into(),
        ask: vec![voice.say("Ada Brandt"), voice.say("Jonas Weir")],
        back: Link { label: "Back to clients".into(), href: "/console/clients".into() },
    };
    vec![
        ("refusal", refusal.render().unwrap()),
        ("refusals", list.render().unwrap()),
        ("forbidden", forbidden.render().unwrap()),
    ]
}
