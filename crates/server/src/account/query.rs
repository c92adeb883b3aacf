//! One value of a query. Nothing is refused here: a page that misses what it needs says so.

/// The first value of this name.
pub(super) fn value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn reads_the_first_of_several_and_bears_nonsense() {
        for (query, want) in [
            (Some("link=a&link=b"), Some("a")),
            (Some("linkage=a"), None),
            (Some("&&=x&link=%2Fa+b"), Some("/a b")),
            (Some("link"), Some("")),
            (Some("link=%ff"), Some("\u{fffd}")),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(value(query, "link").as_deref(), want, "{query:?}");
        }
    }
}
