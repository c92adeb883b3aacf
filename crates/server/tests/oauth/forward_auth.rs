//! `GET /forward-auth`: what a reverse proxy asks before it lets a request through.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::access::{self, Authority, CLIENT_MANAGER, MEMBER, Place};
use domain::scopes::{NewScope, ScopeKind};
use domain::{UserId, clients, resources, scopes, teams};
use mandate::{app, routes};
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{ADMIN_EMAIL, Answer, App, Server, both, encode};

const ORDERS: &str = "https://orders.example/";
const PROXY: &str = "192.0.2.10";

/// The same server with one listed proxy, and what stands behind that.
struct Gate {
    server: Arc<Server>,
    router: Router,
}

impl Gate {
    async fn new(server: &Arc<Server>) -> Self {
        let proxies = vec![format!("{PROXY}/32").parse().unwrap()];
        let app = app::App::new(Arc::clone(&server.instance), proxies, None);
        let may = Authority::operator("test@host").may().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        let call = server.operator();
        for (identifier, name) in [(ORDERS, "Orders"), ("https://bills.example/", "Bills")] {
            let new = resources::NewResource {
                identifier: identifier.into(),
                name: name.into(),
                introspecting_clients: Vec::new(),
            };
            resources::create(&mut work, &call, &may, new).await.unwrap();
        }
        for (name, kind) in [("orders:read", ScopeKind::Read), ("orders:write", ScopeKind::Write)] {
            let new =
                NewScope { name: name.into(), kind, description: "Orders".into(), resource: None };
            scopes::create(&mut work, &call, &may, new).await.unwrap();
        }
        work.commit().await.unwrap();
        Self { server: Arc::clone(server), router: routes::router(app) }
    }

    /// A service of the orders, under this preset.
    async fn service(&self, access: &str) -> App {
        let scopes = if access == "full" {
            json!(["orders:read", "orders:write", "oauth_client:read"])
        } else {
            json!(["orders:read", "oauth_client:read"])
        };
        let draft = json!({
            "client_id": format!("svc-{access}"), "client_name": access, "type": "service",
            "access": access, "grant_types": ["client_credentials"], "scopes": scopes,
            "default_resource": ORDERS,
        });
        self.server.register(draft).await
    }

    async fn send(&self, peer: &str, query: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("/forward-auth?{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = format!("{peer}:40000").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The proxy asks about a request of this method with this token.
    async fn ask(&self, method: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut query = vec![("resource", ORDERS)];
        query.extend_from_slice(more);
        let bearer = format!("Bearer {token}");
        let headers = [("x-original-method", method), ("authorization", bearer.as_str())];
        self.send(PROXY, &encode(&query), &headers).await
    }
}

#[tokio::test]
async fn lets_a_living_token_through_and_says_who_it_is() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let token = gate.service("full").await.own_token().await.text("access_token");
        let answer = gate.ask("POST", &token, &[("scope", "orders:write")]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));
        for (name, want) in [
            ("x-mandate-client", "svc-full"),
            ("x-mandate-scope", "oauth_client:read orders:read orders:write"),
            ("x-mandate-access", "full"),
            ("x-mandate-user", ""),
            ("x-mandate-email", ""),
            ("x-mandate-team", ""),
        ] {
            assert!(answer.headers.contains_key(name), "{name} would pass from the caller");
            assert_eq!(answer.header(name), want, "{name}");
        }
        gate.server.pause("svc-full").await;
        let late = gate.ask("GET", &token, &[]).await;
        assert_eq!(late.verdict(), "401 invalid_token");
        assert!(late.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""));
    })
    .await;
}

