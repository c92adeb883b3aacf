"""The limit program: the least work, on a database of its own."""

import os
import subprocess
import time
import urllib.error
import urllib.request

from .load import Endpoint
from .server import free_port
from .web import basic

AUTH = basic("bench", "bench-secret-0123456789abcdefghijklmnopqrstuv")


class Limit:
    """The limit program under load."""

    def __init__(self, binary, folder, database, others=(), preload=None):
        self.binary, self.folder, self.database = binary, folder, database
        self.others, self.preload = list(others), preload
        self.port = free_port()
        self.tokens = folder / "limit.tokens"
        self.process = None

    def start(self, rows):
        """Fills a SQLite database, starts the program and waits until it answers."""
        if not self.database.startswith("postgres"):
            subprocess.run([self.binary, "seed", self.database, str(max(rows, 20_000)), str(self.tokens)], check=True)
        address = f"127.0.0.1:{self.port}"
        environment = {**os.environ, **(self.preload or {})}
        self.process = subprocess.Popen([self.binary, "serve", address, self.database], env=environment)
        for _ in range(500):
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{address}/", timeout=5)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit("the limit program did not start")

    def stop(self):
        """Ends it."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def endpoint(self, path, script="post.lua", **environment):
        """One of its endpoints."""
        pids = [self.process.pid, *self.others]
        return Endpoint(f"http://127.0.0.1:{self.port}{path}", pids, script, {"AUTH": AUTH, **environment})
