//! Scopes: sets of scope-tokens (RFC 6749 §3.3).
//!
//! A set is kept as one string in sorted order, so that equal sets are equal bytes, a token
//! request costs one allocation, and comparing two sets is one walk along both.
//!
//! Refuses to know which scopes exist and what they allow.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::error::{Code, Error};

/// A request for more scopes than this is refused.
pub const MAX_SCOPES: usize = 200;

/// A scope parameter of more characters than this is refused.
pub const MAX_CHARACTERS: usize = 2_000;

/// A set of scope-tokens, sorted; none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scopes {
    /// Valid, distinct tokens in ascending order with one space between two.
    text: String,
}

impl Scopes {
    /// Reads a `scope` parameter. Repeated tokens and repeated spaces collapse; the empty text is
    /// the empty set.
    ///
    /// `invalid_scope` for a character outside the grammar, for nothing but spaces, and above
    /// [`MAX_SCOPES`] or [`MAX_CHARACTERS`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_CHARACTERS {
            return Err(Error::new(Code::InvalidScope, "The scope is too long.")
                .expected(format!("at most {MAX_CHARACTERS} characters"))
                .received(format!("{} bytes", text.len())));
        }
        if is_canonical(text) {
            return checked(Self { text: text.to_owned() });
        }
        let tokens: Vec<&str> = text.split(' ').filter(|token| !token.is_empty()).collect();
        if tokens.is_empty() {
            return Err(Error::new(Code::InvalidScope, "The scope is blank."));
        }
        if let Some(token) = tokens.iter().find(|token| !is_token(token)) {
            return Err(Error::new(
                Code::InvalidScope,
                "The scope holds a character that no scope name may hold.",
            )
            .received(*token));
        }
        checked(Self::join(tokens))
    }

    /// The set as a `scope` parameter: sorted tokens with a space between two.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the set holds this scope.
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|token| token == scope)
    }

    /// Whether `other` holds every scope of this set. The empty set is a subset of all.
    pub fn is_subset(&self, other: &Self) -> bool {
        // Both are sorted, so each search goes on where the last one ended.
        let mut others = other.iter();
        self.iter().all(|token| others.any(|other| other == token))
    }

    /// The scopes that both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.merge(other, |here, there| here && there)
    }

    /// The scopes of this set that `other` does not hold.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.merge(other, |here, there| here && !there)
    }

    /// The scopes that either set holds. The limits of [`Scopes::parse`] do not apply.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.merge(other, |_, _| true)
    }

    /// The scopes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.text.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether there is no scope in the set.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Walks both sets in order and keeps the tokens that `keep(here, there)` wants.
    fn merge(&self, other: &Self, keep: impl Fn(bool, bool) -> bool) -> Self {
        let mut kept = Self::default();
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some(our), Some(their)) => our.cmp(their),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return kept,
            };
            let our = if order == Ordering::Greater { None } else { ours.next() };
            let their = if order == Ordering::Less { None } else { theirs.next() };
            if keep(our.is_some(), their.is_some()) {
                kept.push(our.or(their).unwrap_or_default());
            }
        }
    }

    fn join(mut tokens: Vec<&str>) -> Self {
        tokens.sort_unstable();
        tokens.dedup();
        Self { text: tokens.join(" ") }
    }

    fn push(&mut self, token: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }
}

/// Whether the text can be one scope: `1*( %x21 / %x23-5B / %x5D-7E )`.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

/// Whether the text is already what a set is kept as: the usual case, and then nothing is sorted.
fn is_canonical(text: &str) -> bool {
    let mut tokens = text.split(' ');
    let Some(mut last) = tokens.next() else { return true };
    if text.is_empty() {
        return true;
    }
    is_token(last)
        && tokens.all(|token| is_token(token) && std::mem::replace(&mut last, token) < token)
}

fn checked(scopes: Scopes) -> Result<Scopes, Error> {
    let count = scopes.len();
    if count > MAX_SCOPES {
        return Err(Error::new(Code::InvalidScope, "The scope names too many scopes.")
            .expected(format!("at most {MAX_SCOPES}"))
            .received(count.to_string()));
    }
    Ok(scopes)
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Gathers scopes that are known to be scopes, such as stored ones. What is no scope-token is
/// left out: a set never holds more than what was named.
impl<S: AsRef<str>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let scopes: Vec<S> = scopes.into_iter().collect();
        Self::join(scopes.iter().map(AsRef::as_ref).filter(|scope| is_token(scope)).collect())
    }
}

