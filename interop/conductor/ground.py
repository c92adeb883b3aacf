"""What a run stands on: its folder, its ports, and the processes that it ends by their own id.

Knows nothing of OAuth. Two runs at once share nothing but what was built.
"""

import errno
import os
import queue
import signal
import socket
import subprocess
import threading
import time


class Failure(Exception):
    """What went wrong, in a sentence for the person who reads the run."""


def free_port():
    """A port that nobody uses at this moment, neither on IPv4 nor on IPv6."""
    for _ in range(50):
        with socket.socket(socket.AF_INET) as four:
            four.bind(("127.0.0.1", 0))
            port = four.getsockname()[1]
            if not socket.has_ipv6:
                return port
            try:
                with socket.socket(socket.AF_INET6) as six:
                    six.bind(("::1", port))
                return port
            except OSError as error:
                # A machine without IPv6 has nobody there to collide with.
                if error.errno != errno.EADDRINUSE:
                    return port
    raise Failure("no free port on this machine")


def environment(**more):
    """The environment of a child: ours, without what would reach into the server or around it."""
    foreign = ("MANDATE_", "INTEROP_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(foreign)}
    return {**kept, **more}


def until(what, seconds, check):
    """Asks again and again; what `check` answers once it is true, or a failure that names `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.05)
    raise Failure(f"{what}: not within {seconds} s")


class Children:
    """The processes of a run. Each leads a group of its own, which ends with it."""

    def __init__(self, folder):
        self.folder = folder
        self.living = []

    def start(self, name, command, env, **more):
        """Starts a process; what it says on standard error, or at all, goes to `NAME.log`."""
        log = open(self.folder / f"{name}.log", "ab")
        streams = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL, **more}
        child = subprocess.Popen(command, env=env, start_new_session=True, **streams)
        log.close()
        self.living.append(child)
        return child

    def lines(self, name, command, env, seconds):
        """Starts a process and yields what it prints, line by line; it has so many seconds."""
        child = self.start(name, command, env, stdout=subprocess.PIPE)
        deadline = time.monotonic() + seconds
        said = queue.Queue()
        threading.Thread(target=self._read, args=(child, said), daemon=True).start()
        while True:
            try:
                line = said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self.end(child)
                raise Failure(f"not done after {seconds} s") from None
            if line is None:
                break
            yield line
        try:
            code = child.wait(timeout=5)
        finally:
            self.end(child)
        if code != 0:
            raise Failure(f"exit code {code}")

    @staticmethod
    def _read(child, said):
        for line in child.stdout:
            said.put(line.decode(errors="replace").rstrip("\n"))
        said.put(None)

    def tail(self, name, lines=12):
        """The end of what a process said."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []

    def end(self, child):
        """Ends a process and what it started: asked first, then not."""
        if child not in self.living:
            return
        self.living.remove(child)
        for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            try:
                os.killpg(child.pid, sign)
            except ProcessLookupError:
                pass
            try:
                child.wait(timeout=patience)
                break
            except subprocess.TimeoutExpired:
                continue
        try:  # a grandchild may have stayed behind
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def end_all(self):
        """Ends every process, the youngest first."""
        for child in reversed(list(self.living)):
            self.end(child)
