"""Leads the requests of a peer that uses `requests` to the stand-in, at the lowest layer and at the least cost."""

import requests.adapters


class Redirected:
    """Every request goes to `origin` and asks for the current `answer`."""

    def __init__(self, origin):
        self.answer = "start"
        send = requests.adapters.HTTPAdapter.send

        def to_stand_in(adapter, request, **options):
            request.url = f"{origin}/?answer={self.answer}"
            return send(adapter, request, **options)

        requests.adapters.HTTPAdapter.send = to_stand_in
