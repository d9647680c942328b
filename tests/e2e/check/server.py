"""An HTTP service that comes up late, and a banner on a second port."""

import socket
import sys
import threading

from lib import web

counts = {}


def handle(request):
    n = counts[request.path] = counts.get(request.path, 0) + 1
    if request.path == "/late":
        return (503 if n <= 2 else 200), {}, {"status": "ok" if n > 2 else "starting"}
    if request.path == "/flaps":
        return (200 if n != 2 else 503), {}, {"n": n}
    if request.path == "/me":
        good = request.headers.get("authorization") == "Bearer token-of-the-check"
        return (200 if good else 401), {}, {"echo": request.headers.get("authorization")}
    if request.path.strip("/").isdigit():
        return int(request.path.strip("/")), {}, "a text"
    return 200, {}, {"status": "ok", "sent": request.body.decode(), "method": request.method}


def banners(server):
    while True:
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"220 hello\r\n")
            if peer.recv(100) == b"PING\r\n":
                peer.sendall(b"+PONG\r\n")


def check(requests):
    asked = len(requests)
    if sys.argv[1] == "wait":
        assert asked == 3, asked
    elif sys.argv[1] == "stable":
        assert asked == 4, "one, a failure, and two in a row"


tcp = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=banners, args=[tcp], daemon=True).start()


class Ports(list):
    """The banner's port goes behind those of HTTP."""

    def __setitem__(self, key, value):
        super().__setitem__(key, list(value) + [tcp.getsockname()[1]])


web.ports = Ports()
web.serve(handle, check)
