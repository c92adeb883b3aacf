//! What templates may ask of a value: its asset path, its icon, a safe spelling of a name.
//! Knows no page.
#![expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the shape that askama gives every filter"
)]

use std::fmt::Display;

use askama::filters::Safe;
use askama::{Error, Result, Values};

use super::{assets, icons};

/// The served path of an asset: `{{ "base.css"|asset }}`.
#[askama::filter_fn]
pub fn asset(name: impl Display, _: &dyn Values) -> Result<String> {
    let name = name.to_string();
    assets::path(&name).ok_or_else(|| Error::Custom(format!("no asset {name}").into()))
}

/// An inline picture, hidden from screen readers: `{{ "copy"|icon }}`.
#[askama::filter_fn]
pub fn icon(name: impl Display, _: &dyn Values) -> Result<Safe<String>> {
    let name = name.to_string();
    icons::svg(&name).map(Safe).ok_or_else(|| Error::Custom(format!("no icon {name}").into()))
}

/// Text that someone else chose, with every character that would reorder, hide or break the
/// words around it made visible. The result is still escaped.
#[askama::filter_fn]
pub fn visible(text: impl Display, _: &dyn Values) -> Result<String> {
    Ok(text.to_string().chars().map(shown).collect())
}

/// The letter that stands for a thing without a picture.
#[askama::filter_fn]
pub fn initial(text: impl Display, _: &dyn Values) -> Result<String> {
    let text = text.to_string();
    let letter = text.chars().find(|c| c.is_alphanumeric()).unwrap_or('?');
    Ok(letter.to_uppercase().collect())
}

/// One of six quiet tints, always the same for the same text.
#[askama::filter_fn]
pub fn tint(text: impl Display, _: &dyn Values) -> Result<u32> {
    let sum = text.to_string().bytes().fold(7u32, |sum, b| sum.wrapping_mul(31) + u32::from(b));
    Ok(sum % 6)
}

/// The character itself, or U+FFFD for one that acts on its neighbours unseen.
fn shown(c: char) -> char {
    let hides = matches!(
        c,
        '\u{00ad}'
            | '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    if hides || c.is_control() { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn shows_what_would_reorder_or_hide_and_leaves_every_script_alone() {
        let spell = |text: &str| text.chars().map(shown).collect::<String>();
        assert_eq!(spell("pay\u{202e}lap"), "pay\u{fffd}lap");
        assert_eq!(spell("a\u{2066}b\u{2069}c\0\n"), "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}");
        assert_eq!(spell("zero\u{200b}width"), "zero\u{fffd}width");
        assert_eq!(spell("Größe, 仕事, עברית, e\u{301}"), "Größe, 仕事, עברית, e\u{301}");
    }
}
