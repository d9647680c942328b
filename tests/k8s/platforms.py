"""What the manifests do under a kubelet and under Cloud Run, with real processes or containers."""

import copy
import http.client
import http.server
import json
import socket
import threading
import time

import cloudrun
from cluster import ApiServer, CloudLogging
from container import MESSAGE_MAX, World
from kubelet import Pod
from manifests import cloud_run, find, need, overlay, pod_template


class Stage:
    """A world that is cleaned up, whatever happens in it."""

    def __init__(self, runtime, clock):
        self.world, self.parts = World(runtime, clock), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in reversed(self.parts):
            part.stop() if hasattr(part, "stop") else part.close()

    def add(self, part):
        self.parts.append(part)
        return part

    def pod(self, name, kind, which=None, args=()):
        objects = overlay(name)
        item = find(objects, kind, which)
        pod = self.add(Pod(self.world, objects, pod_template(item), f"{which or item['metadata']['name']}-1"))
        for container in pod.main:
            container.extra_args = list(args)
        pod.start()
        return pod

    def backend(self, *args):
        """The example backend in the cluster, with its Service."""
        pod = self.pod("startup-probe", "Deployment", "backend", args)
        service = find(overlay("startup-probe"), "Service")["spec"]
        need(service["selector"].items() <= pod.labels.items(), "the Service does not select the backend")
        port = service["ports"][0]
        self.world.services[f"backend:{port['port']}"] = pod.ports.of(port["targetPort"])
        return pod

    def api_server(self):
        return self.add(ApiServer(self.world, find(overlay("smoke-job"), "Role")))


class Dependencies:
    """An auth service and a database that are not there yet."""

    def __init__(self, world):
        self.holders = []
        for name in ("auth:80", "database:5432"):
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))  # taken, but not listening: refused
            world.services[name] = holder.getsockname()[1]
            self.holders.append(holder)
        self.server = None

    def come(self):
        auth, database = self.holders
        database.listen(64)

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(auth.getsockname(), Handler, bind_and_activate=False)
        self.server.socket.close()
        self.server.socket = auth
        self.server.server_activate()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        if self.server:
            self.server.shutdown()
        for holder in self.holders:
            holder.close()


def get(port, path):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        client.close()


def until(condition, seconds, made):
    end = time.monotonic() + seconds * made.world.runtime.slowness
    while not condition():
        need(time.monotonic() < end, f"not within {seconds} s: {made.story()}")
        time.sleep(0.02)


def finished(stage, name, kind, seconds=40):
    """The end of a pod that runs once."""
    pod = stage.pod(name, kind)
    main = pod.main[0]
    need(main.done.wait(seconds * stage.world.runtime.slowness), f"{name} did not end: {pod.story()}")
    return main.ends[-1]


def test_slow_start(runtime):
    """The startup probe waits for a slow start, and says meanwhile what it saw."""
    with Stage(runtime, 0.05) as stage:
        delay = 2 * runtime.slowness
        pod = stage.backend("--incident", "slow-start", "--delay", f"{delay}s")
        pod.until(pod.ready, 20, "ready")
        main = pod.get("backend")
        need(main.restarts == 0, "it was restarted")
        need(main.count("startupProbe failed") >= 3, f"the probe did not wait: {main.events}")
        need("refused" in main.events[1][1], f"the probe does not say what it saw: {main.events[1]}")
        need(main.said("startup passed") > delay / stage.world.clock, "it passed before the backend was there")
        need(pod.get("goldprobe").ends[-1]["exitCode"] == 0, "the binary was not brought")


def test_never_starts(runtime):
    """After failureThreshold failures, and not before, the container is killed and started again."""
    with Stage(runtime, 0.01) as stage:
        pod = stage.backend("--incident", "wrong-port")
        main = pod.get("backend")
        pod.until(lambda: main.restarts, 40, "restart")
        need(main.ends[0]["reason"] == "startupProbe failed", f"ended otherwise: {main.events}")
        before = [text for _, text in main.events[:main.events.index(
            next(e for e in main.events if e[1].startswith("ended")))]]
        need(sum(t.startswith("startupProbe failed") for t in before) == 36, f"{len(before)} events before the end")
        need(not pod.ready(), "ready all the same")


def test_crash(runtime):
    """The smoke Job reads the crashed backend's log with what its Role allows, and leaves the reason behind."""
    with Stage(runtime, 0.05) as stage:
        api = stage.api_server()
        backend = stage.backend("--incident", "auth-service-missing")
        backend.until(lambda: backend.get("backend").restarts, 10, "crash")
        end = finished(stage, "smoke-job", "Job")
        message = end["message"].decode()
        need(end["exitCode"] == 1, f"exit {end['exitCode']}: {end['log'].decode()[-1500:]}")
        need(0 < end["size"] <= MESSAGE_MAX, f"the termination message has {end['size']} bytes")
        need(message.startswith("BROKEN") and "missing-module" in message and "No module named" in message,
             f"the message does not say why: {message}")
        asked = {path.split("/")[5] for _, path, status in api.requests if status == 200}
        need(asked == {"pods", "events"} and not [r for r in api.requests if r[2] != 200],
             f"asked for: {api.requests}")


