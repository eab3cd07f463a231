"""Extractions: Gramhost and the peers from the same answers of the same stand-in, with nothing cached."""

import statistics
import time

import process
import recorded
import shapes
from contenders import Ours, Page, Peer
from gramhost import Gramhost
from table import Row

#: Bytes of a post, and of a page of an account's posts: the sizes of recorded answers.
POST_BYTES = 32_000
PAGE_BYTES = 270_000
#: Each peer, the envelope that it reads, and that of a page of an account's posts; none if it reads no pages.
PEERS = {
    "instagrapi": ("mobile", "feed"),
    "instaloader": ("relay", "timeline"),
    "gallery-dl": ("mobile", "timeline"),
    "yt-dlp": ("polaris", None),
}
#: What the measurements include.
NOTES = [
    "Gramhost's extraction: an HTTP request in, the sandboxed plugin, one request out, the checks of the record, drift and "
    "observation, JSON out; nothing cached; all threads, until the server is idle. Against each peer it reads the same bytes.",
    "The peers: warm, in one process, without their pauses; from the call to their own object, one request out. instagrapi: "
    "`media_info_v1` and `user_medias_paginated_v1` over `requests`. instaloader: `Post.from_shortcode` as a guest, "
    "`Profile.get_posts` with a pretended session. gallery-dl: what its extractors say before they fetch files, with tokens and "
    "account known. yt-dlp: its extractor, which sends two requests for a post; formats not sorted.",
    "Extractions run one after the other. Memory is resident memory; only Gramhost is a server. Ready: Gramhost listens, with "
    "plugins compiled before; the peers are imported and opened.",
]


def publish(stand_in, posts, size=POST_BYTES):
    """Answers about these posts, in every envelope."""
    for post in posts:
        item = shapes.media(post, size)
        stand_in.answers(f"mobile/{post.id}", shapes.mobile([item]))
        stand_in.answers(f"relay/{post.id}", shapes.relay(item))
        stand_in.answers(f"polaris/{post.id}", shapes.polaris(item))


def publish_pages(stand_in, count=1, size=PAGE_BYTES):
    """Answers about an account with this many pages; a next page is the answer of its cursor."""
    for number in range(count):
        items = shapes.page(number, size)
        cursor = shapes.CURSOR.format(number + 1)
        name = "0" if number == 0 else shapes.CURSOR.format(number)
        stand_in.answers(f"timeline/{name}", shapes.timeline(items, cursor))
        stand_in.answers(f"feed/{'0' if number == 0 else f'0{name}'}", shapes.mobile(items, cursor))
    # gallery-dl reads to the end, so its first page is the last one.
    first = shapes.page(0, size)
    stand_in.answers("timeline/last", shapes.timeline(first))
    return Page(shapes.ACCOUNT, [item["code"] for item in first], size)


def measure(bench):
    """The rows of extractions, memory and start-up."""
    ours = {door: Ours(bench, door) for door in ["polaris", "relay", "mobile"]}
    peers = {name: Peer(bench, name) for name in PEERS}
    posts = [shapes.Post(number) for number in range(bench.posts)]
    publish(bench.stand_in, posts)
    page = publish_pages(bench.stand_in)
    rows = compare(bench, ours, peers, "a post", {door: (posts, POST_BYTES) for door in ours}, {"feed": page, "timeline": page})
    if recorded.FOLDER:
        found, pages = recorded.publish(bench.stand_in, bench.posts)
        rows += compare(bench, ours, peers, "a recorded post", found, pages)
    for contender in ours.values():
        contender.server.end()
    for peer in peers.values():
        process.end(peer.child)
    return rows + start_up(bench)


def compare(bench, ours, peers, what, posts, pages):
    """The rows of one set of answers: by envelope the posts, and by tab the page."""
    rows = {}
    for name, (door, tab) in PEERS.items():
        size = f"{what} of {posts[door][1] / 1000:.0f} KB"
        rows[name, "cpu"] = Row(f"{size}: processor", "ms", name, reach="10 for the best peer")
        rows[name, "wall"] = Row(f"{size}: wall", "ms", name)
        rows[name, "memory"] = Row("memory after the extractions", "MiB", name)
        if tab in pages:
            rows[name, "page"] = Row(f"a page of twelve, {pages[tab].size / 1000:.0f} KB: processor", "ms", name)
        elif tab is None and what == "a post":
            rows[name, "page"] = Row("a page of twelve: processor", "ms", name)
            rows[name, "page"].absent = "yt-dlp marks its extractor of accounts as broken"
    turns = [*((door, contender, "feed" if door == "mobile" else "timeline") for door, contender in ours.items())]
    turns += [(PEERS[name][0], peer, PEERS[name][1]) for name, peer in peers.items()]
    # They warm up first.
    _turns(bench, turns, posts, pages)
    for _ in bench.rounds(what):
        found = _turns(bench, turns, posts, pages)
        for name, (door, tab) in PEERS.items():
            own, other, count = found[f"gramhost-{door}"], found[name], len(posts[door][0])
            rows[name, "cpu"].add(own["cpu_s"] / count * 1e3, other["cpu_s"] / count * 1e3)
            rows[name, "wall"].add(statistics.median(own["wall_s"]) * 1e3, statistics.median(other["wall_s"]) * 1e3)
            rows[name, "memory"].add(own["memory_mib"], other["memory_mib"])
            if tab in pages:
                server = "mobile" if tab == "feed" else "polaris"
                rows[name, "page"].add(found[f"gramhost-{server}", tab], found[name, tab])
    order = ["cpu", "wall", "page"] + (["memory"] if what == "a post" else [])
    return [rows[name, part] for part in order for name in PEERS if (name, part) in rows]


def _turns(bench, turns, posts, pages):
    """One turn of every contender: what its posts cost, and its pages."""
    found = {}
    for door, contender, tab in turns:
        found[contender.name] = contender.posts(posts[door][0])
        if tab in pages:
            found[contender.name, tab] = contender.pages(pages[tab], bench.pages)["cpu_s"] / bench.pages * 1e3
    return found


def start_up(bench):
    """The rows of start-up and idle memory."""
    rows = {}
    for name in PEERS:
        rows[name, "start"] = Row("ready after start", "s", name, reach="0.1 s")
        rows[name, "idle"] = Row("idle memory", "MiB", name, reach="45 MiB")
    for _ in bench.rounds("starts"):
        server = Gramhost(bench.binary, bench.folder / "started", bench.stand_in)
        time.sleep(0.5)
        idle, _ = process.memory_mib(server.pid)
        server.end()
        for name in PEERS:
            peer = Peer(bench, name)
            rows[name, "start"].add(server.ready_s, peer.ready_s)
            rows[name, "idle"].add(idle, peer.idle_mib)
            process.end(peer.child)
    return [rows[name, what] for what in ["start", "idle"] for name in PEERS]
