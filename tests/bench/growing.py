"""What grows, one function each: clients, answers, pages, jobs, plugin versions, cached entries."""

import base64
import concurrent.futures
import http.client
import json
import math
import sqlite3
import statistics
import threading
import time
import uuid

import extraction
import load
import process
import shapes
import swaps
from gramhost import Gramhost

#: Growth by this factor more than the unit grows is worse than linear.
TOLERANCE = 1.3


class Growth:
    """Points of one curve; `linear` says that the cost may grow with the unit."""

    def __init__(self, what, unit, linear=False):
        self.what, self.unit, self.linear = what, unit, linear
        self.points = []

    def add(self, size, cpu_s, p50_s, p99_s, memory_mib, note=""):
        """Adds a point."""
        self.points.append((size, cpu_s * 1e3, p50_s * 1e3, p99_s * 1e3, memory_mib, note))

    def cells(self):
        """The points as text."""
        rows = []
        for size, cpu, p50, p99, memory, note in self.points:
            each = f"{cpu / size * 1e3:.3g} µs for each" if self.linear else note
            rows.append([f"{size:,}", *(f"{value:.3g}" for value in (cpu, p50, p99)), f"{memory:.0f}", each])
        return rows

    def verdict(self):
        """Where the curve bends, from its processor time."""
        pairs = list(zip(self.points, self.points[1:]))
        bends = []
        for (size, cpu, *_), (larger, more, *_) in pairs:
            allowed = (larger / size if self.linear else 1) * TOLERANCE
            if more / max(cpu, 1e-9) > allowed:
                bends.append(f"from {size:,} to {larger:,} by {more / cpu:.1f}")
        kind = "linear" if self.linear else "constant"
        return f"Worse than {kind}: {'; '.join(bends)}." if bends else f"Nowhere worse than {kind}."

    def report(self, form, head):
        """Its table, and where it bends."""
        return f"{self.what}:\n\n{form([self.unit, *head], self.cells())}\n\n{self.verdict()}"

    def json(self):
        """All values."""
        return {"what": self.what, "unit": self.unit, "points": self.points, "verdict": self.verdict()}


def _paths(bench, name, paths):
    file = bench.folder / f"{name}.paths"
    file.write_text("\n".join(paths) + "\n")
    return file


def _asked(server, path, count):
    """Asks one after the other: processor time of one, and its latencies, seconds."""
    walls = []
    server.get(path)
    before = process.settled_cpu_s(server.pid)
    for _ in range(count):
        began = time.perf_counter()
        server.get(path)
        walls.append(time.perf_counter() - began)
    cpu = (process.settled_cpu_s(server.pid) - before) / count
    walls.sort()
    return cpu, statistics.median(walls), walls[math.ceil(len(walls) * 0.99) - 1]


def clients(bench):
    """Clients that ask for cached posts at once."""
    growth = Growth("Clients at once, each asking for a cached post as fast as it can", "clients")
    server = Gramhost(bench.binary, bench.folder / "growing-clients", bench.stand_in, "mobile", cache_s=86_400)
    posts = [shapes.Post(number) for number in range(20)]
    extraction.publish(bench.stand_in, posts)
    paths = [f"/instagram/post/info?url_or_code={post.code}" for post in posts]
    for path in paths:
        server.get(path)
    file = _paths(bench, "clients", paths)
    _asked_by(bench, growth, server, file, [1, 10, 100, 1000])
    return growth


def _asked_by(bench, growth, server, file, clients):
    """One row for each number of clients that ask for the paths of a file at once; then the server ends."""
    for count in clients:
        run = load.run(server.url, count, bench.seconds * 2, "each", [file], server.pid)
        memory, _ = process.memory_mib(server.pid)
        growth.add(count, run.cpu_s, run.p50_s, run.p99_s, memory, f"{run.rate:,.0f} answers/s")
    server.end()


def extractions(bench):
    """Clients that ask for posts that are not cached at once."""
    growth = Growth("Clients at once, each asking for posts of 32 KB that are not cached", "clients")
    server = Gramhost(bench.binary, bench.folder / "growing-extractions", bench.stand_in, "mobile")
    posts = [shapes.Post(number) for number in range(2000)]
    extraction.publish(bench.stand_in, posts)
    file = _paths(bench, "extractions", [f"/instagram/post/info?url_or_code={post.code}" for post in posts])
    # More than 256 extractions at once are refused as busy by default.
    _asked_by(bench, growth, server, file, [1, 10, 100, 250])
    return growth


