"""Password logins: how near they come to the raw rate of argon2id, and what they do to the others."""

import statistics
import subprocess
import threading
import time

from . import load
from .server import PERSON
from .web import Browser, hidden


def logins(mandate, wanted):
    """Two people signing in without a pause, beside the token endpoint."""
    raw = float(subprocess.run([wanted.limit, "argon2", "4", "1"], capture_output=True, text=True, check=True).stdout)
    alone = load.run(mandate.issue("opaque"), 32, wanted.seconds)
    signed, failed, until = [], [], time.monotonic() + 2 * wanted.seconds

    def person():
        while time.monotonic() < until:
            browser = Browser(mandate.origin)
            _, _, page = browser.ask("/login")
            began = time.monotonic()
            status, _, _ = browser.ask("/login", form={**hidden(page), "email": PERSON[0], "password": PERSON[1]})
            (signed if status in (302, 303) else failed).append(time.monotonic() - began)

    people = [threading.Thread(target=person) for _ in range(4)]
    for thread in people:
        thread.start()
    time.sleep(wanted.seconds)
    quiet = len(signed)
    beside = load.run(mandate.issue("opaque"), 32, wanted.seconds)
    for thread in people:
        thread.join()
    rate = quiet / wanted.seconds
    return (f"Logins: {rate:.1f} a second, {rate / raw:.2f} of one raw argon2id thread ({raw:.1f}/s), median "
            f"{statistics.median(signed) * 1000:.0f} ms, {len(failed)} refused. Token endpoint beside them: p99 "
            f"{beside.p99:.2f} ms against {alone.p99:.2f} ms alone.")
