"""A backend that can be told to fail, and `goldprobe serve` beside it."""

import collections
import http.client
import http.server
import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time

BINARY = sys.argv[1]


class Backend:
    """Answers, counts, takes alerts; `up` says whether /health is well."""

    def __init__(self):
        self.up = True
        self.delay = 0
        self.asked = collections.defaultdict(list)
        self.alerts = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                outer.asked[self.path].append(time.monotonic())
                time.sleep(outer.delay)
                if self.path.startswith("/set/"):
                    outer.up = self.path == "/set/up"
                well = outer.up or not self.path.startswith("/health")
                self.answer(200 if well else 503, b'{"status":"ready","who":"<b>&"}' if well
                            else b'{"status":"<script>alert(1)</script>"}')

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.alerts.append(json.loads(body))
                self.answer(200, b"{}")

            def log_message(self, *args):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def scenario(self, name="golden", monitor="{every: 200ms}", path="/health", file=None):
        file = file or f"{name}.yaml"
        with open(file + ".new", "w") as f:
            f.write(f"""name: {name}
target: http://127.0.0.1:{self.port}
steps:
  - name: is ready
    capability: service
    http: GET {path}
    expect: {{status: 200, json: {{$.status: ready}}}}
  - name: answers
    capability: api
    http: GET /x
monitor: {monitor}
""")
        os.rename(file + ".new", file)
        return file


class Serve:
    started = []

    def __init__(self, *args, limit=None, wait=True):
        self.stderr = open(f"stderr-{len(self.started)}.txt", "w+")
        argv = [BINARY, "serve", "--listen", "127.0.0.1:0", *args]
        self.popen = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=self.stderr,
                                      preexec_fn=limit)
        Serve.started.append(self)
        if wait:
            self.port = int(until(lambda: re.search(r"listening on http://127.0.0.1:(\d+)",
                                                    self.said()), "no address").group(1))

    def said(self):
        with open(self.stderr.name) as f:
            return f.read()

    def get(self, path, method="GET", headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def status(self):
        return json.loads(self.get("/api/v1/status")[1])

    def runs(self, limit=1000):
        return json.loads(self.get(f"/api/v1/runs?limit={limit}")[1])["runs"]

    def stop(self, number=signal.SIGTERM):
        self.popen.send_signal(number)
        return self.popen.wait(15)

    def alive(self):
        return self.popen.poll() is None


def until(what, message, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(message)
