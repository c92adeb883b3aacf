//! Why something was refused: the exact reason behind an error number, the recent ones, and the
//! page for a missing permission.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Fact, Frame, Link, When};

/// A run of characters that agrees, or does not, with its counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The characters.
    pub text: String,
    /// Whether they differ.
    pub differs: bool,
}

/// Two values that should have been the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What was compared: "Redirect address".
    pub what: String,
    /// What is registered or was promised.
    pub expected: Vec<Piece>,
    /// What came.
    pub received: Vec<Piece>,
}

impl Comparison {
    /// Compares two values and marks where they part.
    pub fn of(what: &str, expected: &str, received: &str) -> Self {
        let (expected, received) = mark(expected, received);
        Self { what: what.to_owned(), expected, received }
    }
}

/// Splits two values into what they share at both ends and what differs between. A side that
/// lacks characters the other has gets none marked.
pub fn mark(expected: &str, received: &str) -> (Vec<Piece>, Vec<Piece>) {
    let left: Vec<char> = expected.chars().collect();
    let right: Vec<char> = received.chars().collect();
    let head = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let (left_rest, right_rest) = (&left[head..], &right[head..]);
    let tail =
        left_rest.iter().rev().zip(right_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    (pieces(&left, head, tail), pieces(&right, head, tail))
}

fn pieces(text: &[char], head: usize, tail: usize) -> Vec<Piece> {
    let end = text.len() - tail;
    [(&text[..head], false), (&text[head..end], true), (&text[end..], false)]
        .into_iter()
        .filter(|(run, _)| !run.is_empty())
        .map(|(run, differs)| Piece { text: run.iter().collect(), differs })
        .collect()
}

/// `/console/errors/{error_id}`: what the caller was not told.
#[derive(Template)]
#[template(path = "console/views/refusal.html")]
pub struct Refusal {
    /// The console around it.
    pub frame: Frame,
    /// The error number.
    pub error_id: String,
    /// What was refused, as a headline.
    pub title: String,
    /// The exact reason, in a sentence or two.
    pub reason: String,
    /// Expected against received.
    pub comparisons: Vec<Comparison>,
    /// What to do, one sentence each.
    pub advice: Vec<String>,
    /// When.
    pub at: When,
    /// The client that asked, if it is known.
    pub client: Option<Link>,
    /// What the caller was told, endpoint, address, browser, request id.
    pub facts: Vec<Fact>,
    /// How often the same happened lately, when it was more than once.
    pub repeated: Option<String>,
}

/// One refusal in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalRow {
    /// The error number.
    pub error_id: String,
    /// Its page.
    pub href: String,
    /// What was refused.
    pub title: String,
    /// The code the caller got.
    pub code: String,
    /// The client by name, if it is known.
    pub client: Option<String>,
    /// From which address.
    pub address: String,
    /// When.
    pub at: When,
}

/// `/console/errors`: refusals of the last days, newest first.
#[derive(Template)]
#[template(path = "console/views/refusal_list.html")]
pub struct RefusalList {
    /// The console around it.
    pub frame: Frame,
    /// An error number, client ID or address to narrow the list to, sent as `q`.
    pub q: String,
    /// One page.
    pub rows: Vec<RefusalRow>,
    /// How many more were only counted, if any.
    pub counted: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// The person lacks a permission.
#[derive(Template)]
#[template(path = "console/views/forbidden.html")]
pub struct Forbidden {
    /// The console around it.
    pub frame: Frame,
    /// What they wanted to do: "create clients".
    pub what: String,
    /// The permission they lack: `oauth_client:create`.
    pub permission: String,
    /// Who can give it, by name.
    pub ask: Vec<String>,
    /// Where they can go from here.
    pub back: Link,
}

#[cfg(test)]
mod tests {
    use super::{Piece, mark};

    fn spell(pieces: &[Piece]) -> String {
        let spell = |piece: &Piece| match piece.differs {
            true => format!("[{}]", piece.text),
            false => piece.text.clone(),
        };
        pieces.iter().map(spell).collect()
    }

    #[test]
    fn marks_exactly_the_characters_that_differ() {
        for (expected, received, left, right) in [
            ("https://a/cb", "https://a/cb/", "https://a/cb", "https://a/cb[/]"),
            ("http://a", "https://a", "http://a", "http[s]://a"),
            ("/Callback", "/callback", "/[C]allback", "/[c]allback"),
            ("same", "same", "same", "same"),
            ("", "x", "", "[x]"),
            ("abab", "ab", "ab[ab]", "ab"),
            ("größe", "grosse", "gr[öß]e", "gr[oss]e"),
        ] {
            let (a, b) = mark(expected, received);
            assert_eq!((spell(&a).as_str(), spell(&b).as_str()), (left, right));
        }
    }

    proptest::proptest! {
        #[test]
        fn loses_no_character(expected in ".{0,40}", received in ".{0,40}") {
            let (a, b) = mark(&expected, &received);
            let join = |pieces: Vec<Piece>| pieces.into_iter().map(|p| p.text).collect::<String>();
            proptest::prop_assert_eq!(join(a), expected);
            proptest::prop_assert_eq!(join(b), received);
        }
    }
}
