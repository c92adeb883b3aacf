"""The clients whose person is scripted: which program, registered how, and what it has to show.

Each is registered in another way, so that together they cover the methods, algorithms and formats
of the metadata. A program finds all it needs in its environment (see the README) and prints
`ok STEP` or `ok STEP: detail` for each step that held.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .ground import environment
from .report import Result

HERE = Path(__file__).resolve().parent.parent
SCOPES = ["openid", "profile", "email", "offline_access", "as_user:read"]
# The person's browser never goes there: it is told where it would go.
CALLBACK = "https://app.example.com/callback"
SECONDS = 60

SIGN_IN = ("discovery", "authorize", "code", "id_token", "userinfo")
LIFE = ("refresh", "rotation", "theft", "code_twice")


@dataclass(frozen=True)
class Client:
    """A program, and the client it is registered as."""

    name: str
    library: str
    command: tuple
    steps: tuple
    registration: dict


def clients():
    """All of them, in the order they run. A command of `None` stands for one that was not built."""
    work = Path(os.environ["INTEROP_WORK"])
    python = sys.executable
    code = ["authorization_code", "refresh_token"]
    both = [*code, "client_credentials"]
    return [
        Client(
            "openidconnect",
            "openidconnect 4 (Rust)",
            (str(work / "rust/debug/mandate-interop"),),
            (*SIGN_IN, *LIFE, "introspection", "revocation", "client_credentials"),
            {"grant_types": both, "auth_methods": ["client_secret_basic"], "id_token_signed_response_alg": "RS256"},
        ),
        Client(
            "authlib",
            "Authlib (Python, Flask)",
            (python, str(HERE / "python/authlib_client.py")),
            (*SIGN_IN, *LIFE, "overlap", "introspection", "revocation", "client_credentials", "logout"),
            {"grant_types": both, "auth_methods": ["client_secret_post"], "id_token_signed_response_alg": "ES256"},
        ),
        Client(
            "openid-client",
            "openid-client 6 (Node.js)",
            ("node", str(HERE / "node/openid_client.mjs")),
            (*SIGN_IN, "iss", *LIFE, "introspection", "revocation", "client_credentials", "jwt_access_token", "logout"),
            {
                "grant_types": both,
                "auth_methods": ["client_secret_basic"],
                "id_token_signed_response_alg": "EdDSA",
                "access_token_format": "jwt",
            },
        ),
        Client(
            "openid-client-public",
            "openid-client 6, public",
            ("node", str(HERE / "node/openid_client.mjs")),
            (*SIGN_IN, "iss", *LIFE, "revocation", "logout"),
            {"grant_types": code, "confidential": False, "id_token_signed_response_alg": "PS256"},
        ),
        Client(
            "requests-oauthlib",
            "requests-oauthlib 2 (Python)",
            (python, str(HERE / "python/requests_oauthlib_client.py")),
            ("authorize", "code", "userinfo", *LIFE, "revocation"),
            {"grant_types": code, "confidential": False},
        ),
        Client(
            "simple-oauth2",
            "simple-oauth2 5 (Node.js)",
            ("node", str(HERE / "node/simple_oauth2.mjs")),
            ("authorize", "code", "userinfo", "refresh", "rotation", "code_twice", "revocation", "client_credentials"),
            {"grant_types": both, "auth_methods": ["client_secret_basic"]},
        ),
        Client(
            "go-oidc",
            "x/oauth2, go-oidc 3 (Go)",
            (os.environ.get("INTEROP_GO_CLIENT") or None,),
            (*SIGN_IN, *LIFE, "client_credentials"),
            {"grant_types": both, "id_token_signed_response_alg": "RS256"},
        ),
    ]


def run(client, mandate, children, report):
    """Registers one client, lets it do all it can, and listens to its steps."""
    if None in client.command:
        report.leave_out(client.name, client.library, "Go is not installed here, or too old")
        return

    def drive(result):
        made = mandate.create("clients", registration(client))
        env = environment_of(client, made, mandate, children)
        for line in children.lines(client.name, client.command, env, SECONDS):
            if line.startswith("ok "):
                step, _, detail = line[3:].partition(": ")
                result.step(step, detail)
            else:
                print(f"  {client.name:<18}         {line}", flush=True)

    report.run(Result(client.name, client.library, client.steps), drive, lambda: children.tail(client.name))


def registration(client):
    """The document that the management API is given."""
    return {
        "client_name": f"Interop {client.name}",
        "type": "custom",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "scopes": SCOPES,
        **client.registration,
    }


def environment_of(client, made, mandate, children):
    """What a program is told."""
    jar = children.folder / f"{client.name}.cookies"
    return environment(
        INTEROP_ISSUER=mandate.issuer,
        INTEROP_CLIENT_ID=made["client_id"],
        INTEROP_CLIENT_SECRET=made.get("client_secret", ""),
        INTEROP_REDIRECT_URI=CALLBACK,
        INTEROP_BYE_URI="https://app.example.com/bye",
        INTEROP_SCOPE=" ".join(SCOPES),
        INTEROP_ALG=made["id_token_signed_response_alg"],
        INTEROP_PERSON=str(HERE / "person.py"),
        INTEROP_JAR=str(jar),
        INTEROP_EMAIL=mandate.email,
        INTEROP_PASSWORD=mandate.password,
        INTEROP_NAME=mandate.name,
    )
