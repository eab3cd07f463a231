"""A running Gramhost with the settings of one measurement, in a data folder of its own."""

import http.client
import json
import os
import pathlib
import time

import process

#: How the doors ask the stand-in: each names its answer. Nothing else is changed, and no other door is asked.
DOORS = {
    "mobile": ("mobile", "https://i.instagram.com/api/v1/media/{media_id}/info/?answer=mobile/{media_id}"),
    "relay": ("relay", "https://www.instagram.com/graphql/query?answer=relay/{media_id}"),
    "polaris": ("guest-graphql", "https://www.instagram.com/api/graphql?answer=polaris/{media_id}"),
}
#: The same for the pages of an account, and for those after the first.
TABS = {
    "timeline": ("relay-posts", "https://www.instagram.com/graphql/query?answer=timeline/0"),
    "timeline-next": ("relay-posts-next", "https://www.instagram.com/graphql/query?answer=timeline/{cursor}"),
    "feed": ("mobile-posts", "https://i.instagram.com/api/v1/feed/user/{username}/username/?answer=feed/0{cursor}"),
}
#: Limits that protect Instagram or a machine, and would be measured instead of the server.
RAISED = {
    "upstream_spacing_ms_min": 0,
    "upstream_in_flight_max": 1024,
    "upstream_in_flight_per_host_max": 1024,
    "connections_max": 20_000,
    "connections_per_client_max": 20_000,
    "in_flight_max": 20_000,
    "in_flight_per_client_max": 20_000,
    "request_head_ms_max": 600_000,
    "jobs_waiting_max": 1_000_000,
    "jobs_waiting_per_client_max": 1_000_000,
    "files_bytes_max": 1 << 40,
    "plugin_wait_ms_max": 60_000,
}


class Gramhost:
    """A server; `cold` seconds passed until it listened."""

    def __init__(self, binary, folder, stand_in, door="polaris", cache_s=0, limits=None, settings="", raised=True, rate=0):
        self.folder = pathlib.Path(folder)
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self._share_compiled(binary)
        self.binary, self.origin, self.settings = binary, stand_in.origin, settings
        self.limits = {**(RAISED if raised else {}), **(limits or {})}
        self.cache_s, self.rate = cache_s, rate
        self._doors(door)
        self.start()

    def start(self):
        """Starts the process; also after [`end`]."""
        limits = "".join(f"{name} = {value}\n" for name, value in self.limits.items())
        (self.folder / "gramhost.toml").write_text(
            f'listen = "127.0.0.1:0"\nadmin_listen = "127.0.0.1:0"\nrate_limit = {self.rate}\ncache_ttl = {self.cache_s}\n'
            f'upstream_override = "{self.origin}"\nlog = "info"\n{self.settings}\n[limits]\n{limits}'
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRAMHOST_")}
        log = (self.folder / "log").open("ab")
        began = time.perf_counter()
        self.child = process.start(
            [self.binary, "serve"], cwd=self.folder, env=environment, stdout=-1, stderr=log, text=True
        )
        self.pid = self.child.pid
        line = self.child.stdout.readline()
        self.ready_s = time.perf_counter() - began
        if not line.startswith("listening on "):
            raise RuntimeError(f"Gramhost did not start: {(self.folder / 'log').read_text()[-2000:]}")
        self.url = line.split()[-1]
        self.admin = self.child.stdout.readline().split()[-1]
        self.connection = http.client.HTTPConnection(self.url.split("//")[1], timeout=120)

    def get(self, path):
        """The JSON answer to a request, and its headers."""
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:400]!r}")
        return json.loads(body), answer.headers

    def post(self, path, body):
        """The JSON answer to a POST of JSON."""
        self.connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 202:
            raise RuntimeError(f"{path}: {answer.status} {text[:400]!r}")
        return json.loads(text)

    def download(self, kind, code, **options):
        """Runs a download to its end; returns its status and how long it took, seconds."""
        began = time.perf_counter()
        job = self.post(f"/instagram/download/{kind}", {"url": code, **options})["job_id"]
        while True:
            status, _ = self.get(f"/instagram/status/{job}")
            if status["status"] == "completed":
                return status, time.perf_counter() - began
            if status["status"] == "failed":
                raise RuntimeError(f"the download failed: {status}")
            time.sleep(0.005)

    def end(self):
        """Ends the process."""
        self.connection.close()
        process.end(self.child)

    def _doors(self, door):
        plugins = self.folder / "data/plugins"
        plugins.mkdir(exist_ok=True)
        name, url = DOORS[door]
        post = f'order.media = ["{name}"]\ndoor.{name}.url = "{url}"\n'
        for plugin in ["post", "reel"]:
            (plugins / f"{plugin}.toml").write_text(post)
        tab = "feed" if door == "mobile" else "timeline"
        lines = [f'order.profile-posts = ["{TABS[tab][0]}"]']
        lines += [f'door.{name}.url = "{url}"' for name, url in TABS.values()]
        (plugins / "profile.toml").write_text("\n".join(lines) + "\n")

    def _share_compiled(self, binary):
        """Compiled plugins are stored by digest and version, so every server of a run may use the same."""
        shared = self.folder.parent / "compiled"
        shared.mkdir(exist_ok=True)
        link = self.folder / "data/compiled"
        if not link.exists():
            link.symlink_to(shared)
