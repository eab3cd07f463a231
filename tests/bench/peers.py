"""`make bench-peers`: one table of Gramhost against every peer, all in one run on one machine.

    peers.py BINARY COMPONENT FOLDER [--quick] [--markdown] [--docs] [--only PART]
"""

import sys
import time

import cached
import extraction
import files
import swaps
import table
from bench import Bench, arguments

HEAD = ["what", "Gramhost", "against", "theirs", "ratio (min to max)", "reach"]
PARTS = {"extraction": extraction, "cached": cached, "files": files}
#: Left over from an earlier run; packages of the peers and compiled plugins stay.
STALE = ["gramhost-*", "cached", "files", "files-behind", "swaps", "started", "fetched", "packed", "stand-in"]


def main():
    """Measures, prints, and writes the values beside what it generated."""
    began = time.monotonic()
    given = arguments(__doc__, [*PARTS, "swaps"], STALE)
    bench = Bench(given)
    rows, notes, swapped = [], [], {}
    for name, part in PARTS.items():
        if given.only in (None, name):
            rows += part.measure(bench)
            notes += part.NOTES
    if given.only in (None, "swaps"):
        swapped = swaps.measure(bench)
    values = {"rows": [row.json() for row in rows], "swaps": swapped}
    text = table.document("make bench-peers", values)
    (bench.folder / "peers.json").write_text(text)
    print(report(rows, swapped, notes, table.markdown if given.markdown else table.plain))
    if given.docs:
        table.publish("peers", report(rows, swapped, notes, table.markdown))
    print(f"\n{table.machine()}; {bench.count} rounds, {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"values: {bench.folder / 'peers.json'}", file=sys.stderr)


def report(rows, swapped, notes, form):
    """Both tables, and what the measurements include."""
    parts = [form(HEAD, [row.cells() for row in rows])] if rows else []
    if swapped:
        cells = [[what, ", ".join(table.figures(value) for value in values)] for what, values in swapped.items()]
        parts.append(form(["swapping plugins", "measured"], cells))
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in notes)])


if __name__ == "__main__":
    main()
