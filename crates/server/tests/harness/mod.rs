//! A whole server on either engine, with a clock that is stepped and the actors of a conversation.
//!
//! `anon` asks without a name, a [`Browser`] keeps cookies and fills forms, an [`App`] is an OAuth
//! client. The router is called in place: no port, no sleep. Each test binary uses a part of this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "a test without its server has failed"
)]

mod answer;
mod app;
mod browser;
pub mod expired;
mod mmdb;
pub mod phone;
mod post;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use db::testing::{Template, TestDb};
use domain::access::{self, Authority};
use domain::clients::{self, Draft};
use domain::{Actor, Call, Chance, Clock, Instance, MasterKeys, Opening, Plain, Policy};
use mandate::app::{App as Application, Outfit};
use mandate::foundation::{self, Bootstrap, FirstAdministrator, FirstSecret};
use mandate::routes;
use mandate::whereabouts::Whereabouts;
use tokio::sync::OnceCell;
use tower::ServiceExt;

pub use answer::Answer;
pub use app::App;
pub use browser::Browser;
pub use post::PostOffice;

/// 2027-01-15 08:00:00 UTC.
pub const START: i64 = 1_800_000_000;
pub const ISSUER: &str = "https://mandate.test";
pub const ADMIN_EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "violet tractor humming 47 lanterns";
pub const ADMIN_SECRET: &str = "the-bootstrap-secret-of-the-admin-client";

/// One server.
pub struct Server {
    pub instance: Arc<Instance>,
    pub app: Arc<Application>,
    pub clock: Clock,
    pub engine: &'static str,
    router: Router,
    // Dropped last: everything above lets go of it first.
    database: TestDb,
}

/// Runs a test on a fresh server of each engine there is, one after the other.
pub async fn both<B, F>(body: B)
where
    B: Fn(Arc<Server>) -> F,
    F: Future<Output = ()>,
{
    for server in servers().await {
        println!("on {}", server.engine);
        body(Arc::new(server)).await;
    }
}

/// A fresh server on the embedded engine, for what has nothing to do with the engine.
pub async fn one() -> Server {
    let template = templates().await.first().expect("the embedded engine is always there");
    Server::open(template.copy().await, Policy::default()).await
}

/// A fresh server on each engine there is.
pub async fn servers() -> Vec<Server> {
    servers_with(Policy::default()).await
}

/// The same under another policy.
pub async fn servers_with(policy: Policy) -> Vec<Server> {
    let mut servers = Vec::new();
    for template in templates().await {
        servers.push(Server::open(template.copy().await, policy.clone()).await);
    }
    servers
}

/// A database that knows where this machine is: in Berlin.
pub fn whereabouts() -> Whereabouts {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let file = mmdb::database(&[([127, 0, 0, 0], 8, "Berlin", "Germany")]);
    let name = format!("{}-{}.mmdb", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file).unwrap();
    let read = Whereabouts::open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    read
}

/// Runs a test on a fresh server of each engine whose mail goes to this office.
pub async fn both_mailing<B, F>(office: &Arc<PostOffice>, body: B)
where
    B: Fn(Arc<Server>, Arc<PostOffice>) -> F,
    F: Future<Output = ()>,
{
    for server in servers().await {
        println!("on {}", server.engine);
        let outfit = Outfit { mail: Some(office.mailer()), ..Outfit::default() };
        body(Arc::new(server.with(outfit)), Arc::clone(office)).await;
    }
}

/// Runs a test on a fresh server of each engine under another policy.
pub async fn both_with<B, F>(policy: Policy, body: B)
where
    B: Fn(Arc<Server>) -> F,
    F: Future<Output = ()>,
{
    for server in servers_with(policy).await {
        println!("on {}", server.engine);
        body(Arc::new(server)).await;
    }
}

/// The master key of every test server, as an environment variable takes it.
pub fn master_key() -> String {
    MasterKeys::generate(&Chance::seeded(7)).unwrap().1
}

