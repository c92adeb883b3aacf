"""Authlib as a web application uses it: its Flask integration for the sign-in, its session for the rest.

The library itself checks state, nonce, issuer, audience, times and the signature by the JWKS.
"""

from urllib.parse import parse_qs, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, jsonify
from joserfc import jws
from told import ALG, BYE_URI, CLIENT_ID, CLIENT_SECRET, EMAIL, ISSUER, NAME, REDIRECT_URI, SCOPE
from told import ok, person, refused, same

app = Flask(__name__)
app.secret_key = "of this run alone"
mandate = OAuth(app).register(
    "mandate",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": SCOPE,
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": "client_secret_post",
    },
)


@app.get("/login")
def login():
    """Sends the person to Mandate."""
    return mandate.authorize_redirect(REDIRECT_URI)


@app.get("/callback")
def callback():
    """Takes the person back; the ID token is validated in here."""
    return jsonify(mandate.authorize_access_token())


def sign_in(browser):
    """One sign-in: the tokens with the claims of the ID token, and the URL the person came back with."""
    away = browser.get("/login")
    same("status of /login", away.status_code, 302)
    back = person(away.headers["Location"])
    came = urlsplit(back)
    same("the callback", f"{came.scheme}://{came.netloc}{came.path}", REDIRECT_URI)
    answer = browser.get(f"/callback?{came.query}")
    same("status of /callback", answer.status_code, 200)
    return answer.get_json(), back


def session(metadata, token=None):
    """The session of a back end that keeps tokens."""
    return OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET,
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint_auth_method="client_secret_post",
        token_endpoint=metadata["token_endpoint"],
        token=token,
    )


def introspected(back_end, metadata, token):
    """What introspection says of a token."""
    return back_end.introspect_token(metadata["introspection_endpoint"], token=token).json()


def main():
    with app.test_request_context():
        metadata = mandate.load_server_metadata()
    same("issuer", metadata["issuer"], ISSUER)
    ok("discovery")

    browser = app.test_client()
    tokens, back = sign_in(browser)
    same("iss of the answer", parse_qs(urlsplit(back).query)["iss"], [ISSUER])
    ok("authorize", "signed in, agreed")
    same("token_type", tokens["token_type"], "Bearer")
    ok("code")
    claims = tokens["userinfo"]
    same("iss", claims["iss"], ISSUER)
    same("aud", claims["aud"], CLIENT_ID)
    same("alg", jws.extract_compact(tokens["id_token"].encode()).headers()["alg"], ALG)
    ok("id_token", f"{ALG}, nonce and at_hash checked")

    back_end = session(metadata, tokens)
    answer = back_end.get(metadata["userinfo_endpoint"])
    answer.raise_for_status()
    person_told = answer.json()
    same("sub", person_told["sub"], claims["sub"])
    same("email", person_told["email"], EMAIL)
    same("name", person_told["name"], NAME)
    ok("userinfo")

    told = introspected(back_end, metadata, tokens["access_token"])
    same("active", (told["active"], told["client_id"], told["sub"]), (True, CLIENT_ID, claims["sub"]))
    same("a made-up token", introspected(back_end, metadata, "mat_made_up"), {"active": False})
    ok("introspection")

    turn(back_end, metadata, tokens)
    back_end, tokens = second_sign_in(browser, metadata, back)
    ending(back_end, metadata, tokens)

    service = session(metadata)
    own = service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="as_user:read")
    same("sub of the service", introspected(service, metadata, own["access_token"])["sub"], CLIENT_ID)
    same("a refresh token of a service", "refresh_token" in own, False)
    ok("client_credentials")

    with app.test_request_context():
        url = mandate.create_logout_url(BYE_URI, tokens["id_token"])["url"]
    same("after the logout", person(url).split("?")[0], BYE_URI)
    ok("logout")


def turn(back_end, metadata, tokens):
    """Refresh, the overlap, and what happens to a token of long ago."""
    first = tokens["refresh_token"]
    second = back_end.refresh_token(metadata["token_endpoint"], refresh_token=first)
    ok("refresh")
    same("the refresh token stayed", second["refresh_token"] == first, False)
    again = back_end.refresh_token(metadata["token_endpoint"], refresh_token=first)
    same("the successor", again["refresh_token"], second["refresh_token"])
    same("its access token", again["access_token"], second["access_token"])
    ok("overlap", "a retry got the same successor")
    third = back_end.refresh_token(metadata["token_endpoint"], refresh_token=second["refresh_token"])
    ok("rotation")
    for stale in (first, third["refresh_token"]):
        refused("theft", OAuthError, "invalid_grant", lambda stale=stale: refresh(back_end, metadata, stale))
    same("an access token of a stolen family", introspected(back_end, metadata, third["access_token"]), {"active": False})
    ok("theft", "a spent refresh token ended the family")


def refresh(back_end, metadata, token):
    """A refresh that is expected to fail."""
    return back_end.refresh_token(metadata["token_endpoint"], refresh_token=token)


def second_sign_in(browser, metadata, back):
    """The person comes again, signed in and with a remembered consent; then an old code comes again."""
    tokens, _ = sign_in(browser)
    code = parse_qs(urlsplit(back).query)["code"][0]
    thief = session(metadata)

    def replay():
        thief.fetch_token(
            metadata["token_endpoint"], code=code, redirect_uri=REDIRECT_URI, code_verifier="x" * 43
        )

    refused("a code twice", OAuthError, "invalid_grant", replay)
    ok("code_twice")
    return session(metadata, tokens), tokens


def ending(back_end, metadata, tokens):
    """The refresh token is revoked, and takes the access token with it."""
    back_end.revoke_token(metadata["revocation_endpoint"], token=tokens["refresh_token"]).raise_for_status()
    same("after the revocation", introspected(back_end, metadata, tokens["access_token"]), {"active": False})
    answer = back_end.get(metadata["userinfo_endpoint"])
    same("userinfo after the revocation", answer.status_code, 401)
    ok("revocation")


if __name__ == "__main__":
    main()
