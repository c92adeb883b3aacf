//! Who looks at a page of the console, with everything they may do now; and how a page of the
//! console fails: inside its frame, with the missing permission named.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::access::{Authority, May, Permission, Reach, definition};
use domain::{Call, Fault, Refusal};

use super::done::told;
use super::nav;
use super::query::Query;
use super::views::Forbidden;
use crate::app::App;
use crate::web::browser::SignedIn;
use crate::web::failure::Failure;
use crate::web::form::{self, Fields, OwnForm};
use crate::web::page;
use crate::web::views::{Frame, Link, Person};

/// Somebody who is signed in, and their rights.
pub(super) struct Visitor {
    /// What every door shares.
    pub app: Arc<App>,
    /// The browser, its session and its person.
    pub signed_in: SignedIn,
    /// What they may do now.
    pub authority: Authority,
}

/// A form of ours that they sent.
pub(super) struct Posted {
    /// Who.
    pub visitor: Visitor,
    /// What.
    pub fields: Fields,
}

/// An answer that ends a page early.
pub(super) struct Halt(Box<Response>);

/// What a page answers.
pub(super) type Answer = Result<Response, Halt>;

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure.into_response()))
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Failure::from(refusal).into()
    }
}

impl IntoResponse for Halt {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        refuse_nul(parts.uri.path())?;
        Ok(Self::enter(app, signed_in).await?)
    }
}

impl FromRequest<Arc<App>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        refuse_nul(request.uri().path())?;
        let OwnForm { browser, fields } = OwnForm::from_request(request, app).await?;
        if fields.has_nul() {
            return Err(form::unreadable());
        }
        let first = Failure::SignInFirst { back_to: "/console".into() };
        let signed_in = browser.into_signed_in().ok_or(first)?;
        Ok(Self { visitor: Visitor::enter(app, signed_in).await?, fields })
    }
}

/// No id holds a NUL character, and no database looks for one.
fn refuse_nul(path: &str) -> Result<(), Failure> {
    if path.contains("%00") { Err(Failure::NotFound) } else { Ok(()) }
}

impl Visitor {
    async fn enter(app: &Arc<App>, signed_in: SignedIn) -> Result<Self, Fault> {
        let mut work = app.instance.read();
        let authority = signed_in.authority(&mut work).await?;
        Ok(Self { app: Arc::clone(app), signed_in, authority })
    }

    /// The call behind the request.
    pub fn call(&self) -> &Call {
        &self.signed_in.browser.call
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.call().now
    }

    /// The proof of `P`, or the page that says what is missing.
    pub fn may<P: Permission>(&self) -> Result<May<P>, Halt> {
        self.authority.may().map_err(|refusal| self.halt(refusal))
    }

    /// The proof of `P`, held at the whole instance.
    pub fn may_everywhere<P: Permission>(&self) -> Result<May<P>, Halt> {
        let may = self.may::<P>()?;
        if *may.reach() == Reach::Everywhere {
            return Ok(may);
        }
        Err(Halt(Box::new(self.forbidden(P::NAME))))
    }

    /// Is the permission held anywhere?
    pub fn holds<P: Permission>(&self) -> bool {
        self.authority.reach(P::NAME).is_some()
    }

    /// Why a control that needs `P` is not for this person, if so.
    pub fn lacks<P: Permission>(&self) -> Option<String> {
        (!self.holds::<P>()).then(|| needs(P::NAME))
    }

    /// The same for an object of this organization, owned by this team.
    pub fn lacks_at<P: Permission>(
        &self,
        organization: Option<&str>,
        team: Option<&str>,
    ) -> Option<String> {
        let may = self.authority.may::<P>().ok();
        let covers = may.is_some_and(|may| may.covers(organization, team));
        (!covers).then(|| needs(P::NAME))
    }

    /// What a refusal of a rule looks like where no field of a form can show it.
    pub fn halt(&self, refusal: Refusal) -> Halt {
        match refusal {
            Refusal::Forbidden { missing, because } if because.is_empty() => {
                Halt(Box::new(self.forbidden(&missing)))
            }
            other => other.into(),
        }
    }

    /// A page of the console, with the cookies it needs.
    pub fn render(&self, page: &impl askama::Template) -> Response {
        self.render_with(StatusCode::OK, page)
    }

    /// The same with another status.
    pub fn render_with(&self, status: StatusCode, page: &impl askama::Template) -> Response {
        let mut response = page::render_with(status, page);
        self.signed_in.browser.remember(response.headers_mut());
        response
    }

    /// The page for a missing permission.
    fn forbidden(&self, missing: &str) -> Response {
        let what = definition(missing).map_or("do this", |known| known.description);
        let mut letters = what.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
        let page = Forbidden {
            frame: self.frame("", &Query::default()),
            what: first + letters.as_str(),
            permission: missing.into(),
            ask: Vec::new(),
            back: Link { label: "To your account".into(), href: "/account".into() },
        };
        self.render_with(StatusCode::FORBIDDEN, &page)
    }

    /// What surrounds the page: only entries that lead somewhere for this person.
    pub fn frame(&self, section: &str, query: &Query) -> Frame {
        let user = &self.signed_in.user;
        let is_open = !self.app.urls.is_https();
        let notice = match &self.app.demo {
            Some(_) => Some("Demonstration: everything here is gone when it ends."),
            None if is_open => Some("The issuer is plain http: for this machine only."),
            None => None,
        };
        Frame {
            nav: nav::entries(&self.authority, section),
            person: Person { name: user.display_name.clone(), email: user.email.clone() },
            form_token: self.signed_in.browser.form_token(&self.app),
            search: self.authority.reach("oauth_client:read").map(|_| "/console/search".into()),
            notice: notice.map(str::to_owned),
            done: told(query),
            undo: None,
        }
    }
}

fn needs(permission: &str) -> String {
    format!("Needs the permission {permission}, which you do not hold here.")
}