def test_after_rollout(runtime):
    """Smoke Job and CronJob end with 0 when the golden path works."""
    with Stage(runtime, 0.05) as stage:
        stage.api_server()
        backend = stage.backend()
        backend.until(backend.ready, 20, "ready")
        for name, kind in (("smoke-job", "Job"), ("cronjob", "CronJob")):
            end = finished(stage, name, kind)
            need(end["exitCode"] == 0, f"{name} ended with {end['exitCode']}: {end['log'].decode()[-1500:]}")
            need(end["message"].startswith(b"HEALTHY"), f"{name} leaves {end['message']}")


def test_sidecar(runtime):
    """A sidecar holds the backend back; readiness follows the golden path down and up again."""
    with Stage(runtime, 0.1) as stage:
        around = stage.add(Dependencies(stage.world))
        pod = stage.pod("sidecar", "Deployment")
        gate, path, backend = pod.get("dependencies"), pod.get("golden-path"), pod.get("backend")
        pod.until(lambda: gate.count("startupProbe failed") >= 5, 20, "gate asked")
        refused = next(text for _, text in gate.events if "dependencies:" in text)
        need("refused" in refused, f"the 503 does not say what is missing: {refused}")
        need(backend.current is None and path.current is None, "something started past the closed gate")
        around.come()
        pod.until(pod.ready, 20, "ready")
        need(gate.said("startup passed") <= path.said("started") <= backend.said("started"), "in the wrong order")

        backend.extra_args = ["--incident", "login-broken"]
        backend.crash()
        pod.until(lambda: backend.restarts and backend.ready and not path.ready, 20, "not ready")
        need(not pod.ready(), "the pod takes traffic with a broken golden path")
        pod.until(lambda: b"signs in" in path.probes["readinessProbe"].output, 10, "the 503 says what is broken")

        backend.extra_args = []
        backend.crash()
        pod.until(pod.ready, 20, "ready again")
        need(path.restarts == gate.restarts == 0, "a sidecar was restarted")


def test_monitor(runtime):
    """The monitor stays reachable while the backend is broken, and keeps its history over a crash."""
    with Stage(runtime, 0.03) as stage:
        stage.api_server()
        backend = stage.backend()
        backend.until(backend.ready, 20, "ready")
        pod = stage.pod("monitor", "Deployment")
        pod.until(pod.ready, 20, "ready")
        port = pod.ports.of("http")
        pod.until(lambda: get(port, "/readyz")[0] == 200, 20, "healthy")
        status, text = get(port, "/metrics")
        need(status == 200 and 'goldprobe_golden_path{scenario="golden-path",state="healthy"} 1' in text, text[:2000])
        main = backend.get("backend")
        main.extra_args = ["--incident", "login-broken"]
        main.crash()
        pod.until(lambda: get(port, "/readyz")[0] == 503 and "signs in" in get(port, "/readyz")[1], 20, "broken")
        need(pod.ready(), "the monitor is not to be reached when it is needed")
        runs = len(json.loads(get(port, "/api/v1/runs?limit=100")[1])["runs"])
        monitor = pod.get("goldprobe")
        monitor.crash()
        pod.until(lambda: monitor.restarts and pod.ready(), 20, "restarted")
        now = len(json.loads(get(port, "/api/v1/runs?limit=100")[1])["runs"])
        need(now >= min(runs, 100) > 0, f"{runs} runs before the crash, {now} after it")


def test_cloud_run_refuses(runtime):
    """The service passes Cloud Run's rules, and the rules are kept."""
    del runtime
    service = cloud_run("service.yaml")[0]
    need(cloudrun.refusals(service) == [], str(cloudrun.refusals(service)))

    def refused(change, word):
        wrong = copy.deepcopy(service)
        change({c["name"]: c for c in wrong["spec"]["template"]["spec"]["containers"]},
               wrong["spec"]["template"]["metadata"]["annotations"])
        said = cloudrun.refusals(wrong)
        need(any(word in text for text in said), f"'{word}' is not refused: {said}")

    waits = "run.googleapis.com/container-dependencies"
    refused(lambda c, a: c["goldprobe"]["startupProbe"].update(failureThreshold=49), "more than 240 s")
    refused(lambda c, a: c["goldprobe"]["startupProbe"].update(timeoutSeconds=6), "timeoutSeconds")
    refused(lambda c, a: c["goldprobe"]["startupProbe"].update(initialDelaySeconds=241), "initialDelaySeconds")
    refused(lambda c, a: c["goldprobe"].update(startupProbe={"exec": {"command": ["/goldprobe"]}}), "must be one of")
    refused(lambda c, a: c["goldprobe"].update(readinessProbe={"httpGet": {"path": "/"}}), "has no readinessProbe")
    refused(lambda c, a: c["dependencies"].pop("startupProbe"), "must have a startup probe")
    refused(lambda c, a: c["goldprobe"].update(ports=[{"containerPort": 9090}]), "exactly one")
    refused(lambda c, a: a.update({waits: '{"backend": ["goldprobe"], "goldprobe": ["backend"]}'}), "a circle")
    refused(lambda c, a: a.update({waits: '{"backend": ["nobody"]}'}), "no container")


