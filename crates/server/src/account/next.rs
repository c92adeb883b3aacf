//! Where a browser goes after a sign-in that no application asked for.
//!
//! The path comes from the address bar, so anybody can write it into a link. Only paths of our
//! own pages are followed, and only in a spelling that no browser reads as another place
//! (CVE-2021-29456).

/// Where a sign-in leads that named no place.
pub(super) const ACCOUNT: &str = "/account";

/// The most bytes of a path that is followed.
const LONGEST: usize = 2_000;

/// `text`, if it is the home page or a page of the console or the account.
pub(super) fn own_path(text: &str) -> Option<&str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !is_plain || text.len() > LONGEST {
        return None;
    }
    if text == "/" {
        return Some(text);
    }
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let path = text.get(..end)?;
    let is_room = |room: &str| {
        path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let leads_elsewhere = path.contains("//")
        || path.split('/').any(|part| matches!(part, "." | ".."))
        || path.to_ascii_lowercase().contains("%2");
    ((is_room("/console") || is_room("/account")) && !leads_elsewhere).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::own_path;

    #[test]
    fn follows_pages_of_ours() {
        for path in [
            "/",
            "/account",
            "/account/password",
            "/console",
            "/console/clients?q=a%20b&sort=name",
            "/console/clients/my-client#danger",
            "/console?next=//elsewhere.example",
        ] {
            assert_eq!(own_path(path), Some(path));
        }
    }

    #[test]
    fn refuses_every_other_place() {
        for path in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/console\\..\\..\\evil.example",
            "https://evil.example",
            "https:/console",
            "javascript:alert(1)",
            "/console//evil.example",
            "/console/../oauth2/logout",
            "/console/..",
            "/console/./x",
            "/account/%2e%2e/oauth2/authorize",
            "/account/%2E./login",
            "/account%2f..%2flogout",
            "/accountant",
            "/consolex/y",
            "/oauth2/authorize?client_id=x",
            "/login",
            "/?next=/x",
            " /console",
            "/console ",
            "/console\t",
            "/con\nsole",
            "\t//evil.example",
            "/console\r\nSet-Cookie: a=b",
            "/console/\0",
            "/console/caf\u{e9}",
            "/\u{2044}/evil.example",
        ] {
            assert_eq!(own_path(path), None, "{path:?}");
        }
        assert_eq!(own_path(&format!("/console/{}", "a".repeat(2_000))), None);
    }

    proptest! {
        #[test]
        fn whatever_is_followed_stays_here(text in "[/\\\\.a-z:%@?#\\t ]{0,12}|/(console|account).{0,20}") {
            if let Some(path) = own_path(&text) {
                prop_assert!(path.starts_with('/'));
                prop_assert!(!path.starts_with("//") && !path.starts_with("/\\"));
                prop_assert!(path.bytes().all(|b| (0x21..0x7f).contains(&b)));
            }
        }
    }
}
