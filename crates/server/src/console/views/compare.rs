//! Expected against received, character by character, so that an administrator sees the one slash
//! that is too many. Pure; knows no page.

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

/// The most work a comparison may cost, in pairs of characters. Longer middles are marked whole.
const WORK: usize = 250_000;

/// Splits two values into runs that agree and runs that differ. A side that lacks characters the
/// other has gets none marked. What lies between the shared ends is marked as a whole when less
/// than half of it agrees: confetti helps nobody.
pub fn mark(expected: &str, received: &str) -> (Vec<Piece>, Vec<Piece>) {
    let left: Vec<char> = expected.chars().collect();
    let right: Vec<char> = received.chars().collect();
    let head = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let ends = left[head..].iter().rev().zip(right[head..].iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let (left_end, right_end) = (left.len() - tail, right.len() - tail);

    let mut left_differs = vec![false; left.len()];
    let mut right_differs = vec![false; right.len()];
    left_differs[head..left_end].fill(true);
    right_differs[head..right_end].fill(true);
    for (a, b) in agreeing(&left[head..left_end], &right[head..right_end]) {
        left_differs[head + a] = false;
        right_differs[head + b] = false;
    }
    (runs(&left, &left_differs), runs(&right, &right_differs))
}

/// The places of a longest common subsequence; none when it is too short or too costly.
fn agreeing(left: &[char], right: &[char]) -> Vec<(usize, usize)> {
    if left.len().saturating_mul(right.len()) > WORK {
        return Vec::new();
    }
    let width = right.len() + 1;
    let mut longest = vec![0usize; (left.len() + 1) * width];
    for a in (0..left.len()).rev() {
        for b in (0..right.len()).rev() {
            longest[a * width + b] = if left[a] == right[b] {
                longest[(a + 1) * width + b + 1] + 1
            } else {
                longest[(a + 1) * width + b].max(longest[a * width + b + 1])
            };
        }
    }
    if longest[0] * 2 < left.len().max(right.len()) {
        return Vec::new();
    }
    let (mut a, mut b) = (0, 0);
    let mut places = Vec::with_capacity(longest[0]);
    while a < left.len() && b < right.len() {
        if left[a] == right[b] {
            places.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if longest[(a + 1) * width + b] >= longest[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    places
}

fn runs(text: &[char], differs: &[bool]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (c, differs) in text.iter().zip(differs) {
        match pieces.last_mut() {
            Some(piece) if piece.differs == *differs => piece.text.push(*c),
            _ => pieces.push(Piece { text: c.to_string(), differs: *differs }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Piece, mark};

    fn spell(pieces: &[Piece]) -> String {
        let spell = |piece: &Piece| {
            if piece.differs { format!("[{}]", piece.text) } else { piece.text.clone() }
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
            ("/Callback", "/callback/", "/[C]allback", "/[c]allback[/]"),
            (
                "a.example/b?c=1",
                "b.example/c?c=2",
                "[a].example/[b]?c=[1]",
                "[b].example/[c]?c=[2]",
            ),
            ("https://one", "https://seventeen", "https://[one]", "https://[seventeen]"),
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
