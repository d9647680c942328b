#!/usr/bin/python3
"""Log sources over the network against servers that speak the real API's shapes and record requests.

    tests/logs/test_sources.py LOGDUMP
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        request = {"method": self.command, "path": url.path, "headers": dict(self.headers),
                   "query": dict(urllib.parse.parse_qsl(url.query)), "body": body.decode()}
        self.server.requests.append(request)
        status, headers, text = self.server.reply(request, len(self.server.requests))
        data = text.encode() if isinstance(text, str) else json.dumps(text).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer


def serve(reply):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    server.reply = reply
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def dump(source, **env):
    environment = {**os.environ, **env}
    done = subprocess.run([sys.argv[1], source], env=environment, stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.decode()


def entry(number, severity="ERROR"):
    return {"insertId": f"i{number}", "timestamp": f"2026-01-02T03:04:{number:02}.5Z", "severity": severity,
            "logName": "projects/p/logs/run.googleapis.com%2Fstderr", "textPayload": f"boom {number}",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "s"}}}


def metadata(request, _):
    assert request["headers"].get("Metadata-Flavor") == "Google", request
    return 200, {"Content-Type": "application/json"}, {"access_token": "tok", "expires_in": 3600, "token_type": "Bearer"}


def test_gcp():
    tokens = serve(metadata)

    def reply(request, count):
        body = json.loads(request["body"])
        assert request["method"] == "POST" and request["path"] == "/v2/entries:list", request
        assert request["headers"]["Authorization"] == "Bearer tok", request
        assert body["resourceNames"] == ["projects/p"] and body["pageSize"] == 1000, body
        assert body["orderBy"] == "timestamp desc" and 'service_name="s"' in body["filter"], body
        if count == 1:
            return 429, {"Retry-After": "0"}, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}
        if count == 2:
            assert "pageToken" not in body
            return 200, {}, {"entries": [entry(9), entry(8)], "nextPageToken": "a"}
        if count == 3:
            assert body["pageToken"] == "a"
            return 200, {}, {"nextPageToken": "b"}
        assert body["pageToken"] == "b"
        return 200, {}, {"entries": [entry(8), entry(7)]}

    server = serve(reply)
    env = {"GOLDPROBE_GCP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
           "GCE_METADATA_HOST": f"127.0.0.1:{tokens.server_port}", "GOOGLE_APPLICATION_CREDENTIALS": ""}
    text = dump("gcp:p/s", **env)
    assert "source gcp:p/s read entries=3 duplicates=1" in text, text
    assert "order='newest first'" in text, text
    assert len(server.requests) == 4, server.requests


def test_gcp_denied():
    tokens = serve(metadata)
    server = serve(lambda r, n: (403, {}, {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}))
    text = dump("gcp:p", GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
    assert "gcp:p failed entries=0" in text and "403 PERMISSION_DENIED: no" in text, text
    assert len(server.requests) == 1


def test_loki():
    def reply(request, _):
        assert request["path"] == "/loki/api/v1/query_range", request
        assert request["query"]["query"] == '{app="x"}' and request["query"]["direction"] == "backward", request
        values = [["1767323045500000000", "ERROR second"], ["1767323044500000000", '{"level":"error","msg":"first"}']]
        return 200, {}, {"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"app": "x", "pod": "x-1"}, "values": values}]}}

    server = serve(reply)
    text = dump('loki:http://127.0.0.1:%d?query={app="x"}' % server.server_port)
    assert "read entries=2" in text and "ERROR=2" in text and "instances 1" in text, text
    assert "first=2026-01-02T03:04:04.5" in text, text


def main():
    tests = [f for name, f in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        test()
        print(f"ok {test.__name__}")
    print(f"{len(tests)} passed")


main()
