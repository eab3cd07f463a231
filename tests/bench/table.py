"""The table: one row a comparison, with the spread of its ratio; on a terminal, in Markdown and as JSON."""

import datetime
import json
import os
import pathlib
import platform
import statistics


class Row:
    """Values of Gramhost and of one contender, round by round.

    The ratio says how much better Gramhost is: above 1 it needs less, or does more. `more` says that more is better.
    """

    def __init__(self, what, unit, contender, more=False, reach=None):
        self.what, self.unit, self.contender = what, unit, contender
        self.more, self.reach = more, reach
        self.ours, self.theirs = [], []
        #: Why there are no values of the contender, if there are none.
        self.absent = None

    def add(self, ours, theirs):
        """Adds the values of one round."""
        self.ours.append(ours)
        if theirs is not None:
            self.theirs.append(theirs)

    def ratios(self):
        """The ratio of each round."""
        pairs = zip(self.ours, self.theirs)
        return [ours / theirs if self.more else theirs / ours for ours, theirs in pairs]

    def cells(self):
        """The row as text."""
        ratio = "none"
        if self.theirs:
            ratios = sorted(self.ratios())
            ratio = f"**{figures(statistics.median(ratios))}** ({figures(ratios[0])} to {figures(ratios[-1])})"
        elif self.absent:
            ratio = ""
        theirs = figures(statistics.median(self.theirs)) if self.theirs else self.absent or ""
        return [
            f"{self.what}, {self.unit}",
            figures(statistics.median(self.ours)) if self.ours else "",
            self.contender,
            theirs,
            ratio,
            self.reach or "",
        ]

    def json(self):
        """The row with all its values."""
        names = ["what", "unit", "contender", "more", "reach", "ours", "theirs", "absent"]
        row = {name: getattr(self, name) for name in names}
        if self.theirs:
            row["ratio"] = statistics.median(self.ratios())
        return row


def figures(value):
    """A number with three figures."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def machine():
    """One line about the machine."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
        name = models[0] if models else name
    except OSError:
        pass
    return f"{os.cpu_count()} cores, {name}, {platform.system()} {platform.release()}"


def markdown(head, rows):
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(lines)


def plain(head, rows):
    """A table for a terminal."""
    rows = [[cell.replace("**", "") for cell in cells] for cells in [head, *rows]]
    widths = [max(len(cells[place]) for cells in rows) for place in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in rows)


def publish(section, text):
    """Replaces a section of docs/benchmarks.md: what is between its two marks."""
    file = pathlib.Path(__file__).resolve().parents[2] / "docs/benchmarks.md"
    before, _, rest = file.read_text().partition(f"<!-- {section} -->\n")
    _, mark, after = rest.partition(f"<!-- end of {section} -->\n")
    if not mark:
        raise RuntimeError(f"{file} has no section {section}")
    today = datetime.date.today().isoformat()
    head = f"`make bench-{section}` on {today}: {machine()}."
    file.write_text(f"{before}<!-- {section} -->\n{head}\n\n{text}\n{mark}{after}")


def document(title, values):
    """What is written as JSON: the values, and where and when they were measured."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"title": title, "date": now, "machine": machine(), **values}, indent=1)
