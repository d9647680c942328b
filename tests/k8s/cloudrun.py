"""Cloud Run for one instance of a service: what it refuses, the order of containers, startup within its limit."""

import json
import threading

from container import Container, Ports
from manifests import K8S

STARTUP_MAX = 240  # failureThreshold x periodSeconds, and initialDelaySeconds


def dependencies(service):
    notes = service["spec"]["template"]["metadata"].get("annotations", {})
    return json.loads(notes.get("run.googleapis.com/container-dependencies", "{}"))


def probe_refusals(name, kind, probe):
    kinds = {"startupProbe": {"httpGet", "tcpSocket", "grpc"}, "livenessProbe": {"httpGet", "grpc"}}
    if kind not in kinds:
        return [f"{name}: Cloud Run has no {kind}"]
    wrong = []
    if not kinds[kind] & set(probe):
        wrong.append(f"{name}: {kind} must be one of {sorted(kinds[kind])}")
    period, timeout = probe.get("periodSeconds", 10), probe.get("timeoutSeconds", 1)
    if kind == "startupProbe" and period * probe.get("failureThreshold", 3) > STARTUP_MAX:
        wrong.append(f"{name}: failureThreshold x periodSeconds is more than {STARTUP_MAX} s")
    if probe.get("initialDelaySeconds", 0) > STARTUP_MAX:
        wrong.append(f"{name}: initialDelaySeconds is more than {STARTUP_MAX}")
    if timeout > period:
        wrong.append(f"{name}: {kind}'s timeoutSeconds is more than its periodSeconds")
    return wrong


def refusals(service):
    """What `gcloud run services replace` would refuse."""
    containers = {c["name"]: c for c in service["spec"]["template"]["spec"]["containers"]}
    wrong = []
    for name, container in containers.items():
        for kind in [key for key in container if key.endswith("Probe")]:
            wrong += probe_refusals(name, kind, container[kind])
    if sum("ports" in c for c in containers.values()) != 1:
        wrong.append("exactly one container has ports")
    waits = dependencies(service)
    for name, wanted in waits.items():
        for other in wanted:
            if name not in containers or other not in containers:
                wrong.append(f"container-dependencies: no container '{other}' for '{name}'")
            elif "startupProbe" not in containers[other]:
                wrong.append(f"container-dependencies: '{other}' must have a startup probe")
    started = set()
    while True:
        more = {n for n in containers if n not in started and set(waits.get(n, [])) <= started}
        if not more:
            break
        started |= more
    if started != set(containers):
        wrong.append("container-dependencies: a circle")
    return wrong


def image_folder(runtime):
    """/scenario of the image that k8s/cloud-run/Dockerfile describes."""
    folder = runtime.new_folder("scenario")
    for line in (K8S / "cloud-run/Dockerfile").read_text().splitlines():
        words = line.split()
        if words and words[0] == "COPY":
            for source in words[1:-1]:
                path = K8S / "components" / source
                (folder / path.name).write_bytes(path.read_bytes())
    return folder


def environment(world, container, ingress_port=None):
    env = {"PORT": str(ingress_port)} if ingress_port else {}
    for item in container.get("env", []):
        secret = item.get("valueFrom", {}).get("secretKeyRef")
        env[item["name"]] = world.secrets[secret["name"], secret["key"]] if secret else item["value"]
    return env


def run_once(world, container, extra_env=()):
    """A job's task, or a verification: the container, started once."""
    mounts = [(image_folder(world.runtime), "/scenario", True)]
    env = dict(environment(world, container), **dict(extra_env))
    task = Container(world, container, Ports([]), mounts, env, "Never")
    task.ports.move = lambda word: word
    task.start()
    assert task.done.wait(60 * world.runtime.slowness), f"did not end: {task.current.log()}"
    return task.ends[-1]


class Instance(threading.Thread):
    def __init__(self, world, service):
        super().__init__(daemon=True)
        self.world, self.waits = world, dependencies(service)
        manifests = service["spec"]["template"]["spec"]["containers"]
        self.ports = Ports(manifests)
        folder = image_folder(world.runtime)
        self.containers = []
        for manifest in manifests:
            ours = world.runtime.kind(manifest["image"]) != "backend"
            ingress = manifest["ports"][0]["containerPort"] if "ports" in manifest else None
            if ingress and "startupProbe" not in manifest:  # the default, which tells little
                manifest = dict(manifest, startupProbe={"tcpSocket": {"port": ingress}, "periodSeconds": 240,
                                                        "timeoutSeconds": 240, "failureThreshold": 1})
            self.containers.append(Container(
                world, manifest, self.ports, [(folder, "/scenario", True)] if ours else [],
                environment(world, manifest, self.ports.map[ingress] if ingress else None), "Never"))
        self.state = "starting"

    def get(self, name):
        return next(c for c in self.containers if c.name == name)

    def run(self):
        waiting = list(self.containers)
        while self.state == "starting":
            for container in list(waiting):
                if all(self.get(name).started.is_set() for name in self.waits.get(container.name, [])):
                    waiting.remove(container)
                    container.start()
            if any(c.done.is_set() for c in self.containers):
                self.state = "failed"
            elif not waiting and all(c.started.is_set() for c in self.containers):
                self.state = "ready"
            self.world.sleep(0.2)
        if self.state == "failed":
            self.stop()

    def stop(self):
        if self.state != "failed":
            self.state = "stopped"
        for container in self.containers:
            container.stop()
            if container.current:
                container.current.kill(0)

    def story(self):
        return "\n".join(f"{c.name}: {c.events[-4:]} {c.current.log()[-600:] if c.current else b''}"
                         for c in self.containers)
