"""The program of `docs/guide-native-app.md`, taken out of the guide and run as it stands there.

The guide's JSON registers its client, the guide's Python is the program, Chromium is the system
browser. So the guide cannot tell what is not true.
"""

import json
import re
import sys
from pathlib import Path

from .chromium import Chromium
from .ground import Failure, environment, until
from .report import Result

NAME, LIBRARY = "native", "docs/guide-native-app.md + Chromium"
STEPS = ("registration", "system_browser", "consent", "loopback", "claims", "userinfo", "refresh", "revocation", "built_in_client", "pages")  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent.parent
# What the program says when a step held.
SAYS = {
    "claims": r"^ID token: (\{.*\})$",
    "userinfo": r"^Hello (.+)$",
    "refresh": r"^Refreshed; the new access token lives (\d+) seconds$",
    "revocation": r"^Signed out: both tokens are dead$",
}


def block(text, language):
    """The one block of this language in the guide."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if len(found) != 1:
        raise Failure(f"the guide has {len(found)} blocks of {language}, not one")
    return found[0]


def run(mandate, children, report):
    """The guide with the client it registers, then with the built-in one it names."""

    def drive(result):
        guide = (ROOT / "docs/guide-native-app.md").read_text()
        program = children.folder / "sign_in.py"
        program.write_text(block(guide, "python"))
        client = mandate.create("clients", json.loads(block(guide, "json")))
        result.step("registration", client["client_name"])
        browser = Chromium(children, "native-chromium")
        try:
            said = SignIn(mandate, children, browser, program).all(client, result, is_signed_in=False)
            for step, pattern in SAYS.items():
                heard = re.search(pattern, said, re.MULTILINE)
                if not heard:
                    raise Failure(f"the program did not say {pattern!r}:\n{said}")
                result.step(step, heard.group(0)[:60])
            check_words(said, mandate, client)
            built_in = {"client_id": "mandate-cli", "client_name": "Mandate CLI"}
            SignIn(mandate, children, browser, program).all(built_in, None, is_signed_in=True)
            result.step("built_in_client", "mandate-cli, signed in already, asked for consent")
            complaints = browser.complaints(mandate.issuer)
            if complaints:
                raise Failure("Chromium complains:\n" + "\n".join(complaints))
            result.step("pages", "nothing blocked, nothing broken")
        finally:
            browser.close()

    told = lambda: children.tail("sign_in")  # noqa: E731
    report.run(Result(NAME, LIBRARY, STEPS), drive, told)


def check_words(said, mandate, client):
    """What the program printed is of this person and this client."""
    claims = json.loads(re.search(SAYS["claims"], said, re.MULTILINE).group(1))
    hello = re.search(SAYS["userinfo"], said, re.MULTILINE).group(1)
    got = (claims.get("iss"), claims.get("aud"), hello)
    if got != (mandate.issuer, client["client_id"], mandate.name):
        raise Failure(f"the program printed {hello!r} and {claims}")


class SignIn:
    """One run of the program with the person at the browser."""

    def __init__(self, mandate, children, browser, program):
        self.mandate, self.children, self.browser, self.program = mandate, children, browser, program

    def all(self, client, result, is_signed_in):
        """Everything it printed; `result` is told what the person sees, if given."""
        inbox = self.children.folder / f"inbox-{client['client_id']}"
        process = self.launch(client, inbox)
        try:
            until("the program opens the browser", 20, lambda: inbox.exists() or process.poll() is not None)
            if not inbox.exists():
                raise Failure("the program ended before it opened a browser")
            self.browser.open(inbox.read_text())
            self.answer(client, result, is_signed_in)
            until("the program ends", 20, lambda: process.poll() is not None)
            if process.returncode != 0:
                raise Failure(f"the program ended with {process.returncode}")
        finally:
            self.children.end(process)
        return "\n".join(self.children.tail("sign_in", 40))

    def launch(self, client, inbox):
        """Starts the program; its system browser is a script that hands the URL over."""
        env = environment(
            BROWSER=str(ROOT / "interop/conductor/system-browser"), INTEROP_INBOX=str(inbox), PYTHONUNBUFFERED="1"
        )
        command = [sys.executable, str(self.program), self.mandate.issuer, client["client_id"]]
        return self.children.start("sign_in", command, env)

    def answer(self, client, result, is_signed_in):
        """The person's part."""
        browser, mandate = self.browser, self.mandate
        if result:
            result.step("system_browser")
        if not is_signed_in:
            browser.sign_in(mandate.issuer, mandate.email, mandate.password)
        browser.agree(mandate.issuer, client["client_name"])
        if result:
            result.step("consent")
        browser.wait("the page of the program", lambda: browser.at("http://127.0.0.1:") and "You can close this window" in browser.text())
        if result:
            result.step("loopback", browser.driver.current_url.split("?")[0])