def instance(stage):
    made = stage.add(cloudrun.Instance(stage.world, cloud_run("service.yaml")[0]))
    env = made.get("dependencies").env  # in the place of the user's own
    env["AUTH_SERVICE_URL"], env["DATABASE_ADDRESS"] = "http://auth", "database:5432"
    return made


def test_cloud_run_order(runtime):
    """dependencies, then the slow backend, then the golden path: each waits for the one before it."""
    with Stage(runtime, 0.05) as stage:
        around = stage.add(Dependencies(stage.world))
        made = instance(stage)
        gate, backend, path = (made.get(n) for n in ("dependencies", "backend", "goldprobe"))
        backend.extra_args = ["--incident", "slow-start", "--delay", f"{1500 * runtime.slowness}ms"]
        made.start()
        until(lambda: gate.count("startupProbe failed") >= 2, 20, made)
        need(backend.current is None, "the backend started without what it needs")
        around.come()
        until(lambda: made.state != "starting", 40, made)
        need(made.state == "ready", made.story())
        need(backend.count("startupProbe failed") >= 2, "the backend was not slow")
        need(gate.said("startup passed") <= backend.said("started") and
             backend.said("startup passed") <= path.said("started"), made.story())


def test_cloud_run_broken(runtime):
    """A healthy-looking backend with a broken golden path: the instance is shut down, within 240 s."""
    with Stage(runtime, 0.02) as stage:
        stage.add(Dependencies(stage.world)).come()
        made = instance(stage)
        backend, path = made.get("backend"), made.get("goldprobe")
        backend.extra_args = ["--incident", "login-broken"]
        made.start()
        until(lambda: made.state != "starting", 40, made)
        need(made.state == "failed", made.story())
        need(backend.said("startup passed") is not None, "the backend's own probe saw it already")
        need(path.count("startupProbe failed") == 24, made.story())
        need(path.said("ended") - path.said("started") <= cloudrun.STARTUP_MAX, made.story())
        need("signs in" in path.events[-2][1], f"the 503 does not say what is broken: {path.events[-2]}")


def test_cloud_run_job(runtime):
    """The job and Cloud Deploy's verification end with 0 when it works and with 1 when it does not."""
    with Stage(runtime, 0.05) as stage:
        job = cloud_run("job.yaml")[0]["spec"]["template"]["spec"]["template"]["spec"]
        verify = cloud_run("skaffold.yaml")[0]["verify"][0]["container"]
        need(job["maxRetries"] == 0, "a second try would hide the first failure")
        task = json.loads(json.dumps(job["containers"][0]).replace("https://backend-HASH.a.run.app", "http://backend"))
        pipeline = next(d for d in cloud_run("clouddeploy.yaml") if d["kind"] == "DeliveryPipeline")
        need(all(s["strategy"]["standard"]["verify"] for s in pipeline["serialPipeline"]["stages"]), "not verified")

        backend = stage.backend()
        backend.until(backend.ready, 20, "ready")
        main = backend.get("backend")
        logging = stage.add(CloudLogging(main))
        deploy = dict(logging.env(), CLOUD_RUN_SERVICE_URLS="http://backend")
        for container, env in ((task, logging.env()), (verify, deploy)):
            end = cloudrun.run_once(stage.world, container, env)
            need(end["exitCode"] == 0, end["log"].decode()[-1500:])
        main.extra_args = ["--incident", "login-broken"]
        main.crash()
        backend.until(lambda: main.restarts and backend.ready(), 20, "ready")
        for container, env in ((task, logging.env()), (verify, deploy)):
            end = cloudrun.run_once(stage.world, container, env)
            need(end["exitCode"] == 1 and b"password_hash" in end["log"], end["log"].decode()[-1500:])


TESTS = [test_slow_start, test_never_starts, test_crash, test_after_rollout, test_sidecar, test_monitor,
         test_cloud_run_refuses, test_cloud_run_order, test_cloud_run_broken, test_cloud_run_job]
