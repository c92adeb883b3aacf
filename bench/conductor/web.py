"""HTTP as a script speaks it: past every proxy, no status an error, cookies on request."""

import base64
import html
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request

DIRECT = urllib.request.ProxyHandler({})


class Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are answers."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies. `ask` answers with (status, headers, text)."""

    def __init__(self, origin):
        self.origin, self.jar = origin, http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(DIRECT, Stay, cookies)

    def ask(self, path, form=None, document=None, headers=None, method=None):
        """One request; a path of the origin or a whole URL."""
        headers, body = {"Origin": self.origin, **(headers or {})}, None
        if form is not None:
            body = urllib.parse.urlencode(form, doseq=True).encode()
        if document is not None:
            body, headers["Content-Type"] = json.dumps(document).encode(), "application/json"
        url = urllib.parse.urljoin(self.origin, path)
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()

    def cookies(self):
        """The header that a load generator sends."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)


def basic(client_id, secret):
    """The header of RFC 6749 §2.3.1, for ids and secrets that need no quoting."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def hidden(page):
    """The hidden fields of a page, by name."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}
