//! How a page fails: one enum, one page each, a reference number for what is nobody's mistake.
//!
//! A fault is logged in full here and never explained to the browser.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{Fault, Refusal};

use super::page;
use super::views::{ErrorPage, Link, NotFound};

/// Why a page could not be shown.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in; afterwards go back to this path.
    SignInFirst {
        /// A path of ours.
        back_to: String,
    },
    /// There is nothing here, or the person may not know of it.
    NotFound,
    /// The person lacks a permission.
    Forbidden {
        /// `resource:action`
        missing: String,
    },
    /// The form was not made for this browser, or is too old.
    StrangeForm,
    /// One sentence for the person, and its status.
    Said {
        /// The status of the answer.
        status: StatusCode,
        /// What happened, as a headline.
        title: &'static str,
        /// One true sentence.
        sentence: String,
        /// What they can do now.
        advice: &'static str,
        /// Under which the exact reason is kept.
        error_id: Option<String>,
    },
    /// Nobody's mistake.
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::Forbidden { missing, .. } => Self::Forbidden { missing },
            Refusal::Fault(fault) => Self::Fault(fault),
            other => Self::Said {
                status: StatusCode::CONFLICT,
                title: "That could not be done",
                sentence: other.to_string(),
                advice: "Go back, look at the current state, and try again.",
                error_id: None,
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::SignInFirst { back_to } => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("next", &back_to)
                    .finish();
                page::see_other(&format!("/login?{query}"))
            }
            Self::NotFound => {
                let ways_out = vec![Link { label: "Home".into(), href: "/".into() }];
                page::render_with(StatusCode::NOT_FOUND, &NotFound { ways_out })
            }
            Self::Forbidden { missing } => error_page(
                StatusCode::FORBIDDEN,
                "You may not do this",
                format!("This needs the permission {missing}, which you do not hold here."),
                "Ask an administrator for a role that holds it.",
                None,
            ),
            Self::StrangeForm => error_page(
                StatusCode::FORBIDDEN,
                "This form is not valid any more",
                "The form was made for another browser or another sign-in.".into(),
                "Go back, load the page again, and send the form once more.",
                None,
            ),
            Self::Said { status, title, sentence, advice, error_id } => {
                error_page(status, title, sentence, advice, error_id)
            }
            Self::Fault(fault) => faulty(&fault),
        }
    }
}

fn error_page(
    status: StatusCode,
    title: &str,
    sentence: String,
    advice: &str,
    error_id: Option<String>,
) -> Response {
    let ways_out = vec![Link { label: "Home".into(), href: "/".into() }];
    let page =
        ErrorPage { title: title.into(), sentence, advice: advice.into(), error_id, ways_out };
    page::render_with(status, &page)
}

/// 503 where the same request may succeed later, 500 for a bug of ours.
fn faulty(fault: &Fault) -> Response {
    tracing::error!(%fault, "a page failed");
    if fault.may_heal() {
        let mut response = error_page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available right now",
            "The server cannot reach its database. Nothing was changed.".into(),
            "Try again in a few seconds.",
            None,
        );
        response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("5"));
        return response;
    }
    error_page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong here",
        "This is a mistake of the server, not of yours. Nothing was changed.".into(),
        "Try again; if it stays, tell the operator when it happened.",
        None,
    )
}
