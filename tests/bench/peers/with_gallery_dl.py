"""gallery-dl: its extractors of posts and of an account's posts, without its pauses; files are found, not fetched."""

from gallery_dl import config, extractor
from gallery_dl.extractor.instagram import InstagramAPI, QUERIES
from gallery_dl.extractor.message import Message
from redirected import Redirected


class Peer:
    """A guest that knows the tokens and the account already."""

    def __init__(self, origin):
        self.redirected = Redirected(origin)
        settings = {"sleep-request": 0, "lsd": "AVrGwq7dXnk", "fb-dtsg": "NAcOtoken", "videos": "merged"}
        for name, value in settings.items():
            config.set(("extractor", "instagram"), name, value)
        account = {"id": "71400000103", "username": "gramhost.bench"}
        InstagramAPI.user = lambda api, handle, check_private=True: account
        InstagramAPI._extract_opname_info = lambda api, name, path: (QUERIES[name], None)

    def posts(self, url):
        """Every post of an address, as gallery-dl describes it before it fetches the files."""
        messages = extractor.find(url)
        return [message[2] for message in messages if message[0] == Message.Directory]

    def post(self, code, number):
        """One post."""
        self.redirected.answer = f"mobile/{number}"
        post = self.posts(f"https://www.instagram.com/p/{code}/")[0]
        return [post["post_shortcode"], post["likes"]]

    def page(self):
        """The first page of an account's posts."""
        self.redirected.answer = "timeline/last"
        return [post["post_shortcode"] for post in self.posts("https://www.instagram.com/gramhost.bench/posts/")]
