//! The pages of a person.

use askama::Template;
use mandate::account::views::{
    BrowserSession, ChangePassword, CodeStep, ConnectedApp, ConnectedGrant, Consent, Deputy,
    Expired, ForgotPassword, GrantToken, Login, Logout, NewFactor, NewPassword, Overview,
    Permission, Picker, Picture, RecoveryCodes, SecondFactorPage, SetUp, SignedOut, TeamChoice,
};
use mandate::web::views::{Choice, Errors, FormPost, Link, When};

use crate::Page;
use crate::voice::{DAY, NOW, Voice, ago, ahead};

pub fn pages(voice: Voice) -> Vec<Page> {
    let mut pages = vec![
        ("login", login(voice, None, None)),
        (
            "login-wrong",
            login(
                voice,
                voice.maybe("That e-mail address and password do not belong together."),
                None,
            ),
        ),
        ("login-wait", login(voice, None, Some(42))),
        ("consent", consent(voice, single(voice), None)),
        ("consent-many-teams", consent(voice, multiple(voice), None)),
        ("consent-ten-thousand-teams", consent(voice, bounded(voice), None)),
        (
            "consent-wrong",
            consent(voice, multiple(voice), voice.maybe("Choose at least one team.")),
        ),
        ("consent-first", first_consent(voice)),
        ("account", overview(voice)),
        ("account-empty", empty_overview(voice)),
    ];
    pages.extend(entry(voice));
    pages.extend(second_factors(voice));
    pages
}

fn second_factors(voice: Voice) -> Vec<Page> {
    let token = || String::from("sample-form-token");
    let code = |error: Option<String>, wait: Option<u32>| CodeStep {
        action: "/login/second-factor".into(),
        form_token: token(),
        proof: "sealed".into(),
        request: Some("sealed-request".into()),
        next: None,
        application: voice.maybe("Harbour Notes"),
        email: voice.say("ada@northwind.example"),
        error,
        wait: wait.map(|seconds| format!("{seconds} seconds")),
        too_long: false,
        login: "/login?next=%2Faccount".into(),
    };
    let new = |proof: Option<String>, is_replacement: bool, errors: Errors| NewFactor {
        action: "/login/second-factor".into(),
        form_token: token(),
        enrolment: "sealed".into(),
        application: proof.as_ref().and_then(|_| voice.maybe("Harbour Notes")),
        proof,
        request: None,
        next: None,
        email: voice.say("ada@northwind.example"),
        is_replacement,
        cancel: "/login".into(),
        picture: Picture { size: 33, path: "M4 4h7v1h-7zM4 12h21v9h-21z".into() },
        uri: "otpauth://totp/id.northwind.example:ada?secret=GEZDGNBV".into(),
        key: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".into(),
        errors,
    };
    let deeds = || {
        let mut deeds = vec![
            voice.choice("renew", "Get new recovery codes", true),
            voice.choice("remove", "Remove it", false),
        ];
        deeds[1].refused = Some(voice.say("Your administrator asks for a second factor."));
        deeds
    };
    let page = |held: bool, errors: Errors| SecondFactorPage {
        action: "/account/second-factor".into(),
        form_token: token(),
        person: voice.person(),
        since: held.then(|| ago(90)),
        last_used: held.then(|| ago(0)),
        recovery_codes: if held { 2 } else { 0 },
        is_required: true,
        deeds: deeds(),
        errors,
    };
    let wrong = |field: &str| Errors(vec![voice.wrong(field, "This is not a code of yours.")]);
    let codes = RecoveryCodes {
        codes: (1..=10).map(|n| voice.say(&format!("{n:04} 5678 9012"))).collect(),
        next: "/oauth2/authorize".into(),
        fields: vec![("continue".into(), voice.say("sealed"))],
    };
    let error = voice.maybe("This is not a code of yours, or it was used already.");
    vec![
        ("code", code(None, None).render().unwrap()),
        ("code-wrong", code(error, None).render().unwrap()),
        ("code-wait", code(None, Some(64)).render().unwrap()),
        ("new-factor", new(Some("sealed".into()), false, Errors::default()).render().unwrap()),
        ("new-factor-wrong", new(None, false, wrong("code")).render().unwrap()),
        ("new-factor-replacing", new(None, true, Errors::default()).render().unwrap()),
        ("recovery-codes", codes.render().unwrap()),
        ("second-factor", page(true, Errors::default()).render().unwrap()),
        ("second-factor-wrong", page(true, wrong("code")).render().unwrap()),
        ("second-factor-none", page(false, wrong("password")).render().unwrap()),
    ]
}

