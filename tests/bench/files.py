"""Files: serving them against nginx, fetching them against curl and aria2, packing them against zip."""

import base64
import json
import random
import shutil
import subprocess

import load
import process
import shapes
from gramhost import Gramhost
from table import Row
from upstream import Nginx

FILE_BYTES = 210_000_000
#: A ZIP of this many files of together as many bytes.
PARTS = 10
CONNECTIONS = 16
LIMITS = {"disk_free_bytes_min": 0}
#: What the measurements include.
NOTES = [
    "Fetching: a file of 210 MB from the stand-in. Gramhost: from the request to the published file, which is checked, measured "
    "and synced to the disk; asked for its state every 5 ms. curl: one connection. aria2: four. Neither syncs.",
    "A ZIP: ten files of 21 MB from the stand-in into one, without compression. Gramhost: from the request to the published "
    "file, synced to the disk. Against it: `curl --parallel`, then `zip -0`.",
    "Handing over: nginx in front asks Gramhost for every request, and sends the bytes itself (`file_delivery`).",
    "Serving: the same published file; nginx with sendfile. Whole by curl to /dev/null. Ranges of 64 KiB at random places by wrk "
    f"with one thread and {CONNECTIONS} connections. Processor: of the server alone.",
]


def measure(bench):
    """The rows of files."""
    _make_media(bench.stand_in.root / "media")
    server = Gramhost(bench.binary, bench.folder / "files", bench.stand_in, "mobile", limits=LIMITS)
    rows = downloads(bench, server)
    rows += zips(bench, server)
    rows += serving(bench, server)
    server.end()
    return rows


def downloads(bench, server):
    """Fetching one file."""
    post = _reel(bench.stand_in)
    rows = {}
    for name in ["curl", "aria2"]:
        reach = "0.95" if name == "curl" else None
        rows[name, "wall"] = Row("fetching 210 MB: wall", "s", name, reach=reach)
        rows[name, "cpu"] = Row("fetching 210 MB: processor", "s", name, reach="0.67" if reach else None)
    target = bench.folder / "fetched"
    target.mkdir(exist_ok=True)
    url = f"{bench.stand_in.origin}/media/big.mp4"
    commands = {
        "curl": ["curl", "-s", "-o", target / "curl.mp4", url],
        "aria2": ["aria2c", "-q", "-x4", "-s4", "--file-allocation=none", "--allow-overwrite=true", "-d", target, "-o", "aria2.mp4", url],
    }
    server.download("reel", post.code)
    for _ in bench.rounds("downloads"):
        before = process.settled_cpu_s(server.pid)
        status, wall = server.download("reel", post.code)
        cpu = process.settled_cpu_s(server.pid) - before
        for name, command in commands.items():
            (target / f"{name}.mp4").unlink(missing_ok=True)
            theirs = process.finished(command)
            rows[name, "wall"].add(wall, theirs[0])
            rows[name, "cpu"].add(cpu, theirs[1])
    for name in commands:
        if (target / f"{name}.mp4").stat().st_size != FILE_BYTES:
            raise RuntimeError(f"{name} fetched another file")
    server.file = status["files"][0]
    return list(rows.values())


def zips(bench, server):
    """A ZIP of several files."""
    post = _carousel(bench.stand_in)
    wall = Row("a ZIP of 210 MB: wall", "s", "curl and zip -0")
    cpu = Row("a ZIP of 210 MB: processor", "s", "curl and zip -0")
    target = bench.folder / "packed"
    urls = f"{bench.stand_in.origin}/media/part[0-{PARTS - 1}].mp4"
    script = f"curl -s --no-progress-meter --parallel --remote-name-all '{urls}' && zip -q -0 all.zip part*.mp4"
    server.download("carousel", post.code, include_metadata=False)
    for _ in bench.rounds("ZIPs"):
        before = process.settled_cpu_s(server.pid)
        status, took = server.download("carousel", post.code, include_metadata=False)
        ours = process.settled_cpu_s(server.pid) - before
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        theirs = process.finished(["sh", "-c", script], cwd=target)
        wall.add(took, theirs[0])
        cpu.add(ours, theirs[1])
    if status["files"][0]["size_mb"] < FILE_BYTES // PARTS * PARTS / 1024 / 1024:
        raise RuntimeError(f"not the whole ZIP: {status}")
    return [wall, cpu]


