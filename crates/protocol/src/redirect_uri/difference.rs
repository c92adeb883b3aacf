//! Where a presented redirect URI departs from the registered ones, for the operator's page.
//!
//! Only shows. Whether a URI matches is decided by [`RedirectUri::matches`] alone.

use super::{MAX_CHARACTERS, RedirectUri};

/// The registered URI that comes closest, beside the presented one, with what differs marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The registered URI that shares most with the presented one. Empty when none is registered.
    pub closest: String,
    /// Where the two part, counted in characters from 0. `None` when they are equal.
    pub first_differing_char: Option<usize>,
    /// The registered URI in pieces.
    pub expected: Vec<Span>,
    /// The presented URI in pieces, cut one past [`MAX_CHARACTERS`]. It is what a stranger sent.
    pub received: Vec<Span>,
}

/// A piece of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The characters, never empty.
    pub text: String,
    /// Whether the other URI has something else here.
    pub differs: bool,
}

/// Finds the registered URI closest to the presented one and marks what differs.
///
/// Close means: the longest beginning and end in common. One walk along each, so that a long or
/// hostile URI costs no more than reading it.
pub fn difference(registered: &[RedirectUri], presented: &str) -> Difference {
    // One more than the longest that can be registered, so that a cut one never looks equal.
    let received: Vec<char> = presented.chars().take(MAX_CHARACTERS + 1).collect();
    let closest = registered
        .iter()
        .map(|uri| Comparison::of(uri.as_str(), &received))
        .reduce(|best, next| if next.shared() > best.shared() { next } else { best })
        .unwrap_or_else(|| Comparison::of("", &received));
    let first = closest.prefix;
    let same = first == closest.expected.len() && first == received.len();
    Difference {
        closest: closest.expected.iter().collect(),
        first_differing_char: (!same).then_some(first),
        expected: spans(&closest.expected, first, closest.suffix),
        received: spans(&received, first, closest.suffix),
    }
}

struct Comparison {
    expected: Vec<char>,
    prefix: usize,
    suffix: usize,
}

impl Comparison {
    fn of(expected: &str, received: &[char]) -> Self {
        let expected: Vec<char> = expected.chars().collect();
        let prefix = expected.iter().zip(received).take_while(|(a, b)| a == b).count();
        let rest = (expected.iter().skip(prefix), received.iter().skip(prefix));
        let suffix = rest.0.rev().zip(rest.1.rev()).take_while(|(a, b)| a == b).count();
        Self { expected, prefix, suffix }
    }

    fn shared(&self) -> usize {
        self.prefix + self.suffix
    }
}

fn spans(text: &[char], prefix: usize, suffix: usize) -> Vec<Span> {
    let middle = text.len().saturating_sub(prefix + suffix);
    let mut pieces = text.iter();
    [(prefix, false), (middle, true), (suffix, false)]
        .into_iter()
        .map(|(length, differs)| Span { text: pieces.by_ref().take(length).collect(), differs })
        .filter(|span| !span.text.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(registered: &[&str], presented: &str) -> String {
        let registered: Vec<_> = registered.iter().map(|uri| RedirectUri::stored(*uri)).collect();
        let found = difference(&registered, presented);
        let line = |spans: &[Span]| -> String {
            let mark = |span: &Span| {
                if span.differs { format!("[{}]", span.text) } else { span.text.clone() }
            };
            spans.iter().map(mark).collect()
        };
        let first = found.first_differing_char;
        format!("{} | {} | {first:?}", line(&found.expected), line(&found.received))
    }

    #[test]
    fn marks_what_differs() {
        let registered = ["https://app.example/callback", "https://other.example/cb"];
        insta::assert_snapshot!(
            shown(&registered, "https://app.example/callback/"),
            @"https://app.example/callback | https://app.example/callback[/] | Some(28)"
        );
        insta::assert_snapshot!(
            shown(&registered, "https://app.example/Callback"),
            @"https://app.example/[c]allback | https://app.example/[C]allback | Some(20)"
        );
        insta::assert_snapshot!(
            shown(&registered, "http://other.example/cb"),
            @"http[s]://other.example/cb | http://other.example/cb | Some(4)"
        );
        insta::assert_snapshot!(
            shown(&registered, "https://other.example/cb"),
            @"https://other.example/cb | https://other.example/cb | None"
        );
        insta::assert_snapshot!(shown(&[], "https://a.example"), @" | [https://a.example] | Some(0)");
    }

    #[test]
    fn survives_letters_of_several_bytes() {
        insta::assert_snapshot!(
            shown(&["https://a.example/e"], "https://a.example/\u{e9}\u{1f600}"),
            @"https://a.example/[e] | https://a.example/[é😀] | Some(18)"
        );
    }

    #[test]
    fn never_cuts_a_longer_one_to_an_equal_one() {
        let longest = format!("https://a.example/{}", "a".repeat(MAX_CHARACTERS - 18));
        let registered = [RedirectUri::register(&longest, true).unwrap()];
        let found = difference(&registered, &format!("{longest}a"));
        assert_eq!(found.first_differing_char, Some(MAX_CHARACTERS));
    }

    proptest! {
        #[test]
        fn loses_no_character(expected in any::<String>(), received in any::<String>()) {
            let found = difference(&[RedirectUri::stored(expected.clone())], &received);
            let whole = |spans: &[Span]| spans.iter().map(|s| s.text.as_str()).collect::<String>();
            prop_assert_eq!(&found.closest, &expected);
            prop_assert_eq!(whole(&found.expected), &expected[..]);
            prop_assert_eq!(whole(&found.received), &received[..]);
            prop_assert_eq!(found.first_differing_char.is_none(), expected == received);
            let marked = |spans: &[Span]| spans.iter().any(|span| span.differs);
            prop_assert_eq!(marked(&found.expected) || marked(&found.received), expected != received);
        }
    }
}