/// A list of strings, as the management API shows it.
impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// A list of strings, checked as [`Scopes::parse`] checks.
impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Scopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of scopes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scopes, A::Error> {
                let mut text = Scopes::default();
                while let Some(scope) = list.next_element::<String>()? {
                    if !is_token(&scope) {
                        return Err(de::Error::custom("is not the name of a scope"));
                    }
                    text.push(&scope);
                }
                Scopes::parse(&text.text).map_err(|error| de::Error::custom(error.description))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    fn numbers(range: std::ops::RangeInclusive<usize>) -> String {
        range.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keeps_a_set_in_one_order() {
        for (text, kept) in [
            ("", ""),
            ("openid", "openid"),
            ("profile openid email", "email openid profile"),
            ("a a b a", "a b"),
            ("  a   b ", "a b"),
            ("a b", "a b"),
            ("sync:profile:read !#[]~", "!#[]~ sync:profile:read"),
        ] {
            assert_eq!(scopes(text).as_str(), kept, "{text:?}");
        }
        assert_eq!(scopes("b a"), scopes("a b b"));
        assert_eq!(scopes("c a b").len(), 3);
        assert_eq!(scopes("").len(), 0);
    }

    #[test]
    fn refuses_what_is_no_scope() {
        let long = "a".repeat(MAX_CHARACTERS + 1);
        let many = numbers(0..=MAX_SCOPES);
        let sorted_many = numbers(100..=100 + MAX_SCOPES);
        for text in [
            " ",
            "   ",
            "a\tb",
            "a\nb",
            "a\"b",
            "a\\b",
            "caf\u{e9}",
            "a\0",
            "\u{a0}",
            &long,
            &many,
            &sorted_many,
        ] {
            let refused = Scopes::parse(text).map_err(|error| error.code);
            assert_eq!(refused, Err(Code::InvalidScope), "{text:.40?}");
        }
        assert_eq!(scopes(&numbers(1..=MAX_SCOPES)).len(), MAX_SCOPES);
    }

    #[test]
    fn finds_whole_names_only() {
        let set = scopes("orders:read orders:read:all");
        assert!(set.contains("orders:read"));
        for other in ["orders", "orders:read:al", "read", "", " ", "orders:read orders:read:all"] {
            assert!(!set.contains(other), "{other:?}");
        }
    }

    #[test]
    fn gathers_stored_scopes_and_leaves_out_what_is_none() {
        let gathered: Scopes = ["b", "a b", "", "a", "b"].into_iter().collect();
        assert_eq!(gathered.as_str(), "a b");
        let nothing: Scopes = std::iter::empty::<String>().collect();
        assert!(nothing.is_empty());
    }

    #[test]
    fn is_a_list_in_json() {
        let set: Scopes = serde_json::from_str(r#"["profile", "openid", "openid"]"#).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["openid","profile"]"#);
        assert!(serde_json::from_str::<Scopes>("[]").unwrap().is_empty());
        for refused in [r#"["a b"]"#, r#"[""]"#, r#""a""#, "[1]", "{}"] {
            assert!(serde_json::from_str::<Scopes>(refused).is_err(), "{refused}");
        }
        let long = vec!["a".repeat(500); 5];
        assert!(serde_json::from_value::<Scopes>(long.into()).is_err());
    }

    fn set_of_few() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[a-e]{1,2}", 0..8)
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            if let Ok(set) = Scopes::parse(&text) {
                prop_assert_eq!(Scopes::parse(set.as_str()), Ok(set));
            }
        }

        #[test]
        fn agrees_with_a_plain_set(ours in set_of_few(), theirs in set_of_few()) {
            let (a, b): (Scopes, Scopes) = (ours.iter().collect(), theirs.iter().collect());
            let is = |set: &Scopes, plain: BTreeSet<String>| {
                set.iter().eq(plain.iter().map(String::as_str)) && set.as_str() == set.iter().collect::<Vec<_>>().join(" ")
            };
            prop_assert!(is(&a.union(&b), &ours | &theirs));
            prop_assert!(is(&a.intersection(&b), &ours & &theirs));
            prop_assert!(is(&a.difference(&b), &ours - &theirs));
            prop_assert_eq!(a.is_subset(&b), ours.is_subset(&theirs));
            prop_assert_eq!(a == b, ours == theirs);
            prop_assert_eq!(a.len(), ours.len());
            prop_assert!(theirs.iter().all(|scope| a.contains(scope) == ours.contains(scope)));
        }
    }
}
