//! The `openidconnect` crate as an application uses it, against the Mandate of the environment.
//!
//! The crate checks issuer, audience, times, nonce and the signature by the JWKS; it knows no `iss`
//! of the authorization response (RFC 9207), so that is compared here. Prints `ok STEP` for each
//! step that held; anything else ends the program with its reason.

mod person;
mod told;

use std::error::Error;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdTokenClaims,
    CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::reqwest::blocking::Client as Http;
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpClientError, HttpRequest, HttpResponse,
    IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope, StandardErrorResponse,
    SyncHttpClient, TokenIntrospectionResponse, TokenResponse,
};
use person::Callback;
use told::{Told, ok, same};

/// What may go wrong, in words.
type Outcome<T> = Result<T, Box<dyn Error>>;
/// The crate's client with every endpoint of Mandate set.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
/// How carrying a request fails.
type Carried = HttpClientError<openidconnect::reqwest::Error>;
/// How the crate says that the token endpoint refused.
type TokenError = RequestTokenError<Carried, StandardErrorResponse<CoreErrorResponseType>>;

/// What is needed at every step.
struct Application {
    told: Told,
    http: Http,
    client: Client,
}

/// A sign-in that was begun: what the application keeps until the person is back.
struct Begun {
    callback: Callback,
    verifier: PkceCodeVerifier,
    nonce: Nonce,
}

fn main() -> Outcome<()> {
    let told = Told::read()?;
    let http = Http::builder()
        .redirect(openidconnect::reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    let client = discover(&told, &http)?;
    let application = Application { told, http, client };
    ok("discovery");
    let (tokens, code) = application.sign_in()?;
    application.read_userinfo(&tokens)?;
    application.introspect(tokens.access_token())?;
    application.turn(&tokens)?;
    application.replay(code)?;
    application.end()?;
    application.act_for_itself()
}

fn discover(told: &Told, http: &Http) -> Outcome<Client> {
    // Refuses a document of another issuer.
    let metadata = CoreProviderMetadata::discover(&IssuerUrl::new(told.issuer.clone())?, http)?;
    // Two endpoints that OpenID Connect Discovery does not know (RFC 8414 does).
    let revocation = format!("{}/oauth2/revoke", told.issuer.replacen("http://", "https://", 1));
    let introspection = format!("{}/oauth2/introspect", told.issuer);
    let secret = ClientSecret::new(told.client_secret.clone());
    Ok(CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(told.client_id.clone()),
        Some(secret),
    )
    .set_redirect_uri(RedirectUrl::new(told.redirect_uri.clone())?)
    .set_revocation_url(RevocationUrl::new(revocation)?)
    .set_introspection_url(IntrospectionUrl::new(introspection)?))
}

