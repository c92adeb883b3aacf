//! Spans on their way to a collector: whose trace a request belongs to, what a span holds and what
//! it never holds, and that nobody waits for a collector that is slow, gone or not there.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use mandate::app::{App as Application, Outfit};
use mandate::routes;
use mandate::traces::Traces;
use serde_json::Value;
use tower::ServiceExt;

use crate::harness::{Answer, App, Server, both, form};
use crate::machine::Machine;

const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector on loopback, and every body it got.
#[derive(Clone, Default)]
struct Collector {
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    async fn start() -> (Self, SocketAddr) {
        let collector = Self::default();
        let take = |State(to): State<Self>, body: Bytes| async move {
            to.bodies.lock().unwrap().push(body);
        };
        let router = axum::Router::new().route("/v1/traces", post(take));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router.with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (collector, address)
    }

    /// Everything it got, as text.
    fn text(&self) -> String {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().map(|body| String::from_utf8(body.to_vec()).unwrap()).collect()
    }

    /// Every span it got.
    fn spans(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| serde_json::from_slice::<Value>(body).unwrap());
        requests
            .flat_map(|request| {
                let scope = &request["resourceSpans"][0]["scopeSpans"][0];
                scope["spans"].as_array().unwrap().clone()
            })
            .collect()
    }
}

/// The server of the harness, with a collector and one listed proxy.
struct Traced {
    app: Arc<Application>,
    router: axum::Router,
}

impl Traced {
    fn new(server: &Server, collector: SocketAddr) -> Self {
        let traces = Traces::begin(format!("http://{collector}/v1/traces").parse().unwrap());
        let outfit = Outfit { counts: true, traces: Some(traces), ..Outfit::default() };
        let proxies = vec!["10.0.0.1/32".parse().unwrap()];
        let app = Application::equipped(Arc::clone(&server.instance), proxies, outfit);
        Self { router: routes::router(Arc::clone(&app)), app }
    }

    async fn send(&self, peer: [u8; 4], request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 40_000))));
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A token request of this client with its `traceparent`.
    async fn token(&self, peer: [u8; 4], client: &App, traceparent: &str) -> Answer {
        let request = form("/oauth2/token", &[])
            .header("authorization", client.basic())
            .header("traceparent", traceparent)
            .body(Body::from("grant_type=client_credentials&state=a-private-word"));
        self.send(peer, request.unwrap()).await
    }

    async fn flush(&self) {
        self.app.traces.as_ref().unwrap().flush().await;
    }

    fn lost(&self) -> u64 {
        self.app.traces.as_ref().unwrap().lost().get()
    }
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a str {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    let value = found.map_or(&Value::Null, |attribute| &attribute["value"]);
    value["stringValue"].as_str().or_else(|| value["intValue"].as_str()).unwrap_or_default()
}

const PROXY: [u8; 4] = [10, 0, 0, 1];
const STRANGER: [u8; 4] = [192, 0, 2, 1];

