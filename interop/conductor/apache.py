"""Apache httpd with mod_auth_openidc in front of an application, and Chromium in front of Apache.

Everything a site does with it: sign-in by form post, claims as headers, refresh, an API that takes
bearer tokens by introspection, and logout that ends both sessions. The same Apache carries https
for a Mandate of its own, as in production: an https issuer, `__Host-` cookies, a trusted proxy.
Apache runs in the foreground in a folder of its own; the machine's own Apache is not touched.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess

from .application import Application
from .chromium import Chromium
from .ground import Failure, environment, free_port, until
from .report import Result
from .server import Mandate, fetch

NAME, LIBRARY = "apache", "mod_auth_openidc 2.4 + Chromium"
STEPS = (
    "discovery", "login", "consent", "claims", "session", "id_token", "refresh", "introspection", "logout",
    "revocation", "pages",
)  # fmt: skip
MODULES = "mpm_event authn_core authz_core authz_user headers proxy proxy_http socache_shmcb ssl auth_openidc"
CONFIGURATION = """\
ServerName localhost
ServerRoot "{folder}"
PidFile "{folder}/apache.pid"
Mutex file:{folder}
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/error.log"
LogLevel warn auth_openidc:info
Listen {port}
Listen {tls_port}
{modules}
{user}
StartServers 1
ServerLimit 1
ThreadsPerChild 24
MinSpareThreads 1
MaxSpareThreads 24
MaxRequestWorkers 24

<VirtualHost *:{tls_port}>
    SSLEngine on
    SSLCertificateFile "{folder}/certificate.pem"
    SSLCertificateKeyFile "{folder}/key.pem"
    ProxyPreserveHost On
    ProxyPass / {mandate}/
</VirtualHost>

OIDCCABundlePath "{folder}/certificate.pem"
OIDCProviderMetadataURL {issuer}/oauth/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI http://localhost:{port}/guarded/callback
OIDCResponseType code
OIDCResponseMode form_post
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCIDTokenSignedResponseAlg ES256
OIDCCryptoPassphrase {passphrase}
OIDCInfoHook iat access_token access_token_expires id_token userinfo refresh_token session
OIDCRemoteUserClaim email

OIDCOAuthIntrospectionEndpoint {issuer}/oauth2/introspect
OIDCOAuthIntrospectionEndpointAuth client_secret_basic
OIDCOAuthClientID {client_id}
OIDCOAuthClientSecret {client_secret}
OIDCOAuthRemoteUserClaim username

<VirtualHost *:{port}>
    ProxyPass /guarded/callback !
    ProxyPass / http://127.0.0.1:{backend}/
    RequestHeader set X-Remote-User expr=%{{REMOTE_USER}}
    <Location /guarded>
        AuthType openid-connect
        Require valid-user
    </Location>
    <Location /api>
        AuthType oauth20
        Require valid-user
    </Location>
</VirtualHost>
"""


class Apache:
    """Apache with its application."""

    def __init__(self, children):
        self.children = children
        self.folder = children.folder / "apache"
        self.folder.mkdir()
        self.application = Application()
        self.port, self.tls_port = free_port(), free_port()
        self.origin, self.tls_origin = f"http://localhost:{self.port}", f"https://localhost:{self.tls_port}"
        self.process = None

    def certify(self):
        """Makes the key and certificate of this run; the hash of the public key, for the browser."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        run_openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate)  # fmt: skip
        public = run_openssl("x509", "-in", certificate, "-noout", "-pubkey")
        der = base64.b64decode("".join(public.decode().split("-----")[2].split()))
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def start(self, mandate, client):
        """Writes the configuration and starts it."""
        load = "LoadModule {0}_module /usr/lib/apache2/modules/mod_{0}.so"
        text = CONFIGURATION.format(
            folder=self.folder, port=self.port, tls_port=self.tls_port, backend=self.application.port,
            issuer=mandate.issuer, mandate=mandate.address,
            client_id=client["client_id"], client_secret=client["client_secret"],
            passphrase=secrets.token_urlsafe(24), user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            modules="\n".join(load.format(name) for name in MODULES.split()),
        )  # fmt: skip
        path = self.folder / "apache.conf"
        path.write_text(text)
        path.chmod(0o600)  # it holds the secret
        if os.geteuid() == 0:
            shutil.chown(self.folder, "www-data")  # its locks and shared memory
        binary = shutil.which("apache2") or "/usr/sbin/apache2"
        command = [binary, "-f", str(path), "-D", "FOREGROUND"]
        self.process = self.children.start("apache-out", command, environment())
        until("Apache answers", 15, self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise Failure(f"Apache ended with {self.process.returncode}")
        try:
            return fetch(f"{self.origin}/open")[0] == 200
        except OSError:
            return False

    def told(self):
        """The end of its logs."""
        log = self.folder / "error.log"
        own = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        return [*self.children.tail("apache-out"), *own]

    def close(self):
        if self.process:
            self.children.end(self.process)
        self.application.close()


def run_openssl(*arguments):
    """What openssl prints."""
    ran = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=30)
    if ran.returncode != 0:
        raise Failure(f"openssl: {ran.stderr.decode()}")
    return ran.stdout


