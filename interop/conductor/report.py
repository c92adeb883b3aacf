"""What happened: one line for each step as it happens, one table at the end.

A client fails by an error, and also by a step that it should have reported and did not: a client
that stops early must not look like one that passed.
"""

import time
from dataclasses import dataclass, field

from .ground import Failure


@dataclass
class Result:
    """A client, and how far it came."""

    name: str
    library: str
    expected: tuple
    passed: list = field(default_factory=list)
    failure: str = ""
    seconds: float = 0.0
    left_out: str = ""

    def step(self, name, detail=""):
        """A step that held."""
        self.passed.append(name)
        print(f"  {self.name:<18} ok      {name}{': ' + detail if detail else ''}", flush=True)

    def missing(self):
        """The steps that were promised and not reported."""
        return [step for step in self.expected if step not in self.passed]


class Report:
    """All results of a run."""

    def __init__(self):
        self.results = []

    def leave_out(self, name, library, reason):
        """A client that this machine cannot run; shown as such, never as passed."""
        self.results.append(Result(name, library, (), left_out=reason))
        print(f"  {name:<18} LEFT OUT {reason}", flush=True)

    def run(self, result, drive, told):
        """Drives one client: `drive(result)` raises on any error, `told()` is its log."""
        self.results.append(result)
        begun = time.monotonic()
        try:
            drive(result)
            if result.missing():
                raise Failure(f"never reported: {', '.join(result.missing())}")
        except Exception as error:  # whatever it is, the run goes on and ends red
            result.failure = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            print(f"  {result.name:<18} FAILED  {result.failure}", flush=True)
            for line in [*str(error).strip().splitlines()[1:], *told()]:
                print(f"  {'':<18} |       {line}", flush=True)
        result.seconds = time.monotonic() - begun

    def table(self):
        """The table, and how many passed and failed."""
        rows = [("client", "library", "steps", "seconds", "result")]
        for it in self.results:
            steps = f"{len(it.passed)}/{len(it.expected)}"
            verdict = f"left out: {it.left_out}" if it.left_out else f"FAILED: {it.failure}" if it.failure else "passed"
            rows.append((it.name, it.library, steps, f"{it.seconds:.1f}", verdict))
        widths = [max(len(row[n]) for row in rows) for n in range(4)]
        print()
        for row in rows:
            print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]]))
        failed = sum(1 for it in self.results if it.failure)
        left_out = sum(1 for it in self.results if it.left_out)
        passed = len(self.results) - failed - left_out
        print(f"\n{passed} passed, {failed} failed" + (f", {left_out} skipped" if left_out else ""), flush=True)
        return passed > 0 and failed == 0
