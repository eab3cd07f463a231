"""What every measurement gets: the programs, the stand-in, a folder, and how many rounds."""

import argparse
import pathlib
import shutil
import sys

import shapes
from upstream import StandIn


def arguments(doc, parts, stale):
    """The command line of a measurement; what an earlier run left in these places is gone afterwards."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("binary", help="gramhost, of the release profile; `bare` is beside it")
    parser.add_argument("component", help="post.wasm; the other plugins are beside it")
    parser.add_argument("folder", help="for everything that is generated")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument("--docs", action="store_true", help="write them into docs/benchmarks.md")
    parser.add_argument("--only", choices=parts, help="one part")
    found = parser.parse_args()
    for pattern in stale:
        for path in pathlib.Path(found.folder).glob(pattern):
            shutil.rmtree(path)
    return found


class Bench:
    """One run."""

    sources = pathlib.Path(__file__).resolve().parent

    def __init__(self, arguments):
        self.binary = pathlib.Path(arguments.binary).resolve()
        self.bare = self.binary.with_name("bare")
        self.component = pathlib.Path(arguments.component).resolve()
        #: Everything that is generated; packages of the peers are kept in it.
        self.folder = pathlib.Path(arguments.folder).resolve()
        self.python = self.folder / "python/bin/python"
        self.quick = arguments.quick
        #: Rounds of every comparison; in each, all contenders take their turn, so that a slow moment hits all.
        self.count = 3 if self.quick else 5
        #: Extractions of one turn.
        self.posts = 40 if self.quick else 100
        self.pages = 8 if self.quick else 20
        #: Duration of one turn of wrk, and of the swaps.
        self.seconds = 1 if self.quick else 2
        self.swap_seconds = 3 if self.quick else 10
        self.stand_in = StandIn(self.folder / "stand-in")
        self.stand_in.answers("start", shapes.START)
        self.stand_in.answers("ruling", {"status": "ok"})

    def rounds(self, what):
        """The rounds of one comparison."""
        for number in range(self.count):
            print(f"{what}: round {number + 1} of {self.count}", file=sys.stderr)
            yield number
