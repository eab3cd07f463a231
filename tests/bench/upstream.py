"""nginx: the stand-in for Instagram that every contender asks, and the file server to compare with.

Every request names its answer in its query (`?answer=mobile/123`), because nginx cannot look into the body of a request.
The doors of the plugins are settings, so Gramhost asks that way by itself; the peers' sessions add it.
"""

import json
import shutil
import socket
import subprocess
import time
import urllib.request

import process

CONFIG = """
user {user};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/json;
    types {{ video/mp4 mp4; image/jpeg jpg; application/zip zip; }}
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {root};
        {rules}
        location = /requests {{ stub_status; }}
    }}
    {more}
}}
"""

#: A POST to a file would be refused: it is answered like a GET.
STAND_IN = """
        error_page 405 =200 $uri;
        location ~ \\.(mp4|jpg)$ { rewrite ^.*/([^/]+)$ /media/$1 break; }
        location / { rewrite ^ /answers/$arg_answer.json last; }
        location /answers/ { }
"""


class Nginx:
    """One nginx, in a folder of its own."""

    def __init__(self, folder, root, rules="", more=""):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
        names = {"user": f"{user} {group}", "folder": folder, "root": root, "port": self.port}
        (folder / "nginx.conf").write_text(CONFIG.format(**names, rules=rules, more=more))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        log = (folder / "start.log").open("w")
        self.child = process.start([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=log)
        wait_for(self.port, self.child, folder / "start.log")

    def requests(self):
        """How many requests it has answered so far."""
        with urllib.request.urlopen(f"{self.origin}/requests") as answer:
            return int(answer.read().split(b"\n")[2].split()[2])

    def cpu_s(self):
        """Processor time of its workers, seconds."""
        return sum(process.cpu_s(pid) for pid in process.children(self.child.pid))

    def end(self):
        """Ends it."""
        process.end(self.child)


class StandIn(Nginx):
    """The stand-in for Instagram and its media servers."""

    def __init__(self, folder):
        self.root = folder / "root"
        for part in ["answers", "media"]:
            (self.root / part).mkdir(parents=True, exist_ok=True)
        super().__init__(folder, self.root, STAND_IN)

    def answers(self, name, body):
        """Answers `?answer=name` with these bytes."""
        file = self.root / f"answers/{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())


def free_port():
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, child, log):
    """Waits until a server accepts connections."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if child.poll() is not None:
                break
            time.sleep(0.01)
    raise RuntimeError(f"no server on port {port}: {log.read_text()}")
