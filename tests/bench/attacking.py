"""The attacks, one class each: they run in threads of their own from entering their context until leaving it."""

import collections
import http.client
import itertools
import json
import os
import select
import shutil
import socket
import threading
import time

import extraction
import shapes
import swaps

#: Where the honest client comes from; attackers come from the addresses after it.
HONEST = "127.0.0.1"
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 10)]


class Attack:
    """Calls [`attack`] from several threads, again and again."""

    threads = 1

    def __init__(self, bench, server):
        self.bench, self.server = bench, server
        host, port = server.url.split("//")[1].split(":")
        self.address = (host, int(port))
        self.counts = collections.Counter()
        self.done = threading.Event()
        self.prepare()

    def prepare(self):
        """What must be there before."""

    def attack(self, number):
        """One turn of the thread with this number."""

    def told(self):
        """What happened to the attackers."""
        return ", ".join(f"{count:,} × {what}" for what, count in sorted(self.counts.items())) or "nothing"

    def __enter__(self):
        self.running = [threading.Thread(target=self._repeat, args=(number,)) for number in range(self.threads)]
        for thread in self.running:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.running:
            thread.join()

    def _repeat(self, number):
        while not self.done.is_set():
            try:
                self.attack(number)
            except (OSError, http.client.HTTPException):
                self.counts["broken connection"] += 1
                self.done.wait(0.05)

    def source(self, number):
        """The address of an attacker."""
        return (ADDRESSES[number % len(ADDRESSES)], 0)

    def ask(self, number, path, body=None):
        """One request on a connection of its own; counts its status."""
        connection = http.client.HTTPConnection(*self.address, timeout=30, source_address=self.source(number))
        try:
            headers = {"content-type": "application/json"} if body else {}
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            answer.read()
            self.counts[str(answer.status)] += 1
            return answer.status
        finally:
            connection.close()


class Nobody(Attack):
    """For comparison."""

    threads = 0


class Drips(Attack):
    """Many sockets that each send a byte a second of a request that never ends."""

    count = 500

    def request(self):
        """The bytes that come at once, and the one that drips."""
        return b"GET /instagram/info HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ", b"a"

    def prepare(self):
        self.sockets = []

    def attack(self, _):
        start, drop = self.request()
        while len(self.sockets) < self.count:
            one = socket.create_connection(self.address, 5, self.source(len(self.sockets)))
            one.sendall(start)
            one.setblocking(False)
            self.sockets.append(one)
            self.counts["opened"] += 1
        for one in list(self.sockets):
            try:
                one.send(drop)
                closed = bool(select.select([one], [], [], 0)[0])
            except OSError:
                closed = True
            if closed:
                self.counts["cut"] += 1
                one.close()
                self.sockets.remove(one)
        self.done.wait(1)

    def __exit__(self, *given):
        super().__exit__(*given)
        for one in self.sockets:
            one.close()


