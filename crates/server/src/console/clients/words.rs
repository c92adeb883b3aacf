//! The settings of a client in words. Pure; one spelling for the list, the tabs and the forms.

use domain::access::Access;
use domain::clients::{Client, ClientType, GrantType, RefreshRotation, TokenFormat};
use protocol::duration;

use crate::console::names::Names;

/// "Confidential", "Public" or "Service".
pub(super) fn kind(confidential: bool, grants: &[GrantType]) -> &'static str {
    match (confidential, grants) {
        (true, [GrantType::ClientCredentials]) => "Service",
        (true, _) => "Confidential",
        (false, _) => "Public",
    }
}

/// What is being built.
pub(super) fn client_type(kind: ClientType) -> &'static str {
    match kind {
        ClientType::UserAuthorized => "User-authorized app",
        ClientType::Service => "Service",
        ClientType::SyncConnector => "Sync connector",
        ClientType::Custom => "Custom",
    }
}

/// A grant as administrators call it.
pub(super) fn grant(grant: GrantType) -> &'static str {
    match grant {
        GrantType::AuthorizationCode => "Authorization code",
        GrantType::RefreshToken => "Refresh token",
        GrantType::ClientCredentials => "Client credentials",
        GrantType::Password => "Password (legacy)",
        GrantType::Implicit => "Implicit (legacy)",
    }
}

/// The same where there is little room.
pub(super) fn short_grant(grant: GrantType) -> &'static str {
    match grant {
        GrantType::AuthorizationCode => "Code",
        GrantType::RefreshToken => "Refresh",
        GrantType::ClientCredentials => "Credentials",
        GrantType::Password => "Password",
        GrantType::Implicit => "Implicit",
    }
}

/// The preset.
pub(super) fn access(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "Read only",
        Access::Full => "Full access",
    }
}

/// What is usual, as it is typed, and why.
pub(super) type Usual = (&'static str, &'static str);

/// What access token lifetime is usual for what it does (REL-30).
pub(super) fn usual(client: &Client) -> Usual {
    let has = |grant| client.allows(grant);
    if has(GrantType::Implicit) {
        ("10 h", "10 hours is usual for implicit clients: they have no refresh token.")
    } else if has(GrantType::ClientCredentials) && !client.has_redirects() {
        ("1 h", "1 hour is usual for services: a new token costs one request.")
    } else {
        ("1 h", "1 hour is usual for applications that people sign in to.")
    }
}

/// Low, medium or high, and the colour that goes with it.
pub(super) fn risk(score: i64) -> (&'static str, &'static str) {
    match score {
        ..25 => ("Low", "ok"),
        25..50 => ("Medium", "warn"),
        _ => ("High", "danger"),
    }
}

/// Where a step of risk begins.
pub(super) fn risk_from(word: &str) -> Option<i64> {
    match word {
        "medium" => Some(25),
        "high" => Some(50),
        _ => None,
    }
}

/// "1 hour", as people type it back.
pub(super) fn duration(seconds: i64) -> String {
    duration::spell(u64::try_from(seconds).unwrap_or_default())
}

/// "Authorization code, refresh token".
pub(super) fn grants(of: &Client) -> String {
    let words: Vec<String> = of.grant_types.iter().map(|it| grant(*it).to_lowercase()).collect();
    sentence(&words.join(", "))
}

/// "1 hour, opaque".
pub(super) fn access_token(client: &Client) -> String {
    let format = match client.access_token_format {
        TokenFormat::Opaque => "opaque",
        TokenFormat::Jwt => "JWT",
    };
    format!("{}, {format}", duration(client.access_token_lifetime))
}

/// "7 days, replaced at each use"; nothing where it gets none.
pub(super) fn refresh_token(client: &Client) -> Option<String> {
    let rotation = match client.refresh_rotation {
        RefreshRotation::Rotate => "replaced at each use",
        RefreshRotation::Keep => "kept until it ends",
    };
    let lifetime = duration(client.refresh_token_lifetime);
    client.allows(GrantType::RefreshToken).then(|| format!("{lifetime}, {rotation}"))
}

/// Things to know wherever the client is shown.
pub(super) fn warnings(client: &Client) -> Vec<String> {
    use domain::clients::Pkce;
    let has = |grant| client.allows(grant);
    let facts = [
        (
            client.pkce == Pkce::Optional && has(GrantType::AuthorizationCode),
            "PKCE is optional for this client: a stolen code could be used by someone else.",
        ),
        (
            client.refresh_without_pkce && has(GrantType::RefreshToken),
            "It gets refresh tokens without PKCE.",
        ),
        (
            has(GrantType::Password) || has(GrantType::Implicit),
            "It holds a legacy grant that OAuth 2.1 removed. Move it to the authorization code.",
        ),
        (
            client.continue_without_context_user,
            "It keeps working while the user it acts for is disabled.",
        ),
    ];
    facts.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words.to_owned()).collect()
}

/// Places by name, at most three of them.
pub(super) fn places(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        all => all.join(", "),
    }
}

/// The places a client is limited to, by name; none: every team.
pub(super) async fn limits(
    work: &mut domain::Work,
    names: &mut Names,
    (organizations, teams): (&[String], &[String]),
) -> Result<Vec<String>, domain::Fault> {
    let mut found = Vec::with_capacity(organizations.len() + teams.len());
    for id in organizations {
        found.push(format!("All of {}", names.organization(work, id).await?));
    }
    for id in teams {
        found.push(names.team(work, id).await?);
    }
    Ok(found)
}

/// With a capital at the front.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_what_only_works_on_its_own() {
        use GrantType::{AuthorizationCode, ClientCredentials};
        for (confidential, grants, want) in [
            (true, &[ClientCredentials][..], "Service"),
            (true, &[AuthorizationCode, ClientCredentials][..], "Confidential"),
            (false, &[AuthorizationCode][..], "Public"),
            (true, &[][..], "Confidential"),
        ] {
            assert_eq!(kind(confidential, grants), want);
        }
    }

    #[test]
    fn risk_has_three_steps() {
        assert_eq!(
            [0, 24, 25, 49, 50, 100].map(|score| risk(score).0),
            ["Low", "Low", "Medium", "Medium", "High", "High"]
        );
        for word in ["medium", "high"] {
            let from = risk_from(word).unwrap();
            assert_eq!(risk(from).0.to_lowercase(), word);
            assert_ne!(risk(from - 1).0.to_lowercase(), word);
        }
        assert_eq!(risk_from("nonsense"), None);
    }

    #[test]
    fn many_places_are_counted() {
        let names: Vec<String> = ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec();
        assert_eq!(places(&names), "A, B, C and 2 more");
        assert_eq!(places(&names[..3]), "A, B, C");
        assert_eq!(places(&[]), "");
    }
}
