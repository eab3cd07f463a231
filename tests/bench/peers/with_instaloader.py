"""instaloader: its query for guests, without its pauses. It reads pages of an account only with a session."""

import instaloader
from redirected import Redirected


class Unhurried(instaloader.RateController):
    """Never waits: the stand-in has no limit."""

    def wait_before_query(self, query_type):
        """Does not wait."""


class Peer:
    """A guest; for pages one that says that it has a session, because the stand-in does not ask for it."""

    def __init__(self, origin):
        self.redirected = Redirected(origin)
        loader = instaloader.Instaloader(
            sleep=False, quiet=True, rate_controller=Unhurried, max_connection_attempts=1, iphone_support=False
        )
        self.context = loader.context
        # What Instagram gives a browser once: the tokens of the start page, and a cookie.
        self.context._session.cookies.set("csrftoken", "x" * 32)
        self.context._web_api_tokens()
        account = {"id": "71400000103", "username": "gramhost.bench", "is_private": False}
        self.profile = instaloader.Profile(self.context, account)
        self.profile._has_full_metadata = True

    def post(self, code, number):
        """One post."""
        self.redirected.answer = f"relay/{number}"
        post = instaloader.Post.from_shortcode(self.context, code)
        return [post.shortcode, post.likes]

    def page(self):
        """The first page of an account's posts."""
        self.redirected.answer = "timeline/0"
        self.context.username = "somebody"
        try:
            posts = self.profile.get_posts()
            return [post.shortcode for _, post in zip(range(12), posts)]
        finally:
            self.context.username = None