#[tokio::test]
async fn refuses_writes_of_a_read_only_token() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let token = gate.service("read_only").await.own_token().await.text("access_token");
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(gate.ask(method, &token, &[]).await.verdict(), "200", "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "PROPFIND", "GET ", "GETX"] {
            let answer = gate.ask(method, &token, &[]).await;
            assert_eq!(answer.verdict(), "403 insufficient_scope", "{method:?}");
        }
        let bearer = format!("Bearer {token}");
        let query = encode(&[("resource", ORDERS)]);
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let headers = [
                ("x-forwarded-method", "GET"),
                ("authorization", bearer.as_str()),
                (name, "DELETE"),
            ];
            let answer = gate.send(PROXY, &query, &headers).await;
            assert_eq!(answer.verdict(), "403 insufficient_scope", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_a_question_it_cannot_trust() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let token = gate.service("full").await.own_token().await.text("access_token");
        let bearer = format!("Bearer {token}");
        let sent = ("authorization", bearer.as_str());
        let good = encode(&[("resource", ORDERS)]);
        let get = ("x-original-method", "GET");
        assert_eq!(gate.send(PROXY, &good, &[get, sent]).await.verdict(), "200");
        let refused = |peer: &'static str, query: String, headers: Vec<(&'static str, String)>| {
            let gate = &gate;
            async move {
                let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                let answer = gate.send(peer, &query, &headers).await;
                assert_eq!(answer.verdict(), "400 invalid_request", "{peer} {query} {headers:?}");
                assert!(!answer.text("error_id").is_empty());
            }
        };
        let usual =
            vec![("x-original-method", "GET".to_owned()), ("authorization", bearer.clone())];
        for query in [
            "",
            "resource=",
            "resource=https%3A%2F%2Forders.example",
            "resource=HTTPS%3A%2F%2Forders.example%2F",
            "resource=https%3A%2F%2Fbills.example%2F&resource=https%3A%2F%2Forders.example%2F",
        ] {
            refused(PROXY, query.into(), usual.clone()).await;
        }
        for more in [
            "&scopes=orders:read",
            "&scope=",
            "&team=t",
            "&permission=orders:read",
            "&scope=a&scope=b",
            "&team=&permission=",
        ] {
            refused(PROXY, format!("{good}{more}"), usual.clone()).await;
        }
        refused("192.0.2.11", good.clone(), usual.clone()).await;
        for methods in [vec![], vec![""], vec!["GET", "POST"]] {
            let named = methods.into_iter().map(|method| ("x-original-method", method.to_owned()));
            let headers = named.chain([("authorization", bearer.clone())]).collect();
            refused(PROXY, good.clone(), headers).await;
        }
        let mut disagreeing = usual;
        disagreeing.push(("x-forwarded-method", "POST".into()));
        refused(PROXY, good, disagreeing).await;
    })
    .await;
}

#[tokio::test]
async fn g05_challenges_whoever_sends_no_token_or_a_wrong_one() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let query = encode(&[("resource", ORDERS)]);
        let get = ("x-original-method", "GET");
        for headers in [vec![get], vec![get, ("authorization", "Basic YTpi")]] {
            let answer = gate.send(PROXY, &query, &headers).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("www-authenticate")),
                (401, "Bearer")
            );
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        for wrong in
            ["Bearer", "Bearer nonsense", "Bearer a b", "Bearer mat_aaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            let answer = gate.send(PROXY, &query, &[get, ("authorization", wrong)]).await;
            assert_eq!(answer.verdict(), "401 invalid_token", "{wrong}");
        }
        let twice = [get, ("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert_eq!(gate.send(PROXY, &query, &twice).await.verdict(), "401 invalid_token");
        let refresh = server.web_app().await.sign_in(&[]).await;
        for kind in ["refresh_token", "id_token", "access_token"] {
            let answer = gate.ask("GET", &refresh.text(kind), &[]).await;
            assert_eq!(answer.verdict(), "401 invalid_token", "{kind} is not for the orders");
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_a_token_without_the_scope_or_for_another_resource() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let app = gate.service("full").await;
        let narrow = [("grant_type", "client_credentials"), ("scope", "orders:read")];
        let token = app.token(&narrow).await.text("access_token");
        assert_eq!(gate.ask("POST", &token, &[("scope", "orders:read")]).await.verdict(), "200");
        let answer = gate.ask("POST", &token, &[("scope", "orders:read orders:write")]).await;
        assert_eq!(answer.verdict(), "403 insufficient_scope");
        assert!(
            answer.header("www-authenticate").ends_with("scope=\"orders:read orders:write\""),
            "{}",
            answer.header("www-authenticate")
        );
        let elsewhere =
            [("grant_type", "client_credentials"), ("resource", "https://bills.example/")];
        let token = app.token(&elsewhere).await.text("access_token");
        assert_eq!(gate.ask("GET", &token, &[]).await.verdict(), "401 invalid_token");
    })
    .await;
}

/// Two teams of one organization.
async fn two_teams(server: &Server) -> (String, [String; 2]) {
    let may = Authority::operator("test@host").may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let call = server.operator();
    let acme = teams::create_organization(&mut work, &call, &may, "Acme").await.unwrap().id;
    let mut ids = Vec::new();
    for name in ["Blue", "Red"] {
        ids.push(teams::create_team(&mut work, &call, &may, &acme, name).await.unwrap().id);
    }
    work.commit().await.unwrap();
    let [blue, red] = ids.try_into().unwrap();
    (acme, [blue, red])
}

