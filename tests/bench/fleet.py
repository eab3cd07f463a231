"""`make bench-fleet`: what a shared database costs and gives: jobs a second, one rate limit, a new plugin on all replicas.

    fleet.py BINARY COMPONENT FOLDER [--quick] [--markdown] [--docs] [--only PART]
"""

import base64
import json
import os
import statistics
import sys
import time

import extraction
import process
import shapes
import table
from bench import Bench, arguments
from gramhost import Gramhost
from postgres import Postgres
from swaps import variant

PARTS = ["jobs", "requests", "idle", "rollout"]
STALE = ["fleet-*", "postgres", "stand-in"]
#: A batch is as large as the API allows.
BATCH = 50
#: More than a client asks in any measurement, so that every request is counted and none refused.
RATE = 1_000_000


class Fleet:
    """Replicas on one database, or one server on SQLite."""

    made = 0

    def __init__(self, bench, engine, count, rate=0, cache_s=0):
        self.engine, self.url = engine, engine.database() if engine else None
        shared = f'database = "{self.url}"' if engine else ""
        Fleet.made += 1
        folders = [bench.folder / f"fleet-{Fleet.made}-{number}" for number in range(count)]
        self.replicas = [
            Gramhost(bench.binary, folder, bench.stand_in, "mobile", cache_s, settings=shared, rate=rate) for folder in folders
        ]

    def cpu_s(self):
        """Processor time of the replicas, and of PostgreSQL, seconds."""
        own = sum(process.settled_cpu_s(replica.pid) for replica in self.replicas)
        return own, self.engine.cpu_s() if self.engine else 0.0

    def commits(self):
        """Transactions that PostgreSQL has committed."""
        return self.engine.commits(self.url) if self.engine else 0

    def end(self):
        """Ends all replicas."""
        for replica in self.replicas:
            replica.end()


def measure_jobs(bench, engine):
    """Downloads of one picture each, submitted in batches to all replicas in turn."""
    jobs = 300 if bench.quick else 1_000
    posts = [shapes.Post(number) for number in range(jobs)]
    picture = _picture()
    for post in posts:
        bench.stand_in.answers(f"mobile/{post.id}", shapes.mobile([shapes.picture(post, 1)]))
        (bench.stand_in.root / f"media/{post.id}_0_1080_n.jpg").write_bytes(picture)
    rows = []
    for count, shared in [(1, False), (1, True), (2, True), (3, True)]:
        speeds, own, database, commits = [], [], [], []
        for _ in range(bench.count):
            fleet = Fleet(bench, engine if shared else None, count)
            before, committed = fleet.cpu_s(), fleet.commits()
            took = _download(fleet, posts)
            after = fleet.cpu_s()
            speeds.append(jobs / took)
            own.append((after[0] - before[0]) / jobs * 1e3)
            database.append((after[1] - before[1]) / jobs * 1e3)
            commits.append((fleet.commits() - committed) / jobs)
            fleet.end()
        name = f"{count} on PostgreSQL" if shared else "1 on SQLite"
        rows.append([f"jobs a second, {name}", *_spread(speeds), _median(own), _median(database), _median(commits)])
    return rows


