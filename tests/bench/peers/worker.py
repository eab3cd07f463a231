"""One peer in a process of its own: keeps it warm, runs extractions when told to, and measures itself.

    worker.py PEER ORIGIN < commands > results

Each command is a line of JSON: the posts to extract, or the number of times to read a page of an account. Each result is a
line with the processor and wall time of the extractions and the memory of the process. What was found is returned too, and
is compared outside.
"""

import json
import resource
import sys
import time

import importlib


def memory_mib():
    """Resident memory now on Linux, the most ever elsewhere, MiB."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
        return int(lines["VmRSS"].split()[0]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def timed(calls):
    """Runs the calls; what they found, and what they cost."""
    found, walls = [], []
    before = time.process_time()
    for call in calls:
        began = time.perf_counter()
        found.append(call())
        walls.append(time.perf_counter() - began)
    cpu = time.process_time() - before
    return {"found": found, "cpu_s": cpu, "wall_s": walls, "memory_mib": memory_mib()}


def main():
    """Opens the peer, then obeys."""
    name, origin = sys.argv[1:]
    began = time.perf_counter()
    peer = importlib.import_module(f"with_{name}").Peer(origin)
    out = sys.stdout
    # Whatever the peer prints is no result.
    sys.stdout = sys.stderr
    say = lambda value: print(json.dumps(value), file=out, flush=True)
    say({"open_s": time.perf_counter() - began, "cpu_s": time.process_time(), "memory_mib": memory_mib()})
    for line in sys.stdin:
        command = json.loads(line)
        if "posts" in command:
            calls = [lambda post=post: peer.post(*post) for post in command["posts"]]
        else:
            calls = [peer.page] * command["pages"]
        say(timed(calls))


if __name__ == "__main__":
    main()
