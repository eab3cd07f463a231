"""Answers of Instagram, made from the committed fixtures in any size: one post, and pages of an account's posts.

A post is the same object in all dialects that are served today; only the envelope differs. So every contender reads the
same bytes, each in the envelope of the door that it asks.
"""

import base64
import copy
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures/instagram/post"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: The account of every page.
ACCOUNT = "gramhost.bench"
#: Number of posts on one of Instagram's pages.
POSTS = 12
#: Cursors are as long as Instagram's.
CURSOR = "QVFBbm90aGVyX3BhZ2Vfb2ZfdHdlbHZl_{}"


class Post:
    """One post of a shape: its number decides its names and counts."""

    def __init__(self, number):
        code = ""
        for _ in range(5):
            code = ALPHABET[number % 64] + code
            number //= 64
        #: Eleven characters, like those of today.
        self.code = "DBench" + code
        self.id = 0
        for letter in self.code:
            self.id = self.id * 64 + ALPHABET.index(letter)
        self.likes = 1000 + self.id % 100_000


def answer(case):
    """The body of the last answer in the recording of a case, as JSON."""
    entries = json.loads((CASES / case / "exchange.har").read_text())["log"]["entries"]
    content = entries[-1]["response"]["content"]
    text = content["text"]
    if content.get("encoding") == "base64":
        text = base64.b64decode(text)
    return json.loads(text)


_TEMPLATE = answer("carousel-mobile-session")["items"][0]


def _address(name, size):
    return (
        f"https://scontent.cdninstagram.com/v/t51.82787-15/{name}_{size}_n.jpg?stp=dst-jpg_e35_s{size}x{size}_tt6"
        f"&_nc_cat=1&ccb=7-5&_nc_sid=18de74&efg={'eyJ2ZW5jb2RlX3RhZyI6Ik' * 4}&_nc_ht=scontent.cdninstagram.com"
        f"&oh=00_{'Af' * 20}&oe=6AEBC700"
    )


