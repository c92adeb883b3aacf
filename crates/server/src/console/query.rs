//! The query of a page: what a list is narrowed to. Nothing is refused here; what a page does not
//! understand it ignores, so that an old bookmark still opens.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The values of a query in the order they were sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn read(text: &str) -> Self {
        // No database looks for a NUL character.
        let text = text.replace("%00", "%EF%BF%BD");
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of this name, trimmed, unless it is blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// The same, empty where there is none.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// Is any of these filled?
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// This page of the list, to the one behind `cursor`: the same query with another cursor.
    pub fn at(&self, cursor: &str) -> String {
        let kept = self.0.iter().filter(|(n, v)| n != "cursor" && n != "done" && !v.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept);
        query.append_pair("cursor", cursor);
        format!("?{}", query.finish())
    }

    /// The first page of the same list, where this is a later one.
    pub fn first(&self) -> Option<String> {
        self.get("cursor")?;
        let kept = self.0.iter().filter(|(n, v)| n != "cursor" && n != "done" && !v.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        Some(format!("?{}", query.extend_pairs(kept).finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn keeps_the_filters_from_page_to_page() {
        let query = Query::read("q=a+b%26c&team=&done=saved&cursor=old");
        assert_eq!(query.get("q"), Some("a b&c"));
        assert_eq!(query.get("team"), None);
        assert_eq!(query.at("x=1"), "?q=a+b%26c&cursor=x%3D1");
        assert_eq!(query.first().as_deref(), Some("?q=a+b%26c"));
        assert_eq!(Query::read("q=1").first(), None);
    }

    #[test]
    fn bears_nonsense() {
        let query = Query::read("&&=x&q&q=2&%ff=%ff");
        assert_eq!((query.get("q"), query.text("q")), (None, String::new()));
        assert!(!query.has_any(&["q", "team"]));
    }
}