class Bodies(Drips):
    """The same with bodies."""

    def request(self):
        head = b"POST /instagram/download/post HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        return head + b"content-length: 60000\r\n\r\n{", b" "


class SlowReaders(Drips):
    """Clients that ask for the largest answer again and again, and read nothing."""

    count = 200

    def request(self):
        one = b"GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        return one * 100, one

    def attack(self, _):
        # What is there to read does not mean that the server has closed.
        start, _ = self.request()
        while len(self.sockets) < self.count:
            one = socket.create_connection(self.address, 5, self.source(len(self.sockets)))
            one.sendall(start)
            self.sockets.append(one)
            self.counts["opened"] += 1
        self.done.wait(1)


class Flood(Attack):
    """As many cached requests as eight threads can send."""

    threads = 8

    def attack(self, number):
        connection = http.client.HTTPConnection(*self.address, timeout=30, source_address=self.source(number))
        path = f"/instagram/post/info?url_or_code={shapes.Post(0).code}"
        while not self.done.is_set():
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.counts[str(answer.status)] += 1
        connection.close()


class Garbage(Attack):
    """Heads that are no HTTP."""

    threads = 4

    def attack(self, number):
        with socket.create_connection(self.address, 5, self.source(number)) as one:
            one.sendall(os.urandom(2000) + b"\r\n\r\n")
            one.shutdown(socket.SHUT_WR)
            while one.recv(4096):
                pass
        self.counts["sent"] += 1


class Misses(Attack):
    """Posts that nobody has, so that Instagram is asked for each."""

    threads = 8

    def prepare(self):
        self.codes = itertools.count(500_000_000)

    def attack(self, number):
        self.ask(number, f"/instagram/post/info?url_or_code={shapes.Post(next(self.codes)).code}")


class Large(Attack):
    """Posts about which Instagram answers with four megabytes."""

    threads = 4

    def prepare(self):
        self.posts = [shapes.Post(400_000_000 + number) for number in range(300)]
        extraction.publish(self.bench.stand_in, self.posts, 4_000_000)
        self.next = itertools.cycle(self.posts)

    def attack(self, number):
        self.ask(number, f"/instagram/post/info?url_or_code={next(self.next).code}")


class Hostile(Attack):
    """A plugin that loops, fills its memory and floods for some posts."""

    threads = 4
    behaviours = ["spin", "hoard", "recurse", "flood"]

    def prepare(self):
        hostile = self.bench.component.with_name("misbehaving.wasm")
        shutil.copy(hostile, self.server.folder / "data/plugins/.hostile")
        (self.server.folder / "data/plugins/.hostile").rename(self.server.folder / "data/plugins/post.wasm")
        self.turns = itertools.count()
        path = f"/instagram/post/info?url_or_code={self.behaviours[1]}_0"
        before = time.monotonic()
        while self.status_of(path) != 502:
            if time.monotonic() - before > 60:
                raise RuntimeError("the hostile plugin does not serve")
            time.sleep(0.1)

    def status_of(self, path):
        """The status of a request that is no attack yet."""
        status = self.ask(0, path)
        self.counts.clear()
        return status

    def attack(self, number):
        turn = next(self.turns)
        behaviour = self.behaviours[turn % len(self.behaviours)]
        self.ask(number, f"/instagram/post/info?url_or_code={behaviour}_{turn % 1000}")

    def __exit__(self, *given):
        super().__exit__(*given)
        (self.server.folder / "data/plugins/post.wasm").unlink()


class Swaps(Attack):
    """Ten new plugin files a second, each third one damaged."""

    def prepare(self):
        self.component = self.bench.component.read_bytes()
        self.folder = self.server.folder / "data/plugins"

    def attack(self, _):
        number = self.counts["swaps"]
        damaged = self.component[: len(self.component) // 2]
        part = self.folder / ".post.wasm"
        part.write_bytes(damaged if number % 3 == 2 else swaps.variant(self.component, f"a{number % 30}"))
        part.rename(self.folder / "post.wasm")
        self.counts["swaps"] += 1
        self.done.wait(0.1)

    def __exit__(self, *given):
        super().__exit__(*given)
        (self.folder / "post.wasm").unlink()


class Batches(Attack):
    """Batches of fifty downloads, until no more are taken, from each address."""

    threads = 4

    def prepare(self):
        items = [{"url": shapes.Post(number).code, "type": "post"} for number in range(50)]
        self.body = {"items": items}

    def attack(self, number):
        if self.ask(number, "/instagram/download/batch", self.body) != 202:
            self.done.wait(0.05)


ALL = {
    "none": Nobody,
    "500 slow heads": Drips,
    "500 slow bodies": Bodies,
    "200 clients that do not read": SlowReaders,
    "a flood of cached requests": Flood,
    "a flood of garbage": Garbage,
    "a flood of unknown posts": Misses,
    "answers of 4 MB": Large,
    "a hostile plugin": Hostile,
    "ten swaps a second": Swaps,
    "a queue that is kept full": Batches,
}
