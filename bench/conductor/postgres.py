"""A throw-away PostgreSQL with its durability as shipped: fsync and synchronous_commit on."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

from .server import free_port


def programs():
    """The folder of the server's programs; what the path holds may be links to some of them."""
    found = shutil.which("initdb")
    places = [pathlib.Path(found).resolve().parent] if found else []
    places += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if all((place / name).is_file() for name in ("initdb", "postgres", "pg_isready", "createdb")):
            return place
    raise SystemExit("no PostgreSQL server on this machine")


class Postgres:
    """One cluster of one run."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder / "postgres", free_port(), None

    def start(self):
        """Makes the cluster and waits until it answers."""
        self.folder.mkdir(mode=0o700)
        # PostgreSQL refuses to run as root.
        user = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            user = entry.pw_uid
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            for parent in self.folder.parents:
                if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                    raise SystemExit(f"the user postgres cannot enter {parent}")
        bin_, data, log = programs(), self.folder / "data", open(self.folder.parent / "postgres.log", "ab")
        common = {"stdout": log, "stderr": log, "user": user, "cwd": self.folder}
        subprocess.run([bin_ / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"], check=True, **common)
        options = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                   "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"]
        self.process = subprocess.Popen([bin_ / "postgres", "-D", data, *options], **common)
        for _ in range(300):
            ready = subprocess.run([bin_ / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
            if ready.returncode == 0:
                break
            time.sleep(0.1)
        for name in ("mandate", "yardstick"):
            subprocess.run([bin_ / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", name], check=True)

    def url(self, name):
        """Where a database of it is."""
        return f"postgres://bench@127.0.0.1:{self.port}/{name}"

    def stop(self):
        """A fast shutdown."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
