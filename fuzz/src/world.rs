//! A whole server on the embedded engine, made once and copied whenever an input may have changed
//! it, so that every input meets the same one. Its clock stands, and its random bytes are counted.
//!
//! What an input could not guess it may name in braces: `{access}` is a living access token. Refuses
//! to know what is asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use domain::access::Authority;
use domain::{
    Actor, Call, Chance, Clock, Instance, MasterKeys, Opening, Plain, Policy, accounts, clients,
    sessions,
};
use http_body_util::BodyExt;
use mandate::app::App;
use mandate::foundation::{self, Bootstrap, FirstAdministrator, FirstSecret};
use mandate::routes;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

pub const ISSUER: &str = "https://mandate.test";
/// Where clients of this world may be redirected to.
pub const REGISTERED: [&str; 2] = ["https://app.example/cb", "https://app.example/bye"];

const START: i64 = 1_800_000_000;
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "violet tractor humming 47 lanterns";
const SECRET: &str = "a-secret-that-no-input-knows-of-0123456789";
const BROWSER: &str = "abcdefghijklmnopqrstuvwx";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.as_bytes());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn returned(&self, name: &str) -> String {
        let location = self.header("location");
        let query = location.split_once('?').unwrap_or_default().1;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
        found.unwrap_or_else(|| panic!("no {name}: {} {location}", self.status))
    }
}

