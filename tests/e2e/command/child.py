"""Commands as CI starts them, that do not make it easy.

    child.py NAME PORT
"""

import http.server
import os
import signal
import sys
import time


def server(port):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)


def note(name, text):
    with open(name, "w") as f:
        f.write(text)


def polite(port):
    """Ends well when it is told to."""
    def stop(*_):
        note("stopped", "by TERM\n")
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    server(port).serve_forever()


def family(port):
    """A shell's pipeline, workers: all of the group must go."""
    for i in range(3):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN if i == 0 else signal.SIG_DFL)
            note(f"worker{i}", f"{os.getpid()}\n")
            time.sleep(300)
    server(port).serve_forever()


def daemon(port):
    """Goes into the background, out of its group; the first process ends well."""
    if os.fork() == 0:
        os.setsid()
        listening = server(port)
        note("daemon", f"{os.getpid()}\n")
        listening.serve_forever()
    while not os.path.exists("daemon"):
        time.sleep(0.01)
    time.sleep(1.5)  # a probe that waits has asked by then


def loud(port):
    """150 MB of lines, and then the one that tells."""
    block = b"INFO request served in 3 ms, nothing to see here\n" * 20000
    for _ in range(150):
        os.write(2, block)
    import json
    json.loads(open("/nonexistent/settings.json").read())


def endless(port):
    """Writes as fast as it can while it is asked."""
    if os.fork() == 0:
        block = b"DEBUG tick\n" * 5000
        while True:
            os.write(2, block)
    server(port).serve_forever()


def binary(port):
    """Bytes that are no text, a terminal's commands, a runner's commands."""
    os.write(1, b"\x80\xfe \x00\x1b[2J\x1b]0;owned\x07::error::owned\n" * 50)
    os.write(2, b"Traceback (most recent call last):\n  File \"/app/a.py\", line 3, in <module>\n"
                b"    import nothing\nModuleNotFoundError: No module named 'noth\x1b[31ming'\n")
    sys.exit(1)


def secret(port):
    """What it was given it prints."""
    print("connecting with", os.environ["SMOKE_PASSWORD"], flush=True)
    raise SystemExit("cannot log in with " + os.environ["SMOKE_PASSWORD"])


globals()[sys.argv[1]](int(sys.argv[2]))
