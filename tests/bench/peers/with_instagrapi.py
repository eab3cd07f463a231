"""instagrapi: its interface of the app, over `requests` (its default, curl, insists on HTTP/2), without its pauses."""

import logging

from instagrapi import Client
from redirected import Redirected


class Peer:
    """A client that has not logged in: the stand-in does not ask for it."""

    def __init__(self, origin):
        logging.disable(logging.CRITICAL)
        self.redirected = Redirected(origin)
        self.client = Client(private_transport="requests")
        self.client.request_timeout = 0
        self.client.delay_range = None

    def post(self, _code, number):
        """One post."""
        self.redirected.answer = f"mobile/{number}"
        media = self.client.media_info_v1(number)
        return [media.code, media.like_count]

    def page(self):
        """The first page of an account's posts."""
        self.redirected.answer = "feed/0"
        medias, _ = self.client.user_medias_paginated_v1("71400000103", 12)
        return [media.code for media in medias]
