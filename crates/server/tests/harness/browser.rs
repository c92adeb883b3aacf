//! A browser: keeps cookies, follows redirects within the server, fills forms.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;

use super::{Answer, ISSUER, PASSWORD, Server, encode, form};

/// One browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    pub server: Arc<Server>,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(server: Arc<Server>) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; ")).body(Body::from(body)).unwrap();
        let answer = self.server.send(request).await;
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        answer
    }

    /// As a link checker asks.
    pub async fn head(&mut self, path: &str) -> Answer {
        self.send(Request::head(path), String::new()).await
    }

    /// GET, redirects not followed.
    pub async fn get(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(ISSUER).unwrap_or(path);
        self.send(Request::get(path), String::new()).await
    }

    /// POST of a form, redirects not followed.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields).header("origin", ISSUER), encode(fields)).await
    }

    /// POST of a form that another site claims to have sent.
    pub async fn post_from(&mut self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields).header("origin", origin), encode(fields)).await
    }

    /// GET, following redirects for as long as they stay on this server.
    pub async fn visit(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        for _ in 0..10 {
            let location = answer.location().to_owned();
            let ours = location.starts_with('/') || location.starts_with(&format!("{ISSUER}/"));
            if !answer.status.is_redirection() || !ours {
                return answer;
            }
            answer = self.get(&location).await;
        }
        panic!("ten redirects in a row: {}", answer.location());
    }

    /// Sends the form of a page back, with these fields added; follows redirects within the server.
    pub async fn submit(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let hidden: Vec<(String, String)> =
            ["form_token", "request", "next", "link", "proof", "enrolment"]
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), page.field(name)?)))
                .collect();
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        all.extend_from_slice(fields);
        let answer = self.post(path, &all).await;
        if answer.location().starts_with('/') {
            Box::pin(self.visit(answer.location())).await
        } else {
            answer
        }
    }

    /// Signs in on the login page.
    pub async fn sign_in(&mut self, email: &str) -> Answer {
        let page = self.get("/login").await;
        self.submit(&page, "/login", &[("email", email), ("password", PASSWORD)]).await
    }

    /// Walks through login and consent until the browser leaves the server: the answer that leads
    /// back to the application, or the page where it got stuck.
    pub async fn authorize(&mut self, path: &str, email: &str) -> Answer {
        let mut answer = self.visit(path).await;
        for _ in 0..4 {
            if answer.body.contains("name=\"password\"") {
                answer = self
                    .submit(&answer, "/login", &[("email", email), ("password", PASSWORD)])
                    .await;
            } else if answer.body.contains("name=\"decision\"") {
                answer = self.submit(&answer, "/consent", &[("decision", "allow")]).await;
            } else {
                break;
            }
        }
        answer
    }
}