/// The server of one input, and what lives in it.
pub struct World {
    runtime: Runtime,
    folder: PathBuf,
    /// Names in braces, and what stands for them.
    pub texts: Vec<(&'static str, String)>,
    router: Option<Router>,
    copies: u32,
}

impl World {
    /// Makes it, and everything that is named in braces.
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let folder = std::env::temp_dir().join(format!("mandate-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut world = Self { runtime, folder, texts: Vec::new(), router: None, copies: 0 };
        let instance = world.open("first.db", 1);
        world.runtime.block_on(lay(&instance));
        world.router = Some(router(&instance));
        world.furnish(&instance);
        let template = world.folder.join("template.db");
        world.runtime.block_on(instance.backup(&template)).expect("a copy");
        world.spoil();
        world
    }

    /// Sends a request from a proxy that is listed.
    pub fn send(&mut self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = self.router();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.expect("a router cannot fail");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes().to_vec());
            Answer { status: parts.status, headers: parts.headers, body: body.expect("a body") }
        })
    }

    /// The next input gets a fresh copy.
    pub fn spoil(&mut self) {
        self.router = None;
    }

    /// What a name in braces stands for.
    pub fn text(&self, name: &str) -> &str {
        let found = self.texts.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.as_str()).expect("a known name")
    }

    fn router(&mut self) -> Router {
        if self.router.is_none() {
            let old = self.folder.join(format!("{}.db", self.copies));
            for end in ["", "-wal", "-shm"] {
                // Only what is there can be removed.
                drop(std::fs::remove_file(format!("{}{end}", old.display())));
            }
            self.copies += 1;
            let name = format!("{}.db", self.copies);
            std::fs::copy(self.folder.join("template.db"), self.folder.join(&name)).expect("room");
            self.router = Some(router(&self.open(&name, 2)));
        }
        self.router.clone().expect("just opened")
    }

    fn open(&self, name: &str, seed: u64) -> Arc<Instance> {
        let (master_keys, _) = MasterKeys::generate(&Chance::seeded(7)).expect("a key");
        let policy = Policy {
            legacy_password: true,
            legacy_implicit: true,
            profile_reltio: true,
            profile_relativity: true,
            ..Policy::default()
        };
        let opening = Opening {
            database: format!("sqlite:{}", self.folder.join(name).display()),
            master_keys,
            issuer: ISSUER.into(),
            policy,
            clock: Clock::stepped(START),
            chance: Chance::seeded(seed),
        };
        self.runtime.block_on(Instance::open(opening)).expect("the instance opens")
    }

    fn name(&mut self, name: &'static str, text: impl Into<String>) {
        self.texts.push((name, text.into()));
    }

    /// Makes what is named in braces.
    fn furnish(&mut self, instance: &Arc<Instance>) {
        for draft in drafts() {
            self.runtime.block_on(register(instance, draft));
        }
        self.name("secret", SECRET);
        self.name("browser", BROWSER);
        self.name("verifier", VERIFIER);
        self.name("challenge", protocol::pkce::Challenge::of(VERIFIER).to_string());
        let (session, id) = self.runtime.block_on(sign_in(instance));
        let form = instance.vault().browser_mac("form", &format!("{BROWSER} {id}"));
        self.name("session", session);
        self.name("form", form);
        let own = self.post("mandate-admin", &[("grant_type", "client_credentials")]);
        self.name("admin", own["access_token"].as_str().expect("a token"));
        let code = self.ask("/oauth2/authorize", "web", "offline_access openid").returned("code");
        let given = self.post(
            "web",
            &[("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)],
        );
        for (name, member) in
            [("access", "access_token"), ("refresh", "refresh_token"), ("id_token", "id_token")]
        {
            self.name(name, given[member].as_str().unwrap_or_else(|| panic!("{given}")));
        }
        let code = self.ask("/oauth2/authorize", "web", "openid").returned("code");
        self.name("code", code);
        let asked = self.ask("/oauth2/authorize", "asking", "openid").returned("request");
        self.name("consent", asked);
        let invited =
            self.api("users", &json!({ "email": "ben@example.com", "display_name": "Ben" }));
        let link = invited["invitation_url"].as_str().unwrap_or_else(|| panic!("{invited}"));
        self.name("link", link.split_once("link=").expect("a link").1);
        self.name("user", invited["id"].as_str().expect("an id"));
    }

    fn post(&mut self, client: &str, fields: &[(&str, &str)]) -> Value {
        let basic = protocol::client_authentication::basic_header(client, SECRET);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post("/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", basic);
        self.send(request.body(Body::from(body)).expect("a request")).json()
    }

    fn ask(&mut self, path: &str, client: &str, scope: &str) -> Answer {
        let challenge = self.text("challenge").to_owned();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", client)
            .append_pair("redirect_uri", REGISTERED[0])
            .append_pair("scope", scope)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let cookie = format!(
            "__Host-mandate_browser={BROWSER}; __Host-mandate_session={}",
            self.text("session")
        );
        let request = Request::get(format!("{path}?{query}")).header("cookie", cookie);
        self.send(request.body(Body::empty()).expect("a request"))
    }

    fn api(&mut self, path: &str, body: &Value) -> Value {
        let request = Request::post(format!("/api/v1/{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.text("admin")));
        self.send(request.body(Body::from(body.to_string())).expect("a request")).json()
    }
}

fn router(instance: &Arc<Instance>) -> Router {
    let proxies =
        vec!["127.0.0.0/8".parse().expect("a range"), "10.0.0.0/8".parse().expect("a range")];
    routes::router(App::new(Arc::clone(instance), proxies, None))
}

fn operator() -> Call {
    Call {
        now: START,
        actor: Actor::operator("fuzz"),
        address: None,
        via: None,
        request_id: String::new(),
    }
}

async fn lay(instance: &Arc<Instance>) {
    let bootstrap = Bootstrap {
        administrator: Some(FirstAdministrator {
            email: EMAIL.into(),
            password: Plain::new(PASSWORD),
        }),
        client: Some(FirstSecret { client_id: "mandate-admin".into(), secret: Plain::new(SECRET) }),
    };
    foundation::prepare(instance, &bootstrap, &operator()).await.expect("the foundation is laid");
}

fn drafts() -> [Value; 4] {
    let redirecting = |id: &str, consent: bool| {
        json!({
            "client_id": id, "client_name": id, "client_secret": SECRET, "type": "user_authorized",
            "grant_types": ["authorization_code", "refresh_token"], "require_consent": consent,
            "redirect_uris": [REGISTERED[0]], "post_logout_redirect_uris": [REGISTERED[1]],
            "scopes": ["openid", "profile", "email", "offline_access", "as_user:read"],
        })
    };
    [
        redirecting("web", false),
        redirecting("asking", true),
        json!({
            "client_id": "native", "client_name": "native", "type": "user_authorized",
            "confidential": false, "auth_methods": ["none"], "grant_types": ["authorization_code"],
            "redirect_uris": ["http://127.0.0.1/cb"], "scopes": ["openid"],
        }),
        json!({
            "client_id": "service", "client_name": "service", "client_secret": SECRET,
            "type": "service", "grant_types": ["client_credentials"],
            "scopes": ["oauth_client:read"],
        }),
    ]
}

async fn register(instance: &Arc<Instance>, draft: Value) {
    let draft = serde_json::from_value(draft).expect("a draft");
    let may = Authority::operator("fuzz").may().expect("an operator may");
    let mut work = instance.begin().await.expect("a turn");
    clients::create(&mut work, &operator(), &may, draft, None).await.expect("a client");
    work.commit().await.expect("a commit");
}

/// The cookie of the administrator's session, and its row.
async fn sign_in(instance: &Arc<Instance>) -> (String, i64) {
    let mut work = instance.begin().await.expect("a turn");
    let found = accounts::find_by_email(&mut work, EMAIL).await.expect("an answer");
    let user = found.expect("the administrator");
    let begun = sessions::begin(&mut work, &operator(), &user, ("fuzz", domain::accounts::Amr::Password, None)).await;
    let (session, cookie) = begun.expect("a session");
    work.commit().await.expect("a commit");
    (cookie.reveal().to_owned(), session.id.0)
}
