"""What a Python client of the run is told, and how it tells what held."""

import os
import subprocess

ISSUER = os.environ["INTEROP_ISSUER"]
CLIENT_ID = os.environ["INTEROP_CLIENT_ID"]
CLIENT_SECRET = os.environ["INTEROP_CLIENT_SECRET"]
REDIRECT_URI = os.environ["INTEROP_REDIRECT_URI"]
BYE_URI = os.environ["INTEROP_BYE_URI"]
SCOPE = os.environ["INTEROP_SCOPE"]
ALG = os.environ["INTEROP_ALG"]
EMAIL = os.environ["INTEROP_EMAIL"]
NAME = os.environ["INTEROP_NAME"]


def ok(step, detail=""):
    """A step that held."""
    print(f"ok {step}{': ' + detail if detail else ''}", flush=True)


def person(url):
    """The browser of the person goes to `url`; where it leaves the issuer."""
    went = subprocess.run([os.environ["INTEROP_PERSON"], url], capture_output=True, text=True, timeout=30)
    if went.returncode != 0:
        raise SystemExit(went.stderr.strip())
    return went.stdout.strip()


def same(what, got, wanted):
    """Two values that have to be equal."""
    if got != wanted:
        raise SystemExit(f"{what}: {got!r}, not {wanted!r}")


def refused(what, error, code, attempt):
    """The attempt has to fail with this OAuth error."""
    try:
        attempt()
    except error as refusal:
        same(what, getattr(refusal, "error", None), code)
        return
    raise SystemExit(f"{what} was not refused")
