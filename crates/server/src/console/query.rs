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

    /// Every value of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The query as it narrows a list: without what was just told, and without what is blank.
    pub fn view(&self) -> String {
        let kept = self.0.iter().filter(|(n, v)| !is_passing(n, v) && !v.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
    }

    /// A query that was sent along in a form.
    pub fn sent(text: &str) -> Self {
        Self::read(text)
    }

    /// Is any of these filled?
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// This page of the list, to the one behind `cursor`: the same query with another cursor.
    pub fn at(&self, cursor: &str) -> String {
        let mut query = self.without_cursor();
        query.append_pair("cursor", cursor);
        format!("?{}", query.finish())
    }

    /// The same query for another path, from its first page on.
    pub fn at_path(&self, path: &str) -> String {
        let kept = self.0.iter().filter(|(n, v)| n != "cursor" && n != "done" && !v.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The query of this text.
    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self::read(text)
    }

    /// The first page of the same list, where this is a later one.
    pub fn first(&self) -> Option<String> {
        self.get("cursor")?;
        Some(format!("?{}", self.without_cursor().finish()))
    }

    fn without_cursor(&self) -> form_urlencoded::Serializer<'static, String> {
        let kept = self.0.iter().filter(|(n, v)| !is_passing(n, v) && n != "cursor");
        let kept = kept.filter(|(_, v)| !v.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept);
        query
    }
}

/// Does it only tell what was just done, and where? A day to begin with is called `from` too.
fn is_passing(name: &str, value: &str) -> bool {
    matches!((name, value), ("done" | "about" | "undo", _) | ("from", "list"))
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn keeps_the_first_day_of_the_trail_and_not_where_a_deed_came_from() {
        let query = Query::read("from=2027-01-15&to=2027-01-16&cursor=7");
        assert_eq!(query.at("8"), "?from=2027-01-15&to=2027-01-16&cursor=8");
        assert_eq!(Query::read("from=list&q=a").at("8"), "?q=a&cursor=8");
    }

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
    fn a_view_is_the_query_without_what_was_told() {
        let query = Query::read("q=a&done=disabled&about=x&from=list&columns=type&columns=used");
        assert_eq!(query.view(), "q=a&columns=type&columns=used");
        assert_eq!(query.all("columns"), ["type", "used"]);
        assert_eq!(Query::sent(&query.view()).view(), query.view());
    }

    #[test]
    fn bears_nonsense() {
        let query = Query::read("&&=x&q&q=2&%ff=%ff");
        assert_eq!((query.get("q"), query.text("q")), (None, String::new()));
        assert!(!query.has_any(&["q", "team"]));
    }
}