async fn bind(server: &Server, subject: &str, role: &str, place: Place) {
    let mut work = server.instance.begin().await.unwrap();
    access::bind(&mut work, server.clock.now(), subject, role, &place).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_permission_counts_in_its_own_team_only() {
    both(|server| async move {
        let gate = Gate::new(&server).await;
        let (acme, [blue, red]) = two_teams(&server).await;
        let token = gate.service("full").await.own_token().await.text("access_token");
        bind(&server, "svc-full", CLIENT_MANAGER, Place::Team(blue.clone())).await;
        bind(&server, "svc-full", MEMBER, Place::Team(red.clone())).await;
        let ask = async |team: &str, permission: &str| {
            gate.ask("GET", &token, &[("team", team), ("permission", permission)]).await
        };
        let answer = ask(&blue, "oauth_client:read").await;
        assert_eq!(
            (answer.verdict().as_str(), answer.header("x-mandate-team")),
            ("200", blue.as_str())
        );
        for (team, permission) in [
            (red.as_str(), "oauth_client:read"),
            (&blue, "oauth_client:update"),
            (&blue, "orders:read"),
            ("team_nowhere", "oauth_client:read"),
            (&acme, "oauth_client:read"),
            ("\u{0}", "oauth_client:read"),
        ] {
            let verdict = ask(team, permission).await.verdict();
            let want =
                if team == "\u{0}" { "400 invalid_request" } else { "403 insufficient_scope" };
            assert_eq!(verdict, want, "{permission} in {team:?}");
        }
        bind(&server, "svc-full", CLIENT_MANAGER, Place::Organization(acme)).await;
        assert_eq!(
            ask(&red, "oauth_client:read").await.verdict(),
            "200",
            "through its organization"
        );
    })
    .await;
}

/// A web application that acts for the administrator in the teams they belong to.
async fn deputy(server: &Arc<Server>, restrictions: serde_json::Value) -> App {
    server
        .register(json!({
            "client_id": "web-app", "client_name": "Web App", "type": "user_authorized",
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "as_user:read"],
            "team_restrictions": restrictions,
        }))
        .await
}

async fn patch(server: &Server, client: &str, patch: serde_json::Value) {
    let may = Authority::operator("test@host").may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    clients::change(&mut work, &server.operator(), &may, client, (&patch, None)).await.unwrap();
    work.commit().await.unwrap();
}

async fn administrator(server: &Server) -> UserId {
    let mut work = server.instance.read();
    domain::accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap().id
}

fn names(meaning: &serde_json::Value) -> Vec<&str> {
    let teams = meaning["authorized_teams"].as_array().unwrap();
    teams.iter().map(|team| team["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_team_taken_off_the_clients_list_is_gone_from_the_next_introspection() {
    both(|server| async move {
        let (acme, [blue, red]) = two_teams(&server).await;
        let ada = administrator(&server).await;
        bind(&server, ada.as_str(), MEMBER, Place::Team(blue.clone())).await;
        let restrictions = json!({ "organizations": [], "teams": [blue, red] });
        let app = deputy(&server, restrictions).await;
        let fields = [("scope", "openid as_user:read")];
        let token = app.sign_in(&fields).await.text("access_token");
        assert_eq!(names(&app.introspect(&token).await), ["Blue"]);
        let less = json!({ "team_restrictions": { "organizations": [], "teams": [red] } });
        patch(&server, "web-app", less).await;
        let node = server.second_node().await;
        let request = crate::harness::form("/oauth2/introspect", &[])
            .header("authorization", app.basic())
            .body(Body::from(encode(&[("token", &token)])))
            .unwrap();
        for meaning in [app.introspect(&token).await, node.send(request).await.json()] {
            assert_eq!(meaning["active"], true);
            assert!(names(&meaning).is_empty(), "{meaning}");
        }
        let whole = json!({ "team_restrictions": { "organizations": [acme], "teams": [] } });
        patch(&server, "web-app", whole).await;
        assert_eq!(names(&app.introspect(&token).await), ["Blue"], "its organization covers it");
    })
    .await;
}

#[tokio::test]
async fn restrictions_narrow_a_service_too_and_cover_later_teams() {
    both(|server| async move {
        let (acme, [blue, red]) = two_teams(&server).await;
        let app = server.register(json!({
            "client_id": "svc", "client_name": "svc", "type": "service", "grant_types": ["client_credentials"],
            "scopes": ["oauth_client:read"], "team_restrictions": { "organizations": [], "teams": [red] },
        })).await;
        let token = app.own_token().await.text("access_token");
        bind(&server, "svc", CLIENT_MANAGER, Place::Team(blue.clone())).await;
        let me = async || app.get_with("/api/v1/me", &token).await.json();
        assert_eq!(names(&me().await), Vec::<&str>::new());
        bind(&server, "svc", CLIENT_MANAGER, Place::Organization(acme.clone())).await;
        assert_eq!(names(&me().await), ["Red"], "of the organization, only what the client may reach");
        assert_eq!(me().await["organization_permissions"], json!([]));
        let whole = json!({ "team_restrictions": { "organizations": [acme], "teams": [] } });
        patch(&server, "svc", whole).await;
        let held = me().await;
        assert_eq!(held["organization_permissions"][0]["id"], json!(acme), "later teams included");
        assert_eq!(names(&held), ["Blue"]);
    })
    .await;
}
