"""requests-oauthlib: a public client with PKCE, plain OAuth 2.0. The library checks `state`."""

import os

import oauthlib.oauth2
from requests_oauthlib import OAuth2Session
from told import CLIENT_ID, EMAIL, ISSUER, REDIRECT_URI, SCOPE, ok, person, refused, same

# The library refuses plain http, on loopback too.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

AUTHORIZE, TOKEN = f"{ISSUER}/oauth2/authorize", f"{ISSUER}/oauth2/token"
USERINFO, REVOKE = f"{ISSUER}/oauth2/userinfo", f"{ISSUER}/oauth2/revoke"


def session():
    """A session of this public client."""
    return OAuth2Session(CLIENT_ID, redirect_uri=REDIRECT_URI, scope=SCOPE.split(), pkce="S256")


def sign_in(oauth):
    """One sign-in; the URL the person came back with."""
    url, _ = oauth.authorization_url(AUTHORIZE)
    back = person(url)
    oauth.fetch_token(TOKEN, authorization_response=back, include_client_id=True)
    return back


def refresh(oauth, token):
    """The tokens that this refresh token gives."""
    return oauth.refresh_token(TOKEN, refresh_token=token, client_id=CLIENT_ID)


def main():
    oauth = session()
    back = sign_in(oauth)
    ok("authorize")
    first = oauth.token["refresh_token"]
    ok("code")

    answer = oauth.get(USERINFO)
    answer.raise_for_status()
    same("email", answer.json()["email"], EMAIL)
    ok("userinfo")

    second = refresh(oauth, first)["refresh_token"]
    ok("refresh")
    third = refresh(oauth, second)["refresh_token"]
    same("different refresh tokens", len({first, second, third}), 3)
    ok("rotation")
    invalid_grant = oauthlib.oauth2.InvalidGrantError
    refused("an old refresh token", invalid_grant, "invalid_grant", lambda: refresh(oauth, first))
    refused("its family", invalid_grant, "invalid_grant", lambda: refresh(oauth, third))
    ok("theft")
    replay = lambda: oauth.fetch_token(TOKEN, authorization_response=back, include_client_id=True)  # noqa: E731
    refused("a code twice", invalid_grant, "invalid_grant", replay)
    ok("code_twice")

    oauth = session()
    sign_in(oauth)
    form = {"token": oauth.token["refresh_token"], "client_id": CLIENT_ID}
    same("status of the revocation", oauth.post(REVOKE, data=form, withhold_token=True).status_code, 200)
    same("userinfo after the revocation", oauth.get(USERINFO).status_code, 401)
    ok("revocation")


if __name__ == "__main__":
    main()