#[tokio::test]
async fn a_token_request_is_a_span_in_the_trace_of_a_listed_proxy_and_holds_no_secret() {
    both(|server| async move {
        let service = server.service().await;
        let (collector, address) = Collector::start().await;
        let traced = Traced::new(&server, address);
        let answer = traced.token(PROXY, &service, SENT).await;
        assert_eq!(answer.verdict(), "200", "{}", answer.body);
        traced.flush().await;

        let spans = collector.spans();
        let [span] = spans.as_slice() else { panic!("one span: {spans:?}") };
        assert_eq!(span["traceId"], TRACE);
        assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
        assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
        assert_eq!((&span["name"], &span["kind"]), (&"POST /oauth2/token".into(), &2.into()));
        assert_eq!(attribute(span, "http.route"), "/oauth2/token");
        assert_eq!(attribute(span, "http.request.method"), "POST");
        assert_eq!(attribute(span, "http.response.status_code"), "200");
        assert_eq!(attribute(span, "mandate.request_id"), answer.header("x-request-id"));
        let nanoseconds = |name: &str| span[name].as_str().unwrap().parse::<i64>().unwrap();
        assert_eq!(nanoseconds("startTimeUnixNano"), crate::harness::START * 1_000_000_000);
        assert!(nanoseconds("endTimeUnixNano") > nanoseconds("startTimeUnixNano"));

        let (told, token) = (collector.text(), answer.text("access_token"));
        let secret = service.secret.as_deref().unwrap();
        for word in [secret, &service.basic(), &token, "a-private-word", "grant_type"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
        assert_eq!(traced.lost(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_stranger_names_no_trace_and_a_proxy_may_say_that_it_records_none() {
    let server = Arc::new(crate::harness::one().await);
    let service = server.service().await;
    let (collector, address) = Collector::start().await;
    let traced = Traced::new(&server, address);
    traced.token(STRANGER, &service, SENT).await;
    traced.token(PROXY, &service, "00-made-up-01").await;
    traced.token(PROXY, &service, &SENT.replace("-01", "-00")).await;
    traced.flush().await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 2, "{spans:?}");
    for span in &spans {
        assert_ne!(span["traceId"], TRACE);
        assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
        assert_eq!(span["parentSpanId"], "");
    }
    assert_ne!(spans[0]["traceId"], spans[1]["traceId"]);
}

#[tokio::test]
async fn a_refusal_is_named_by_the_id_its_reason_is_kept_under_and_a_path_by_its_template() {
    let server = Arc::new(crate::harness::one().await);
    let (collector, address) = Collector::start().await;
    let traced = Traced::new(&server, address);
    let wrong = server.client("nobody", Some("a-wrong-secret"));
    let refused = traced.token(STRANGER, &wrong, "").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    for path in ["/console/clients/of-somebody?q=private", "/no/such/path"] {
        traced.send(STRANGER, Request::get(path).body(Body::empty()).unwrap()).await;
    }
    let brew = Request::builder().method("BREW").uri("/login").body(Body::empty()).unwrap();
    traced.send(STRANGER, brew).await;
    traced.flush().await;
    let spans = collector.spans();
    assert_eq!(attribute(&spans[0], "mandate.error_id"), refused.text("error_id"));
    assert_eq!(attribute(&spans[0], "http.response.status_code"), "401");
    let names: Vec<_> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["POST /oauth2/token", "GET /console/clients/{client}", "GET", "other /login"]
    );
    let told = collector.text();
    for word in ["nobody", "a-wrong-secret", "of-somebody", "private", "/no/such", "BREW"] {
        assert!(!told.contains(word), "{word}: {told}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_collector_and_what_it_does_not_take_is_counted() {
    let server = Arc::new(crate::harness::one().await);
    // Takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let traced = Traced::new(&server, silent.local_addr().unwrap());
    let health = || Request::get("/healthz").body(Body::empty()).unwrap();
    for _ in 0..4_000 {
        assert_eq!(traced.send(STRANGER, health()).await.status, StatusCode::OK);
    }
    // Some are on the way, some wait; there is no room for all.
    let lost = traced.lost();
    assert!((1..4_000).contains(&lost), "{lost}");
    drop(silent);

    // Where nobody listens, all of a post are lost, and the end of the server is not held up.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let traced = Traced::new(&server, gone);
    for _ in 0..3 {
        traced.send(STRANGER, health()).await;
    }
    tokio::time::timeout(Duration::from_secs(4), traced.flush()).await.expect("a bound");
    assert_eq!(traced.lost(), 3);
    let page = mandate::ops::metrics::router(Arc::clone(&traced.app));
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let page = Answer::read(page.oneshot(request).await.unwrap()).await.body;
    assert!(page.contains("mandate_trace_spans_lost_total 3"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_sends_what_waits_before_it_ends() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let asked = tokio::task::spawn_blocking(move || {
        let mut machine = Machine::new();
        machine.set("MANDATE_OTEL_ENDPOINT", &endpoint);
        let running = machine.serve();
        assert!(running.get("/healthz").starts_with("HTTP/1.1 200"));
        let (code, log) = running.stop();
        assert_eq!(code, Some(0), "{log}");
    });
    asked.await.unwrap();
    let names: Vec<_> = collector.spans().iter().map(|span| span["name"].clone()).collect();
    assert!(names.contains(&"GET /healthz".into()), "{names:?}");
}
