"""Answers what the path says; `untouched` insists on not being asked at all, `asked` on being."""

import sys

from lib import web


def handle(request):
    code = request.path.strip("/")
    return int(code) if code.isdigit() else 200, {}, {"path": request.path}


def untouched(requests):
    assert not requests, "a packet was sent"


def asked(requests):
    assert requests, "nothing was sent"


web.serve(handle, {"untouched": untouched, "asked": asked}.get(sys.argv[1]))
