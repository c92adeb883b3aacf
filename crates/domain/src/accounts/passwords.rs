//! What a new password must be: long, and not what everybody tries first.
//!
//! At least 15 characters (NIST SP 800-63B-4 for a password alone), at most 128, any Unicode, no
//! rule of composition. Pure: no store, no hash.

mod listed;

use unicode_normalization::UnicodeNormalization;

use crate::FieldError;

/// Fewest characters.
pub const SHORTEST: usize = 15;
/// Most characters.
pub const LONGEST: usize = 128;

/// A word of the person's own with fewer other characters around it is refused.
const OWN_MARGIN: usize = 8;
/// The product's name, which everybody would try.
const PRODUCT: &str = "mandate";

/// The form in which passwords are counted, judged and hashed: NFKC, so that two keyboards that
/// type the same character differently agree.
pub(super) fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// Judges a new password.
///
/// # Errors
/// Names the field `password` and quotes the rule.
pub fn check(new: &str) -> Result<(), FieldError> {
    check_for(new, &[])
}

/// [`check`] for somebody with this e-mail address or these names.
///
/// # Errors
/// Names the field `password` and quotes the rule.
pub fn check_for(new: &str, own: &[&str]) -> Result<(), FieldError> {
    let refuse = |message: String| Err(FieldError { field: "password".into(), message });
    let password = normalized(new);
    let length = password.chars().count();
    if length < SHORTEST {
        return refuse(format!(
            "A password has at least {SHORTEST} characters; several words in a row do well."
        ));
    }
    if length > LONGEST {
        return refuse(format!("A password has at most {LONGEST} characters."));
    }
    if password.chars().any(char::is_control) {
        return refuse("A password cannot hold control characters.".into());
    }
    let folded = password.to_lowercase();
    if listed::is_repetition(&folded) || listed::is_run(&folded) {
        return refuse("This is a repetition or a row of keys, which is tried first.".into());
    }
    if listed::is_listed(&folded) {
        return refuse("This is one of the passwords that are tried first.".into());
    }
    if own
        .iter()
        .flat_map(|text| own_words(text))
        .chain([PRODUCT.to_owned()])
        .any(|w| is_mostly(&folded, &w))
    {
        return refuse(
            "This is mostly your own name or address, or the name of this product.".into(),
        );
    }
    Ok(())
}

/// The words of somebody's name or address that are long enough to lean on.
fn own_words(text: &str) -> Vec<String> {
    let folded = normalized(text).to_lowercase();
    let mut words: Vec<_> = folded.split(['@', ' ']).map(str::to_owned).collect();
    words.push(folded);
    words.retain(|word| word.chars().count() >= 4);
    words
}

/// Is `password` hardly more than `word`?
fn is_mostly(password: &str, word: &str) -> bool {
    password.contains(word) && password.replace(word, "").chars().count() < OWN_MARGIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_long_passwords_of_any_kind() {
        for good in [
            "violet kettle under seven roofs",
            "correctly stapled batteries of horses",
            "onlylowercaseletterswithoutanydigit",
            "7391 8264 0957 3618",
            "пятнадцать слонов и лодка",
            "長い合言葉は覚えやすくて強いものです",
            "\u{1F600}\u{1F431}\u{1F680}\u{1F355}\u{1F3B2}\u{1F40C}\u{1F9ED}\u{1F9C2}\u{1FAB4}\u{1F5FF}\u{1F6F6}\u{1F9F2}\u{1F9E9}\u{1F3BB}\u{1F33D}",
            "password managers make such: kV9!xq2",
            "Zq7#mP2$vL9@xR4",
            &"long and winding ".repeat(4)[..64],
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn refuses_short_long_and_unprintable_ones() {
        let longest = "violet kettle under seven roofs ".repeat(4);
        assert_eq!(longest.chars().count(), LONGEST);
        assert_eq!(check(&longest), Ok(()));
        for bad in [
            "",
            "fourteen chars",
            "fourteen chare\u{301}",
            &format!("{longest}x"),
            "violet kettle\nunder seven",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refuses_what_everybody_tries() {
        for bad in [
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "passwordpassword",
            "PasswordPassword1!",
            "P@ssw0rdP@ssw0rd",
            "password12345678",
            "qwertyuiopasdfgh",
            "1qaz2wsx3edc4rfv",
            "123456789012345",
            "9876543210987654",
            "abcdefghijklmnopqrstuvwxyz",
            "iloveyou iloveyou",
            "letmeinplease123",
            "correct horse battery staple",
            "CorrectHorseBatteryStaple!",
            "administrator1234",
            "thequickbrownfoxjumpsoverthelazydog",
            "mandatemandate!!",
            "Mandate-2026-Admin",
            "               ",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refuses_ones_own_name_and_address() {
        let own = ["annabelle.winter@example.com", "Annabelle Winter"];
        for bad in [
            "annabelle.winter@example.com",
            "Annabelle.Winter1",
            "AnnabelleWinter",
            "annabelle1234567",
        ] {
            assert!(check_for(bad, &own).is_err(), "{bad}");
        }
        assert_eq!(check_for("annabelle keeps nine blue herons", &own), Ok(()));
        assert_eq!(check_for("violet kettle under seven roofs", &["a@b.c", "Al"]), Ok(()));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_takes_a_short_one(text in ".{0,160}") {
            let taken = check(&text).is_ok();
            let length = normalized(&text).chars().count();
            prop_assert!(!taken || (SHORTEST..=LONGEST).contains(&length));
        }
    }
}
