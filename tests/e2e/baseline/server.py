"""Answers as it is asked: /slow/MS, /version/TEXT."""

import time

from lib import web


def handle(request):
    _, what, value = request.path.split("/")
    if what == "slow":
        time.sleep(int(value) / 1000)
    return 200, {"x-version": value}, {"version": value}


web.serve(handle)
