//! The sample application.

use askama::Template;
use mandate::demo::views::{Exchange, OpenedToken, SignedIn, SignedOut, Trouble};
use mandate::web::views::Fact;

use crate::Page;
use crate::voice::Voice;

pub fn pages(voice: Voice) -> Vec<Page> {
    let signed_out = SignedOut {
        sign_in: "/sign-in".into(),
        server: "http://localhost:8080/".into(),
        notice: voice.maybe("You are signed out here and at the server."),
    };
    let trouble = Trouble {
        sentence: voice.say("You said no, so there is nothing to show. That is fine."),
        code: voice.maybe("access_denied"),
        sign_in: "/sign-in".into(),
    };
    vec![
        ("sample-signed-out", signed_out.render().unwrap()),
        ("sample-signed-in", signed_in(voice).render().unwrap()),
        ("sample-trouble", trouble.render().unwrap()),
    ]
}

fn token(voice: Voice, raw: &str, about: &str, facts: &[(&str, &str)]) -> OpenedToken {
    let fact =
        |(label, value): &(&str, &str)| Fact { label: voice.say(label), value: voice.say(value) };
    OpenedToken {
        raw: voice.say(raw),
        about: voice.say(about),
        facts: facts.iter().map(fact).collect(),
        alive: Some(true),
    }
}

fn signed_in(voice: Voice) -> SignedIn {
    let access_token = token(
        voice,
        "mat_5rJq0uT1nYw8Zk3VbXe7LdPz",
        "Opens the API. It says nothing by itself; the server tells what it is worth.",
        &[
            ("active", "true"),
            ("scope", "openid profile as_user:read"),
            ("expires", "in 58 minutes"),
            ("teams", "Harbour, Quay"),
        ],
    );
    let refresh_token = OpenedToken {
        alive: None,
        ..token(
            voice,
            "mrt_9sKd2aQ7mVx4Rj6NcYt0HfGw",
            "Gets the next access token, and itself is replaced each time.",
            &[],
        )
    };
    let id_token = OpenedToken {
        alive: None,
        ..token(
            voice,
            "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjgwODAifQ.c2lnbmF0dXJl",
            "Says who signed in. It is for this application alone and opens nothing.",
            &[
                ("iss", "http://localhost:8080"),
                ("sub", "usr_01JD4"),
                ("name", "Mina Okafor"),
                ("email", "mina@demo.example"),
                ("nonce", "n-0S6_WzA2Mj"),
            ],
        )
    };
    SignedIn {
        name: voice.say("Mina Okafor"),
        form_token: "sample-form-token".into(),
        id_token,
        access_token,
        refresh_token: Some(refresh_token),
        exchanges: exchanges(voice),
        account: "http://localhost:8080/account".into(),
    }
}

fn exchanges(voice: Voice) -> Vec<Exchange> {
    let api = Exchange {
        title: voice.say("Call the API"),
        about: voice.say("With the access token in the header."),
        request: "GET /api/v1/me HTTP/1.1\nHost: localhost:8080\nAuthorization: Bearer mat_5rJq…".into(),
        status: "401 Unauthorized".into(),
        ok: false,
        answer: "{\n  \"error\": \"invalid_token\",\n  \"error_description\": \"The token was revoked.\"\n}".into(),
    };
    let code = Exchange {
        title: voice.say("Exchange the code"),
        about: voice.say("The code came back through the browser; the verifier proves that it was ours."),
        request: "POST /oauth2/token HTTP/1.1\nHost: localhost:8080\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=authorization_code&code=Gx4…&code_verifier=dBj…".into(),
        status: "200 OK".into(),
        ok: true,
        answer: "{\n  \"access_token\": \"mat_5rJq…\",\n  \"token_type\": \"Bearer\",\n  \"expires_in\": 3600\n}".into(),
    };
    vec![api, code]
}