fn login(voice: Voice, error: Option<String>, wait: Option<u32>) -> String {
    let page = Login {
        action: "/login".into(),
        form_token: "sample-form-token".into(),
        request: Some("sealed-request".into()),
        next: None,
        application: voice.maybe("Harbour Notes"),
        email: if error.is_some() { voice.say("ada@northwind.example") } else { String::new() },
        error,
        wait,
        notice: None,
        mails: wait.is_some(),
    };
    page.render().unwrap()
}

fn picker(teams: Vec<Choice>) -> Picker {
    let total = u64::try_from(teams.len()).unwrap();
    Picker { teams, total, fitting: total, shown: total, ..Picker::default() }
}

fn single(voice: Voice) -> TeamChoice {
    TeamChoice::Single(picker(vec![
        voice.hinted("t1", "Harbour", "You can read and change", true),
        voice.hinted("t2", "Quay", "You can read", false),
        voice.hinted("t3", "Lighthouse", "You can read", false),
    ]))
}

fn several(voice: Voice) -> Picker {
    let teams = [
        "Harbour",
        "Quay",
        "Lighthouse",
        "Dry dock",
        "Pilots",
        "Customs",
        "Tugs",
        "Night watch",
        "Archive",
    ];
    let choice = |(at, name): (usize, &&str)| voice.choice(&format!("t{at}"), name, at < 2);
    picker(teams.iter().enumerate().map(choice).collect())
}

fn multiple(voice: Voice) -> TeamChoice {
    TeamChoice::Multiple(several(voice))
}

/// More than a page holds.
fn bounded(voice: Voice) -> TeamChoice {
    let (total, fitting, q) = (10_000, 412, voice.say("o"));
    TeamChoice::Multiple(Picker { total, fitting, q, bounded: true, ..several(voice) })
}

fn permission(voice: Voice, text: &str, scope: &str, new: bool) -> Permission {
    Permission { text: voice.say(text), scope: voice.say(scope), new }
}

fn sample_consent(voice: Voice) -> Consent {
    Consent {
        action: "/oauth2/consent".into(),
        form_token: "sample-form-token".into(),
        request: "authorization-request".into(),
        application: voice.say("Harbour Notes"),
        host: voice.say("notes.harbour.example"),
        owner: voice.maybe("Harbour Operations"),
        verified: true,
        person: voice.person(),
        allowed_before: Some(When::exact(NOW - 40 * DAY)),
        identity: Vec::new(),
        read: vec![permission(voice, "See who is on those teams", "team:read", true)],
        change: vec![permission(voice, "Create and change orders", "orders:write", true)],
        changes_nothing: false,
        known: vec![
            permission(voice, "Your name and e-mail address", "profile email", false),
            permission(voice, "See the orders of the teams you choose", "orders:read", false),
        ],
        teams: single(voice),
        teams_error: None,
        lasts: "Lasts 7 days at most, then it must ask again.".into(),
        switch_person: "/consent/somebody-else?request=x".into(),
    }
}

fn consent(voice: Voice, teams: TeamChoice, teams_error: Option<String>) -> String {
    Consent { teams, teams_error, ..sample_consent(voice) }.render().unwrap()
}

fn first_consent(voice: Voice) -> String {
    let page = Consent {
        application: voice.say("Deck Agent"),
        host: voice.say("this device (127.0.0.1)"),
        verified: false,
        owner: None,
        allowed_before: None,
        identity: vec![permission(voice, "Your name and e-mail address", "profile email", false)],
        change: Vec::new(),
        changes_nothing: true,
        known: Vec::new(),
        read: vec![permission(voice, "Read everything you can read", "as_user:read", false)],
        teams: TeamChoice::One(voice.say("Harbour")),
        ..sample_consent(voice)
    };
    page.render().unwrap()
}

