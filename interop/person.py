#!/usr/bin/env python3
"""The person at the browser, scripted: signs in, agrees, and says where the application sent them.

    person.py AUTHORIZATION_URL    prints the URL of the redirect that leaves the issuer

Keeps cookies in INTEROP_JAR from one call to the next, follows redirects as long as they stay at
the issuer, and answers forms by the names of their fields, as HTML says. Refuses to know OAuth: it
looks neither at the URL it is given nor at the one it prints. Standard library only.
"""

import html.parser
import http.cookiejar
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

ISSUER = os.environ["INTEROP_ISSUER"]
ANSWERS = {
    "email": os.environ["INTEROP_EMAIL"],
    "password": os.environ["INTEROP_PASSWORD"],
    "decision": "allow",
}
# Login, consent and what may come between; more is a circle.
MOST_PAGES = 6
MOST_REDIRECTS = 10


class Page(html.parser.HTMLParser):
    """The forms of a page, and what it says aloud."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.spoken = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append({"action": attributes.get("action", ""), "fields": {}})
        elif tag in ("input", "button") and self.forms and attributes.get("name"):
            name, fields = attributes["name"], self.forms[-1]["fields"]
            kind = attributes.get("type", "text")
            chosen = kind not in ("radio", "checkbox") or "checked" in attributes
            if chosen or name not in fields:
                fields[name] = attributes.get("value", "")

    def handle_data(self, data):
        if data.strip():
            self.spoken.append(data.strip())


class Stay(urllib.request.HTTPRedirectHandler):
    """Hands redirects back instead of following them."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Cookies and the way from page to page."""

    def __init__(self):
        self.jar = http.cookiejar.LWPCookieJar(os.environ["INTEROP_JAR"])
        if os.path.exists(self.jar.filename):
            self.jar.load(ignore_discard=True)
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        direct = urllib.request.ProxyHandler({})
        self.opener = urllib.request.build_opener(cookies, direct, Stay)

    def send(self, url, form=None):
        """One request: (the URL it leads to, None), or (None, the page)."""
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Origin": ISSUER} if form is not None else {}
        try:
            answer = self.opener.open(urllib.request.Request(url, body, headers), timeout=15)
        except urllib.error.HTTPError as other:
            answer = other
        self.jar.save(ignore_discard=True)
        location = answer.headers.get("Location")
        if 300 <= answer.status < 400 and location:
            return urllib.parse.urljoin(url, location), None
        text = answer.read().decode()
        if answer.status != 200:
            said = " / ".join(Page(text).spoken)
            sys.exit(f"person: {url.split('?')[0]} answered {answer.status}: {said[:600]}")
        return None, text

    def walk(self, url, form=None):
        """Follows redirects at the issuer: (where it leaves, None, None), or (None, page, its URL)."""
        for _ in range(MOST_REDIRECTS):
            onward, text = self.send(url, form)
            if onward is None:
                return None, Page(text), url
            if not onward.startswith(ISSUER + "/"):
                return onward, None, None
            url, form = onward, None
        sys.exit(f"person: more than {MOST_REDIRECTS} redirects in a row, the last to {url}")


def answered(form):
    """The form as the person sends it, or nothing if it asks for something unknown."""
    asked = form["fields"].keys() & ANSWERS.keys()
    return {**form["fields"], **{name: ANSWERS[name] for name in asked}} if asked else None


def main():
    browser = Browser()
    left, page, url = browser.walk(sys.argv[1])
    for _ in range(MOST_PAGES):
        if left is not None:
            print(left)
            return
        form = next((form for form in page.forms if answered(form)), None)
        if form is None:
            sys.exit(f"person: nothing to answer at {url}: {' / '.join(page.spoken)[:600]}")
        action = urllib.parse.urljoin(url, form["action"])
        left, page, url = browser.walk(action, answered(form))
    sys.exit(f"person: still at {url}: {' / '.join(page.spoken)[:600]}")


if __name__ == "__main__":
    main()
