//! One operation of the API: its route and what the documentation says of it, from one source.
//!
//! What a handler takes is read off its signature: each extractor describes itself, and
//! `Allowed<P>` names the permission. So neither the router nor the document can say anything else
//! than what runs. What it answers with is said beside the route, and tested against real answers.

use std::sync::Arc;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::app::App;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Guard {
    /// Anybody.
    #[default]
    Open,
    /// Whoever has a token for the API.
    Token,
    /// A client, by its own credentials.
    Client,
    /// Whoever holds this permission somewhere.
    Permission(&'static str),
}

/// What a handler's signature says.
#[derive(Debug, Default)]
pub(super) struct Signature {
    /// Who may call it.
    pub guard: Guard,
    /// What it reads besides path and body.
    pub parameters: Vec<Parameter>,
    /// The schema of its body.
    pub body: Option<&'static str>,
    /// Does it look at `If-Match`?
    pub is_conditional: bool,
    /// Does it also answer with a table?
    pub offers_csv: bool,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the query string.
    Query,
    /// In a header.
    Header,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text.
    Text,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// `true` or `false`.
    Flag,
    /// One of these.
    Word(&'static [&'static str]),
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it holds.
    pub kind: Type,
    /// What it does.
    pub description: &'static str,
}

impl Parameter {
    /// A parameter of the query string.
    pub const fn query(name: &'static str, kind: Type, description: &'static str) -> Self {
        Self { name, place: Place::Query, kind, description }
    }
}

/// An extractor, or all of a handler's, that says what it takes.
pub(super) trait Described {
    /// Adds to the signature.
    fn describe(signature: &mut Signature);
}

/// A handler without extractors.
impl Described for ((),) {
    fn describe(_: &mut Signature) {}
}

macro_rules! describe_handlers {
    ($(($($extractor:ident),+))*) => {$(
        impl<M, $($extractor: Described),+> Described for (M, $($extractor,)+) {
            fn describe(signature: &mut Signature) {
                $($extractor::describe(signature);)+
            }
        }
    )*};
}

describe_handlers! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) }

/// The method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Looks.
    Get,
    /// Makes, or does.
    Post,
    /// Changes.
    Patch,
    /// Ends.
    Delete,
}

/// What an answer holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Nothing.
    Empty,
    /// An object of this schema.
    One(&'static str),
    /// A page of objects of this schema.
    Page(&'static str),
    /// Any JSON.
    Json,
}

/// An answer that is no refusal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// The status.
    pub status: u16,
    /// What it holds.
    pub shape: Shape,
    /// When it is given.
    pub description: &'static str,
}

/// One operation.
pub(super) struct Operation {
    /// The method.
    pub verb: Verb,
    /// Below the API, with `{names}`.
    pub path: &'static str,
    /// Its name for generated programs.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What is worth knowing besides.
    pub note: &'static str,
    /// What its handler takes.
    pub signature: Signature,
    /// What it answers with.
    pub outcomes: Vec<Outcome>,
    /// Does it refuse what contradicts the state of things?
    pub may_conflict: bool,
    /// What runs.
    pub route: MethodRouter<Arc<App>>,
}

impl Operation {
    /// A route and its handler.
    pub fn new<H, T>(
        verb: Verb,
        (path, id): (&'static str, &'static str),
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: Described + 'static,
    {
        let mut signature = Signature::default();
        T::describe(&mut signature);
        let route = on(verb.filter(), handler);
        let (note, outcomes) = ("", Vec::new());
        Self { verb, path, id, summary, note, signature, outcomes, may_conflict: false, route }
    }

    /// With an answer.
    #[must_use]
    pub fn answers(mut self, status: u16, shape: Shape, description: &'static str) -> Self {
        self.outcomes.push(Outcome { status, shape, description });
        self
    }

    /// With something worth knowing.
    #[must_use]
    pub fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// It may answer 409.
    #[must_use]
    pub fn conflicts(mut self) -> Self {
        self.may_conflict = true;
        self
    }

    /// The names in its path.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    /// As `OpenAPI` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}