def _child(post, place):
    image, video = _TEMPLATE["carousel_media"]
    child = copy.deepcopy(video if place % 3 == 1 else image)
    own = post.id + (place + 1) * 64**3
    child.update(pk=str(own), id=f"{own}_71400000103", strong_id__=f"{own}_71400000103")
    child["carousel_parent_id"] = f"{post.id}_71400000103"
    sizes = [1080, 960, 750, 640, 480, 320, 240, 150]
    child["image_versions2"]["candidates"] = [
        {"url": _address(f"{own}", size), "width": size, "height": size * 5 // 4} for size in sizes
    ]
    for version in child.get("video_versions") or []:
        version["url"] = f"https://scontent.cdninstagram.com/o1/v/t16/f2/m86/{own}_{version['width']}_n.mp4?oe=6AEBC700"
    # The representations of the template are those of another post.
    child.pop("video_dash_manifest", None)
    return child


def media(post, size, children=None):
    """A carousel as one object of about `size` bytes of JSON."""
    item = copy.deepcopy(_TEMPLATE)
    item.update(pk=str(post.id), id=f"{post.id}_71400000103", strong_id__=f"{post.id}_71400000103")
    item.update(code=post.code, like_count=post.likes, comment_count=7, has_liked=False)
    item["taken_at"] = (post.id >> 23) // 1000 + 1314220021
    item["caption"]["text"] = "Seen from the bench #gramhost @gramhost.demo. " * 8
    item["user"].update(username=ACCOUNT, full_name="A Bench")
    item["owner"] = item["user"]
    for candidate in item["image_versions2"]["candidates"]:
        candidate["url"] = _address(f"{post.id}", candidate["width"])
    item["carousel_media"] = []
    place = 0
    while place < children if children is not None else length(item) < size or place < 2:
        item["carousel_media"].append(_child(post, place))
        place += 1
        # As many as Instagram allows.
        if place == 20:
            break
    if children is None and len(item["carousel_media"]) > 2 and length(item) > size:
        item["carousel_media"].pop()
    item["carousel_media_count"] = len(item["carousel_media"])
    # The rest is what nobody reads: comments, and a token.
    rest = size - length(item)
    item["preview_comments"] = [_comment(post, number) for number in range(max(rest, 0) // length(_comment(post, 1)) - 1)]
    rest = size - length(item) - len('"organic_tracking_token":"",')
    item["organic_tracking_token"] = "eyJ2ZXJzaW9uIjo1LCJwYXls" * (max(rest, 0) // 24)
    return item


def _comment(post, number):
    text = "Words about a picture #tag @someone. " * 2
    user = {"pk": "71400000104", "username": "somebody.else", "is_private": False, "is_verified": False}
    own = {"pk": f"{18_000_000_000_000_000 + number % 1000}", "user": user, "text": text, "created_at": 1_793_059_200}
    return {**own, "media_id": str(post.id), "type": 0, "status": "Active", "comment_like_count": 12, "has_liked_comment": False}


def picture(post, candidates):
    """A picture in this many sizes."""
    item = media(post, 0, 2)
    item["image_versions2"]["candidates"] = [
        {"url": _address(f"{post.id}_{number}", 1080), "width": 1080 - number, "height": 1350 - number}
        for number in range(candidates)
    ]
    item.update(media_type=1, product_type="feed", carousel_media=None, carousel_media_count=None)
    return item


def single(post):
    """A picture alone, the smallest post."""
    item = copy.deepcopy(_TEMPLATE["carousel_media"][0])
    item.update(pk=str(post.id), id=f"{post.id}_1", code=post.code, like_count=post.likes, comment_count=7)
    item.update(product_type="feed", taken_at=(post.id >> 23) // 1000 + 1314220021, caption=None, usertags=None)
    item["image_versions2"]["candidates"] = item["image_versions2"]["candidates"][:1]
    item["user"] = {"pk": "71400000103", "username": ACCOUNT, "is_private": False}
    return item


def length(value):
    """The number of bytes of a value as JSON."""
    return len(encoded(value))


def encoded(value):
    """A value as Instagram writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def mobile(items, cursor=None):
    """The answer of the app's interface: a post, or a page of them."""
    answered = {"items": items, "num_results": len(items), "more_available": cursor is not None}
    if cursor:
        answered["next_max_id"] = cursor
    return encoded({**answered, "auto_load_more_enabled": True, "status": "ok"})


def relay(item):
    """The answer of the web app's query for a post."""
    found = {"xdt_api__v1__media__shortcode__web_info": {"items": [item]}}
    return encoded({"data": found, "extensions": {"is_final": True}, "status": "ok"})


def polaris(item):
    """The answer of the query that guests may send for a post."""
    name = "XIGPolarisCarouselMedia"
    found = {"__typename": name, "pk": item["pk"], "code": item["code"], "gating_ruling": None}
    found["if_not_gated_logged_out"] = {"__typename": name, **item}
    return encoded({"data": {"xig_polaris_media": found}, "extensions": {"is_final": True}})


def timeline(items, cursor=None):
    """One page of the web app's query for the posts of an account."""
    page = {"has_next_page": cursor is not None, "end_cursor": cursor, "has_previous_page": False, "start_cursor": None}
    edges = [{"node": item, "cursor": item["id"]} for item in items]
    found = {"xdt_api__v1__feed__user_timeline_graphql_connection": {"edges": edges, "page_info": page}}
    return encoded({"data": found, "extensions": {"is_final": True}, "status": "ok"})


def page(number, size):
    """The posts of one page of an account, of about `size` bytes in all."""
    posts = [Post(900_000 + number * POSTS + place) for place in range(POSTS)]
    return [media(post, size // POSTS) for post in posts]


#: What peers read once before they may ask: a page with the tokens of the web app.
START = (
    b'<html><script id="__eqmc" type="application/json">{"l":"AVrGwq7dXnk","f":"NAcOtoken"}</script>'
    b'<script>["LSD",[],{"token":"AVrGwq7dXnk"},323]["DTSGInitialData",[],{"token":"NAcOtoken"},258]'
    b'"IG_USER_EIMU":"17841400000000000"</script></html>'
)