def run(other, children, report):
    """The whole conversation, with a Mandate of its own."""
    apache = Apache(children)

    def drive(result):
        mandate = Mandate(children, other.binary, "mandate-https", apache.tls_origin)
        mandate.start()
        mandate.register_person()
        client = mandate.create("clients", registration(apache))
        browser = Chromium(children, "apache-chromium", apache.certify())
        try:
            apache.start(mandate, client)
            Visit(apache, mandate, browser, client, result).all()
        finally:
            browser.close()

    try:
        report.run(Result(NAME, LIBRARY, STEPS), drive, apache.told)
    finally:
        apache.close()


def registration(apache):
    """A confidential client on loopback: the port is part of its redirect URI."""
    return {
        "client_name": "Interop harbour office",
        "type": "custom",
        "grant_types": ["authorization_code", "refresh_token"],
        "auth_methods": ["client_secret_basic"],
        "redirect_uris": [f"{apache.origin}/guarded/callback"],
        "post_logout_redirect_uris": [f"{apache.origin}/bye"],
        "scopes": ["openid", "profile", "email"],
        "id_token_signed_response_alg": "ES256",
    }


class Visit:
    """A person visits the site."""

    def __init__(self, apache, mandate, browser, client, result):
        self.apache, self.mandate, self.browser = apache, mandate, browser
        self.client, self.result = client, result
        self.page = f"{apache.origin}/guarded/ledger"
        self.hook = f"{apache.origin}/guarded/callback"

    def all(self):
        self.enter()
        tokens = self.look_inside()
        tokens = self.refresh(tokens)
        self.call_api(tokens)
        self.leave(tokens)
        complaints = self.browser.complaints(self.mandate.issuer)
        if complaints:
            raise Failure("Chromium complains:\n" + "\n".join(complaints))
        self.result.step("pages", "nothing blocked, nothing broken")

    def enter(self):
        """Asks for the page, signs in, agrees, is shown the page."""
        browser, mandate = self.browser, self.mandate
        browser.open(self.page)
        browser.wait("the login page", lambda: browser.at(mandate.issuer))
        self.result.step("discovery")
        browser.sign_in(mandate.issuer, mandate.email, mandate.password)
        self.result.step("login")
        browser.agree(mandate.issuer, "Interop harbour office")
        self.result.step("consent")
        told = self.shown()
        wanted = {"oidc_claim_email": mandate.email, "oidc_claim_name": mandate.name, "x-remote-user": mandate.email}
        got = {name: told.get(name) for name in wanted}
        if got != wanted:
            raise Failure(f"the application was told {got}, not {wanted}: {told}")
        self.result.step("claims", "by form post; e-mail and name reach the application")
        browser.open(f"{self.page}?again")
        self.shown("?again")
        self.result.step("session")

    def shown(self, more=""):
        """What the application was told, once the browser is back at it."""
        path = f"/guarded/ledger{more}"
        browser = self.browser
        browser.wait("the guarded page", lambda: browser.driver.current_url == f"{self.apache.origin}{path}")
        return json.loads(browser.wait("the application", browser.text))["told"]

    def inside(self):
        """What mod_auth_openidc keeps of the sign-in."""
        self.browser.open(f"{self.hook}?info=json")
        return json.loads(self.browser.wait("the info hook", self.browser.text))

    def look_inside(self):
        kept = self.inside()
        claims = kept["id_token"]
        got = (claims["iss"], claims["aud"], claims["sub"] == kept["userinfo"]["sub"], "nonce" in claims)
        wanted = (self.mandate.issuer, self.client["client_id"], True, True)
        if got != wanted:
            raise Failure(f"the ID token says {claims}")
        self.result.step("id_token", "ES256, validated by the module")
        return kept

    def refresh(self, tokens):
        """The module's hook for pages that need a fresh access token."""
        self.browser.open(f"{self.hook}?refresh={self.page}&access_token={tokens['access_token']}")
        self.shown()
        fresh = self.inside()
        for name in ("access_token", "refresh_token"):
            if fresh[name] == tokens[name]:
                raise Failure(f"the {name} did not change:\n{self.browser.driver.current_url}")
        self.result.step("refresh")
        return fresh

    def call_api(self, tokens):
        """The API behind the same Apache takes a living bearer token and no other."""
        api = f"{self.apache.origin}/api/ships"
        status, _, text = fetch(api, headers={"Authorization": f"Bearer {tokens['access_token']}"})
        user = json.loads(text)["told"].get("x-remote-user") if status == 200 else None
        if user != self.mandate.email:
            raise Failure(f"the API answered {status} to a living token, for {user}: {text[:200]}")
        status, _, _ = fetch(api, headers={"Authorization": "Bearer mat_made_up"})
        if status != 401:
            raise Failure(f"the API answered {status} to a made-up token")
        self.result.step("introspection", "an API by AuthType oauth20")

    def leave(self, tokens):
        """Logout at the site ends the session at Mandate too, and the tokens."""
        browser, bye = self.browser, f"{self.apache.origin}/bye"
        browser.open(f"{self.hook}?logout={bye}")
        browser.wait("the page after the logout", lambda: browser.at(bye))
        browser.open(self.page)
        browser.wait("the login page again", lambda: browser.at(self.mandate.issuer) and browser.find("input[name=password]"))
        self.result.step("logout", "both sessions ended")
        if self.mandate.introspect(tokens["access_token"]) != {"active": False}:
            raise Failure("the access token is alive after the logout")
        self.result.step("revocation", "the module revoked its tokens")