def serving(bench, server):
    """Serving a published file, whole and in pieces: by Gramhost, by nginx in front of it, and by nginx alone."""
    path = server.file["download_url"]
    nginx = Nginx(bench.folder / "file-server", server.folder / "data/files", "open_file_cache max=100;")
    behind, front = _front(bench)
    name = path.rpartition("/")[2]
    rows = {}
    for how, reach in [("serving", "0.6"), ("handing over", "0.95")]:
        rows[how] = [
            Row(f"{how} 210 MB: wall", "s", "nginx", reach=reach),
            Row(f"{how} 210 MB: processor", "s/GB", "nginx"),
            Row(f"{how} ranges of 64 KiB", "requests/s", "nginx", more=True, reach=reach),
            Row(f"{how} ranges of 64 KiB: processor", "s/GB", "nginx"),
        ]
    pids = {
        "serving": (server.url + path, [server.pid]),
        "handing over": (front.origin + behind.file["download_url"], [behind.pid, *process.children(front.child.pid)]),
        "nginx": (f"{nginx.origin}/{name}", process.children(nginx.child.pid)),
    }
    for _ in bench.rounds("serving files"):
        seen = {how: _served(bench, *server) for how, server in pids.items()}
        for how, own in rows.items():
            for row, ours, theirs in zip(own, seen[how], seen["nginx"]):
                row.add(ours, theirs)
    nginx.end()
    front.end()
    behind.end()
    return rows["serving"] + rows["handing over"]


def _served(bench, url, pids):
    """A file as a whole: wall time, and processor time for each GB; its ranges: their rate, and the same."""
    idle = lambda: sum(process.settled_cpu_s(pid) for pid in pids)
    before = idle()
    wall, _ = process.finished(["curl", "-s", "-o", "/dev/null", "-f", url])
    whole = (idle() - before) / (FILE_BYTES / 1e9)
    before = idle()
    run = load.run(url, CONNECTIONS, bench.seconds, "ranges", [url[url.index("/", 8) :], FILE_BYTES])
    return wall, whole, run.rate, (idle() - before) / (run.requests * 65536 / 1e9)


def _front(bench):
    """A Gramhost that hands files over to the nginx in front of it, as in deploy/nginx.conf; both."""
    location = "/gramhost-files/"
    settings = f'file_delivery = "x-accel-redirect:{location}"\ntrusted_proxies = ["127.0.0.1"]'
    server = Gramhost(bench.binary, bench.folder / "files-behind", bench.stand_in, "mobile", limits=LIMITS, settings=settings)
    status, _ = server.download("reel", _reel(bench.stand_in).code)
    server.file = status["files"][0]
    proxy = "proxy_pass http://gramhost; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host localhost;"
    rules = f"""
        open_file_cache max=100;
        location /instagram/ {{ {proxy} proxy_set_header X-Forwarded-For $remote_addr; }}
        location {location} {{ internal; alias {server.folder}/data/files/; max_ranges 1; }}
    """
    upstream = f"upstream gramhost {{ server {server.url.split('//')[1]}; keepalive 64; }}"
    return server, Nginx(bench.folder / "front", server.folder, rules, upstream)


def _reel(stand_in):
    """A reel whose only rendition is the large file."""
    post = shapes.Post(7_000)
    item = shapes.single(post)
    item.update(media_type=2, product_type="clips", video_duration=2.0)
    item["video_versions"] = [_version("big.mp4", post)]
    stand_in.answers(f"mobile/{post.id}", shapes.mobile([item]))
    return post


def _carousel(stand_in):
    """A carousel of videos."""
    post = shapes.Post(7_001)
    item = shapes.media(post, 0, PARTS)
    for place, child in enumerate(item["carousel_media"]):
        child.update(media_type=2, video_duration=2.0, video_versions=[_version(f"part{place}.mp4", post)])
    stand_in.answers(f"mobile/{post.id}", shapes.mobile([item]))
    return post


def _version(name, post):
    url = f"https://scontent.cdninstagram.com/o1/v/t16/{name}?efg={post.id}&oe=6AEBC700"
    return {"type": 101, "url": url, "width": 720, "height": 1280, "id": f"{post.id}v"}


def _make_media(folder):
    """Real videos of two seconds, each with a box at its end that players skip."""
    recorded = json.loads((shapes.ROOT / "fixtures/media/demo.har").read_text())["log"]["entries"]
    videos = [
        entry["response"]["content"]["text"] for entry in recorded if ".mp4" in entry["request"]["url"]
    ]
    video = max((base64.b64decode(text) for text in videos), key=len)
    noise = random.Random(7)
    block = noise.randbytes(1 << 20)
    sizes = {"big.mp4": FILE_BYTES, **{f"part{place}.mp4": FILE_BYTES // PARTS for place in range(PARTS)}}
    for name, size in sizes.items():
        file = folder / name
        if file.exists() and file.stat().st_size == size:
            continue
        with file.open("wb") as out:
            out.write(video)
            rest = size - len(video)
            # A box with a length of 64 bits, which begins with its name so that no two files are equal.
            head = (1).to_bytes(4, "big") + b"free" + rest.to_bytes(8, "big") + name.encode()
            out.write(head)
            rest -= len(head)
            while rest:
                rest -= out.write(block[:rest])