impl Application {
    /// Sends the person away and takes them back; `state` and `iss` are those of this request.
    fn begin(&self) -> Outcome<Begun> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.told.scope.split(' ').map(|name| Scope::new(name.to_owned()));
        let (url, state, nonce) = self
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let callback = person::visit(&self.told, &url)?;
        same("state", callback.state.as_str(), state.secret())?;
        same("iss of the answer", callback.issuer.as_str(), &self.told.issuer)?;
        Ok(Begun { callback, verifier, nonce })
    }

    fn exchange(&self, begun: Begun) -> Outcome<(CoreTokenResponse, Nonce)> {
        let code = AuthorizationCode::new(begun.callback.code);
        let request = self.client.exchange_code(code)?.set_pkce_verifier(begun.verifier);
        Ok((request.request(&self.http)?, begun.nonce))
    }

    fn sign_in(&self) -> Outcome<(CoreTokenResponse, String)> {
        let begun = self.begin()?;
        ok("authorize");
        let code = begun.callback.code.clone();
        let (tokens, nonce) = self.exchange(begun)?;
        ok("code");
        let claims = self.claims(&tokens, &nonce)?;
        same("iss", claims.issuer().as_str(), &self.told.issuer)?;
        ok(&format!("id_token: {}, nonce and at_hash checked", self.told.algorithm));
        Ok((tokens, code))
    }

    fn claims(&self, tokens: &CoreTokenResponse, nonce: &Nonce) -> Outcome<CoreIdTokenClaims> {
        let id_token = tokens.id_token().ok_or("no ID token")?;
        let verifier = self.client.id_token_verifier();
        let claims = id_token.claims(&verifier, nonce)?;
        if id_token.claims(&verifier, &Nonce::new("of another request".into())).is_ok() {
            return Err("an ID token with a foreign nonce was accepted".into());
        }
        same("alg", format!("{:?}", id_token.signing_alg()?).as_str(), self.told.algorithm_name())?;
        let promised = claims.access_token_hash().ok_or("no at_hash")?;
        let key = id_token.signing_key(&verifier)?;
        let actual =
            AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg()?, key)?;
        same("at_hash", &actual, promised)?;
        Ok(claims.clone())
    }

    fn read_userinfo(&self, tokens: &CoreTokenResponse) -> Outcome<()> {
        let subject = tokens.id_token().ok_or("no ID token")?;
        let nonce = |_: Option<&Nonce>| Ok(());
        let subject = subject.claims(&self.client.id_token_verifier(), nonce)?.subject().clone();
        // Refuses a document about somebody else (OpenID Connect Core §5.3.2).
        let request = self.client.user_info(tokens.access_token().clone(), Some(subject))?;
        let claims: CoreUserInfoClaims = request.request(&self.http)?;
        same("email", claims.email().map(|it| it.as_str()).unwrap_or_default(), &self.told.email)?;
        ok("userinfo");
        Ok(())
    }

    fn is_active(&self, token: &AccessToken) -> Outcome<bool> {
        Ok(self.client.introspect(token).request(&self.http)?.active())
    }

    fn introspect(&self, token: &AccessToken) -> Outcome<()> {
        let told = self.client.introspect(token).request(&self.http)?;
        same("active", &told.active(), &true)?;
        same(
            "client_id",
            told.client_id().map(|id| id.as_str()).unwrap_or_default(),
            &self.told.client_id,
        )?;
        same("a made-up token", &self.is_active(&AccessToken::new("mat_made_up".into()))?, &false)?;
        ok("introspection");
        Ok(())
    }

    fn refresh(&self, token: &RefreshToken) -> Result<CoreTokenResponse, Box<dyn Error>> {
        let answer: Result<_, TokenError> =
            self.client.exchange_refresh_token(token)?.request(&self.http);
        Ok(answer?)
    }

    /// Refresh, rotation, and what becomes of a family whose spent token comes back.
    fn turn(&self, tokens: &CoreTokenResponse) -> Outcome<()> {
        let first = tokens.refresh_token().ok_or("no refresh token")?;
        let second = self.refresh(first)?.refresh_token().ok_or("no second refresh token")?.clone();
        ok("refresh");
        let last = self.refresh(&second)?;
        let third = last.refresh_token().ok_or("no third refresh token")?;
        if first.secret() == second.secret() || second.secret() == third.secret() {
            return Err("a refresh token did not change".into());
        }
        ok("rotation");
        for stale in [first, third] {
            invalid_grant("theft", self.client.exchange_refresh_token(stale)?.request(&self.http))?;
        }
        same("an access token of a stolen family", &self.is_active(last.access_token())?, &false)?;
        ok("theft");
        Ok(())
    }

    /// A code comes a second time.
    fn replay(&self, code: String) -> Outcome<()> {
        let request = self.client.exchange_code(AuthorizationCode::new(code))?;
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        invalid_grant("a code twice", request.set_pkce_verifier(verifier).request(&self.http))?;
        ok("code_twice");
        Ok(())
    }

    /// The person signs in again; the refresh token is revoked and takes the access token with it.
    fn end(&self) -> Outcome<()> {
        let (tokens, _) = self.exchange(self.begin()?)?;
        let refresh = tokens.refresh_token().ok_or("no refresh token")?.clone();
        same("before the revocation", &self.is_active(tokens.access_token())?, &true)?;
        let request = self.client.revoke_token(refresh.into())?;
        request.request(&|request: HttpRequest| carry(&self.http, request))?;
        same("after the revocation", &self.is_active(tokens.access_token())?, &false)?;
        ok("revocation");
        Ok(())
    }

    fn act_for_itself(&self) -> Outcome<()> {
        let scope = Scope::new("as_user:read".into());
        let tokens =
            self.client.exchange_client_credentials()?.add_scope(scope).request(&self.http)?;
        same("active", &self.is_active(tokens.access_token())?, &true)?;
        if tokens.refresh_token().is_some() {
            return Err("client credentials gave a refresh token".into());
        }
        ok("client_credentials");
        Ok(())
    }
}

/// The crate refuses a revocation endpoint without https, on loopback too. So it is told https, and
/// this carries its request over plain http; request and answer stay the crate's own.
fn carry(http: &Http, mut request: HttpRequest) -> Result<HttpResponse, Carried> {
    let plain = request.uri().to_string().replacen("https://", "http://", 1);
    *request.uri_mut() = plain.parse().unwrap_or_default();
    http.call(request)
}

/// The token endpoint must refuse with `invalid_grant`.
fn invalid_grant(what: &str, answer: Result<CoreTokenResponse, TokenError>) -> Outcome<()> {
    match answer {
        Err(RequestTokenError::ServerResponse(refusal)) => {
            same(what, refusal.error(), &CoreErrorResponseType::InvalidGrant)
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err(format!("{what} was not refused").into()),
    }
}
