//! How risky a client is, from 0 to 100, and why.
//!
//! Pure: a sum of reasons, each with its points and its sentence. Stored with the client, so that
//! a list of 100,000 sorts by it.

use serde::{Deserialize, Serialize};

use super::words::{GrantType, Pkce, TokenFormat, TrustedIpsMode};
use super::{Client, secrets};
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
    ($($variant:ident = $word:literal $points:literal $sentence:literal;)*) => {
        /// One reason why a client is riskier than it might be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(#[doc = $sentence] #[serde(rename = $word)] $variant,)*
        }

        impl Reason {
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
    LegacyGrant = "legacy_grant" 25 "It holds a legacy grant that OAuth 2.1 removed.";
    FullAccess = "full_access" 20 "It has full access: its tokens may change and delete things.";
    ContextUser = "context_user_ignored" 15 "It keeps working while its context user is disabled.";
    LongAccess = "long_access_tokens" 15 "Its access tokens live longer than an hour.";
    LongRefresh = "long_refresh_tokens" 15 "Its refresh tokens live longer than 90 days.";
    NoTrustedIps = "no_trusted_ips" 10 "Its secret can be used from any address.";
    PkceOptional = "pkce_optional" 15 "It may ask for codes without PKCE.";
    OldSecret = "old_secret" 15 "A living secret is older than 180 days.";
    Unused = "unused" 10 "It has not been used for 90 days.";
    OwnerGone = "owner_gone" 10 "Nobody looks after it: it has neither an owner team nor a contact.";
    ManyRedirects = "many_redirects" 10 "It has more than 10 redirect URIs.";
    PlainHttp = "plain_http" 5 "A code is sent to it over plain http on the person's machine.";
    OfflineTokens = "offline_tokens" 10 "Its access tokens are JWTs of more than an hour: they outlive being revoked.";
    KeptRefresh = "kept_refresh_tokens" 10 "Its refresh tokens are not replaced at use, so that a stolen one is not noticed.";
}

/// The risk of this client at `now`.
pub fn assess(client: &Client, now: i64) -> Risk {
    let has = |grant| client.allows(grant);
    let refreshes = has(GrantType::RefreshToken);
    let long_access = client.access_token_lifetime > 3_600;
    let observed_only = client.trusted_ips_mode == TrustedIpsMode::Observe;
    let open_list = client.trusted_ips.is_empty() || client.trusted_ips.holds_everything() || observed_only;
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
        (Reason::OwnerGone, !client.is_system && client.owner_team.is_none() && client.contacts.is_empty()),
        (Reason::ManyRedirects, client.redirect_uris.len() > 10),
        (Reason::PlainHttp, client.redirect_uris.iter().any(plain)),
        (Reason::OfflineTokens, long_access && client.access_token_format == TokenFormat::Jwt),
        (Reason::KeptRefresh, refreshes && kept),
    ];
    let mut reasons: Vec<Reason> = facts.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect();
    reasons.sort_by_key(|reason| (-reason.points(), *reason));
    let score = reasons.iter().map(|reason| reason.points()).sum::<i64>().min(100);
    Risk { score, reasons }
}
