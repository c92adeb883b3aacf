"""Load: one run of wrk against one endpoint, and what it cost the processes behind it."""

import dataclasses
import os
import pathlib
import re
import subprocess
import time

from . import machine

LUA = pathlib.Path(__file__).parent.parent / "lua"
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclasses.dataclass
class Endpoint:
    """What is asked of whom. `environment` is read by the Lua script."""

    url: str
    pids: list
    script: str = "post.lua"
    environment: dict = dataclasses.field(default_factory=dict)
    requests_each: int = 1


@dataclasses.dataclass
class Measured:
    """One run. Rates are per second, times in milliseconds, cost in microseconds of processor."""

    rate: float
    p50: float
    p99: float
    cost: float
    failed: int
    count: int = 0


def run(endpoint, connections, seconds):
    """Loads an endpoint for so many seconds from one thread, in a closed loop."""
    environment = {**os.environ, "LUA": str(LUA), **{k: str(v) for k, v in endpoint.environment.items()}}
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    before, start = machine.processor_seconds(endpoint.pids), time.monotonic()
    done = subprocess.run(
        [*command, "-s", str(LUA / endpoint.script), endpoint.url],
        env=environment, capture_output=True, text=True, timeout=seconds + 60, check=False,
    )
    took, cost = time.monotonic() - start, machine.processor_seconds(endpoint.pids) - before
    said = done.stdout + done.stderr
    count = int((re.search(r"(\d+) requests in", said) or [0, 0])[1]) / endpoint.requests_each
    percentile = dict(re.findall(r"\s(50|99)%\s+([\d.]+[a-z]+)", said))
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", said))
    failed += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", said))
    return Measured(
        rate=count / took,
        p50=milliseconds(percentile.get("50", "0ms")),
        p99=milliseconds(percentile.get("99", "0ms")),
        cost=cost / max(count, 1) * 1e6,
        failed=failed,
        count=int(count),
    )


def milliseconds(text):
    """What wrk spells as `1.23ms`."""
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()
    return float(number) * UNITS[unit]
