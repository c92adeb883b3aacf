//! The sample application's side of HTTP: one request, one answer, and how both are told.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::views::Exchange;

/// Talks to the server, and to nobody else.
pub struct Wire {
    client: Client<HttpConnector, Full<Bytes>>,
    issuer: String,
    basic: String,
}

/// What came back.
pub struct Came {
    /// 200 to 299.
    pub is_ok: bool,
    /// The body as JSON; null where it is none.
    pub json: serde_json::Value,
    /// How it is told.
    pub told: Exchange,
}

/// What is asked, in words and on the wire.
pub struct Asked<'a> {
    /// "Exchange the code".
    pub title: &'a str,
    /// Why, in one sentence.
    pub about: &'a str,
    /// The path at the server.
    pub path: &'a str,
    /// Fields of a form; `None` for GET.
    pub form: Option<Vec<(&'a str, &'a str)>>,
    /// A bearer token instead of the application's own credentials.
    pub bearer: Option<&'a str>,
}

impl Wire {
    /// A wire to the server at `issuer`; `basic` is the value of the application's own header.
    pub fn new(issuer: &str, basic: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, issuer: issuer.into(), basic }
    }

    /// Asks; a server that does not answer is told like one that refuses.
    pub async fn ask(&self, asked: &Asked<'_>) -> Came {
        let body = asked.form.as_ref().map(|fields| {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        });
        let told = self.tell(asked);
        match self.send(asked, body).await {
            Ok((status, text)) => {
                let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                let answer = if json.is_null() {
                    text
                } else {
                    serde_json::to_string_pretty(&shortened(json.clone())).unwrap_or_default()
                };
                let is_ok = status.is_success();
                Came {
                    is_ok,
                    json,
                    told: Exchange { status: status.to_string(), ok: is_ok, answer, ..told },
                }
            }
            Err(why) => {
                let told = Exchange { status: "no answer".into(), ok: false, answer: why, ..told };
                Came { is_ok: false, json: serde_json::Value::Null, told }
            }
        }
    }

    async fn send(
        &self,
        asked: &Asked<'_>,
        body: Option<String>,
    ) -> Result<(StatusCode, String), String> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let authorization =
            asked.bearer.map_or_else(|| self.basic.clone(), |token| format!("Bearer {token}"));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{}", self.issuer, asked.path))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, authorization)
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(Duration::from_secs(10), self.client.request(request));
        let answer = answer.await.map_err(|_| "The server took too long.".to_owned())?;
        let (parts, body) = answer.map_err(|error| error.to_string())?.into_parts();
        let bytes =
            Limited::new(body, 1024 * 1024).collect().await.map_err(|error| error.to_string())?;
        Ok((parts.status, String::from_utf8_lossy(&bytes.to_bytes()).into_owned()))
    }

    /// The request as a person would type it, secrets shortened.
    fn tell(&self, asked: &Asked<'_>) -> Exchange {
        let authorization = asked.bearer.map_or_else(
            || "Basic (client id and secret)".to_owned(),
            |token| format!("Bearer {}", short(token)),
        );
        let mut request = match &asked.form {
            Some(_) => format!("POST {}{}\n", self.issuer, asked.path),
            None => format!("GET {}{}\n", self.issuer, asked.path),
        };
        request.push_str("Authorization: ");
        request.push_str(&authorization);
        for (at, (name, value)) in asked.form.iter().flatten().enumerate() {
            request.push_str(if at == 0 { "\n\n" } else { "\n&" });
            request.push_str(name);
            request.push('=');
            request.push_str(&short(value));
        }
        Exchange {
            title: asked.title.into(),
            about: asked.about.into(),
            request,
            ..Exchange::default()
        }
    }
}

/// A long value shortened for the eye.
pub fn short(value: &str) -> String {
    if value.len() > 40 && value.is_ascii() {
        format!("{}…{}", &value[..12], &value[value.len() - 4..])
    } else {
        value.into()
    }
}

/// JSON with its long tokens shortened.
fn shortened(mut json: serde_json::Value) -> serde_json::Value {
    for name in ["access_token", "refresh_token", "id_token"] {
        if let Some(token) = json.get(name).and_then(|v| v.as_str()) {
            json[name] = short(token).into();
        }
    }
    json
}
