"""The task that agents are given, and what must have come of it."""

import os
import subprocess
import sys
from pathlib import Path

ORIGIN, KEY, BIN = os.environ["BASE_URL"], os.environ["KEY"], Path(os.environ["BIN"])
MODEL = "agents/agent"
PROMPT = "Read note.txt, write it in capitals into loud.txt, and tell me what is in it."
TIMEOUT_S = 120


def run(name, command, environment=None):
    """Runs an agent on the task in the current folder; prints one line for each check."""
    Path("note.txt").write_text("the weather in lisbon\n")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    try:
        done = subprocess.run(command, env={**kept, **(environment or {})}, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
        said, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        said, code = str(late.output), "nothing in time"
    loud = Path("loud.txt").read_text() if Path("loud.txt").exists() else None
    checks = {
        "ends its session": (code == 0, f"ended with {code}"),
        "ran its tools": (loud == "THE WEATHER IN LISBON\n", f"loud.txt is {loud!r}"),
        "tells what they said": ("THE WEATHER IN LISBON" in said, "not told"),
    }
    failed = False
    for check, (holds, why) in checks.items():
        failed |= not holds
        print(f"ok {name} {check}" if holds else f"FAIL {name} {check}: {why}; it said: {said[-1500:]}", flush=True)
    sys.exit(failed)
