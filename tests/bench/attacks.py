"""`make bench-attacks`: what an honest client sees while others attack, with the limits that a server has by default.

    attacks.py BINARY COMPONENT FOLDER [--quick] [--markdown] [--docs] [--only ATTACK]
"""

import http.client
import math
import statistics
import sys
import time

import attacking
import extraction
import process
import shapes
import table
from bench import Bench, arguments
from gramhost import Gramhost

HEAD = ["attack", "cached, p50, ms", "p99", "extracted, p50, ms", "p99", "refused", "memory, MiB", "what happened"]
STALE = ["attacked", "stand-in"]
#: The honest client asks so often, whether the last answer is there or not: what is late counts as late.
EVERY_S = 0.01
#: Of its requests, one in so many is not cached.
EXTRACTED_EVERY = 5
#: A server with its own limits; pauses would be measured otherwise, and a rollback would end an attack.
LIMITS = {"upstream_spacing_ms_min": 0, "rollback_failures_min": 10_000}


class Honest:
    """A client at an address of its own."""

    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds
        self.cached = f"/instagram/post/info?url_or_code={shapes.Post(0).code}"
        #: Latencies, seconds, from the moment when a request was due.
        self.seen = {"cached": [], "extracted": []}
        self.refused = 0
        self.asked = 0

    def look(self):
        """Asks for as long as it should."""
        connection = self._connect()
        began = time.perf_counter()
        while (due := began + self.asked * EVERY_S) < began + self.seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            self.asked += 1
            fresh = self.asked % EXTRACTED_EVERY == 0
            # Each post once, so that none of them is cached.
            path = f"/instagram/post/info?url_or_code={shapes.Post(next(POSTS)).code}" if fresh else self.cached
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                good = answer.status == 200
            except (OSError, http.client.HTTPException):
                good = False
                connection = self._connect()
            self.refused += not good
            self.seen["extracted" if fresh else "cached"].append(time.perf_counter() - due)
        connection.close()
        return self

    def _connect(self):
        host = self.server.url.split("//")[1]
        return http.client.HTTPConnection(host, timeout=30, source_address=(attacking.HONEST, 0))

    def cells(self):
        """Median and 99th percentile of each kind, milliseconds."""
        cells = []
        for seen in self.seen.values():
            seen.sort()
            values = statistics.median(seen), seen[math.ceil(len(seen) * 0.99) - 1]
            cells += [table.figures(value * 1e3) for value in values]
        return [*cells, f"{self.refused} of {self.asked}"]


POSTS = iter(range(1, 1 << 20))


def main():
    """Measures, prints, and writes the table into the documents."""
    began = time.monotonic()
    given = arguments(__doc__, list(attacking.ALL), STALE)
    bench = Bench(given)
    seconds = 4 if bench.quick else 15
    count = len(attacking.ALL) * int(seconds / EVERY_S / EXTRACTED_EVERY) + 1000
    extraction.publish(bench.stand_in, [shapes.Post(number) for number in range(count)])
    rows = []
    for name, attack in attacking.ALL.items():
        if given.only not in (None, name):
            continue
        print(name, file=sys.stderr)
        server = Gramhost(
            bench.binary, bench.folder / "attacked", bench.stand_in, "mobile", 86_400, LIMITS, raised=False
        )
        # Warm: the first calls of a server are slower.
        Honest(server, 0.5).look()
        with attack(bench, server) as attacker:
            honest = Honest(server, seconds).look()
        memory, _ = process.memory_mib(server.pid)
        rows.append([name, *honest.cells(), f"{memory:.0f}", attacker.told()])
        server.end()
    form = table.markdown if given.markdown else table.plain
    print(form(HEAD, rows), flush=True)
    if given.docs:
        table.publish("attacks", table.markdown(HEAD, rows))
    print(f"{table.machine()}; {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
