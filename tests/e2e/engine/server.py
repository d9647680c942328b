"""Answers by path; what was asked is judged for the case whose name is the argument.

    /503/N   503 the first N times, then 200
    /alternate   200 and 503 in turn
    /slow/S   200 after S seconds
    /CODE    that code
"""

import sys
import threading
import time

from lib import web

case = sys.argv[1]
counts, lock, at_once, most = {}, threading.Lock(), 0, 0


def handle(request):
    global at_once, most
    with lock:
        n = counts[request.path] = counts.get(request.path, 0) + 1
        at_once += 1
        most = max(most, at_once)
    try:
        words = request.path.strip("/").split("/")
        if words[0] == "503" and len(words) > 1:
            return (503 if n <= int(words[1]) else 200), {}, {"n": n}
        if words[0] == "alternate":
            return (200 if n % 2 else 503), {}, {"n": n}
        if words[0] == "slow":
            time.sleep(float(words[1]))
            return 200, {}, {"n": n}
        return int(words[0]) if words[0].isdigit() else 200, {}, {"n": n}
    finally:
        with lock:
            at_once -= 1


def paths(requests):
    return [r.path for r in requests]


def check(requests):
    asked = paths(requests)
    if case in ("retry_heals_not_401", "retry_heals_not_403"):
        assert len(asked) == 1, asked
    elif case == "retry_any":
        assert len(asked) == 3, asked
    elif case == "retry_passes":
        assert len(asked) == 3, asked
        assert len({r.client for r in requests}) == 3, "every attempt is a new connection"
    elif case == "stable":
        assert len(asked) == 5, asked
    elif case == "retry_attempts":
        assert len(asked) == 4, asked
    elif case in ("not_reached", "only"):
        assert "/never" not in asked, asked
    elif case == "always":
        assert "/cleanup" in asked, asked
    elif case == "order":
        assert asked == ["/a", "/b", "/c"], asked
    elif case.startswith("concurrent"):
        # A listening socket accepts before a thread counts it; 64 is the probe's own bound.
        assert 40 <= most <= 64, most
        assert len(asked) == 200, len(asked)
    elif case == "few_files":
        assert 2 <= most < 60, most
        assert len(asked) == 100, len(asked)
    elif case == "traces":
        parents = [r.headers["traceparent"].split("-") for r in requests]
        assert all(len(p) == 4 and p[0] == "00" and len(p[1]) == 32 and len(p[2]) == 16
                   for p in parents), parents
        by_path = {}
        for r, p in zip(requests, parents):
            by_path.setdefault(r.path, set()).add(p[1])
        assert all(len(t) == 1 for t in by_path.values()), "one trace a step"
        assert len(set.union(*by_path.values())) == len(by_path), "each step its own"
        assert len({p[2] for p in parents}) == len(parents), "each attempt its own span"
    elif case == "traceparent_of_user":
        wanted = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        assert requests[0].headers.get_all("traceparent") == [wanted]


web.serve(handle, check)
