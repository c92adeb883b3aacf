//! Harbour Notes, the sample application: sign in, look at the tokens, call an API, refresh,
//! revoke, sign out. An ordinary confidential web application with the code flow and PKCE.
//!
//! It keeps its visitors in memory and forgets them all when it is stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use domain::{Chance, Fault, Plain};
use protocol::pkce::Challenge;
use serde_json::Value;

use super::views::{Exchange, OpenedToken, SignedIn, SignedOut, Trouble};
use super::wire::{Asked, Wire};
use crate::web::views::Fact;
use crate::web::{assets, page};

/// Visitors kept at once.
const VISITORS: usize = 1_000;
/// Exchanges shown to one visitor.
const SHOWN: usize = 12;
const SCOPE: &str = "openid profile email offline_access as_user:read";
const COOKIE: &str = "harbour";

struct Harbour {
    wire: Wire,
    issuer: String,
    own: String,
    client_id: String,
    visitors: Mutex<HashMap<String, Visitor>>,
}

#[derive(Clone, Default)]
struct Visitor {
    form_token: String,
    /// Of the sign-in under way: state, nonce, verifier.
    asking: Option<(String, String, String)>,
    tokens: Option<Tokens>,
    exchanges: Vec<Exchange>,
}

#[derive(Clone, Default)]
struct Tokens {
    access: String,
    refresh: Option<String>,
    id: String,
    /// What introspection said of the access token last.
    meaning: Value,
}

/// The application. `own` is where it answers, `issuer` the server it trusts.
pub fn router(issuer: &str, own: &str, client_id: &str, secret: &Plain) -> Router {
    let basic = protocol::client_authentication::basic_header(client_id, secret.reveal());
    let harbour = Arc::new(Harbour {
        wire: Wire::new(issuer, basic),
        issuer: issuer.into(),
        own: own.into(),
        client_id: client_id.into(),
        visitors: Mutex::default(),
    });
    Router::new()
        .route("/", get(show))
        .route("/sign-in", get(sign_in))
        .route("/callback", get(callback))
        .route("/call", post(call))
        .route("/introspect", post(introspect))
        .route("/refresh", post(refresh))
        .route("/revoke", post(revoke))
        .route("/sign-out", post(sign_out))
        .route("/assets/{name}", get(assets::serve))
        .with_state(harbour)
}

type Shared = State<Arc<Harbour>>;

impl Harbour {
    /// The visitor behind the cookie; a fresh one where there is none.
    fn visitor(&self, headers: &HeaderMap) -> Result<(String, Visitor), Fault> {
        let cookies = headers.get(header::COOKIE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let name = pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned());
        let visitors = self.visitors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, visitor)) =
            name.and_then(|n| visitors.get(&n).map(|v| (n.clone(), v.clone())))
        {
            return Ok((name, visitor));
        }
        Ok((random()?, Visitor { form_token: random()?, ..Visitor::default() }))
    }

    fn keep(&self, name: &str, visitor: Visitor) {
        let mut visitors = self.visitors.lock().unwrap_or_else(PoisonError::into_inner);
        if visitors.len() >= VISITORS && !visitors.contains_key(name) {
            visitors.clear();
        }
        visitors.insert(name.to_owned(), visitor);
    }

    fn forget(&self, name: &str) {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn trouble(&self, sentence: impl Into<String>, code: Option<String>) -> Response {
        let sign_in = format!("{}/sign-in", self.own);
        page::render(&Trouble { sentence: sentence.into(), code, sign_in })
    }

    /// What the server says of the access token, told as an exchange.
    async fn look(&self, tokens: &mut Tokens, title: &str) -> Exchange {
        let form = Some(vec![("token", tokens.access.as_str())]);
        let about = "The server tells what the token means now, or that it means nothing any more.";
        let came = self
            .wire
            .ask(&Asked { title, about, path: "/oauth2/introspect", form, bearer: None })
            .await;
        tokens.meaning = came.json;
        came.told
    }
}

fn random() -> Result<String, Fault> {
    Chance::System.hex::<32>()
}

impl Visitor {
    fn tell(&mut self, exchange: Exchange) {
        self.exchanges.insert(0, exchange);
        self.exchanges.truncate(SHOWN);
    }
}

