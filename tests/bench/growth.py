"""`make bench-growth`: what one request costs as everything that can grow grows.

    growth.py BINARY COMPONENT FOLDER [--quick] [--markdown] [--docs] [--only CURVE]
"""

import sys
import time

import growing
import table
from bench import Bench, arguments

HEAD = ["processor, ms", "p50, ms", "p99, ms", "memory, MiB", "besides"]
STALE = ["growing-*", "stand-in"]


def main():
    """Measures, prints, and writes the values beside what it generated."""
    began = time.monotonic()
    given = arguments(__doc__, list(growing.ALL), STALE)
    bench = Bench(given)
    form = table.markdown if given.markdown else table.plain
    found, text = {}, []
    for name, measure in growing.ALL.items():
        if given.only in (None, name):
            print(name, file=sys.stderr)
            growth = measure(bench)
            found[name] = growth.json()
            print(growth.report(form, HEAD) + "\n", flush=True)
            text.append(growth.report(table.markdown, HEAD))
    (bench.folder / "growth.json").write_text(table.document("make bench-growth", found))
    if given.docs:
        table.publish("growth", "\n\n".join(text))
    print(f"{table.machine()}; {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
