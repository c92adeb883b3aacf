"""The run: a ground, a Mandate, every client in turn, the table, and the end of all of it.

    python -m conductor [--list] [NAME…]

Started by `interop/run`, which has built what is needed. The exit code is 0 only if every client
passed. What the processes said stays in a folder under target/interop after a failed run.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from . import apache, native, scripted, walks
from .ground import Children
from .report import Report
from .server import Mandate

# The whole run; past it, something hangs.
MOST_SECONDS = 290


def parts():
    """Every part of the run by its name."""
    found = {"metadata": walks.metadata, "readme": walks.readme}
    for client in scripted.clients():
        found[client.name] = lambda *ground, client=client: scripted.run(client, *ground)
    return {**found, "apache": apache.run, "native": native.run}


def stop(sign, _frame):
    """A signal ends the run as a failure does: through every `finally`."""
    raise SystemExit("interop: out of time" if sign == signal.SIGALRM else 128 + sign)


def main():
    known = parts()
    asked = sys.argv[1:]
    if asked == ["--list"]:
        print("\n".join(known))
        return 0
    unknown = [name for name in asked if name not in known]
    if unknown:
        print(f"interop: there is no {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(sign, stop)
    signal.alarm(MOST_SECONDS)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=os.environ["INTEROP_WORK"]))
    folder.chmod(0o755)  # Apache's workers are another user
    has_passed = False
    try:
        has_passed = conduct(folder, {name: known[name] for name in asked or known})
    finally:
        if has_passed:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"interop: what the processes said is in {folder}", file=sys.stderr)
    return 0 if has_passed else 1


def conduct(folder, chosen):
    """Runs the chosen parts; True if all passed."""
    begun, report, children = time.monotonic(), Report(), Children(folder)
    mandate = Mandate(children, os.environ["INTEROP_MANDATE"])
    try:
        mandate.start()
        mandate.register_person()
        print(f"interop: {mandate.binary} at {mandate.issuer}", flush=True)
        for part in chosen.values():
            part(mandate, children, report)
    finally:
        children.end_all()
    print(f"\ninterop: {time.monotonic() - begun:.0f} seconds")
    return report.table()


if __name__ == "__main__":
    sys.exit(main())