/// Databases with the foundation laid, an administrator, and the Admin Client's secret.
async fn templates() -> &'static [Template] {
    static MADE: OnceCell<Vec<Template>> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        let mut templates = Vec::new();
        for database in db::testing::databases().await {
            let (instance, clock) = open(database.uri(), Policy::default(), 1).await;
            let bootstrap = Bootstrap {
                administrator: Some(FirstAdministrator {
                    email: ADMIN_EMAIL.into(),
                    password: Plain::new(PASSWORD),
                }),
                client: Some(FirstSecret {
                    client_id: "mandate-admin".into(),
                    secret: Plain::new(ADMIN_SECRET),
                }),
            };
            foundation::prepare(&instance, &bootstrap, &operator_call(&clock))
                .await
                .expect("the foundation is laid");
            drop(instance);
            templates.push(database.into_template());
        }
        templates
    })
    .await
}

async fn open(uri: &str, policy: Policy, seed: u64) -> (Arc<Instance>, Clock) {
    let clock = Clock::stepped(START);
    let (master_keys, _) = MasterKeys::generate(&Chance::seeded(7)).unwrap();
    let opening = Opening {
        database: uri.to_owned(),
        master_keys,
        issuer: ISSUER.into(),
        policy,
        clock: clock.clone(),
        chance: Chance::seeded(seed),
    };
    (Instance::open(opening).await.expect("the instance opens"), clock)
}

fn operator_call(clock: &Clock) -> Call {
    Call {
        now: clock.now(),
        actor: Actor::operator("test@host"),
        address: None,
        via: None,
        request_id: "test".into(),
    }
}

impl Server {
    async fn open(database: TestDb, policy: Policy) -> Self {
        let (instance, clock) = open(database.uri(), policy, 2).await;
        let app = Application::new(Arc::clone(&instance), Vec::new(), None);
        let router = routes::router(Arc::clone(&app));
        let engine = database.name();
        Self { instance, app, clock, engine, router, database }
    }

    /// A second node on the same database.
    pub async fn second_node(&self) -> Self {
        self.restarted(self.instance.policy().clone()).await
    }

    /// The same server with these things that an operator sets up.
    #[must_use]
    pub fn with(self, outfit: Outfit) -> Self {
        let app = Application::equipped(Arc::clone(&self.instance), Vec::new(), outfit);
        Self { router: routes::router(Arc::clone(&app)), app, ..self }
    }

    /// Where its database is.
    pub fn database_uri(&self) -> &str {
        self.database.uri()
    }

    /// The database itself, for what no rule shows.
    pub async fn database(&self) -> db::Db {
        db::Db::open(self.database.uri()).await.unwrap()
    }

    /// Another node on the same database, under another policy: a restart with other settings.
    pub async fn restarted(&self, policy: Policy) -> Self {
        self.node(self.database.uri(), policy).await
    }

    /// A node like this one on another database, such as a restored one.
    pub async fn node_on(&self, uri: &str) -> Self {
        self.node(uri, self.instance.policy().clone()).await
    }

    async fn node(&self, uri: &str, policy: Policy) -> Self {
        let (master_keys, _) = MasterKeys::generate(&Chance::seeded(7)).unwrap();
        let opening = Opening {
            database: uri.to_owned(),
            master_keys,
            issuer: ISSUER.into(),
            policy,
            clock: self.clock.clone(),
            chance: Chance::seeded(4),
        };
        let instance = Instance::open(opening).await.expect("another node opens");
        let app = Application::new(Arc::clone(&instance), Vec::new(), None);
        let router = routes::router(Arc::clone(&app));
        let database = db::testing::TestDb::sqlite().await;
        Self { instance, app, clock: self.clock.clone(), engine: self.engine, router, database }
    }

    /// Closes the server and keeps its database.
    pub fn into_database(self) -> TestDb {
        self.database
    }

    /// The call of the operator at the machine.
    pub fn operator(&self) -> Call {
        operator_call(&self.clock)
    }

