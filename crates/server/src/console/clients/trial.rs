//! "Test it": what the page needs so that the browser can ask for a token as the client would. The
//! server only says where to ask; the secret goes from the page to the token endpoint alone.

use domain::clients::{AuthMethod, Client, GrantType};

use crate::console::views::Trial;
use crate::urls::Urls;

/// The test of this client, with its secret where the page shows it anyway.
pub(super) fn of(urls: &Urls, client: &Client, secret: Option<&str>) -> Trial {
    let method = if !client.confidential {
        "none"
    } else if client.auth_methods.contains(&AuthMethod::SecretBasic) {
        "client_secret_basic"
    } else {
        "client_secret_post"
    };
    let path = |path: &str| {
        let url = urls.absolute(path);
        url.strip_prefix(urls.origin()).map_or(url.clone(), str::to_owned)
    };
    let redirect = client.redirect_uris.first().cloned();
    Trial {
        client_id: client.id.to_string(),
        method: method.into(),
        token: path("/oauth2/token"),
        revoke: path("/oauth2/revoke"),
        authorize: path("/oauth2/authorize"),
        works_alone: client.allows(GrantType::ClientCredentials),
        redirect: redirect.filter(|_| client.allows(GrantType::AuthorizationCode)),
        scope: client.scopes.iter().collect::<Vec<_>>().join(" "),
        secret: secret.map(str::to_owned),
        asks_secret: client.confidential && secret.is_none(),
        enabled: client.enabled,
    }
}
