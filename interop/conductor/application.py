"""The application behind Apache: it shows what Apache tells it, and nothing else.

It never sees a password or a code. What it shows is what mod_auth_openidc vouches for.
"""

import http.server
import json
import threading

VOUCHED = ("oidc_", "oauth_", "remote_user", "x-remote-user")


class Page(http.server.BaseHTTPRequestHandler):
    """One request: the claims as JSON."""

    def do_GET(self):
        told = {name.lower(): value for name, value in self.headers.items() if name.lower().startswith(VOUCHED)}
        body = json.dumps({"path": self.path, "told": told}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Application:
    """It, on a port of its own."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
