//! What the sample application shows, as plain data: signed out, signed in with its tokens
//! opened up, and the trouble it may run into. Knows no domain type and no console.

use askama::Template;

use crate::web::filters;
use crate::web::views::Fact;

/// The welcome page.
#[derive(Template)]
#[template(path = "demo/views/signed_out.html")]
pub struct SignedOut {
    /// Where "Sign in with Mandate" leads.
    pub sign_in: String,
    /// The page of the server.
    pub server: String,
    /// A calm word: "You are signed out."
    pub notice: Option<String>,
}

/// One HTTP request the application made and what came back, secrets shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// "Exchange the code".
    pub title: String,
    /// Why it was made, in one sentence.
    pub about: String,
    /// Method, address, headers, body.
    pub request: String,
    /// "200 OK".
    pub status: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// The body, indented.
    pub answer: String,
}

/// One token, opened up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenedToken {
    /// The token itself.
    pub raw: String,
    /// What it is for, in one sentence.
    pub about: String,
    /// What it says, or what the server says of it.
    pub facts: Vec<Fact>,
    /// Whether it still works; nothing when only its holder could tell.
    pub alive: Option<bool>,
}

/// Signed in. Each button posts `form_token` to its path.
#[derive(Template)]
#[template(path = "demo/views/signed_in.html")]
pub struct SignedIn {
    /// Who is signed in, from the ID token.
    pub name: String,
    /// The token of the forms.
    pub form_token: String,
    /// The ID token and its claims.
    pub id_token: OpenedToken,
    /// The access token and its introspection.
    pub access_token: OpenedToken,
    /// The refresh token, if there is one.
    pub refresh_token: Option<OpenedToken>,
    /// What was done, newest first.
    pub exchanges: Vec<Exchange>,
    /// The page of the server where access is withdrawn.
    pub account: String,
}

/// The server sent an error back, or the answer did not belong to this browser.
#[derive(Template)]
#[template(path = "demo/views/trouble.html")]
pub struct Trouble {
    /// What happened, in a sentence.
    pub sentence: String,
    /// The code of the answer, if there was one.
    pub code: Option<String>,
    /// Where to try again.
    pub sign_in: String,
}
