"""Redirects: to itself for ever, or to where the argument says. `gone`: nobody listens."""

import socket
import sys

from lib import web

to = sys.argv[1] if len(sys.argv) > 1 else None
if to == "gone":
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        print(s.getsockname()[1], flush=True)
else:
    web.serve(lambda r: (302, {"location": to or f"/{r.number}"}, ""))
