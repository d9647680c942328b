"""Answers what the path says; `untouched` insists on not being asked at all."""

import sys

from lib import web


def handle(request):
    code = request.path.strip("/")
    return int(code) if code.isdigit() else 200, {}, {"path": request.path}


def untouched(requests):
    assert not requests, "a packet was sent"


web.serve(handle, untouched if "untouched" in sys.argv else None)
