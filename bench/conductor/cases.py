"""The cases: which work, of whom, beside what, with which target.

A case is (name, what it is called in the table, endpoint of Mandate, endpoint of the limit program
or None, the least ratio of rates aimed at or None). Endpoints are made when their turn comes.
"""

import dataclasses
import typing

from .load import Endpoint
from .server import REDIRECT, VERIFIER


@dataclasses.dataclass
class Case:
    """One line of the table for each number of connections."""

    name: str
    title: str
    ours: typing.Callable
    limit: typing.Optional[typing.Callable] = None
    target: typing.Optional[float] = None


def write(path, lines):
    """A file of tokens for a Lua script."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def all_cases(mandate, limit, engine):
    """Every case, in the order of the table."""
    folder, origin = mandate.folder, mandate.origin
    sqlite = engine == "sqlite"

    def introspection(name, tokens):
        return Endpoint(f"{origin}/oauth2/introspect", mandate.pids(), environment={
            "AUTH": mandate.auth(name), "TOKENS": write(folder / f"{name}.tokens", tokens), "FIELD": "token"})

    def chains(connections):
        tokens = [answer["refresh_token"] for answer in mandate.user_tokens(connections + 4)]
        return Endpoint(f"{origin}/oauth2/token", mandate.pids(), "refresh.lua", {
            "AUTH": mandate.auth("web"), "TOKENS": write(folder / "web.refresh", tokens)})

    used = [0]

    def limit_chains(connections):
        lines = limit.tokens.with_suffix(".tokens.refresh").read_text().split()
        mine = lines[used[0]:used[0] + connections + 4]
        used[0] += len(mine)
        return limit.endpoint("/refresh", "refresh.lua", TOKENS=write(folder / "limit.refresh", mine))

    def flow(_):
        return Endpoint(origin, mandate.pids(), "flow.lua", {
            "AUTHORIZE": mandate.authorize_path(), "COOKIE": mandate.browser.cookies(), "AUTH": mandate.auth("web"),
            "EXCHANGE": f"grant_type=authorization_code&redirect_uri={REDIRECT}&code_verifier={VERIFIER}&code=",
        }, requests_each=2)

    def listing(query):
        return lambda _: Endpoint(f"{origin}/api/v1/clients?limit=50{query}", mandate.pids(), environment={
            "METHOD": "GET", "AUTH": f"Bearer {mandate.token}"})

    yield Case("token", "client credentials, opaque", lambda _: mandate.issue("opaque"),
               lambda _: limit.endpoint("/token", BODY="grant_type=client_credentials&scope=api.read"), 0.5 if sqlite else 0.25)
    yield Case("jwt", "client credentials, JWT ES256", lambda _: mandate.issue("jwt"),
               (lambda _: limit.endpoint("/token/jwt", BODY="grant_type=client_credentials&scope=api.read")) if sqlite else None, 0.6 if sqlite else None)
    of_limit = (lambda _: limit.endpoint("/introspect", TOKENS=str(limit.tokens), FIELD="token")) if sqlite else None
    yield Case("introspect", "introspection, two teams with permissions",
               lambda _: introspection("web", [a["access_token"] for a in mandate.user_tokens(500)]), of_limit, 0.5 if sqlite else None)
    yield Case("introspect-plain", "introspection, no permissions",
               lambda _: introspection("opaque", mandate.service_tokens(500)), of_limit)
    yield Case("refresh", "refresh with rotation", chains, limit_chains if sqlite else None, 0.5 if sqlite else None)
    yield Case("flow", "code flow: authorize and exchange, with ID token", flow)
    yield Case("list", "management API: 50 clients", listing(""))
    yield Case("search", "management API: search", listing("&q=bench"))
