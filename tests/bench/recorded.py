"""Real answers of Instagram, where this machine has them (`GRAMHOST_RECORDINGS`); they are never part of the repository.

A recorded post is repeated under other names, because a server answers equal requests only once.
"""

import json
import os
import pathlib

import shapes
from contenders import Page

FOLDER = os.environ.get("GRAMHOST_RECORDINGS")


def _read(name):
    return json.loads((pathlib.Path(FOLDER) / name).read_text())


def _renamed(item, post):
    """The same post under another name."""
    text = json.dumps(item).replace(item["code"], post.code).replace(str(item["pk"]), str(post.id))
    return {**json.loads(text), "like_count": post.likes}


def publish(stand_in, count):
    """Answers about recorded posts and pages: by envelope the posts and their size, and by tab the page."""
    posts = [shapes.Post(20_000 + number) for number in range(count)]
    mobile = _read("post/pgrimaud-media-info-carousel-2020.json")["items"][0]
    guest = _read("post/omkar-post-loggedout-carousel-2026-09.json")["xig_polaris_media"]
    page = _read("timeline/crawlinsta-xdt-user-timeline-p1-2024-03.json")
    connection = page["data"]["xdt_api__v1__feed__user_timeline_graphql_connection"]
    nodes = [edge["node"] for edge in connection["edges"]]
    for child in guest["if_not_gated_logged_out"]["carousel_media"]:
        # Cut short by whoever recorded it; yt-dlp reads no post with half a manifest.
        if child.get("video_dash_manifest"):
            child["video_dash_manifest"] = None
    for node in nodes:
        # Instagram states it since; instaloader reads no post without it.
        node["user"].setdefault("full_name", node["user"]["username"])
    single = max((node for node in nodes if node["carousel_media"]), key=shapes.length)
    sizes = {}
    for post in posts:
        media = _renamed(guest["if_not_gated_logged_out"], post)
        shown = {**guest, "pk": str(post.id), "code": post.code, "if_not_gated_logged_out": media}
        bodies = {
            "mobile": shapes.mobile([_renamed(mobile, post)]),
            "relay": shapes.relay(_renamed(single, post)),
            "polaris": shapes.encoded({"data": {"xig_polaris_media": shown}, "extensions": {"is_final": True}}),
        }
        for door, body in bodies.items():
            stand_in.answers(f"{door}/{post.id}", body)
            sizes[door] = len(body)
    body = shapes.encoded(page)
    stand_in.answers("timeline/0", body)
    connection["page_info"].update(has_next_page=False, end_cursor=None)
    stand_in.answers("timeline/last", shapes.encoded(page))
    account = nodes[0]["user"]["username"]
    found = Page(account, [node["code"] for node in nodes], len(body))
    return {door: (posts, size) for door, size in sizes.items()}, {"timeline": found}
