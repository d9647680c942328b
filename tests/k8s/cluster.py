"""The APIs that goldprobe reads logs from: Kubernetes' API server over the pods of a World, which allows what
the Role of the manifests allows and nothing else, and Cloud Logging over one container."""

import datetime
import http.server
import json
import threading
import urllib.parse


def when(seconds_ago=0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Server:
    """Answers with what `reply(method, path, query, headers)` returns: (status, text or object)."""

    def __init__(self, reply):
        outer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                status, body = reply(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), self.headers)
                outer.requests.append((self.command, url.path, status))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain" if isinstance(body, bytes) else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ApiServer(Server):
    TOKEN = "token-of-the-service-account"

    def __init__(self, world, role):
        super().__init__(self.reply)
        self.world = world
        self.allowed = {(what, verb) for rule in role["rules"] for what in rule["resources"] for verb in rule["verbs"]}
        folder = world.runtime.new_folder("kubeconfig")
        world.kubeconfig = folder / "config"
        world.kubeconfig.write_text(json.dumps({
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "u", "user": {"token": self.TOKEN}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "backend"}}],
            "current-context": "x"}))

    def reply(self, _, path, query, headers):
        if headers["Authorization"] != f"Bearer {self.TOKEN}":
            return 401, {"kind": "Status", "reason": "Unauthorized"}
        parts = path.split("/")  # "", api, v1, namespaces, NS, WHAT[, NAME[, PART]]
        if len(parts) < 6 or parts[4] != "backend":
            return 403, {"kind": "Status", "reason": "Forbidden", "message": f"{path} is forbidden"}
        what = parts[5] + (f"/{parts[7]}" if len(parts) > 7 else "")
        if (what, "get" if len(parts) > 6 else "list") not in self.allowed:
            return 403, {"kind": "Status", "reason": "Forbidden", "message": f"{what} is forbidden"}
        if what == "pods":
            wanted = dict(part.split("=") for part in query.get("labelSelector", "").split(",") if part)
            return 200, {"kind": "PodList", "items": [self.pod(p) for p in self.world.pods
                                                      if wanted.items() <= p.labels.items()]}
        if what == "pods/log":
            return self.log(next(p for p in self.world.pods if p.name_in_cluster == parts[6]), query)
        return 200, {"kind": "EventList", "items": [e for p in self.world.pods for e in self.events(p)]}

    def pod(self, pod):
        def status(container):
            running = container.current is not None and container.current.poll() is None
            ended = container.ends[-1] if container.ends else None
            end = {"terminated": {"exitCode": ended["exitCode"], "reason": ended["reason"], "finishedAt": when()}} \
                if ended else {}
            state = {"running": {"startedAt": when(5)}} if running else \
                {"waiting": {"reason": "CrashLoopBackOff"}} if container.restarts else end
            return {"name": container.name, "restartCount": container.restarts, "state": state,
                    "lastState": end if container.restarts else {}}

        return {"metadata": {"name": pod.name_in_cluster, "labels": pod.labels},
                "status": {"containerStatuses": [status(c) for c in pod.main],
                           "initContainerStatuses": [status(c) for c in pod.init if c.current]}}

    def log(self, pod, query):
        container = pod.get(query["container"])
        if query.get("previous") == "true":
            text = container.ends[-1]["log"] if container.ends else b""
        else:
            text = container.current.log() if container.current else b""
        if query.get("timestamps") == "true":
            text = b"".join(when(2).encode() + b" " + line + b"\n" for line in text.splitlines())
        return 200, text

    def events(self, pod):
        for container in pod.init + pod.main:
            for _, text in container.events:
                if " failed: " in text or text == "back-off":
                    message = f"Back-off restarting failed container {container.name}" if text == "back-off" else \
                        text.replace("Probe failed", " probe failed").capitalize()
                    reason = "BackOff" if text == "back-off" else "Unhealthy"
                    yield {"kind": "Event", "type": "Warning", "reason": reason,
                           "message": message, "lastTimestamp": when(), "count": 1,
                           "involvedObject": {"kind": "Pod", "name": pod.name_in_cluster,
                                              "fieldPath": "spec.containers{%s}" % container.name}}


class CloudLogging(Server):
    """Entries of a Cloud Run service, and the metadata server that gives the token for them."""

    def __init__(self, container):
        super().__init__(self.reply)
        self.container = container

    def env(self):
        return {"GOLDPROBE_GCP_ENDPOINT": f"http://127.0.0.1:{self.port}",
                "GCE_METADATA_HOST": f"127.0.0.1:{self.port}"}

    def reply(self, method, path, _, headers):
        if path.startswith("/computeMetadata/"):
            return 200, {"access_token": "tok", "expires_in": 3600, "token_type": "Bearer"}
        if (method, path) != ("POST", "/v2/entries:list") or headers["Authorization"] != "Bearer tok":
            return 403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}
        lines = self.container.current.log().decode(errors="replace").splitlines()
        return 200, {"entries": [{
            "insertId": f"i{number}", "timestamp": when(1), "severity": "DEFAULT", "textPayload": line,
            "logName": "projects/PROJECT/logs/run.googleapis.com%2Fstderr",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "backend"}},
        } for number, line in enumerate(lines)][::-1]}