def answers(bench):
    """Answers of Instagram of any size."""
    growth = Growth("Size of Instagram's answer about one post, not cached", "KB", linear=True)
    server = Gramhost(bench.binary, bench.folder / "growing-answers", bench.stand_in, "mobile")
    sizes = [0, 32_000, 128_000, 512_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000]
    for number, size in enumerate(sizes):
        post = shapes.Post(3_000 + number)
        item = shapes.media(post, size) if size else shapes.single(post)
        body = shapes.mobile([item])
        bench.stand_in.answers(f"mobile/{post.id}", body)
        cost = _asked(server, f"/instagram/post/info?url_or_code={post.code}", 20 if size > 1_000_000 else 100)
        memory, _ = process.memory_mib(server.pid)
        growth.add(max(len(body) // 1000, 1), *cost, memory)
    server.end()
    return growth


def pages(bench):
    """Pages of an account's posts that one request needs."""
    growth = Growth("Pages of 270 KB that one `profile/posts` needs, not cached", "pages", linear=True)
    server = Gramhost(bench.binary, bench.folder / "growing-pages", bench.stand_in, "polaris")
    extraction.publish_pages(bench.stand_in, 6)
    for count in range(1, 6):
        path = f"/instagram/profile/posts?username={shapes.ACCOUNT}&limit={min(count * 12, 50)}"
        cost = _asked(server, path, bench.pages)
        memory, _ = process.memory_mib(server.pid)
        growth.add(count, *cost, memory)
    server.end()
    return growth


def jobs(bench):
    """Jobs that are kept."""
    growth = Growth("Jobs kept: a download of one small picture, from the request to its file", "jobs kept")
    post = shapes.Post(4_000)
    bench.stand_in.answers(f"mobile/{post.id}", shapes.mobile([shapes.single(post)]))
    (bench.stand_in.root / "media").mkdir(exist_ok=True)
    _picture(bench.stand_in.root / "media", post)
    server = Gramhost(bench.binary, bench.folder / "growing-jobs", bench.stand_in, "mobile", cache_s=86_400)
    server.download("post", post.code)
    for count in [1, 100, 10_000, 100_000]:
        server.end()
        _keep_jobs(server.folder / "data/gramhost.db", count)
        server.start()
        server.download("post", post.code)
        before = process.settled_cpu_s(server.pid)
        walls = sorted(server.download("post", post.code)[1] for _ in range(20))
        cpu = (process.settled_cpu_s(server.pid) - before) / len(walls)
        memory, _ = process.memory_mib(server.pid)
        note = f"ready after {server.ready_s:.2f} s"
        growth.add(count, cpu, statistics.median(walls), walls[-1], memory, note)
    server.end()
    return growth


def _picture(folder, post):
    """The picture of a post: that of the demo account."""
    entries = json.loads((shapes.ROOT / "fixtures/media/demo.har").read_text())["log"]["entries"]
    url = shapes.single(post)["image_versions2"]["candidates"][0]["url"]
    name = url.split("?")[0].rpartition("/")[2]
    (folder / name).write_bytes(base64.b64decode(entries[0]["response"]["content"]["text"]))


def _keep_jobs(database, count):
    """Copies a finished job until there are this many."""
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]
        one = connection.execute("SELECT * FROM jobs WHERE state = 'completed' LIMIT 1").fetchone()
        kept, seq = connection.execute("SELECT COUNT(*), MAX(seq) FROM jobs").fetchone()
        rows = []
        for number in range(count - kept):
            row = dict(zip(columns, one))
            row.update(id=str(uuid.uuid4()), seq=seq + number + 1)
            rows.append(tuple(row.values()))
        connection.executemany(f"INSERT INTO jobs VALUES ({', '.join('?' * len(columns))})", rows)
    connection.close()


def plugins(bench):
    """Versions of plugins that are kept."""
    growth = Growth("Versions of plugins that stay loaded: a post of 32 KB that is not cached", "versions")
    post = shapes.Post(2)
    extraction.publish(bench.stand_in, [post])
    limits = {"plugin_versions_max": 10}
    server = Gramhost(bench.binary, bench.folder / "growing-plugins", bench.stand_in, "mobile", limits=limits)
    folder = server.folder / "data/plugins"
    path = f"/instagram/post/info?url_or_code={post.code}"
    loaded = 1
    for wanted in [1, 2, 5, 10]:
        for mark in range(loaded, wanted):
            for name in ["profile", "post", "reel", "story"]:
                component = swaps.variant((bench.component.parent / f"{name}.wasm").read_bytes(), f"kept-{mark}")
                _put(server, folder, name, component)
        loaded = wanted
        cost = _asked(server, path, bench.posts)
        memory, _ = process.memory_mib(server.pid)
        growth.add(wanted * 4, *cost, memory)
    server.end()
    return growth


def _put(server, folder, name, component):
    """Hands a plugin to the server, and waits until it serves."""
    token = (server.folder / "data/admin-token").read_text().strip()
    connection = http.client.HTTPConnection(server.admin.split("//")[1], timeout=60)
    connection.request("PUT", f"/plugins/{name}", component, {"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status not in (200, 201):
        raise RuntimeError(f"{name}: {answer.status} {body[:300]!r}")


def cached(bench):
    """Entries of the cache."""
    growth = Growth("Posts in the cache, all of them asked for in turn by 32 clients", "entries")
    limits = {"cache_items_max": 1_000_000}
    server = Gramhost(bench.binary, bench.folder / "growing-cache", bench.stand_in, "mobile", 86_400, limits)
    filled = 0
    for count in [10, 1000, 10_000] if bench.quick else [10, 1000, 10_000, 100_000]:
        posts = [shapes.Post(100_000 + number) for number in range(count)]
        for post in posts[filled:]:
            bench.stand_in.answers(f"mobile/{post.id}", shapes.mobile([shapes.single(post)]))
        paths = [f"/instagram/post/info?url_or_code={post.code}" for post in posts]
        _fill(server, paths[filled:])
        filled = count
        run = load.run(server.url, 32, bench.seconds * 2, "each", [_paths(bench, "cached", paths)], server.pid)
        memory, _ = process.memory_mib(server.pid)
        growth.add(count, run.cpu_s, run.p50_s, run.p99_s, memory, f"{run.rate:,.0f} answers/s")
    server.end()
    return growth


def _fill(server, paths):
    """Asks once for each path, from a few clients."""
    own = threading.local()

    def ask(path):
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(server.url.split("//")[1], timeout=60)
        own.connection.request("GET", path)
        answer = own.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(ask, paths, chunksize=100):
            pass


#: Every curve, by name.
ALL = {
    "clients": clients,
    "extractions": extractions,
    "answers": answers,
    "pages": pages,
    "jobs": jobs,
    "plugins": plugins,
    "cached": cached,
}
