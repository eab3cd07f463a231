"""The contenders of an extraction: each peer in a process of its own, and Gramhost on one door, driven alike."""

import json
import time

import process
from gramhost import Gramhost


class Page:
    """A page of an account's posts, and what must be found on it."""

    def __init__(self, account, codes, size):
        self.account, self.codes, self.size = account, codes, size


class Peer:
    """A peer in a process of its own, warm."""

    def __init__(self, bench, name):
        self.name = name
        log = (bench.folder / f"{name}.log").open("wb")
        worker = bench.sources / "peers/worker.py"
        began = time.perf_counter()
        self.child = process.start(
            [bench.python, worker, name.replace("-", "_"), bench.stand_in.origin],
            stdin=-1, stdout=-1, stderr=log, text=True,
        )
        opened = self._read()
        self.ready_s = time.perf_counter() - began
        self.start_cpu_s = opened["cpu_s"]
        self.idle_mib = opened["memory_mib"]

    def run(self, command):
        """What a command found and cost."""
        self.child.stdin.write(json.dumps(command) + "\n")
        self.child.stdin.flush()
        return self._read()

    def posts(self, posts):
        """Extracts posts; checks what was found."""
        result = self.run({"posts": [[post.code, str(post.id)] for post in posts]})
        check(self.name, result["found"], [[post.code, post.likes] for post in posts])
        return result

    def pages(self, page, count):
        """Reads the first page of an account; checks what was found."""
        result = self.run({"pages": count})
        check(self.name, result["found"], [page.codes] * count)
        return result

    def _read(self):
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended; see its log in the target folder")
        return json.loads(line)


class Ours:
    """Gramhost on one door, driven like a peer."""

    def __init__(self, bench, door):
        self.name = f"gramhost-{door}"
        self.server = Gramhost(bench.binary, bench.folder / self.name, bench.stand_in, door)

    def posts(self, posts):
        """Extracts posts; checks what was found."""
        paths = [f"/instagram/post/info?url_or_code={post.code}" for post in posts]
        found = lambda answer: [answer["shortcode"], answer["edge_liked_by"]["count"]]
        result = self._timed(paths, found)
        check(self.name, result["found"], [[post.code, post.likes] for post in posts])
        return result

    def pages(self, page, count):
        """Reads the first page of an account; checks what was found."""
        paths = [f"/instagram/profile/posts?username={page.account}&limit=12"] * count
        result = self._timed(paths, lambda answer: [post["shortcode"] for post in answer["posts"]])
        check(self.name, result["found"], [page.codes] * count)
        return result

    def _timed(self, paths, found):
        before = process.settled_cpu_s(self.server.pid)
        answers, walls = [], []
        for path in paths:
            began = time.perf_counter()
            answers.append(self.server.get(path)[0])
            walls.append(time.perf_counter() - began)
        cpu = process.settled_cpu_s(self.server.pid) - before
        memory, _ = process.memory_mib(self.server.pid)
        return {"found": [found(answer) for answer in answers], "cpu_s": cpu, "wall_s": walls, "memory_mib": memory}


def check(name, found, wanted):
    """An error is never timed."""
    if found != wanted:
        raise RuntimeError(f"{name} found {found[:1]}, not {wanted[:1]}")
