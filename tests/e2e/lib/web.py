"""A well-behaved HTTP server that remembers what it was asked, and judges it at the end.

    def handle(request):                    # request.method path query headers body json()
        return 200, {"x-app": "1"}, {"ok": True}      # bytes, text, or what JSON can say

    def check(requests):                    # at the end; an AssertionError fails the case
        assert len(requests) == 2

    serve(handle, check)
"""

import http.server
import json
import signal
import socketserver
import sys
import threading
import traceback
import urllib.parse


class Request:
    def __init__(self, handler, body, port):
        parts = urllib.parse.urlsplit(handler.path)
        self.method, self.path, self.query = handler.command, parts.path, parts.query
        self.target = handler.path
        self.headers, self.body, self.port = handler.headers, body, port
        self.client = handler.client_address

    def json(self):
        return json.loads(self.body)

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode()))

    def params(self):
        return dict(urllib.parse.parse_qsl(self.query))


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512


def _make(handle, requests, lock):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            request = Request(self, body, self.server.server_port)
            with lock:
                requests.append(request)
                request.number = len(requests)
            status, headers, body = handle(request)
            if not isinstance(body, (bytes, str)):
                headers = {"content-type": "application/json", **headers}
                body = json.dumps(body)
            data = body.encode() if isinstance(body, str) else body
            self.send_response(status)
            for name, value in headers.items():
                for one in value if isinstance(value, list) else [value]:
                    self.send_header(name, one)
            if "content-length" not in {n.lower() for n in headers}:
                self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *args):
            pass

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        setattr(Handler, "do_" + method, Handler._serve)
    return Handler


def serve(handle, check=None, servers=1, ports_more=()):
    """Serves on `servers` ports; `ports` of the module has them once serving. Ports of servers beside
    this one are printed after them."""
    requests, lock = [], threading.Lock()
    running = [_Server(("127.0.0.1", 0), _make(handle, requests, lock)) for _ in range(servers)]
    ports[:] = [s.server_port for s in running]
    for s in running:
        threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    print(*ports, *ports_more, flush=True)
    done.wait()
    try:
        if check:
            check(requests)
    except AssertionError:
        traceback.print_exc()
        for r in requests[:20]:
            print(r.method, r.target, dict(r.headers), r.body[:300], file=sys.stderr)
        sys.exit(1)


ports = []
