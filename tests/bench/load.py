"""Load from many connections: runs `wrk`, and reads what it says."""

import pathlib
import re
import subprocess

import process

SCRIPTS = pathlib.Path(__file__).parent / "wrk"
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class Load:
    """What one run of `wrk` saw."""

    def __init__(self, text):
        #: Answers a second.
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        self.requests = int(re.search(r"(\d+) requests in", text)[1])
        #: Latencies, seconds.
        self.p50_s = _seconds(re.search(r"(?m)^\s+50%\s+(\S+)", text)[1])
        self.p99_s = _seconds(re.search(r"(?m)^\s+99%\s+(\S+)", text)[1])
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        #: Answers that were no success, and requests without an answer.
        self.failures = (int(failed[1]) if failed else 0) + (sum(map(int, broken.groups())) if broken else 0)


def _seconds(text):
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if not found:
        raise RuntimeError(f"wrk states a latency of {text}")
    return float(found[1]) * _SECONDS[found[2]]


def run(url, connections=32, seconds=2, script=None, arguments=(), pid=None, threads=1):
    """Asks `url` from many connections; returns what wrk saw, and the processor time of `pid` for each request."""
    command = ["wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s", "--latency", "--timeout", "30s"]
    if script:
        command += ["-s", SCRIPTS / f"{script}.lua"]
    command += [url, "--", *arguments]
    before = pid and process.cpu_s(pid)
    text = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    seen = Load(text)
    seen.cpu_s = (process.settled_cpu_s(pid) - before) / max(seen.requests, 1) if pid else None
    if seen.failures:
        raise RuntimeError(f"{url}: {seen.failures} of {seen.requests} failed\n{text}")
    return seen
