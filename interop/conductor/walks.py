"""Two walks without a library: the addresses of the metadata, and the curl lines of README.md."""

import json
import re
import subprocess
from pathlib import Path

from .ground import Failure, environment
from .report import Result
from .server import fetch

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESSES = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oauth/.well-known/openid-configuration",
    "/oauth/.well-known/oauth-authorization-server",
)


def metadata(mandate, _children, report):
    """Four addresses, one document; every endpoint in it answers, to scripts of any origin too."""

    def drive(result):
        documents = [fetch(mandate.issuer + path) for path in ADDRESSES]
        if any(status != 200 for status, _, _ in documents):
            raise Failure(f"the addresses answered {[status for status, _, _ in documents]}")
        if len({text for _, _, text in documents}) != 1:
            raise Failure("the four documents differ")
        document = json.loads(documents[0][2])
        if document["issuer"] != mandate.issuer:
            raise Failure(f"the issuer is {document['issuer']}, not {mandate.issuer}")
        result.step("issuer", f"the same at {len(ADDRESSES)} addresses")
        for name, url in document.items():
            if name.endswith(("_endpoint", "_uri")) and fetch(url)[0] in (404, 500, 503):
                raise Failure(f"{name} {url} answers {fetch(url)[0]}")
        result.step("endpoints")
        shown = {(key["kty"], key["alg"]) for key in json.loads(fetch(document["jwks_uri"])[2])["keys"]}
        result.step("jwks", ", ".join(sorted(alg for _, alg in shown)))
        _, headers, _ = fetch(mandate.issuer + ADDRESSES[0], headers={"Origin": "https://app.example.com"})
        if headers.get("Access-Control-Allow-Origin") != "*":
            raise Failure("the metadata cannot be read by a script of another origin")
        result.step("cors")

    report.run(Result("metadata", "no library", ("issuer", "endpoints", "jwks", "cors")), drive, list)


def readme(mandate, children, report):
    """The lines of README.md from a token's birth to its end, in a shell."""

    def drive(result):
        text = (ROOT / "README.md").read_text()
        blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        walk = [block for block in blocks if "grant_type=client_credentials" in block]
        if len(walk) != 1:
            raise Failure(f"README.md has {len(walk)} blocks with a client_credentials line, not one")
        script = walk[0].replace("http://localhost:8080", mandate.issuer)
        env = environment(SECRET=mandate.admin_secret, NO_PROXY="*")
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=env, capture_output=True, text=True, timeout=30)
        if ran.returncode != 0:
            raise Failure(f"bash ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
        (children.folder / "readme.log").write_text(ran.stdout)
        check(ran.stdout, result)

    def check(said, result):
        documents, decoder, rest = [], json.JSONDecoder(), said.strip()
        while rest:
            document, end = decoder.raw_decode(rest)
            documents.append(document)
            rest = rest[end:].lstrip()
        me = documents[0]
        if "instance_permissions" not in me:
            raise Failure(f"/api/v1/me answered {me}")
        result.step("me", f"{len(me['instance_permissions'])} permissions")
        if documents[-1] != {"active": False}:
            raise Failure(f"after the revocation introspection answered {documents[-1]}")
        result.step("dead_after_revocation")

    report.run(Result("readme", "curl", ("me", "dead_after_revocation")), drive, lambda: children.tail("readme"))