    /// Sends a request from 127.0.0.1.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)), request).await
    }

    /// Sends a request from another address.
    pub async fn send_from(&self, peer: SocketAddr, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.expect("a router cannot fail");
        Answer::read(response).await
    }

    /// GET without a name.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// POST of a form without a name.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields).body(Body::from(encode(fields))).unwrap()).await
    }

    /// A browser of a person, with no cookies yet.
    pub fn browser(self: &Arc<Self>) -> Browser {
        Browser::new(Arc::clone(self))
    }

    /// The client with this id and secret, as an application uses it.
    pub fn client(self: &Arc<Self>, id: &str, secret: Option<&str>) -> App {
        App::new(Arc::clone(self), id, secret)
    }

    /// The Admin Client.
    pub fn admin_client(self: &Arc<Self>) -> App {
        self.client("mandate-admin", Some(ADMIN_SECRET))
    }

    /// Registers a client from a draft as JSON; with its secret where it has one.
    pub async fn register(self: &Arc<Self>, draft: serde_json::Value) -> App {
        let draft: Draft = serde_json::from_value(draft).expect("a draft");
        let authority = Authority::operator("test@host");
        let mut work = self.instance.begin().await.unwrap();
        let may = authority.may::<access::CreateClients>().unwrap();
        let made = clients::create(&mut work, &self.operator(), &may, draft, None)
            .await
            .expect("the client is registered");
        work.commit().await.unwrap();
        self.client(made.object.id.as_str(), made.secret.as_ref().map(Plain::reveal))
    }

    /// A confidential web application with code and refresh, at `https://app.example/cb`.
    pub async fn web_app(self: &Arc<Self>) -> App {
        self.register(serde_json::json!({
            "client_id": "web-app", "client_name": "Web App", "type": "user_authorized",
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid", "profile", "email", "offline_access", "as_user:read"],
            "default_scopes": ["openid", "profile"],
        }))
        .await
    }

    /// A confidential service with client credentials.
    pub async fn service(self: &Arc<Self>) -> App {
        self.register(serde_json::json!({
            "client_id": "service", "client_name": "Service", "type": "service",
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        }))
        .await
    }

    /// A public native application on loopback.
    pub async fn native_app(self: &Arc<Self>) -> App {
        self.register(serde_json::json!({
            "client_id": "native-app", "client_name": "Native App", "type": "user_authorized", "confidential": false,
            "auth_methods": ["none"], "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["http://127.0.0.1/cb"], "scopes": ["openid", "email"], "default_scopes": ["openid"],
        }))
        .await
    }
}

/// A request that posts a form.
pub fn form(path: &str, _: &[(&str, &str)]) -> axum::http::request::Builder {
    Request::post(path).header("content-type", "application/x-www-form-urlencoded")
}

/// The body of a form.
pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Server {
    /// Pauses a client, as the operator.
    pub async fn pause(&self, id: &str) {
        let may = Authority::operator("test@host").may().unwrap();
        let mut work = self.instance.begin().await.unwrap();
        clients::pause(&mut work, &self.operator(), &may, id, None).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Resumes a client, as the operator.
    pub async fn resume(&self, id: &str) {
        let may = Authority::operator("test@host").may().unwrap();
        let mut work = self.instance.begin().await.unwrap();
        clients::resume(&mut work, &self.operator(), &may, id, None).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Withdraws a person's consent.
    pub async fn withdraw_consent(&self, user: &str, client: &str) {
        let mut work = self.instance.begin().await.unwrap();
        let user = domain::UserId::new(user);
        domain::consents::withdraw(&mut work, &self.operator(), &user, client).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Publishes successors of the signing keys.
    pub async fn rotate_keys(&self) {
        let may = Authority::operator("test@host").may().unwrap();
        let mut work = self.instance.begin().await.unwrap();
        domain::keys::rotate(&mut work, &self.operator(), &may).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Runs the jobs once: marks are written, what has expired is removed.
    pub async fn sweep(&self) {
        mandate::jobs::flush(&self.app).await.unwrap();
        mandate::jobs::sweep(&self.app).await.unwrap();
    }
}
