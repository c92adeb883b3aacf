//! ID tokens (OpenID Connect Core §2): who signed in, for whom, when.

use protocol::scope::Scopes;
use serde_json::json;

use super::Grant;
use crate::clients::Client;
use crate::{Call, Fault, Plain, Work, accounts, keys};

/// Seconds an ID token may be used to begin a session at the client.
const LIFETIME: i64 = 3600;

/// What an ID token tells.
#[derive(Debug, Clone, Copy)]
pub struct IdToken<'a> {
    /// To whom.
    pub client: &'a Client,
    /// The grant of the person.
    pub grant: &'a Grant,
    /// What this answer gives: narrowed by a refresh, it tells less.
    pub scopes: &'a Scopes,
    /// Echoed when the request had one (§3.1.2.1).
    pub nonce: Option<&'a str>,
    /// The access token issued beside it, if there is one, for `at_hash`.
    pub access: Option<&'a Plain>,
}

/// Signs an ID token with the algorithm the client asks for.
///
/// # Errors
/// When the person is gone or the library refuses.
pub async fn id_token(work: &mut Work, call: &Call, of: &IdToken<'_>) -> Result<Plain, Fault> {
    let mut claims = json!({
        "iss": work.instance.issuer(),
        "sub": of.grant.user.as_str(),
        "aud": of.client.id.as_str(),
        "exp": call.now + LIFETIME,
        "iat": call.now,
        "auth_time": of.grant.authenticated_at,
        "amr": of.grant.amr.values(),
        "azp": of.client.id.as_str(),
    });
    if let Some(access) = of.access {
        claims["at_hash"] = json!(of.client.id_token_alg.half_hash(access.reveal()));
    }
    if let Some(nonce) = of.nonce {
        claims["nonce"] = json!(nonce);
    }
    let tells_of_them = of.scopes.contains("email") || of.scopes.contains("profile");
    if tells_of_them && let Some(user) = accounts::find(work, &of.grant.user).await? {
        if of.scopes.contains("email") {
            claims["email"] = json!(user.email);
        }
        if of.scopes.contains("profile") {
            claims["name"] = json!(user.display_name);
        }
    }
    let algorithm = of.client.id_token_alg;
    Ok(Plain::new(
        keys::sign(work, call.now, algorithm, "JWT", claims.to_string().as_bytes()).await?,
    ))
}
