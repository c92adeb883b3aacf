//! The protocol as Relativity's scripts speak it (REL-38, REL-39): the same requests under other
//! paths, with two scopes that stand for "what the client has".

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::Call;
use domain::authorizations::Unredirectable;
use protocol::params::Params;
use serde::Serialize;

use super::super::answer::json;
use super::super::authorize::unredirectable;
use super::super::form::Posted;
use super::super::token as exchange;
use crate::app::App;
use crate::web::asked::Asked;
use crate::web::page;

/// The scopes of that product: of a service, and of people.
const WHOLE: [&str; 2] = ["SystemUserInfo", "UserInfoAccess"];

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    expires_in: i64,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

/// `POST /Relativity/Identity/connect/token`
pub(super) async fn token(State(app): State<Arc<App>>, mut posted: Posted) -> Response {
    posted.params = match translated(&posted.params) {
        Ok(params) => params,
        Err(error) => {
            let about = posted.about("token");
            return exchange::failure(&app, &posted.call, &about, error.into());
        }
    };
    match exchange::exchange(&app, &posted).await {
        Ok(given) => json(&Answer {
            access_token: given.access.text.reveal(),
            expires_in: given.access.expires_in,
            token_type: "Bearer",
            refresh_token: given.refresh.as_ref().map(domain::Plain::reveal),
            id_token: given.id_token.as_ref().map(domain::Plain::reveal),
        }),
        Err(failed) => exchange::failure(&app, &posted.call, &posted.about("token"), failed),
    }
}

/// `GET /Relativity/Identity/connect/authorize`
pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    Asked(call): Asked,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    match params.and_then(|params| translated(&params)) {
        Ok(params) => page::see_other(&format!("/oauth2/authorize?{}", params.to_query())),
        Err(error) => refused(&app, &call, error),
    }
}

fn refused(app: &App, call: &Call, error: protocol::error::Error) -> Response {
    unredirectable(app, call, Unredirectable { client_id: None, error })
}

/// The same parameters in our words: without those two scopes, and without a scope where nothing
/// is left of it.
fn translated(params: &Params) -> Result<Params, protocol::error::Error> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in params.iter() {
        if name != "scope" {
            query.append_pair(name, value);
            continue;
        }
        let words: Vec<&str> = value.split(' ').filter(|word| !WHOLE.contains(word)).collect();
        if !words.is_empty() {
            query.append_pair(name, &words.join(" "));
        }
    }
    Params::parse(query.finish().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_away_the_two_scopes_and_nothing_else() {
        for (sent, read) in [
            ("scope=SystemUserInfo&a=b+c", "a=b+c"),
            (
                "scope=openid+UserInfoAccess&resource=x&resource=y",
                "scope=openid&resource=x&resource=y",
            ),
            ("scope=SystemUserInfoX", "scope=SystemUserInfoX"),
            ("a=&scope=", "a=&scope="),
        ] {
            let params = Params::parse(sent.as_bytes()).unwrap();
            assert_eq!(translated(&params).unwrap().to_query(), read, "{sent}");
        }
    }
}