fn with_cookie(mut response: Response, name: &str) -> Response {
    let cookie = format!("{COOKIE}={name}; Path=/; HttpOnly; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Any fault of ours ends on the page of trouble.
fn or_trouble(harbour: &Harbour, result: Result<Response, Fault>) -> Response {
    result.unwrap_or_else(|fault| harbour.trouble(fault.to_string(), None))
}

async fn show(State(harbour): Shared, headers: HeaderMap) -> Response {
    let shown = || {
        let (name, visitor) = harbour.visitor(&headers)?;
        let Some(tokens) = &visitor.tokens else {
            let sign_in = "/sign-in".to_owned();
            return Ok(page::render(&SignedOut {
                sign_in,
                server: harbour.issuer.clone(),
                notice: None,
            }));
        };
        let claims = claims(&tokens.id);
        let who = claims["name"].as_str().or_else(|| claims["sub"].as_str()).unwrap_or("somebody");
        let page = SignedIn {
            name: who.to_owned(),
            form_token: visitor.form_token.clone(),
            id_token: OpenedToken {
                raw: tokens.id.clone(),
                about: "Who signed in, told to this application alone. It opens no API.".into(),
                facts: facts(&claims),
                alive: None,
            },
            access_token: OpenedToken {
                raw: tokens.access.clone(),
                about: "What this application shows to an API. Opaque: only the server knows what it means.".into(),
                facts: facts(&tokens.meaning),
                alive: tokens.meaning["active"].as_bool(),
            },
            refresh_token: tokens.refresh.as_ref().map(|raw| OpenedToken {
                raw: raw.clone(),
                about: "Gives the next access token. Each use replaces it; a stolen copy ends them all.".into(),
                facts: Vec::new(),
                alive: None,
            }),
            exchanges: visitor.exchanges.clone(),
            account: format!("{}/account", harbour.issuer),
        };
        Ok(with_cookie(page::render(&page), &name))
    };
    or_trouble(&harbour, shown())
}

async fn sign_in(State(harbour): Shared, headers: HeaderMap) -> Response {
    let begun = || {
        let (name, mut visitor) = harbour.visitor(&headers)?;
        let (state, nonce, verifier) = (random()?, random()?, random()?);
        let callback = format!("{}/callback", harbour.own);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &harbour.client_id)
            .append_pair("redirect_uri", &callback)
            .append_pair("scope", SCOPE)
            .append_pair("resource", &format!("{}/api/v1", harbour.issuer))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &Challenge::of(&verifier).to_string())
            .append_pair("code_challenge_method", "S256")
            .finish();
        visitor.asking = Some((state, nonce, verifier));
        harbour.keep(&name, visitor);
        let there = format!("{}/oauth2/authorize?{query}", harbour.issuer);
        Ok(with_cookie(page::see_other(&there), &name))
    };
    or_trouble(&harbour, begun())
}

async fn callback(
    State(harbour): Shared,
    headers: HeaderMap,
    Query(answer): Query<HashMap<String, String>>,
) -> Response {
    let (name, mut visitor) = match harbour.visitor(&headers) {
        Ok(known) => known,
        Err(fault) => return harbour.trouble(fault.to_string(), None),
    };
    let Some((state, nonce, verifier)) = visitor.asking.take() else {
        return harbour.trouble("This browser did not begin a sign-in here.", None);
    };
    let given = |name: &str| answer.get(name).map(String::as_str);
    if given("state") != Some(state.as_str()) || given("iss") != Some(harbour.issuer.as_str()) {
        return harbour.trouble("The answer does not belong to the sign-in of this browser.", None);
    }
    let Some(code) = given("code") else {
        let sentence = given("error_description").unwrap_or("The server sent no code.");
        return harbour.trouble(sentence, given("error").map(str::to_owned));
    };
    let callback = format!("{}/callback", harbour.own);
    let form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", callback.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let asked = Asked {
        title: "Exchange the code",
        about: "The code from the redirect, with the verifier that only this application knows, becomes tokens.",
        path: "/oauth2/token",
        form: Some(form),
        bearer: None,
    };
    let came = harbour.wire.ask(&asked).await;
    visitor.tell(came.told);
    let Some(mut tokens) = came.is_ok.then(|| tokens(&came.json)).flatten() else {
        return harbour.trouble(
            "The server gave no tokens for the code.",
            came.json["error"].as_str().map(str::to_owned),
        );
    };
    // Straight from the token endpoint, so the channel vouches for it (OIDC Core §3.1.3.7, 6).
    let claims = claims(&tokens.id);
    if claims["nonce"] != nonce.as_str()
        || claims["iss"] != harbour.issuer.as_str()
        || claims["aud"] != harbour.client_id.as_str()
    {
        return harbour.trouble("The ID token does not belong to this sign-in.", None);
    }
    visitor.tell(harbour.look(&mut tokens, "Introspect the access token").await);
    visitor.tokens = Some(tokens);
    harbour.keep(&name, visitor);
    with_cookie(page::see_other("/"), &name)
}