def _download(fleet, posts):
    began = time.perf_counter()
    batches = []
    for number in range(0, len(posts), BATCH):
        items = [{"url": post.code, "type": "post"} for post in posts[number : number + BATCH]]
        replica = fleet.replicas[number // BATCH % len(fleet.replicas)]
        batches.append(replica.post("/instagram/download/batch", {"items": items})["batch_job_id"])
    for number, batch in enumerate(batches):
        # Any replica knows any job.
        replica = fleet.replicas[(number + 1) % len(fleet.replicas)]
        while (status := replica.get(f"/instagram/status/{batch}")[0])["status"] not in ["completed", "failed"]:
            time.sleep(0.01)
        if status["status"] == "failed":
            raise RuntimeError(f"a batch failed: {status}")
    return time.perf_counter() - began


def _picture():
    recorded = json.loads((shapes.ROOT / "fixtures/media/demo.har").read_text())["log"]["entries"]
    pictures = [entry["response"]["content"]["text"] for entry in recorded if ".jpg" in entry["request"]["url"]]
    return min((base64.b64decode(text) for text in pictures), key=len)


def measure_requests(bench, engine):
    """One client asks for a cached record; every request is counted against its limit."""
    count = 500 if bench.quick else 3_000
    post = shapes.Post(9_000)
    extraction.publish(bench.stand_in, [post])
    path = f"/instagram/post/info?url_or_code={post.code}"
    rows = []
    for shared in [False, True]:
        fleet = Fleet(bench, engine if shared else None, 1, RATE, 86_400)
        replica = fleet.replicas[0]
        for _ in range(50):
            replica.get(path)
        medians, own, database, commits = [], [], [], []
        for _ in range(bench.count):
            before, committed = fleet.cpu_s(), fleet.commits()
            took = [_seconds(replica, path) for _ in range(count)]
            after = fleet.cpu_s()
            medians.append(statistics.median(took) * 1e3)
            own.append((after[0] - before[0]) / count * 1e3)
            database.append((after[1] - before[1]) / count * 1e3)
            commits.append((fleet.commits() - committed) / count)
        fleet.end()
        name = "counted in PostgreSQL" if shared else "counted in memory"
        rows.append([f"a cached request, p50, ms, {name}", *_spread(medians), _median(own), _median(database), _median(commits)])
    return rows


def _seconds(replica, path):
    began = time.perf_counter()
    replica.get(path)
    return time.perf_counter() - began


def measure_idle(bench, engine):
    """Replicas that nobody asks: what their heartbeats and looks cost the database."""
    rows = []
    for count in [1, 3]:
        fleet = Fleet(bench, engine, count)
        time.sleep(5)
        speeds, own, database = [], [], []
        for _ in range(bench.count):
            before, committed, began = fleet.cpu_s(), fleet.commits(), time.perf_counter()
            # Twice the longest of their intervals.
            time.sleep(10 if bench.quick else 30)
            after, took = fleet.cpu_s(), time.perf_counter() - began
            speeds.append((fleet.commits() - committed) / took / count)
            own.append((after[0] - before[0]) / took / count * 1e3)
            database.append((after[1] - before[1]) / took / count * 1e3)
        fleet.end()
        rows.append([f"transactions a second of an idle replica, of {count}", *_spread(speeds), _median(own), _median(database), ""])
    return rows


def measure_rollout(bench, engine):
    """From a saved component on one of three replicas until it answers on all of them."""
    component = bench.component.read_bytes()
    post = shapes.Post(9_001)
    extraction.publish(bench.stand_in, [post])
    path = f"/instagram/post/info?url_or_code={post.code}"
    fleet = Fleet(bench, engine, 3)
    took = []
    for number in range(bench.count):
        before = {replica.get(path)[1]["x-plugin"] for replica in fleet.replicas}
        folder = fleet.replicas[number % 3].folder / "data/plugins"
        part = folder / ".post.wasm"
        part.write_bytes(variant(component, f"{os.getpid()}-{number}"))
        began = time.perf_counter()
        part.rename(folder / "post.wasm")
        first = None
        while True:
            now = {replica.get(path)[1]["x-plugin"] for replica in fleet.replicas}
            if first is None and now != before:
                first = time.perf_counter() - began
            if len(now) == 1 and now != before:
                break
            if time.perf_counter() - began > 60:
                raise RuntimeError(f"the new plugin does not serve everywhere: {now}")
        took.append((first, time.perf_counter() - began))
    fleet.end()
    whole = [last for _, last in took]
    apart = [last - first for first, last in took]
    return [
        ["a new plugin, from a saved file to all of 3, s", *_spread(whole), "", "", ""],
        ["the same, between the first and the last, s", *_spread(apart), "", "", ""],
    ]


def _spread(values):
    return [_median(values), f"{table.figures(min(values))} to {table.figures(max(values))}"]


def _median(values):
    return table.figures(statistics.median(values))


HEAD = ["what", "median", "spread", "processor of the replicas, ms each (idle: a second)", "of PostgreSQL", "transactions each"]
ALL = {"jobs": measure_jobs, "requests": measure_requests, "idle": measure_idle, "rollout": measure_rollout}


def main():
    """Measures, prints, and writes the table into the documents."""
    began = time.monotonic()
    given = arguments(__doc__, PARTS, STALE)
    bench = Bench(given)
    engine = Postgres(bench.folder / "postgres")
    rows = []
    for name, measure in ALL.items():
        if given.only in (None, name):
            print(name, file=sys.stderr)
            rows += measure(bench, engine)
    form = table.markdown if given.markdown else table.plain
    print(form(HEAD, rows), flush=True)
    if given.docs:
        table.publish("fleet", table.markdown(HEAD, rows))
    print(f"{table.machine()}; {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
