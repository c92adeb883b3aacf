"""The run: start both, fill them, load them in turn, tell."""

import argparse
import contextlib
import json
import pathlib
import platform
import shutil
import tempfile
import tomllib

from . import load, machine, report
from .cases import all_cases, write
from .load import Endpoint
from .logins import logins
from .postgres import Postgres
from .server import Mandate
from .yardstick import Limit


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/run", description="Mandate beside the limit of the machine, in one run.")
    for name in ("mandate", "limit", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--connections", default="32", help="how many at once; several with commas")
    parser.add_argument("--seconds", type=int, default=6, help="length of one load")
    parser.add_argument("--rounds", type=int, default=3, help="times each case is loaded, in turn with the others")
    parser.add_argument("--only", default="", help="names of cases, with commas (token jwt introspect introspect-plain refresh flow list search logins)")
    parser.add_argument("--tokens", type=int, default=10_000, help="living tokens stored before")
    parser.add_argument("--clients", type=int, default=0, help="clients made before")
    parser.add_argument("--users", type=int, default=0, help="people made before")
    parser.add_argument("--slow-disk", type=int, default=0, metavar="US", help="every sync takes so many microseconds more")
    parser.add_argument("--peer", action="append", default=[], type=pathlib.Path, help="a file that names another server's endpoints: see README.md")
    return parser.parse_args()


def peers(paths, folder):
    """Endpoints of other servers, by the name of the case that each is beside."""
    beside = {}
    for path in paths:
        for case in tomllib.loads(path.read_text())["case"]:
            beside.setdefault(case["beside"], []).append((case["title"], peer(case, folder)))
    return beside


def peer(case, folder):
    """One endpoint of another server. A chain of refresh tokens is begun anew for each load, since tokens are used up."""
    pids = [int(pathlib.Path(file).read_text()) for file in case["pidfiles"]]
    request = {key.upper(): value for key, value in case.get("request", {}).items()}
    script, used = case.get("script", "post.lua"), [0]

    def endpoint(connections):
        environment = dict(request)
        if script == "refresh.lua":
            lines = pathlib.Path(request["TOKENS"]).read_text().split()
            mine = lines[used[0]:used[0] + connections + 4]
            used[0] += len(mine)
            environment["TOKENS"] = write(folder / "peer.refresh", mine)
        return Endpoint(case["url"], pids, script, environment, case.get("requests_each", 1))

    return endpoint


def fill(mandate, wanted):
    """What was there before the load."""
    if wanted.tokens:
        print(f"about {mandate.fill_tokens(wanted.tokens):,} tokens stored", flush=True)
    if wanted.clients:
        body = json.dumps({"client_name": "Service number %d", "type": "service", "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"]})
        print(f"about {mandate.fill('clients', body, wanted.clients):,} clients made", flush=True)
    if wanted.users:
        body = json.dumps({"email": "person%d@example.com", "display_name": "Person %d"})
        print(f"about {mandate.fill('users', body, wanted.users):,} people made", flush=True)


def measure(cases, beside, wanted):
    """Every case at every number of connections, the rounds interleaved."""
    lines = []
    for case in cases:
        for connections in (int(n) for n in wanted.connections.split(",")):
            lines.append({"case": case, "title": case.title, "connections": connections, "target": case.target, "ours": [], "limit": [], "peers": {}})
    for number in range(wanted.rounds):
        for line in lines:
            sides = [("ours", line["case"].ours), ("limit", line["case"].limit), *beside.get(line["case"].name, [])]
            for side, make in sides:
                if not make:
                    continue
                endpoint = make(line["connections"])
                if not machine.settle():
                    print("  the machine is not idle; the next figure holds less", flush=True)
                run = load.run(endpoint, line["connections"], wanted.seconds)
                (line[side] if side in ("ours", "limit") else line["peers"].setdefault(side, [])).append(run)
                print(f"{number + 1} {line['title']:45} {side[:14]:14} {line['connections']:4} {run.rate:9,.0f}/s  p50 {run.p50:6.2f}  p99 {run.p99:7.2f} ms  {run.cost:8.1f} µs  failed {run.failed}", flush=True)
    return lines


def main():
    """One run, from nothing to the report."""
    wanted = arguments()
    wanted.mandate, wanted.limit = wanted.mandate.resolve(), wanted.limit.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=wanted.work))
    folder.chmod(0o755)
    preload = {}
    if wanted.slow_disk:
        preload = {"LD_PRELOAD": str(wanted.work / "slow_sync.so"), "SLOW_SYNC_US": str(wanted.slow_disk)}
    with contextlib.ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        databases, others = (f"sqlite:{folder / 'mandate.db'}", str(folder / "limit.db")), []
        if wanted.engine == "postgres":
            postgres = Postgres(folder)
            ends.callback(postgres.stop)
            postgres.start()
            databases, others = (postgres.url("mandate"), postgres.url("yardstick")), [postgres.process.pid]
        mandate = Mandate(wanted.mandate, folder, databases[0], others, preload)
        ends.callback(mandate.stop)
        first = mandate.start()
        mandate.furnish()
        fill(mandate, wanted)
        mandate.stop()
        again = mandate.start()
        idle = machine.memory_megabytes(mandate.process.pid)
        mandate.browser = mandate.sign_in()
        limit = Limit(wanted.limit, folder, databases[1], others, preload)
        ends.callback(limit.stop)
        limit.start(wanted.tokens)
        chosen = {name for name in wanted.only.split(",") if name}
        cases = [case for case in all_cases(mandate, limit, wanted.engine) if not chosen or case.name in chosen]
        lines = measure(cases, peers(wanted.peer, folder), wanted)
        after = machine.memory_megabytes(mandate.process.pid)
        heading = f"{wanted.engine}, {wanted.tokens:,} tokens before" + (f", {wanted.slow_disk} µs more a sync" if wanted.slow_disk else "")
        text = f"## {heading}\n\n{report.table(lines)}\n{report.peers(lines)}"
        text += f"Median of {wanted.rounds} rounds of {wanted.seconds} s (least–most), one thread of wrk beside the server on {machine.cores()} cores, {platform.machine()}.\n"
        text += f"First token after exec: {first:.0f} ms on an empty database, {again:.0f} ms on this one. Memory (PSS): {idle:.0f} MB idle, {after:.0f} MB after the load.\n"
        if not chosen or "logins" in chosen:
            text += logins(mandate, wanted) + "\n"
        name = f"{wanted.engine}-{wanted.tokens}" + (f"-slow{wanted.slow_disk}" if wanted.slow_disk else "")
        (wanted.work / f"{name}.md").write_text(text)
        (wanted.work / f"{name}.svg").write_text(report.plot(lines, heading))
        print("\n" + text)
        print(f"written: {wanted.work / name}.md and .svg")


if __name__ == "__main__":
    main()
