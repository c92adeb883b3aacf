//! The pages of no room: home, error, not found.

use askama::Template;
use mandate::web::views::{DemoGuide, DemoPerson, ErrorPage, Fact, Home, Link, NotFound, Snippet};

use crate::Page;
use crate::voice::Voice;

pub fn pages(voice: Voice) -> Vec<Page> {
    vec![
        ("home", home(voice, None)),
        ("home-demo", home(voice, Some(guide(voice)))),
        ("error", error(voice)),
        ("not-found", not_found(voice)),
    ]
}

fn home(voice: Voice, demo: Option<DemoGuide>) -> String {
    let endpoint = |label: &str, path: &str| Fact {
        label: label.into(),
        value: voice.say(&format!("https://id.northwind.example{path}")),
    };
    let page = Home {
        issuer: voice.say("https://id.northwind.example"),
        endpoints: vec![
            endpoint("Discovery", "/.well-known/openid-configuration"),
            endpoint("Authorization", "/oauth2/authorize"),
            endpoint("Token", "/oauth2/token"),
            endpoint("Introspection", "/oauth2/introspect"),
            endpoint("Revocation", "/oauth2/revoke"),
            endpoint("User info", "/oauth2/userinfo"),
            endpoint("Signing keys", "/oauth2/jwks"),
        ],
        person: demo.as_ref().map(|_| voice.person()),
        demo,
    };
    page.render().unwrap()
}

fn guide(voice: Voice) -> DemoGuide {
    let person = |name: &str, about: &str, password: &str| DemoPerson {
        name: voice.say(name),
        about: voice.say(about),
        email: voice.say(&format!("{}@demo.example", name.to_lowercase().replace(' ', "."))),
        password: voice.say(password),
    };
    DemoGuide {
        sample_app: "http://127.0.0.1:8081".into(),
        people: vec![
            person("Ada Brandt", "Platform administrator", "copper-lantern-vivid-otter"),
            person("Jonas Weir", "Manages the clients of Harbour", "quiet-maple-seventh-tram"),
            person("Mina Okafor", "Reads in Harbour, writes in Quay", "amber-willow-sixty-kites"),
        ],
        commands: vec![
            Snippet {
                label: "1. Get a token as a service".into(),
                code: "curl -s -u demo-service:mcs_8sJ2 http://localhost:8080/oauth2/token \\\n  -d grant_type=client_credentials".into(),
            },
            Snippet {
                label: "2. Ask what it can do".into(),
                code: "curl -s -H \"Authorization: Bearer $TOKEN\" http://localhost:8080/api/v1/me".into(),
            },
        ],
    }
}

fn error(voice: Voice) -> String {
    let page = ErrorPage {
        title: voice.say("This sign-in link is not right"),
        sentence: voice.say("The application asked to send you to an address that is not registered for it, so you were not sent there."),
        advice: voice.say("Tell the people who run the application. They need to register the address they use."),
        error_id: Some("err_7QK2-M4XD".into()),
        ways_out: vec![Link { label: voice.say("Your account"), href: "/account".into() }],
    };
    page.render().unwrap()
}

fn not_found(voice: Voice) -> String {
    let page = NotFound {
        ways_out: vec![
            Link { label: voice.say("All clients"), href: "/console/clients".into() },
            Link { label: "Home".into(), href: "/".into() },
        ],
    };
    page.render().unwrap()
}