fn entry(voice: Voice) -> Vec<Page> {
    let action = || String::from("/somewhere");
    let form_token = || String::from("sample-form-token");
    let wrong =
        || Errors(vec![voice.wrong("password", "Use at least 15 characters; this has 11.")]);
    let set_up = SetUp {
        action: action(),
        form_token: form_token(),
        link: "one-time".into(),
        issuer: voice.say("https://id.northwind.example"),
        display_name: String::new(),
        email: String::new(),
        errors: Errors::default(),
    };
    let new_password = |is_reset: bool| NewPassword {
        action: action(),
        form_token: form_token(),
        link: "one-time".into(),
        person: voice.person(),
        is_reset,
        errors: wrong(),
    };
    let forgot = |asked: bool, wait: Option<u32>| ForgotPassword {
        action: action(),
        form_token: form_token(),
        email: voice.say("ada@northwind.example"),
        asked,
        wait,
        errors: if asked || wait.is_some() {
            Errors::default()
        } else {
            Errors(vec![voice.wrong("email", "An e-mail address looks like name@example.com.")])
        },
    };
    let change = ChangePassword {
        action: action(),
        form_token: form_token(),
        person: voice.person(),
        errors: wrong(),
    };
    let logout = Logout {
        action: "/logout".into(),
        form_token: form_token(),
        request: None,
        application: voice.maybe("Harbour Notes"),
        person: voice.person(),
        stay: "/account".into(),
    };
    let back = Link { label: voice.say("Harbour Notes"), href: "https://notes.example".into() };
    let form_post = FormPost {
        action: "https://notes.harbour.example/callback".into(),
        application: voice.say("Harbour Notes"),
        fields: vec![("code".into(), "abc".into()), ("state".into(), voice.say("x y"))],
    };
    let expired = Expired { application: voice.maybe("Harbour Notes"), again: None };
    vec![
        ("setup", set_up.render().unwrap()),
        ("invitation", new_password(false).render().unwrap()),
        ("password-reset", new_password(true).render().unwrap()),
        ("forgot-password", forgot(false, None).render().unwrap()),
        ("forgot-password-wait", forgot(false, Some(12)).render().unwrap()),
        ("forgot-password-asked", forgot(true, None).render().unwrap()),
        ("change-password", change.render().unwrap()),
        ("logout", logout.render().unwrap()),
        ("signed-out", SignedOut { back: Some(back) }.render().unwrap()),
        ("expired", expired.render().unwrap()),
        ("form-post", form_post.render().unwrap()),
    ]
}

fn grant(voice: Voice, at: i64) -> ConnectedGrant {
    ConnectedGrant {
        revoke: format!("/account/grants/{at}/revoke"),
        id: "4kx0w2m9-sJ2vQ0pLr5TnX".into(),
        may: vec![voice.say("Read orders"), voice.say("Change orders"), voice.say("See your name")],
        teams: vec![voice.say("Harbour"), voice.say("Quay")],
        allowed: ago(at * 9),
        last_used: (at < 3).then(|| ago(at)),
        expires: Some(ahead(7 - at)),
        tokens: vec![token("Refresh token", at), token("Access token", at)],
    }
}

fn token(kind: &'static str, at: i64) -> GrantToken {
    GrantToken {
        kind,
        id: format!("{at}kx0w2m9-sJ2vQ0pLr5TnX"),
        last_used: (at < 3).then(|| ago(at)),
        expires: ahead(7 - at),
        revoke: format!("/account/tokens/{at}/revoke"),
    }
}

fn overview(voice: Voice) -> String {
    let app = |name: &str, host: &str, verified, grants: &[i64]| ConnectedApp {
        name: voice.say(name),
        host: voice.say(host),
        verified,
        revoke_all: "/account/apps/x/revoke".into(),
        grants: grants.iter().map(|at| grant(voice, *at)).collect(),
    };
    let session = |browser: &str, device: &str, days, current| BrowserSession {
        revoke: "/account/sessions/x/revoke".into(),
        browser: voice.say(browser),
        device: voice.say(device),
        place: voice.say("Berlin, Germany"),
        address: voice.say("203.0.113.24"),
        last_active: ago(days),
        expires: ahead(1),
        current,
    };
    let page = Overview {
        apps: vec![
            app("Harbour Notes", "notes.harbour.example", true, &[0, 2]),
            app("Deck Agent", "this device", false, &[3]),
        ],
        services: vec![
            service(voice, 2, Some("Northwind (ops@northwind.example)")),
            service(voice, 5, None),
        ],
        more_services: 3,
        sessions: vec![
            session("Firefox", "Linux computer", 0, true),
            session("Safari", "iPhone", 3, false),
        ],
        done: voice.maybe("Signed out of Chrome on Windows."),
        ..sample_overview(voice)
    };
    page.render().unwrap()
}

fn service(voice: Voice, at: i64, ask: Option<&str>) -> Deputy {
    Deputy {
        name: voice.say("Night export"),
        id: format!("night-export-{at}"),
        paused: ask.is_none(),
        may: vec![voice.say("Read orders"), voice.say("See who is on those teams")],
        chosen: ask.map(|_| (voice.say("Grace Hopper"), ago(at))),
        registered: ago(at),
        last_used: ask.map(|_| ago(1)),
        ask: ask.map(|who| voice.say(who)),
    }
}

fn sample_overview(voice: Voice) -> Overview {
    Overview {
        person: voice.person(),
        teams: vec![voice.say("Harbour"), voice.say("Quay")],
        more_teams: 3,
        form_token: "sample-form-token".into(),
        done: None,
        console: true,
        second_factor: Some((ago(90), 8)),
        apps: Vec::new(),
        revoke_all_apps: "/account/apps/revoke".into(),
        services: Vec::new(),
        more_services: 0,
        sessions: Vec::new(),
        revoke_other_sessions: "/account/sessions/revoke-others".into(),
    }
}

fn empty_overview(voice: Voice) -> String {
    sample_overview(voice).render().unwrap()
}
