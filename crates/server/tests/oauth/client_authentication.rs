//! Client authentication (RFC 6749 §2.3), seen from the token endpoint.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::{Authority, ReadClients};
use domain::clients;
use serde_json::json;

use crate::harness::{Answer, Server, both, encode, form};

async fn ask(server: &Server, header: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let mut request = form("/oauth2/token", &[]);
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    let mut all = vec![("grant_type", "client_credentials")];
    all.extend_from_slice(fields);
    server.send(request.body(Body::from(encode(&all))).unwrap()).await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn e01_a_wrong_secret_is_401_with_a_challenge() {
    both(|server| async move {
        server.service().await;
        let answer = ask(&server, Some(&basic("service", "wrong")), &[]).await;
        assert_eq!(answer.verdict(), "401 invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        let unknown = ask(&server, Some(&basic("nobody", "wrong")), &[]).await;
        assert_eq!(
            (unknown.verdict(), unknown.text("error_description")),
            (answer.verdict(), answer.text("error_description"))
        );
    })
    .await;
}

#[tokio::test]
async fn e02_accepts_a_secret_form_encoded_or_as_it_stands() {
    both(|server| async move {
        let secret = "a:secret%with+and&=~of-thirty-two-chars!";
        let draft = json!({
            "client_id": "odd", "client_name": "Odd", "type": "service", "client_secret": secret,
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        server.register(draft).await;
        let encoded = encode(&[("s", secret)]);
        let encoded = encoded.strip_prefix("s=").unwrap();
        assert_eq!(ask(&server, Some(&basic("odd", secret)), &[]).await.verdict(), "200");
        assert_eq!(ask(&server, Some(&basic("odd", encoded)), &[]).await.verdict(), "200");
        assert_eq!(
            ask(&server, None, &[("client_id", "odd"), ("client_secret", secret)]).await.verdict(),
            "200"
        );
    })
    .await;
}

#[tokio::test]
async fn e03_refuses_two_methods_at_once_and_a_secret_in_the_query() {
    both(|server| async move {
        let service = server.service().await;
        let secret = service.secret.clone().unwrap();
        let both_ways = [("client_id", "service"), ("client_secret", secret.as_str())];
        assert_eq!(
            ask(&server, Some(&service.basic()), &both_ways).await.verdict(),
            "400 invalid_request"
        );
        let other = ask(&server, Some(&service.basic()), &[("client_id", "another")]).await;
        assert_eq!(other.verdict(), "400 invalid_request");
        let same = ask(&server, Some(&service.basic()), &[("client_id", "service")]).await;
        assert_eq!(same.verdict(), "200");
        let path = format!("/oauth2/token?client_id=service&client_secret={secret}");
        let request = form(&path, &[]).body(Body::from("grant_type=client_credentials")).unwrap();
        assert_eq!(server.send(request).await.verdict(), "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn e04_no_empty_and_blank_secret_never_pass() {
    both(|server| async move {
        server.service().await;
        for secret in ["", " ", "\t"] {
            let by_basic = ask(&server, Some(&basic("service", secret)), &[]).await;
            assert_eq!(by_basic.verdict(), "401 invalid_client", "{secret:?} by basic");
            let by_post =
                ask(&server, None, &[("client_id", "service"), ("client_secret", secret)]).await;
            assert_eq!(by_post.verdict(), "401 invalid_client", "{secret:?} by post");
        }
        assert_eq!(
            ask(&server, None, &[("client_id", "service")]).await.verdict(),
            "401 invalid_client"
        );
        assert_eq!(ask(&server, None, &[]).await.verdict(), "401 invalid_client");
        for header in ["Basic", "Basic !!!", "Basic c2VydmljZQ==", "Digest x", "Bearer mat_x"] {
            assert_eq!(
                ask(&server, Some(header), &[]).await.verdict(),
                "401 invalid_client",
                "{header}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn e05_a_client_authenticates_only_in_the_ways_it_may() {
    both(|server| async move {
        let draft = json!({
            "client_id": "picky", "client_name": "Picky", "type": "service", "auth_methods": ["client_secret_basic"],
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        let picky = server.register(draft).await;
        let secret = picky.secret.clone().unwrap();
        assert_eq!(picky.own_token().await.verdict(), "200");
        let by_post = ask(&server, None, &[("client_id", "picky"), ("client_secret", &secret)]).await;
        assert_eq!(by_post.verdict(), "401 invalid_client");
        let assertion = [
            ("client_id", "picky"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "e30.e30.e30"),
        ];
        assert_eq!(ask(&server, None, &assertion).await.verdict(), "401 invalid_client");
        let native = server.native_app().await;
        let with_secret = ask(&server, Some(&basic("native-app", "anything")), &[]).await;
        assert_eq!(with_secret.verdict(), "401 invalid_client");
        assert!(native.secret.is_none());
    })
    .await;
}

#[tokio::test]
async fn e14_rel14_an_address_outside_is_refused_before_the_secret() {
    both(|server| async move {
        let draft = json!({
            "client_id": "fenced", "client_name": "Fenced", "type": "service", "trusted_ips": ["10.0.0.0/8", "2001:db8::/32"],
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        let fenced = server.register(draft).await;
        let from = async |peer: &str, secret: &str, forged: bool| {
            let mut request = form("/oauth2/token", &[]).header("authorization", basic("fenced", secret));
            if forged {
                request = request.header("x-forwarded-for", "10.0.0.1").header("forwarded", "for=10.0.0.1");
            }
            let request = request.body(Body::from("grant_type=client_credentials")).unwrap();
            server.send_from(peer.parse().unwrap(), request).await
        };
        let secret = fenced.secret.clone().unwrap();
        assert_eq!(from("10.1.2.3:1", &secret, false).await.verdict(), "200");
        assert_eq!(from("[2001:db8::5]:1", &secret, false).await.verdict(), "200");
        assert_eq!(from("[::ffff:10.1.2.3]:1", &secret, false).await.verdict(), "200");
        for (peer, secret, forged) in [("192.0.2.1:1", secret.as_str(), false), ("192.0.2.1:1", "wrong", false), ("192.0.2.1:1", &secret, true)] {
            let answer = from(peer, secret, forged).await;
            let mut body = answer.json();
            assert!(body.as_object_mut().unwrap().remove("error_id").is_some());
            assert_eq!(answer.status.as_u16(), 400);
            assert_eq!(body, json!({
                "error": "invalid_client", "error_description": "IP address not allowed.",
                "message": "invalid_client. IP address not allowed.",
            }));
        }
    })
    .await;
}

#[tokio::test]
async fn rel14_addresses_only_observed_are_let_in_and_told() {
    both(|server| async move {
        let draft = json!({
            "client_id": "watched", "client_name": "Watched", "type": "service",
            "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "observe",
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        let watched = server.register(draft).await;
        let from = async |peer: &str, secret: &str| {
            let request =
                form("/oauth2/token", &[]).header("authorization", basic("watched", secret));
            let request = request.body(Body::from("grant_type=client_credentials")).unwrap();
            server.send_from(peer.parse().unwrap(), request).await.verdict()
        };
        let secret = watched.secret.clone().unwrap();
        for peer in ["10.1.2.3:1", "192.0.2.1:1", "192.0.2.1:2", "[::ffff:192.0.2.9]:1"] {
            assert_eq!(from(peer, &secret).await, "200", "{peer}");
        }
        assert_eq!(from("198.51.100.1:1", "wrong").await, "401 invalid_client");
        let may = Authority::operator("test").may::<ReadClients>().unwrap();
        let told = async || {
            clients::flush_observed(&server.instance).await.unwrap();
            let mut work = server.instance.read();
            clients::observed(&mut work, &may, "watched").await.unwrap()
        };
        let seen = told().await;
        let lines: Vec<_> = seen.iter().map(|o| (o.address.to_string(), o.seen)).collect();
        assert_eq!(lines, [("192.0.2.1".to_owned(), 2), ("192.0.2.9".to_owned(), 1)]);
        let proposed = domain::trusted_ips::propose(seen.iter().map(|o| o.address));
        assert_eq!(proposed, ["192.0.2.0/24"]);
        server.clock.step(60);
        assert_eq!(from("192.0.2.9:1", &secret).await, "200");
        let again = told().await;
        assert_eq!((again[0].address.to_string().as_str(), again[0].seen), ("192.0.2.9", 2));
        assert_eq!(again[0].last_at - again[0].first_at, 60);
        server.clock.step(31 * 24 * 3600);
        server.sweep().await;
        assert!(told().await.is_empty(), "nobody is told of last month");
    })
    .await;
}

#[tokio::test]
async fn guesses_that_have_to_wait_write_nothing() {
    both(|server| async move {
        let service = server.service().await;
        let wrong = server.client("service", Some("not the secret of this service"));
        let failures = async || {
            let mut tx = server.database().await.begin().await.unwrap();
            let row = tx.query_one("SELECT failures, last_at FROM attempts", &[]).await.unwrap();
            row.map(|row| (row.get::<i64>(0).unwrap(), row.get::<i64>(1).unwrap()))
        };
        assert_eq!(failures().await, None);
        for _ in 0..6 {
            let answer = wrong.own_token().await;
            assert_eq!(
                (answer.verdict().as_str(), answer.header("retry-after")),
                ("401 invalid_client", "")
            );
        }
        let counted = failures().await;
        assert_eq!(counted.map(|(n, _)| n), Some(6));
        for _ in 0..20 {
            assert_eq!(wrong.own_token().await.header("retry-after"), "1");
        }
        assert_eq!(failures().await, counted, "who has to wait is not counted");
        assert_eq!(service.own_token().await.verdict(), "200", "the rightful owner stays in");
        server.clock.step(1);
        assert_eq!(wrong.own_token().await.header("retry-after"), "", "one more try is free again");
        assert_eq!(wrong.own_token().await.header("retry-after"), "2");
        assert_eq!(failures().await.map(|(n, _)| n), Some(7));
        // Of fifty at once, one is counted.
        server.clock.step(2);
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let wrong = wrong.clone();
            tries.spawn(async move { wrong.own_token().await.header("retry-after").to_owned() });
        }
        let free = tries.join_all().await.into_iter().filter(String::is_empty).count();
        assert_eq!((free, failures().await.map(|(n, _)| n)), (1, Some(8)));
    })
    .await;
}
