//! The query string and the path of a request: every parameter known, once, and of its kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::{FieldError, Refusal};

use super::operation::{Described, Parameter, Signature, Type};
use super::problem::Failed;
use crate::app::App;

/// What a query string is read into.
pub(super) trait FromQuery: Sized + Send {
    /// The parameters it knows.
    const PARAMETERS: &'static [Parameter];

    /// Takes them.
    fn take(values: &mut Values) -> Self;
}

/// A query string that was read.
pub(super) struct Query<T>(pub T);

/// The one name in the path.
pub(super) struct Id(pub String);

/// The two names in the path.
pub(super) struct Ids(pub String, pub String);

/// Tries a write and keeps nothing of it.
pub(super) const DRY_RUN: Parameter =
    Parameter::query("dry_run", Type::Flag, "Answer with what would happen, and change nothing.");
/// How many a page holds.
pub(super) const LIMIT: Parameter =
    Parameter::query("limit", Type::Number(1, 200), "How many a page holds; 50 unless given.");
/// Where a page begins.
pub(super) const CURSOR: Parameter =
    Parameter::query("cursor", Type::Text, "`next_cursor` of the page before.");

/// A write that can be tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rehearsal {
    /// Is it only tried?
    pub dry_run: bool,
}

impl FromQuery for Rehearsal {
    const PARAMETERS: &'static [Parameter] = &[DRY_RUN];

    fn take(values: &mut Values) -> Self {
        Self { dry_run: values.flag("dry_run").unwrap_or_default() }
    }
}

/// The values of a query string, each taken by name.
#[derive(Debug)]
pub(super) struct Values {
    known: &'static [Parameter],
    given: BTreeMap<String, String>,
    errors: Vec<FieldError>,
}

impl Values {
    /// Refuses what is unknown or there twice. No store takes a NUL, so none is let in.
    fn parse(known: &'static [Parameter], query: &str) -> Self {
        let mut read = Self { known, given: BTreeMap::new(), errors: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let shown: String = name.chars().take(64).collect();
            if known.iter().all(|parameter| parameter.name != name) {
                read.refuse::<()>(&shown, "There is no such parameter here.");
            } else if value.contains('\0') {
                read.refuse::<()>(&shown, "The character NUL is not text.");
            } else if read.given.insert(name.into_owned(), value.into_owned()).is_some() {
                read.refuse::<()>(&shown, "This parameter is there more than once.");
            }
        }
        read
    }

    /// Complains about a parameter, once.
    pub fn refuse<T>(&mut self, name: &str, message: &str) -> Option<T> {
        if self.errors.iter().all(|error| error.field != name) {
            self.errors.push(FieldError { field: name.into(), message: message.into() });
        }
        None
    }

    /// Text, unless it is empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name).filter(|text| !text.is_empty())
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.text(name)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.refuse(name, "true or false is needed."),
        }
    }

    /// A whole number within the bounds of its parameter.
    pub fn number(&mut self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let kind = self
            .known
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.kind);
        let (least, most) =
            if let Some(Type::Number(least, most)) = kind { (least, most) } else { (0, i64::MAX) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse::<i64>(name, &format!("A whole number from {least} to {most} is needed."));
        }
        number
    }

    /// An instant as RFC 3339 writes it, in seconds since 1970.
    pub fn instant(&mut self, name: &str) -> Option<i64> {
        match self.text(name)?.parse::<jiff::Timestamp>() {
            Ok(instant) => Some(instant.as_second()),
            Err(_) => self.refuse(name, "An instant as in 2027-01-31T12:00:00Z is needed."),
        }
    }

    /// A word that `parse` knows.
    pub fn word<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            let kind = self
                .known
                .iter()
                .find(|parameter| parameter.name == name)
                .map(|parameter| parameter.kind);
            let words =
                if let Some(Type::Word(words)) = kind { words.join(", ") } else { String::new() };
            self.refuse::<T>(name, &format!("One of these is needed: {words}."));
        }
        value
    }

    fn done<T>(self, read: T) -> Result<T, Refusal> {
        if self.errors.is_empty() { Ok(read) } else { Err(Refusal::Invalid(self.errors)) }
    }
}

/// Reads a query string into `T`.
fn read<T: FromQuery>(query: &str) -> Result<T, Refusal> {
    let mut values = Values::parse(T::PARAMETERS, query);
    let read = T::take(&mut values);
    values.done(read)
}

impl<T: FromQuery> FromRequestParts<Arc<App>> for Query<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failed> {
        Ok(Self(read(parts.uri.query().unwrap_or_default())?))
    }
}

impl<T: FromQuery> Described for Query<T> {
    fn describe(signature: &mut Signature) {
        signature.parameters.extend_from_slice(T::PARAMETERS);
    }
}

impl FromRequestParts<Arc<App>> for Id {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failed> {
        let id =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| Refusal::NotFound)?.0;
        named(&id).then_some(Self(id)).ok_or_else(|| Refusal::NotFound.into())
    }
}

impl FromRequestParts<Arc<App>> for Ids {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failed> {
        let path = Path::<(String, String)>::from_request_parts(parts, app).await;
        let (first, second) = path.map_err(|_| Refusal::NotFound)?.0;
        (named(&first) && named(&second))
            .then_some(Self(first, second))
            .ok_or_else(|| Refusal::NotFound.into())
    }
}

/// Names in the path are documented from the path itself.
impl Described for Id {
    fn describe(_: &mut Signature) {}
}

impl Described for Ids {
    fn describe(_: &mut Signature) {}
}

/// Could anything be called so?
fn named(id: &str) -> bool {
    !id.is_empty() && id.len() <= 256 && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Wanted {
        limit: Option<i64>,
        dry_run: Option<bool>,
        sort: Option<usize>,
    }

    impl FromQuery for Wanted {
        const PARAMETERS: &'static [Parameter] =
            &[LIMIT, DRY_RUN, Parameter::query("sort", Type::Word(&["up", "down"]), "Which way.")];

        fn take(values: &mut Values) -> Self {
            let sort =
                values.word("sort", |word| ["up", "down"].iter().position(|known| *known == word));
            Self { limit: values.number("limit"), dry_run: values.flag("dry_run"), sort }
        }
    }

    #[test]
    fn refuses_what_is_unknown_twice_or_of_another_kind() {
        for (query, want) in [
            ("", None),
            ("limit=7&dry_run=true&sort=down", None),
            ("limit=", None),
            ("limit=0", Some("limit: A whole number from 1 to 200 is needed.")),
            ("limit=1e3", Some("limit: A whole number from 1 to 200 is needed.")),
            ("limit=999999999999999999999", Some("limit: A whole number from 1 to 200 is needed.")),
            ("dry_run=yes", Some("dry_run: true or false is needed.")),
            ("sort=left", Some("sort: One of these is needed: up, down.")),
            ("dryrun=true", Some("dryrun: There is no such parameter here.")),
            ("limit=1&limit=2", Some("limit: This parameter is there more than once.")),
            ("limit=%00", Some("limit: The character NUL is not text.")),
        ] {
            let refusal = read::<Wanted>(query).err().map(|refusal| refusal.to_string());
            assert_eq!(refusal.as_deref(), want, "{query}");
        }
    }

    #[test]
    fn nothing_is_called_by_control_characters() {
        assert!(
            named("cli_7")
                && !named("")
                && !named("a\0b")
                && !named("a\nb")
                && !named(&"x".repeat(300))
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics_on_a_query(query in ".{0,80}") {
            let _ = read::<Wanted>(&query);
        }
    }
}
