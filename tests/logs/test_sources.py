#!/usr/bin/python3
"""Log sources over the network against servers that speak the real API's shapes and record requests.

    tests/logs/test_sources.py LOGDUMP
"""

import base64
import functools
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse


SCRATCH = tempfile.TemporaryDirectory()


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


def serve(reply, tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.requests = []
    server.reply = reply
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def dump(*sources, **env):
    environment = {**os.environ, **env}
    done = subprocess.run([sys.argv[1], *sources], env=environment, stdout=subprocess.PIPE, timeout=60)
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


def test_gcp_in_one_query():
    """Sources of one endpoint are asked for together, each with its own filter, over all projects."""
    tokens = serve(metadata)

    def reply(request, _):
        body = json.loads(request["body"])
        assert body["resourceNames"] == ["projects/p", "projects/q"], body
        assert body["filter"] == (
            '((logName:"projects/p/logs/" AND (resource.labels.service_name="s" OR resource.labels.container_name="s"))'
            ' OR (logName:"projects/q/logs/") OR (logName:"projects/p/logs/" AND '
            '(resource.labels.service_name="\\"t" OR resource.labels.container_name="\\"t")))'), body
        return 200, {}, {"entries": [entry(9), entry(8)]}

    server = serve(reply)
    text = dump("gcp:p/s", "gcp:q", 'gcp:p/"t', GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
    assert 'source gcp:p/s + gcp:q + gcp:p/"t read entries=2' in text, text
    assert len(server.requests) == 1, server.requests


def test_gcp_waits():
    """429 and 503 are tried again, as told or after a second; then it is said, with what was read."""
    tokens = serve(metadata)
    for status, headers, least in ((429, {"Retry-After": "1"}, 0.9), (429, {}, 0.9), (503, {}, 0.9), (500, {}, 0.9)):
        server = serve(lambda r, n, s=status, h=headers: (s, h, "busy") if n == 1 else (200, {}, {"entries": [entry(1)]}))
        began = time.monotonic()
        text = dump("gcp:p", GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                    GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
        assert "source gcp:p read entries=1" in text and time.monotonic() - began >= least, (status, text)
    server = serve(lambda r, n: (429, {"Retry-After": "0"}, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "quota"}}))
    text = dump("gcp:p", GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
    assert "gcp:p failed entries=0" in text and "429 RESOURCE_EXHAUSTED: quota" in text, text
    assert 3 <= len(server.requests) <= 10, len(server.requests)


def test_gcp_breaks_off():
    """What was read before an error stays, and the error is said."""
    tokens = serve(metadata)
    for status in (401, 403, 404):
        server = serve(lambda r, n, s=status: (200, {}, {"entries": [entry(2)], "nextPageToken": "x"}) if n == 1 else
                       (s, {}, {"error": {"status": "NO", "message": "gone"}}))
        text = dump("gcp:p", GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                    GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
        assert "gcp:p partial entries=1" in text and f"{status} NO: gone" in text, text


def test_gcp_answers_nonsense():
    tokens = serve(metadata)
    for body in ("", "<html>", "[]", "null", '{"entries": 3}', '{"entries": [3, {}], "nextPageToken": 7}', '{"nextPageToken": ""}'):
        server = serve(lambda r, n, b=body: (200, {}, b))
        text = dump("gcp:p", GOLDPROBE_GCP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
                    GCE_METADATA_HOST=f"127.0.0.1:{tokens.server_port}", GOOGLE_APPLICATION_CREDENTIALS="")
        assert len(server.requests) == 1 and ("something else than" in text) == (body[:1] != "{"), (body, text)


def test_loki_pages():
    """A full page is not the end; entries at the border of two pages count once."""
    lines = [[str(1767323045500000000 + i), f"INFO line {i}"] for i in range(12000)]

    def reply(request, _):
        query = request["query"]
        end = int(query.get("end", 1 << 62))
        page = [v for v in reversed(lines) if int(v[0]) < end][:int(query["limit"])]
        return 200, {}, {"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"app": "x"}, "values": page}] if page else []}}

    server = serve(reply)
    text = dump('loki:http://127.0.0.1:%d?query={app="x"}' % server.server_port)
    assert "read entries=12000 duplicates=0" in text, text
    assert len(server.requests) == 3, len(server.requests)


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


@functools.cache
def certificate():
    """A folder with one self-signed certificate for 127.0.0.1: server's, client's and authority's."""
    folder = tempfile.mkdtemp(dir=SCRATCH.name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=kube", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/ca.crt"],
                   check=True, stderr=subprocess.DEVNULL)
    return folder


def server_tls(ask=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate()}/ca.crt", f"{certificate()}/key.pem")
    if ask:
        context.load_verify_locations(f"{certificate()}/ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def container(name, restarts=0, state=None, last=None):
    return {"name": name, "restartCount": restarts, "state": state or {"running": {}}, "lastState": last or {}}


PODS = [
    {"metadata": {"name": "web-1"}, "status": {
        "initContainerStatuses": [container("migrate", state={"terminated": {
            "exitCode": 0, "reason": "Completed", "finishedAt": "2026-01-02T03:04:00Z"}})],
        "containerStatuses": [container("web", 3, last={"terminated": {
            "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-02T03:04:09Z"}})]}},
    {"metadata": {"name": "web-2"}, "status": {
        "containerStatuses": [container("web", state={"waiting": {
            "reason": "ImagePullBackOff", "message": 'Back-off pulling image "web:2"'}})]}},
]
EVENTS = [
    {"metadata": {"name": "e1"}, "involvedObject": {"kind": "Pod", "name": "web-1", "fieldPath": "spec.containers{web}"},
     "reason": "Unhealthy", "type": "Warning", "lastTimestamp": "2026-01-02T03:04:07Z",
     "message": "Startup probe failed: HTTP probe failed with statuscode: 503"},
    {"metadata": {"name": "e2"}, "involvedObject": {"kind": "Pod", "name": "other-1"}, "type": "Warning",
     "lastTimestamp": "2026-01-02T03:04:07Z", "message": "of another application"},
]
LOGS = {
    ("web-1", "migrate", False): "2026-01-02T03:03:59.000000001Z schema is up to date\n",
    ("web-1", "web", True): "2026-01-02T03:04:05.123456789Z Traceback (most recent call last):\n"
                            '2026-01-02T03:04:05.123456790Z   File "/app/main.py", line 3, in <module>\n'
                            "2026-01-02T03:04:05.123456791Z ModuleNotFoundError: No module named 'auth'\n",
    ("web-1", "web", False): '2026-01-02T03:05:01.5Z {"severity": "ERROR", "message": "no database"}\n',
}


def api_server(request, count):
    """Core v1 as far as pods, their logs and their events go."""
    base = "/api/v1/namespaces/shop/"
    path, query = request["path"], request["query"]
    assert request["method"] == "GET" and path.startswith(base), request
    if path == base + "pods":
        assert query["labelSelector"] == "app=web,tier in (a)", request
        if "continue" not in query:
            return 200, {}, {"kind": "PodList", "metadata": {"continue": "t+1"}, "items": PODS[:1]}
        assert query["continue"] == "t+1", request
        return 200, {}, {"kind": "PodList", "metadata": {}, "items": PODS[1:]}
    if path == base + "events":
        assert query["fieldSelector"] == "involvedObject.kind=Pod", request
        return 200, {}, {"kind": "EventList", "metadata": {}, "items": EVENTS}
    assert query["timestamps"] == "true" and int(query["limitBytes"]) > 0, request
    pod = path[len(base) + len("pods/"):].removesuffix("/log")
    return 200, {"Content-Type": "text/plain"}, LOGS[pod, query["container"], query.get("previous") == "true"]


def service_account(token="in-pod"):
    folder = tempfile.mkdtemp(dir=SCRATCH.name)
    for name, text in ("token", token + "\n"), ("namespace", "shop"), ("ca.crt", open(f"{certificate()}/ca.crt").read()):
        with open(f"{folder}/{name}", "w") as out:
            out.write(text)
    return folder


def inside(server):
    return {"KUBECONFIG": "", "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(server.server_port), "GOLDPROBE_K8S_SERVICEACCOUNT": service_account()}


def test_kubernetes_inside():
    server = serve(api_server, server_tls())
    text = dump("k8s:shop/app=web,tier in (a)", **inside(server))
    assert "k8s:shop/app=web,tier in (a) read entries=" in text and "error=''" in text, text
    for wanted in ("link ModuleNotFoundError: No module named 'auth' (/app/main.py:3)", "no database",
                   "Startup probe failed", "Container exited with code", "(OOMKilled)", "ImagePullBackOff"):
        assert wanted in text, (wanted, text)
    assert "another application" not in text and "Completed" not in text, text
    assert all(r["headers"].get("Authorization") == "Bearer in-pod" for r in server.requests), server.requests
    assert len(server.requests) == 6, [r["path"] for r in server.requests]


def kubeconfig(server, user, scheme="https", **cluster):
    """JSON is YAML."""
    if scheme == "https" and not cluster:
        cluster = {"certificate-authority-data": base64.b64encode(open(f"{certificate()}/ca.crt", "rb").read()).decode()}
    path = tempfile.mkdtemp(dir=SCRATCH.name) + "/config"
    with open(path, "w") as out:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "here", "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"{scheme}://127.0.0.1:{server.server_port}/", **cluster}}],
            "users": [{"name": "u", "user": user}]}, out)
    return path


def test_kubernetes_client_certificate():
    server = serve(api_server, server_tls(ask=True))
    with open(f"{certificate()}/key.pem", "rb") as key:
        user = {"client-certificate": f"{certificate()}/ca.crt", "client-key-data": base64.b64encode(key.read()).decode()}
    text = dump("k8s:/app=web,tier in (a)", KUBECONFIG=kubeconfig(server, user))
    assert "ModuleNotFoundError" in text and "error=''" in text, text
    assert "Authorization" not in server.requests[0]["headers"], server.requests[0]


def test_kubernetes_token_file_and_insecure():
    server = serve(api_server, server_tls())
    path = kubeconfig(server, {"tokenFile": "token"}, **{"insecure-skip-tls-verify": True})
    with open(os.path.dirname(path) + "/token", "w") as out:
        out.write("from-file\n")
    text = dump("k8s:shop/app=web,tier in (a)", KUBECONFIG="/does/not/exist:" + path)
    assert "ModuleNotFoundError" in text, text
    assert server.requests[0]["headers"]["Authorization"] == "Bearer from-file", server.requests[0]


def test_kubernetes_untrusted():
    server = serve(api_server, server_tls())
    text = dump("k8s:shop/app=web", KUBECONFIG=kubeconfig(server, {"token": "t"}, **{"tls-server-name": "127.0.0.1"}))
    assert "failed entries=0" in text and "certificate" in text and not server.requests, text


def test_kubernetes_refused():
    for status, wanted in ((401, "give a fresh token"), (403, "get and list on pods, pods/log and events")):
        server = serve(lambda r, n, s=status: (s, {}, {"kind": "Status", "message": "no way"}))
        text = dump("k8s:shop/app=web", KUBECONFIG=kubeconfig(server, {"token": "secret-token"}, "http"))
        assert "failed entries=0" in text and f"{status}: no way" in text and wanted in text, text
        assert "secret-token" not in text and len(server.requests) == 1, text


def test_kubernetes_busy():
    def reply(request, count):
        return (429, {"Retry-After": "0"}, {"message": "later"}) if count % 2 else api_server(request, count)

    server = serve(reply)
    text = dump("k8s:shop/app=web,tier in (a)", KUBECONFIG=kubeconfig(server, {"token": "t"}, "http"))
    assert "ModuleNotFoundError" in text and len(server.requests) == 12, text


def test_kubernetes_none():
    server = serve(lambda r, n: (200, {}, {"kind": "PodList", "metadata": {}, "items": []}))
    text = dump("k8s:shop/app=web", KUBECONFIG=kubeconfig(server, {"token": "t"}, "http"))
    assert "failed" in text and "no pod matches app=web in namespace" in text, text


def test_kubernetes_programs_are_not_run():
    server = serve(api_server)
    path = kubeconfig(server, {"exec": {"command": "gke-gcloud-auth-plugin"}}, "http")
    text = dump("k8s:shop/app=web", KUBECONFIG=path)
    assert "gke-gcloud-auth-plugin" in text and "is not run" in text and not server.requests, text


def test_kubernetes_bad_files():
    for body in ("", "[]", "a: [", '{"current-context": 1}', '{"current-context": "x", "contexts": [1, {"name": "x"}]}'):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as out:
            out.write(body)
            out.flush()
            text = dump("k8s:shop", KUBECONFIG=out.name)
            assert "k8s:shop failed entries=0" in text and "kubeconfig" in text, (body, text)


def main():
    tests = [f for name, f in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        test()
        print(f"ok {test.__name__}")
    print(f"{len(tests)} passed, 0 failed")


main()
