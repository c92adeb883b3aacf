//! A request whose parameters stand in the query, in the body, or in both (RLT-34 to RLT-37). One
//! that stands in both is repeated, and refused like any other repetition.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::response::Response;
use protocol::error::{Code, Error};
use protocol::params::Params;

use super::super::answer::{About, Refused, refuse};
use super::super::form::Posted;
use crate::app::App;
use crate::web::asked::Asked;

/// The largest body, bytes.
const LIMIT: usize = 64 * 1024;

/// A request of a profile, as the endpoints of the protocol read one.
pub(super) struct Loose(pub Posted);

impl FromRequest<Arc<App>> for Loose {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(Asked(call)) = Asked::from_request_parts(&mut parts, app).await;
        let about = About { endpoint: "profile", ..About::default() };
        let refuse = |sentence: &'static str| {
            let error = Error::new(Code::InvalidRequest, sentence);
            refuse(app, &call, &about, Refused::Error(error))
        };
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let authorization = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => match value.to_str() {
                Ok(text) => Some(text.to_owned()),
                Err(_) => return Err(refuse("The Authorization header is not text.")),
            },
            _ => return Err(refuse("There are several Authorization headers.")),
        };
        let Ok(body) = axum::body::to_bytes(body, LIMIT).await else {
            return Err(refuse("The body is too large or was cut off."));
        };
        let mut all = parts.uri.query().unwrap_or_default().as_bytes().to_vec();
        all.push(b'&');
        all.extend_from_slice(&body);
        match Params::parse(&all) {
            Ok(params) => Ok(Self(Posted { call, params, authorization })),
            Err(_) => Err(refuse("The parameters are not well-formed.")),
        }
    }
}
