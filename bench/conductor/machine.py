"""The machine: processor time and memory of a process with its descendants, and quiet."""

import os
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")


def family(root):
    """A process and all that descend from it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(name))
            except OSError:
                pass
    found, todo = set(), [root]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children.get(pid, [])
    return found


def processor_seconds(roots):
    """User and system time of these processes and their descendants, ended children included."""
    total = 0
    for pid in set().union(*(family(root) for root in roots)):
        try:
            with open(f"/proc/{pid}/stat") as file:
                total += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            pass
    return total / TICKS


def memory_megabytes(root):
    """Proportional set size of a process and its descendants."""
    total = 0
    for pid in family(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE)[1])
        except (OSError, TypeError):
            pass
    return total / 1024


def settle(seconds=10):
    """Waits until the machine is idle, or gives up after so long and says so."""

    def spent():
        with open("/proc/stat") as file:
            fields = [int(field) for field in file.readline().split()[1:]]
        return sum(fields), fields[3] + fields[4]

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = spent()
        time.sleep(0.4)
        after = spent()
        if (after[1] - before[1]) / max(1, after[0] - before[0]) > 0.9:
            return True
    return False


def cores():
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
