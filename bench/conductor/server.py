"""A Mandate on a throw-away database, with what the cases need: clients, a person, tokens."""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

from . import load
from .web import Browser, basic, hidden

SECRET = "bench-admin-secret-0123456789abcdefghijklmnop"
PERSON = ("bench@example.com", "slow lantern over 47 harbours")
REDIRECT = "https://app.example.com/callback"
VERIFIER = "a-verifier-that-is-the-same-in-every-flow-of-the-bench"
DAY = 86_400


def free_port():
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Mandate:
    """The server under load."""

    def __init__(self, binary, folder, database, others=(), preload=None):
        self.binary, self.folder, self.database = binary, folder, database
        self.others, self.preload = list(others), preload
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.secrets = {}

    def start(self):
        """From exec to the first token, in milliseconds."""
        environment = {
            "PATH": os.environ["PATH"],
            "MANDATE_LISTEN": f"127.0.0.1:{self.port}",
            "MANDATE_ISSUER": self.origin,
            "MANDATE_DATABASE": self.database,
            "MANDATE_MASTER_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("="),
            "MANDATE_BOOTSTRAP_ADMIN_EMAIL": "ada@example.com",
            "MANDATE_BOOTSTRAP_ADMIN_PASSWORD": PERSON[1],
            "MANDATE_BOOTSTRAP_CLIENT_SECRET": SECRET,
            "MANDATE_LOG": "error",
            **(self.preload or {}),
        }
        log = open(self.folder / "mandate.log", "ab")
        began = time.perf_counter()
        self.process = subprocess.Popen([self.binary, "serve"], env=environment, stdout=log, stderr=log, cwd=self.folder)
        while True:
            try:
                self.token = self.ask_token("mandate-admin", SECRET, grant_type="client_credentials")["access_token"]
                return (time.perf_counter() - began) * 1000
            except (OSError, KeyError) as trouble:
                if self.process.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit(f"the server did not start: see {self.folder / 'mandate.log'}") from trouble
                time.sleep(0.001)

    def stop(self):
        """Ends it and waits."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def pids(self):
        """The server, and the database beside it."""
        return [self.process.pid, *self.others]

    def ask_token(self, client_id, secret, **form):
        """One token request; what it answers."""
        headers = {"Authorization": basic(client_id, secret)}
        _, _, text = Browser(self.origin).ask("/oauth2/token", form=form, headers=headers)
        return json.loads(text)

    def create(self, noun, document):
        """POST to the management API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        status, _, text = Browser(self.origin).ask(f"/api/v1/{noun}", document=document, headers=headers)
        if status not in (200, 201):
            raise SystemExit(f"POST /api/v1/{noun}: {status} {text}")
        return json.loads(text)

    def furnish(self):
        """Clients, two teams with a role in each, and a person who has consented to both."""
        service = {"type": "service", "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
                   "access_token_lifetime": DAY}
        self.client("opaque", service)
        self.client("jwt", {**service, "access_token_format": "jwt"})
        organization = self.create("organizations", {"name": "Bench"})["id"]
        teams = [self.create("teams", {"organization": organization, "name": name})["id"] for name in ("North", "South")]
        email, password = PERSON
        user = self.create("users", {"email": email, "display_name": "Bench", "password": password})["id"]
        roles = Browser(self.origin).ask("/api/v1/roles", headers={"Authorization": f"Bearer {self.token}"})[2]
        role = next(r["id"] for r in json.loads(roles)["items"] if "oauth_client:rotate" in r["permissions"] and "client" in r["name"].lower())
        for team in teams:
            self.create("bindings", {"subject": user, "role": role, "place": {"team": team}})
        self.client("web", {
            "type": "user_authorized", "organization": organization, "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "team_selection": "multiple",
            "scopes": ["openid", "as_user:read"], "default_scopes": ["openid", "as_user:read"],
            "access_token_lifetime": DAY, "require_consent": False,
        })
        self.browser = self.sign_in()

    def client(self, name, document):
        """A confidential client whose id is its name."""
        made = self.create("clients", {"client_id": f"bench-{name}", "client_name": f"Bench {name}", **document})
        self.secrets[name] = made["client_secret"]

    def auth(self, name):
        """Its Basic header."""
        return basic(f"bench-{name}", self.secrets[name])

    def sign_in(self):
        """A browser in which the person is signed in and has consented for both teams."""
        browser = Browser(self.origin)
        page = self.walk(browser, self.authorize_path())
        page = self.submit(browser, page, "/login", email=PERSON[0], password=PERSON[1])
        if "code=" in page:  # the consent is remembered
            return browser
        teams = re.findall(r'name="teams" value="([^"]+)"', page)
        answer = self.submit(browser, page, "/consent", decision="allow", teams=teams)
        if "code=" not in answer:
            raise SystemExit(f"the consent did not lead back: {answer[:300]}")
        return browser

    def authorize_path(self):
        """The request of the bench's web client."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        return "/oauth2/authorize?" + urllib.parse.urlencode({
            "client_id": "bench-web", "response_type": "code", "redirect_uri": REDIRECT, "state": "s",
            "scope": "openid as_user:read", "code_challenge": challenge, "code_challenge_method": "S256",
        })

    def walk(self, browser, path):
        """Follows redirects inside the server: a page, or the place outside that it leads to."""
        for _ in range(6):
            status, headers, text = browser.ask(path)
            if status not in (302, 303, 307):
                return text
            path = headers["Location"]
            if not urllib.parse.urljoin(self.origin, path).startswith(self.origin + "/"):
                return path
        raise SystemExit("redirects without end")

    def submit(self, browser, page, path, **fields):
        """Sends a form of a page and walks on."""
        status, headers, text = browser.ask(path, form={**hidden(page), **fields})
        if status in (302, 303):
            place = headers["Location"]
            return self.walk(browser, place) if urllib.parse.urljoin(self.origin, place).startswith(self.origin + "/") else place
        return text

    def user_tokens(self, count):
        """So many answers of the code flow, each of a grant of its own."""
        answers = []
        for _ in range(count):
            place = self.walk(self.browser, self.authorize_path())
            code = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)["code"][0]
            answers.append(self.ask_token("bench-web", self.secrets["web"], grant_type="authorization_code", code=code,
                                          redirect_uri=REDIRECT, code_verifier=VERIFIER))
        return answers

    def service_tokens(self, count):
        """So many tokens of the opaque service client."""
        ask = lambda: self.ask_token("bench-opaque", self.secrets["opaque"], grant_type="client_credentials")
        return [ask()["access_token"] for _ in range(count)]

    def fill_tokens(self, count):
        """Issues about so many tokens by load, in runs of a few seconds."""
        done = 0
        while done < count:
            seconds = 2 if count - done < 50_000 else 8
            done += load.run(self.issue("opaque"), 32, seconds).count
        return done

    def fill(self, noun, body, count):
        """Creates about so many objects through the API; BODY holds %d for their number."""
        done = 0
        while done < count:
            endpoint = load.Endpoint(f"{self.origin}/api/v1/{noun}", self.pids(), "create.lua", {
                "AUTH": f"Bearer {self.token}", "TYPE": "application/json", "BODY": body, "FIRST": done,
            })
            # Requests under way when a run ends count for nobody: their numbers are left out.
            done += load.run(endpoint, 32, 5).count + 64
        return done

    def issue(self, name):
        """Client credentials of one of the clients."""
        return load.Endpoint(f"{self.origin}/oauth2/token", self.pids(), environment={
            "AUTH": self.auth(name), "BODY": "grant_type=client_credentials"})
