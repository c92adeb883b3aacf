//! What redirect URIs and resources share: the characters of a URI (RFC 3986 §2, §3.1).
//!
//! Refuses to know what a URI is for. Comparing is never done here: it is byte for byte, always.

/// The first character that cannot stand in a URI, a `%` without two hexadecimal digits included.
pub(crate) fn first_foreign_char(text: &str) -> Option<char> {
    text.char_indices().find(|&(at, c)| !may_stand(text.as_bytes(), at, c)).map(|(_, c)| c)
}

fn may_stand(bytes: &[u8], at: usize, c: char) -> bool {
    match c {
        '%' => hex_pair(bytes, at + 1).is_some(),
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        _ => "-._~:/?#[]@!$&'()*+,;=".contains(c),
    }
}

/// The byte that two hexadecimal digits at `at` spell.
pub(crate) fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| match bytes.get(at)? {
        byte @ b'0'..=b'9' => Some(byte - b'0'),
        byte @ b'a'..=b'f' => Some(byte - b'a' + 10),
        byte @ b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(at)? << 4 | digit(at + 1)?)
}

/// Splits `scheme:rest`, when the scheme is one (RFC 3986 §3.1).
pub(crate) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters);
    is_scheme.then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_foreign_character() {
        for (text, foreign) in [
            ("https://a.example/b?c=%2F&d=(e)", None),
            ("", None),
            ("a b", Some(' ')),
            ("a\\b", Some('\\')),
            ("a%2", Some('%')),
            ("a%zz", Some('%')),
            ("a%", Some('%')),
            ("caf\u{e9}", Some('\u{e9}')),
            ("a\tb", Some('\t')),
            ("<script>", Some('<')),
        ] {
            assert_eq!(first_foreign_char(text), foreign, "{text:?}");
        }
    }

    #[test]
    fn splits_only_a_true_scheme() {
        assert_eq!(split_scheme("com.example.app:/cb"), Some(("com.example.app", "/cb")));
        assert_eq!(split_scheme("urn:a:b"), Some(("urn", "a:b")));
        for text in ["", ":", "1a:b", "//a:b", "a b:c", "no-colon"] {
            assert_eq!(split_scheme(text), None, "{text:?}");
        }
    }
}
