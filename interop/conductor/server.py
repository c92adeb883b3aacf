"""A Mandate on a throw-away database, and what an administrator does there before clients come.

Everything goes the way of a stranger: the environment of `mandate serve`, and the management API
with a token of `mandate-admin`.
"""

import base64
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request

from .ground import Failure, environment, free_port, until

# Past every proxy: all of the run is on this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url, form=None, document=None, headers=None, method=None):
    """One request: (status, headers, text). No status is an error here."""
    headers, body = dict(headers or {}), None
    if form is not None:
        body = urllib.parse.urlencode(form).encode()
    if document is not None:
        body, headers["Content-Type"] = json.dumps(document).encode(), "application/json"
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with DIRECT.open(request, timeout=15) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def basic(client_id, secret):
    """The header of RFC 6749 §2.3.1."""
    quoted = ":".join(urllib.parse.quote(part, safe="") for part in (client_id, secret))
    return {"Authorization": "Basic " + base64.b64encode(quoted.encode()).decode()}


class Mandate:
    """The server under test."""

    def __init__(self, children, binary, name="mandate", issuer=None):
        """With an issuer it stands behind a proxy of this machine; else it is its own."""
        self.children, self.binary, self.process_name = children, binary, name
        self.folder = children.folder / f"{name}-data"
        self.folder.mkdir()
        self.admin_secret = secrets.token_urlsafe(32)
        self.email, self.password = "robin@example.com", f"quiet harbour {secrets.token_urlsafe(9)}"
        self.name = "Robin Marsh"
        self.is_behind_proxy = issuer is not None
        self.issuer = issuer
        self.address = self.process = self.token = None

    def start(self):
        """Starts it on a free port and waits until it can serve."""
        for _ in range(3):  # somebody may take the port between our asking and its binding
            port = free_port()
            self.address = f"http://localhost:{port}"
            if not self.is_behind_proxy:
                self.issuer = self.address
            command, env = [self.binary, "serve"], self.settings(port)
            self.process = self.children.start(self.process_name, command, env, cwd=self.folder)
            if self.answers():
                break
        else:
            raise Failure("the server did not start:\n" + "\n".join(self.children.tail(self.process_name)))
        self.token = self.admin_token()

    def settings(self, port):
        """The settings of a first start, all by the environment."""
        proxies = {"MANDATE_TRUSTED_PROXIES": "127.0.0.1,::1"} if self.is_behind_proxy else {}
        return environment(
            **proxies,
            MANDATE_LISTEN=f"127.0.0.1:{port},[::1]:{port}",
            MANDATE_ISSUER=self.issuer,
            MANDATE_DATABASE=f"sqlite:{self.folder / 'mandate.db'}",
            MANDATE_BOOTSTRAP_ADMIN_EMAIL="ada@example.com",
            MANDATE_BOOTSTRAP_ADMIN_PASSWORD=f"copper lantern {secrets.token_urlsafe(9)}",
            MANDATE_BOOTSTRAP_CLIENT_SECRET=self.admin_secret,
        )

    def answers(self):
        """Is it ready to serve? False when it ended instead."""

        def ready():
            if self.process.poll() is not None:
                return "ended"
            try:
                return fetch(f"{self.address}/readyz")[0] == 200
            except OSError:
                return False

        return until("the server is ready", 30, ready) is True

    def admin_token(self):
        """A token of `mandate-admin` for the management API."""
        header = basic("mandate-admin", self.admin_secret)
        status, _, text = fetch(f"{self.address}/oauth2/token", {"grant_type": "client_credentials"}, headers=header)
        if status != 200:
            raise Failure(f"no token for mandate-admin: {status} {text}")
        return json.loads(text)["access_token"]

    def create(self, noun, document):
        """POST to the management API; the object that was made."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        status, _, text = fetch(f"{self.address}/api/v1/{noun}", document=document, headers=bearer)
        if status != 201:
            raise Failure(f"POST /api/v1/{noun}: {status} {text}")
        return json.loads(text)

    def register_person(self):
        """The person who signs in everywhere."""
        self.create("users", {"email": self.email, "display_name": self.name, "password": self.password})

    def introspect(self, token):
        """What `mandate-admin` is told about a token."""
        header = basic("mandate-admin", self.admin_secret)
        _, _, text = fetch(f"{self.address}/oauth2/introspect", {"token": token}, headers=header)
        return json.loads(text)
