"""How far a fleet goes: what its replicas ask of one database, of Instagram and of the network, and what is used up first.

    scale.py [--requests R] [--fresh F] [--jobs J] [--megabytes M] [--cores C] [--addresses A]

It is a calculation with figures that `make bench-fleet` measures; nothing runs. `docs/scale.md` has its table.
"""

import argparse

import table

#: Measured by `make bench-fleet` (debug build, two shared cores, 2026-11-30): transactions, and processor time of PostgreSQL,
#: milliseconds.
REQUEST = {"transactions": 1.05, "ms": 0.65}
JOB = {"transactions": 6.3, "ms": 2.4}
#: Of an idle replica, a second.
IDLE = {"transactions": 5.5, "ms": 2.1}
#: Every replica reads the rows of all replicas every two seconds; each has about this many bytes.
BEAT_S = 2
ROW_BYTES = 600
#: `limits.upstream_spacing_ms_min`: between two requests to one host from one address.
SPACING_MS = 200
#: How much of a machine or a network may be used before everything waits.
FULL = 0.7
#: Rows that PostgreSQL hands out, bytes a second and core; assumed, not measured.
ROWS_BYTES_PER_CORE = 200e6
FLEETS = [1, 3, 10, 100, 1000]
HEAD = [
    "replicas",
    "requests a second",
    "transactions a second",
    "cores of PostgreSQL",
    "of it for heartbeats",
    "asked of Instagram a second",
    "it bears",
    "files, Gbit/s",
    "used up first",
]


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=float, default=20, help="requests a second to each replica")
    parser.add_argument("--fresh", type=float, default=0.02, help="the part of them that is in no cache")
    parser.add_argument("--jobs", type=float, default=0.1, help="downloads a second of each replica")
    parser.add_argument("--megabytes", type=float, default=5, help="size of a download")
    parser.add_argument("--cores", type=float, default=16, help="cores of PostgreSQL")
    parser.add_argument("--addresses", type=float, default=1, help="replicas behind one address towards Instagram; 0: all")
    given = parser.parse_args()
    print(table.markdown(HEAD, [row(given, count) for count in FLEETS]))


def row(given, count):
    """One line of the table."""
    requests, jobs = given.requests * count, given.jobs * count
    transactions = requests * REQUEST["transactions"] + jobs * JOB["transactions"] + count * IDLE["transactions"]
    beats = count * count / BEAT_S * ROW_BYTES / ROWS_BYTES_PER_CORE
    cores = (requests * REQUEST["ms"] + jobs * JOB["ms"] + count * IDLE["ms"]) / 1e3 + beats
    asked = requests * given.fresh + jobs
    addresses = max(1, count / given.addresses) if given.addresses else 1
    borne = addresses * 1e3 / SPACING_MS
    network = jobs * given.megabytes * 8 / 1e3
    used = {"PostgreSQL": cores / given.cores, "Instagram": asked / borne}
    first = max(used, key=used.get)
    told = f"{first}, {used[first]:.0%}" if used[first] > FULL else f"nothing ({first} {used[first]:.0%})"
    numbers = [requests, transactions, cores, beats, asked, borne, network]
    return [str(count), *(table.figures(number) for number in numbers), told]


if __name__ == "__main__":
    main()
