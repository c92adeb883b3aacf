//! How risky a client is, from 0 to 100, and why.
//!
//! Pure: a sum of reasons, each with its points and its sentence. Stored with the client, so that
//! a list of 100,000 sorts by it.

use serde::{Deserialize, Serialize};

use super::words::{GrantType, Pkce, TokenFormat, TrustedIpsMode};
use super::{Client, secrets};
use crate::FieldError;
use crate::access::Access;

const DAY: i64 = 86_400;

/// The score and what it is made of, the heaviest reason first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// 0 to 100.
    pub score: i64,
    /// Why.
    pub reasons: Vec<Reason>,
}

macro_rules! reasons {
    ($($variant:ident = $word:literal $field:literal $points:literal $sentence:literal;)*) => {
        /// One reason why a client is riskier than it might be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(#[doc = $sentence] #[serde(rename = $word)] $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The setting that would have to be another.
            pub fn field(self) -> &'static str {
                match self { $(Self::$variant => $field,)* }
            }

            /// The word of the contract.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it adds to the score.
            pub fn points(self) -> i64 {
                match self { $(Self::$variant => $points,)* }
            }

            /// What a person reads.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

reasons! {
    LegacyGrant = "legacy_grant" "grant_types" 25 "It holds a legacy grant that OAuth 2.1 removed.";
    FullAccess = "full_access" "access" 20 "It has full access: its tokens may change and delete things.";
    ContextUser = "context_user_ignored" "continue_without_context_user" 15 "It keeps working while its context user is disabled.";
    LongAccess = "long_access_tokens" "access_token_lifetime" 15 "Its access tokens live longer than an hour.";
    LongRefresh = "long_refresh_tokens" "refresh_token_lifetime" 15 "Its refresh tokens live longer than 90 days.";
    NoTrustedIps = "no_trusted_ips" "trusted_ips" 10 "Its secret can be used from any address.";
    PkceOptional = "pkce_optional" "pkce" 15 "It may ask for codes without PKCE.";
    OldSecret = "old_secret" "client_secret" 15 "A living secret is older than 180 days.";
    Unused = "unused" "enabled" 10 "It has not been used for 90 days.";
    OwnerGone = "owner_gone" "contacts" 10 "Nobody looks after it: it has neither an owner team nor a contact.";
    ManyRedirects = "many_redirects" "redirect_uris" 10 "It has more than 10 redirect URIs.";
    PlainHttp = "plain_http" "redirect_uris" 5 "A code is sent to it over plain http on the person's machine.";
    OfflineTokens = "offline_tokens" "access_token_format" 10 "Its access tokens are JWTs of more than an hour: they outlive being revoked.";
    KeptRefresh = "kept_refresh_tokens" "refresh_rotation" 10 "Its refresh tokens are not replaced at use, so that a stolen one is not noticed.";
}

impl Reason {
    /// The reason of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }
}

/// What the operator does not let pass: each reason the client would show at `now` that is a limit.
pub(super) fn refused(client: &Client, limits: &[Reason], now: i64) -> Vec<FieldError> {
    if limits.is_empty() {
        return Vec::new();
    }
    let shown = assess(client, now).reasons.into_iter().filter(|reason| limits.contains(reason));
    let error = |reason: Reason| FieldError {
        field: reason.field().into(),
        message: format!(
            "{} This server allows no such client (risk_limits: {}).",
            reason.sentence(),
            reason.as_str()
        ),
    };
    shown.map(error).collect()
}

/// The risk of this client at `now`.
pub fn assess(client: &Client, now: i64) -> Risk {
    let has = |grant| client.allows(grant);
    let refreshes = has(GrantType::RefreshToken);
    let long_access = client.access_token_lifetime > 3_600;
    let observed_only = client.trusted_ips_mode == TrustedIpsMode::Observe;
    let open_list =
        client.trusted_ips.is_empty() || client.trusted_ips.holds_everything() || observed_only;
    let is_old = |s: &secrets::Stored| s.is_alive(now) && now - s.created_at > 180 * DAY;
    let kept = client.refresh_rotation == super::RefreshRotation::Keep;
    let last_sign_of_life = client.last_used_at.unwrap_or(client.created_at);
    let plain = |uri: &String| uri.starts_with("http://");
    let facts = [
        (Reason::LegacyGrant, has(GrantType::Password) || has(GrantType::Implicit)),
        (Reason::FullAccess, client.access == Access::Full),
        (Reason::ContextUser, client.continue_without_context_user),
        (Reason::LongAccess, long_access),
        (Reason::LongRefresh, refreshes && client.refresh_token_lifetime > 90 * DAY),
        (Reason::NoTrustedIps, has(GrantType::ClientCredentials) && open_list),
        (Reason::PkceOptional, has(GrantType::AuthorizationCode) && client.pkce == Pkce::Optional),
        (Reason::OldSecret, client.secrets.iter().any(is_old)),
        (Reason::Unused, now - last_sign_of_life > 90 * DAY),
        (
            Reason::OwnerGone,
            !client.is_system && client.owner_team.is_none() && client.contacts.is_empty(),
        ),
        (Reason::ManyRedirects, client.redirect_uris.len() > 10),
        (Reason::PlainHttp, client.redirect_uris.iter().any(plain)),
        (Reason::OfflineTokens, long_access && client.access_token_format == TokenFormat::Jwt),
        (Reason::KeptRefresh, refreshes && kept),
    ];
    let mut reasons: Vec<Reason> =
        facts.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect();
    reasons.sort_by_key(|reason| (-reason.points(), *reason));
    let score = reasons.iter().map(|reason| reason.points()).sum::<i64>().min(100);
    Risk { score, reasons }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Draft;
    use super::super::presets::complete;
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn client(draft: &Value) -> Client {
        let client = complete(&Draft::read(draft).unwrap()).0;
        Client { created_at: NOW, ..client }
    }

    fn words(client: &Client) -> Vec<&'static str> {
        assess(client, NOW).reasons.into_iter().map(Reason::as_str).collect()
    }

    #[test]
    fn finds_nothing_in_a_careful_client() {
        let careful =
            client(&json!({"redirect_uris": ["https://a.example/cb"], "contacts": ["ops"]}));
        assert_eq!(assess(&careful, NOW), Risk::default());
    }

    #[test]
    fn names_each_reason_for_what_it_is() {
        for (draft, want) in [
            (json!({"access": "full"}), "full_access"),
            (json!({"access_token_lifetime": 3601}), "long_access_tokens"),
            (
                json!({"access_token_lifetime": 3601, "access_token_format": "jwt"}),
                "offline_tokens",
            ),
            (
                json!({"grant_types": ["authorization_code", "refresh_token"], "refresh_token_lifetime": 90 * DAY + 1}),
                "long_refresh_tokens",
            ),
            (
                json!({"grant_types": ["authorization_code", "refresh_token"], "refresh_rotation": "keep"}),
                "kept_refresh_tokens",
            ),
            (json!({"type": "service"}), "no_trusted_ips"),
            (json!({"type": "service", "trusted_ips": ["0.0.0.0/0"]}), "no_trusted_ips"),
            (
                json!({"type": "service", "trusted_ips": ["10.0.0.1"], "trusted_ips_mode": "observe"}),
                "no_trusted_ips",
            ),
            (
                json!({"type": "service", "context_user": "usr_1", "continue_without_context_user": true}),
                "context_user_ignored",
            ),
            (json!({"pkce": "optional"}), "pkce_optional"),
            (json!({"grant_types": ["password"]}), "legacy_grant"),
            (json!({}), "owner_gone"),
            (
                json!({"redirect_uris": (0..11).map(|n| n.to_string()).collect::<Vec<_>>()}),
                "many_redirects",
            ),
            (json!({"redirect_uris": ["http://127.0.0.1/cb"]}), "plain_http"),
        ] {
            assert!(words(&client(&draft)).contains(&want), "{want}: {draft}");
        }
        let idle = Client { created_at: NOW - 90 * DAY - 1, ..client(&json!({})) };
        assert!(words(&idle).contains(&"unused"));
        assert!(!words(&Client { last_used_at: Some(NOW), ..idle }).contains(&"unused"));
    }

    #[test]
    fn puts_the_heaviest_first_and_stops_at_100() {
        let all = json!({
            "access": "full", "access_token_lifetime": 7200, "access_token_format": "jwt", "pkce": "optional",
            "grant_types": ["authorization_code", "client_credentials", "password", "refresh_token"],
            "refresh_token_lifetime": 365 * DAY, "refresh_rotation": "keep", "redirect_uris": ["http://localhost/cb"],
        });
        let risk = assess(&client(&all), NOW);
        assert_eq!(risk.score, 100);
        assert_eq!(risk.reasons[0], Reason::LegacyGrant);
        assert!(risk.reasons.is_sorted_by_key(|reason| -reason.points()));
    }
}
