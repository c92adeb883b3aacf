//! `/metrics`: only where it was asked for, only words of ours, and the numbers of what was done.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use mandate::app::{App, Outfit};
use mandate::ops::metrics;
use mandate::{jobs, routes};
use tower::ServiceExt;

use crate::harness::{Answer, Server, both, form};
use crate::machine::Machine;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Every sample of a page by its name and labels; a line that is none fails.
fn samples(page: &str) -> BTreeMap<String, String> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a number");
        (name.to_owned(), value.to_owned())
    };
    lines.map(sample).collect()
}

fn number(told: &BTreeMap<String, String>, name: &str) -> f64 {
    told[name].parse().unwrap_or_else(|_| panic!("{name} is no number: {}", told[name]))
}

/// The server of the harness, with figures to collect.
fn counted(server: &Server) -> (Arc<App>, axum::Router) {
    let outfit = Outfit { counts: true, ..Outfit::default() };
    let app = App::equipped(Arc::clone(&server.instance), Vec::new(), outfit);
    (Arc::clone(&app), routes::router(app))
}

async fn page(app: &Arc<App>) -> BTreeMap<String, String> {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = metrics::router(Arc::clone(app)).oneshot(request).await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let answer = Answer::read(answer).await;
    assert!(answer.body.ends_with("# EOF\n"));
    samples(&answer.body)
}

#[tokio::test]
async fn tells_what_was_done_on_either_engine() {
    both(|server| async move {
        let (service, web) = (server.service().await, server.web_app().await);
        let (app, router) = counted(&server);
        let ask = |body: &'static str, basic: String| {
            let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000)));
            let request = form("/oauth2/token", &[]).header("authorization", basic).extension(peer);
            router.clone().oneshot(request.body(Body::from(body)).unwrap())
        };
        for _ in 0..3 {
            ask("grant_type=client_credentials", service.basic()).await.unwrap();
        }
        ask("grant_type=client_credentials", web.basic()).await.unwrap();
        ask("grant_type=client_credentials", format!("{}x", service.basic())).await.unwrap();
        let nowhere = Request::builder().method("BREW").uri("/pot/4711").body(Body::empty());
        router.clone().oneshot(nowhere.unwrap()).await.unwrap();
        jobs::count(&app).await.unwrap();

        let told = page(&app).await;
        let expected = [
            (r#"mandate_requests_total{route="/oauth2/token",method="POST",status="200"}"#, "3"),
            (r#"mandate_requests_total{route="/oauth2/token",method="POST",status="400"}"#, "1"),
            (r#"mandate_requests_total{route="/oauth2/token",method="POST",status="401"}"#, "1"),
            (r#"mandate_requests_total{route="none",method="other",status="404"}"#, "1"),
            (r#"mandate_request_duration_seconds_count{route="/oauth2/token"}"#, "5"),
            ("mandate_requests_under_way", "0"),
            (r#"mandate_grants_total{grant="client_credentials"}"#, "3"),
            (r#"mandate_refusals_total{endpoint="token",reason="unauthorized_client"}"#, "1"),
            (r#"mandate_refusals_total{endpoint="token",reason="invalid_client"}"#, "1"),
            (r#"mandate_rows_live{kind="access_tokens"}"#, "3"),
            (r#"mandate_rows_live{kind="clients"}"#, "7"),
            (r#"mandate_rows_live{kind="users"}"#, "1"),
            (r#"mandate_expired_rows_pending{kind="access_tokens"}"#, "0"),
            ("mandate_database_lost_transactions_total", "0"),
        ];
        for (name, value) in expected {
            assert_eq!(told.get(name).map(String::as_str), Some(value), "{name} of {told:#?}");
        }
        for name in [
            "mandate_database_commit_seconds_count",
            "mandate_database_size_bytes",
            "process_resident_memory_bytes",
        ] {
            assert!(number(&told, name) > 2.0, "{name}: {}", told[name]);
        }
        assert!(
            number(&told, "mandate_database_commit_members_sum")
                >= number(&told, "mandate_database_commit_members_count")
        );
        assert!(!told.keys().any(|name| name.contains("4711")
            || name.contains("BREW")
            || name.contains(&service.id)));

        // They expire, are seen to wait, and go.
        server.clock.step(3601);
        jobs::count(&app).await.unwrap();
        assert_eq!(page(&app).await[r#"mandate_expired_rows_pending{kind="access_tokens"}"#], "3");
        jobs::sweep(&app).await.unwrap();
        jobs::count(&app).await.unwrap();
        assert_eq!(page(&app).await[r#"mandate_expired_rows_pending{kind="access_tokens"}"#], "0");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_not_under_way() {
    let server = crate::harness::one().await;
    let (app, router) = counted(&server);
    let never = futures_body();
    let request = form("/oauth2/token", &[]).body(never).unwrap();
    let asking =
        tokio::time::timeout(std::time::Duration::from_millis(20), router.oneshot(request));
    assert!(asking.await.is_err(), "a body without an end has no answer");
    assert_eq!(page(&app).await["mandate_requests_under_way"], "0");
}

/// A body that never comes.
fn futures_body() -> Body {
    struct Never;
    impl http_body::Body for Never {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
    Body::new(Never)
}

#[test]
fn is_served_on_its_own_address_alone() {
    let mut machine = Machine::new();
    machine.set("MANDATE_METRICS_LISTEN", "127.0.0.1:0");
    machine.set("MANDATE_BOOTSTRAP_CLIENT_SECRET", SECRET);
    let server = machine.serve();
    let greeted =
        server.greeting.lines().find_map(|line| line.trim().strip_prefix("metrics   http://"));
    let address = greeted.unwrap().strip_suffix("/metrics").unwrap();
    let ask = |path: &str| {
        let (mut stream, mut answer) = (TcpStream::connect(address).unwrap(), String::new());
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(server.token("mandate-admin", SECRET).contains("access_token"));
    let page = ask("/metrics");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("\nmandate_grants_total{grant=\"client_credentials\"} 1\n"), "{page}");
    for path in ["/", "/readyz", "/oauth2/jwks", "/console"] {
        assert!(ask(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(server.get("/metrics").starts_with("HTTP/1.1 404"));
    assert_eq!(server.stop().0, Some(0));
}
