//! Names as people type them: what is allowed, and when two are the same.

use unicode_normalization::UnicodeNormalization;

use crate::FieldError;

/// The stored key by which two names are compared: NFKC, case folded, spaces collapsed.
pub fn name_key(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name fit to be shown, and the key it is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedName {
    /// As typed, trimmed.
    pub name: String,
    /// As compared.
    pub key: String,
}

impl FoldedName {
    /// 1 to 200 characters, none of them a control or a direction mark.
    ///
    /// # Errors
    /// Names `field` and quotes the rule.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let name = text.trim();
        let refuse =
            |message: &str| Err(FieldError { field: field.into(), message: message.into() });
        if name.is_empty() {
            return refuse("A name is needed: 1 to 200 characters.");
        }
        if name.chars().count() > 200 {
            return refuse("A name has at most 200 characters.");
        }
        if name.chars().any(is_invisible) {
            return refuse("A name cannot hold control characters or direction marks.");
        }
        Ok(Self { name: name.into(), key: name_key(name) })
    }
}

/// Control characters, direction marks and other invisible ones that make one text look like another.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    pairs.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Free text of at most `limit` characters; line breaks are fine, other control characters are not.
pub(crate) fn free_text(field: &str, text: &str, limit: usize) -> Result<String, FieldError> {
    let refuse = |message: String| Err(FieldError { field: field.into(), message });
    if text.chars().count() > limit {
        return refuse(format!("At most {limit} characters."));
    }
    if text.chars().any(|c| is_invisible(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return refuse("Control characters and direction marks are not allowed.".into());
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_key() {
        for (a, b) in
            [("Backend", "backend"), ("Ｂackend", "Backend"), ("a  b", "A b"), ("ÉCOLE", "école")]
        {
            assert_eq!(name_key(a), name_key(b), "{a} and {b}");
        }
        assert_ne!(name_key("backend"), name_key("backends"));
    }

    #[test]
    fn refuses_names_that_hide_something() {
        for bad in ["", "   ", "a\u{202E}b", "a\0b", "a\nb", "\u{200B}", &"x".repeat(201)] {
            assert!(FoldedName::parse("client_name", bad).is_err(), "{bad:?}");
        }
        assert!(FoldedName::parse("client_name", &"ж".repeat(200)).is_ok());
    }
}
