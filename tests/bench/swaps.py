"""New plugins: from a saved file to its first answer, and failures while plugins are swapped under load."""

import http.client
import os
import threading
import time

import extraction
import shapes
from gramhost import Gramhost

#: How often a plugin is swapped, in a second, and for how long.
SWAPS_PER_S = 10
CLIENTS = 4


def variant(component, mark):
    """The same component under another digest: it gets a section that nobody reads."""
    name = b"mark"
    content = bytes([len(name)]) + name + str(mark).encode()
    return component + bytes([0, len(content)]) + content


def measure(bench):
    """Lines about swaps: they have no contender, since no peer can do it without a restart."""
    component = bench.component.read_bytes()
    post = shapes.Post(8_000)
    extraction.publish(bench.stand_in, [post])
    server = Gramhost(bench.binary, bench.folder / "swaps", bench.stand_in, "mobile")
    folder = server.folder / "data/plugins"
    path = f"/instagram/post/info?url_or_code={post.code}"
    first = [_until_served(server, folder, variant(component, f"{os.getpid()}-{mark}"), path) for mark in range(3)]
    _ = [_until_served(server, folder, variant(component, f"{os.getpid()}-{mark}"), path) for mark in range(3)]
    again = [_until_served(server, folder, variant(component, f"{os.getpid()}-{mark}"), path) for mark in range(3)]
    answered, failed, seen = _swapped_under_load(bench, server, folder, component, path)
    server.end()
    return {
        "from a saved plugin to its first answer, to compile, s": sorted(first),
        "from a saved plugin to its first answer, compiled before, s": sorted(again),
        f"{SWAPS_PER_S} swaps a second, {CLIENTS} clients: answers, failures, versions seen": [answered, failed, seen],
    }


def _replace(folder, component):
    part = folder / ".post.wasm"
    part.write_bytes(component)
    part.rename(folder / "post.wasm")


def _until_served(server, folder, component, path):
    """Seconds from a saved file to the first answer of another version."""
    before = server.get(path)[1]["x-plugin"]
    began = time.perf_counter()
    _replace(folder, component)
    while server.get(path)[1]["x-plugin"] == before:
        if time.perf_counter() - began > 30:
            raise RuntimeError("the new plugin does not serve")
    return time.perf_counter() - began


def _swapped_under_load(bench, server, folder, component, path):
    """Answers and failures of several clients while the plugin changes."""
    counts = {"answered": 0, "failed": 0}
    versions = set()
    done = threading.Event()

    def client():
        connection = http.client.HTTPConnection(server.url.split("//")[1], timeout=60)
        while not done.is_set():
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            counts["answered" if answer.status == 200 else "failed"] += 1
            versions.add(answer.headers["x-plugin"])

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for swap in range(SWAPS_PER_S * bench.swap_seconds):
        _replace(folder, variant(component, f"{os.getpid()}-{swap % 3}"))
        time.sleep(1 / SWAPS_PER_S)
    done.set()
    for each in clients:
        each.join()
    return counts["answered"], counts["failed"], len(versions)
