//! The ranges of a client's numbers, and the claims it may add.
//!
//! Pure; the half of `check` that is about amounts.

use super::Client;
use super::check::Wrong;
use super::words::GrantType;

const DAY: i64 = 86_400;
/// Bytes of JSON that the claims of a client may have.
const MAX_CLAIMS: usize = 4_096;

/// Claims that the server alone writes: of RFC 7519, 9068, 8693 and OpenID Connect, and its own.
const RESERVED_CLAIMS: [&str; 35] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "act",
    "may_act",
    "azp",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "cnf",
    "active",
    "token_type",
    "username",
    "access",
    "authorized_teams",
    "instance_permissions",
    "teams",
    "events",
    "entitlements",
    "groups",
    "roles",
    "authorization_details",
    "email_verified",
    "email",
];

/// Does the server alone write this claim?
pub(super) fn is_reserved(claim: &str) -> bool {
    RESERVED_CLAIMS.contains(&claim)
}

pub(super) fn check(client: &Client, wrong: &mut Wrong) {
    lifetimes(client, wrong);
    let credentials = client.allows(GrantType::ClientCredentials);
    if let Some(most) = client.max_active_tokens {
        let message = "A limit of living tokens belongs to the client credentials grant.";
        wrong.unless(credentials, "max_active_tokens", message);
        wrong.unless((1..=200).contains(&most), "max_active_tokens", "1 to 200 living tokens.");
    }
    if let Some(rate) = client.token_requests_per_second {
        let message = "1 to 10,000 token requests a second.";
        wrong.unless((1..=10_000).contains(&rate), "token_requests_per_second", message);
    }
    claims(client, wrong);
}

fn lifetimes(client: &Client, wrong: &mut Wrong) {
    let message = "An access token lives 60 seconds to 24 hours (60 to 86,400 seconds).";
    wrong.unless(
        (60..=DAY).contains(&client.access_token_lifetime),
        "access_token_lifetime",
        message,
    );
    let message = "A refresh token lives 1 hour to 365 days (3,600 to 31,536,000 seconds).";
    wrong.unless(
        (3_600..=365 * DAY).contains(&client.refresh_token_lifetime),
        "refresh_token_lifetime",
        message,
    );
    if let Some(idle) = client.refresh_token_idle_lifetime {
        let message =
            "The idle limit is 60 seconds at least and no longer than the refresh token lives.";
        let fits = (60..=client.refresh_token_lifetime).contains(&idle);
        wrong.unless(fits, "refresh_token_idle_lifetime", message);
    }
    let message = "The overlap is 0 to 120 seconds.";
    wrong.unless((0..=120).contains(&client.refresh_overlap), "refresh_overlap", message);
}

fn claims(client: &Client, wrong: &mut Wrong) {
    let reserved: Vec<&str> =
        client.claims.keys().map(String::as_str).filter(|name| is_reserved(name)).take(5).collect();
    if !reserved.is_empty() {
        wrong.field(
            "claims",
            format!("The server itself writes these claims: {}.", reserved.join(", ")),
        );
    }
    let strange = |name: &String| name.is_empty() || name.chars().any(crate::text::is_invisible);
    wrong.unless(
        !client.claims.keys().any(strange),
        "claims",
        "A claim needs a name without control characters.",
    );
    let size = serde_json::to_string(&client.claims).map_or(usize::MAX, |text| text.len());
    wrong.unless(
        size <= MAX_CLAIMS,
        "claims",
        "At most 4,096 bytes of claims: they travel in every token.",
    );
}