fn tokens(json: &Value) -> Option<Tokens> {
    Some(Tokens {
        access: json["access_token"].as_str()?.to_owned(),
        refresh: json["refresh_token"].as_str().map(str::to_owned),
        id: json["id_token"].as_str()?.to_owned(),
        meaning: Value::Null,
    })
}

/// A button was pressed: the visitor with tokens, if the form is theirs.
fn pressed(
    harbour: &Harbour,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Option<(String, Visitor, Tokens)> {
    let (name, visitor) = harbour.visitor(headers).ok()?;
    let is_theirs = form.get("form_token") == Some(&visitor.form_token);
    let tokens = visitor.tokens.clone().filter(|_| is_theirs)?;
    Some((name, visitor, tokens))
}

fn home(harbour: &Harbour, name: &str, visitor: Visitor) -> Response {
    harbour.keep(name, visitor);
    page::see_other("/")
}

async fn call(
    State(harbour): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some((name, mut visitor, tokens)) = pressed(&harbour, &headers, &form) else {
        return page::see_other("/");
    };
    let about = "An API is called in the name of the person. This one tells who the token acts for, and where.";
    let asked = Asked {
        title: "Call the API",
        about,
        path: "/api/v1/me",
        form: None,
        bearer: Some(&tokens.access),
    };
    visitor.tell(harbour.wire.ask(&asked).await.told);
    home(&harbour, &name, visitor)
}

async fn introspect(
    State(harbour): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some((name, mut visitor, mut tokens)) = pressed(&harbour, &headers, &form) else {
        return page::see_other("/");
    };
    visitor.tell(harbour.look(&mut tokens, "Introspect the access token").await);
    visitor.tokens = Some(tokens);
    home(&harbour, &name, visitor)
}

async fn refresh(
    State(harbour): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some((name, mut visitor, mut tokens)) = pressed(&harbour, &headers, &form) else {
        return page::see_other("/");
    };
    let Some(refresh) = tokens.refresh.clone() else { return page::see_other("/") };
    let asked = Asked {
        title: "Refresh",
        about: "The refresh token gives a new access token and its own successor.",
        path: "/oauth2/token",
        form: Some(vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)]),
        bearer: None,
    };
    let came = harbour.wire.ask(&asked).await;
    visitor.tell(came.told);
    if came.is_ok {
        let text = |name: &str| came.json[name].as_str().map(str::to_owned);
        tokens.access = text("access_token").unwrap_or(tokens.access);
        tokens.refresh = text("refresh_token").or(tokens.refresh);
        tokens.id = text("id_token").unwrap_or(tokens.id);
    }
    visitor.tell(harbour.look(&mut tokens, "Introspect the access token").await);
    visitor.tokens = Some(tokens);
    home(&harbour, &name, visitor)
}

async fn revoke(
    State(harbour): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some((name, mut visitor, mut tokens)) = pressed(&harbour, &headers, &form) else {
        return page::see_other("/");
    };
    let token = tokens.refresh.clone().unwrap_or_else(|| tokens.access.clone());
    let asked = Asked {
        title: "Revoke",
        about: "Revoking the refresh token ends everything it gave, at once and everywhere.",
        path: "/oauth2/revoke",
        form: Some(vec![("token", &token)]),
        bearer: None,
    };
    visitor.tell(harbour.wire.ask(&asked).await.told);
    visitor.tell(harbour.look(&mut tokens, "Introspect the access token: it is dead").await);
    visitor.tokens = Some(tokens);
    home(&harbour, &name, visitor)
}

/// Ends the visit here and the browser session there (RP-initiated logout).
async fn sign_out(
    State(harbour): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some((name, _, tokens)) = pressed(&harbour, &headers, &form) else {
        return page::see_other("/");
    };
    harbour.forget(&name);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", &tokens.id)
        .append_pair("post_logout_redirect_uri", &format!("{}/", harbour.own))
        .finish();
    page::see_other(&format!("{}/oauth2/logout?{query}", harbour.issuer))
}

/// The claims of a JWT; null where it is none.
fn claims(token: &str) -> Value {
    let parts = protocol::jose::split(token).ok();
    parts.and_then(|parts| serde_json::from_slice(&parts.claims).ok()).unwrap_or_default()
}

/// A JSON object as lines to read.
fn facts(json: &Value) -> Vec<Fact> {
    let members = json.as_object().into_iter().flatten();
    let spell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.map(|(name, value)| Fact { label: name.clone(), value: spell(value) }).collect()
}
