"""What the kernel says a process tree has used."""

import os
from pathlib import Path


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass
    return found


def tree(pid):
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def cpu(pid):
    """CPU of the tree so far, two ways: the sum over its threads (ns), and the processes' own count (ticks)."""
    threads = ticks = 0
    for process in tree(pid):
        for task in Path(f"/proc/{process}/task").iterdir():
            try:
                threads += int((task / "schedstat").read_text().split()[0])
            except (OSError, IndexError):
                pass
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return threads, ticks


def used_ns(before, after):
    """CPU between two readings. The threads' sum is exact and forgets threads that have ended; the processes'
    count forgets nothing and is only good to a tick: it is taken where it says clearly more."""
    tick_ns = 10**9 // os.sysconf("SC_CLK_TCK")
    return max(after[0] - before[0], (after[1] - before[1] - 3) * tick_ns)


def memory_mib(pid, field):
    """`VmRSS` (now) or `VmHWM` (at most so far) of the tree, MiB."""
    total = 0
    for process in tree(pid):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1])
    return total / 1024


def writes(pid, thread):
    """Bytes and calls with which threads whose name begins so have written to files, so far."""
    total = calls = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            if not (task / "comm").read_text().startswith(thread):
                continue
            fields = dict(line.split(": ") for line in (task / "io").read_text().splitlines())
        except OSError:
            continue
        total += int(fields["wchar"])
        calls += int(fields["syscw"])
    return total, calls
