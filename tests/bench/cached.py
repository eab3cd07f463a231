"""Answers from the cache: Gramhost against a bare axum server that answers the same bytes, both asked by wrk."""

import shapes
import extraction
import load
import process
from gramhost import Gramhost
from table import Row

#: Size of the answer, bytes.
BODY_BYTES = 5_000
CONNECTIONS = 32
#: What the measurements include.
NOTES = [
    "Cached answers: wrk with one thread and 32 connections; bare: an axum server without layers that answers the same bytes. Gramhost: the "
    "record is in its cache, the limit of requests is off, the log is at `info`, written to a file.",
]


def measure(bench):
    """The rows of cached answers."""
    server = Gramhost(bench.binary, bench.folder / "cached", bench.stand_in, "mobile", cache_s=86_400)
    code = _post_of(BODY_BYTES, bench, server)
    paths = {
        "cached `post/info`": f"/instagram/post/info?url_or_code={code}",
        "cached `post/stats`": f"/instagram/post/stats?url_or_code={code}",
        "`/healthz`": "/healthz",
    }
    bare, origin = _bare(bench, server, paths)
    rows = {}
    for name, path in paths.items():
        body = _body(server, path)
        reach = "0.75" if "info" in name else None
        rows[path, "rate"] = Row(f"{name}, {len(body):,} bytes", "requests/s", "bare axum", more=True, reach=reach)
        rows[path, "cpu"] = Row(f"{name}: processor", "µs/request", "bare axum")
    for _ in bench.rounds("cached answers"):
        for path in paths.values():
            ours = load.run(server.url + path, CONNECTIONS, bench.seconds, pid=server.pid)
            # The bare server matches paths, not queries.
            theirs = load.run(origin + path.split("?")[0], CONNECTIONS, bench.seconds, pid=bare.pid)
            rows[path, "rate"].add(ours.rate, theirs.rate)
            rows[path, "cpu"].add(ours.cpu_s * 1e6, theirs.cpu_s * 1e6)
    server.end()
    process.end(bare)
    return list(rows.values())


def _body(server, path):
    server.connection.request("GET", path)
    return server.connection.getresponse().read()


def _post_of(size, bench, server):
    """A post whose answer has about this size; it is in the cache afterwards."""
    sizes = {}
    for candidates in range(1, 20):
        post = shapes.Post(5_000 + candidates)
        item = shapes.picture(post, candidates)
        bench.stand_in.answers(f"mobile/{post.id}", shapes.mobile([item]))
        path = f"/instagram/post/info?url_or_code={post.code}"
        sizes[post.code] = len(_body(server, path))
    return min(sizes, key=lambda code: abs(sizes[code] - size))


def _bare(bench, server, paths):
    """The bare server, and its address."""
    folder = bench.folder / "bodies"
    folder.mkdir(exist_ok=True)
    arguments = []
    for number, path in enumerate(paths.values()):
        file = folder / str(number)
        file.write_bytes(_body(server, path))
        arguments.append(f"{path.split('?')[0]}={file}")
    child = process.start([bench.bare, *arguments], stdout=-1, text=True)
    return child, child.stdout.readline().split()[-1]
