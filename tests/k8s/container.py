"""One container under a platform: its probes by period, timeout and threshold, its end and its restarts.

Everything that is waited for is real: processes, probes, their timeouts. Only the platform's own periods, and
those that a manifest gives to goldprobe (--every, --deadline, patience), are shortened by World.clock.
"""

import http.client
import os
import re
import socket
import threading
import time

from runtime import Spec, free_port

LONG = re.compile(r"^(--every=|--deadline=|--var=patience=)(\d+)s$")
MESSAGE_MAX = 4096  # of the termination message, that the kubelet keeps
OUTPUT_MAX = 10 << 10  # of a probe, that the kubelet keeps


class World:
    """What is around the containers: the clock, names of services, secrets."""

    def __init__(self, runtime, clock=0.05):
        self.runtime, self.clock = runtime, clock * runtime.slowness
        self.services = {}  # "name:port" -> port on this machine
        self.secrets = {("golden-path", "password"): "correct horse battery staple",
                        ("smoke-password", "latest"): "correct horse battery staple"}
        self.pods = []
        self.kubeconfig = None
        self.began = time.monotonic()

    def now(self):
        """Seconds of the platform's clock."""
        return (time.monotonic() - self.began) / self.clock

    def sleep(self, seconds):
        time.sleep(seconds * self.clock)


class Ports:
    """A pod has its own loopback: the ports it uses become free ones of this machine."""

    def __init__(self, containers):
        numbers = {p["containerPort"] for c in containers for p in c.get("ports", [])}
        for container in containers:
            for word in container.get("args", []):
                numbers |= {int(n) for n in re.findall(r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)", word)}
        self.map = {number: free_port() for number in numbers}
        self.names = {p["name"]: p["containerPort"] for c in containers for p in c.get("ports", [])}

    def of(self, port):
        return self.map[self.names.get(port, port)]

    def move(self, word):
        word = re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=0\.0\.0\.0:)\d+", lambda m: str(self.map[int(m.group())]), word)
        return str(self.map[int(word)]) if word.isdigit() and int(word) in self.map else word


class Probe:
    """A probe's settings with their defaults, and its counts."""

    def __init__(self, settings):
        self.settings = settings
        self.period = settings.get("periodSeconds", 10)
        self.timeout = settings.get("timeoutSeconds", 1)
        self.failures_wanted = settings.get("failureThreshold", 3)
        self.successes_wanted = settings.get("successThreshold", 1)
        self.reset(0)

    def reset(self, now):
        self.failed = self.passed = 0
        self.output = b""
        self.due = now + self.settings.get("initialDelaySeconds", 0)

    def run(self, container, ports):
        ok, self.output = self.ask(container, ports)
        self.output = self.output[:OUTPUT_MAX]
        self.passed, self.failed = (self.passed + 1, 0) if ok else (0, self.failed + 1)
        return ok

    def ask(self, container, ports):
        if "exec" in self.settings:
            code, output = container.exec([ports.move(w) for w in self.settings["exec"]["command"]], self.timeout)
            return code == 0, output
        if "httpGet" in self.settings:
            asked = self.settings["httpGet"]
            client = http.client.HTTPConnection("127.0.0.1", ports.of(asked["port"]), timeout=self.timeout)
            try:
                client.request("GET", asked["path"])
                answer = client.getresponse()
                return 200 <= answer.status < 400, answer.read(OUTPUT_MAX)
            except (OSError, http.client.HTTPException) as error:
                return False, str(error).encode()
            finally:
                client.close()
        try:
            socket.create_connection(("127.0.0.1", ports.of(self.settings["tcpSocket"]["port"])), self.timeout).close()
            return True, b""
        except OSError as error:
            return False, str(error).encode()


class Container(threading.Thread):
    """Runs one container of a manifest until it is through or stopped, with restarts by `policy`."""

    def __init__(self, world, manifest, ports, mounts, env, policy):
        super().__init__(daemon=True, name=manifest["name"])
        self.world, self.manifest, self.ports, self.mounts = world, manifest, ports, mounts
        self.env, self.policy = env, policy
        self.probes = {kind: Probe(manifest[kind]) for kind in ("startupProbe", "livenessProbe", "readinessProbe")
                       if kind in manifest}
        self.extra_args = []
        self.events = []  # (seconds, what)
        self.ends = []  # {exitCode, message, log, reason}
        self.restarts = 0
        self.started, self.done = threading.Event(), threading.Event()
        self.ready = self.stopping = False
        self.current = None
        self.message = None

    def tell(self, what):
        self.events.append((self.world.now(), what))

    def spec(self):
        manifest, world = self.manifest, self.world
        self.message = world.runtime.new_folder("message") / "log"
        self.message.touch()
        os.chmod(self.message, 0o666)

        def words(key):
            out = []
            for word in manifest.get(key, []):
                word = re.sub(r"\$\((\w+)\)", lambda m: self.env.get(m.group(1), m.group(0)), word)
                long = LONG.match(word)
                if long:
                    word = f"{long.group(1)}{max(1, round(int(long.group(2)) * 1000 * world.clock))}ms"
                out.append(self.ports.move(word))
            return out

        args, mounts, env = words("args"), list(self.mounts), dict(self.env)
        if world.runtime.kind(manifest["image"]) != "backend" and args:
            # The cluster's DNS and service addresses.
            args += [f"--connect-to={name}:127.0.0.1:{port}" for name, port in world.services.items()]
            if world.kubeconfig:
                mounts.append((world.kubeconfig.parent, "/kubeconfig", True))
                env["KUBECONFIG"] = str(world.kubeconfig if not world.runtime.podman else "/kubeconfig/config")
        return Spec(manifest["image"], words("command"), args + self.extra_args, env, mounts, self.message)

    def run(self):
        pause = 10  # the kubelet's back-off: doubles up to five minutes
        while not self.stopping:
            self.started.clear()
            self.current = self.world.runtime.start(self.spec())
            self.tell("started")
            reason = self.watch()
            self.ready = False
            self.current.kill()
            self.record(reason)
            failed = self.ends[-1]["exitCode"] != 0
            if self.stopping or self.policy == "Never" or (self.policy == "OnFailure" and not failed):
                break
            self.restarts += 1
            self.tell("back-off")
            self.wait(pause)
            pause = min(2 * pause, 300)
        self.done.set()

    def wait(self, seconds):
        until = self.world.now() + seconds
        while not self.stopping and self.world.now() < until:
            time.sleep(0.01)

    def record(self, reason):
        log, left = self.current.log(), self.message.read_bytes()[:MESSAGE_MAX]
        code = self.current.poll()
        if not left and code and self.manifest.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            left = b"\n".join(log.splitlines()[-80:])[-2048:]
        self.ends.append({"exitCode": code, "message": left, "log": log, "reason": reason,
                          "size": self.message.stat().st_size})
        self.tell(f"ended with {code}")

    def watch(self):
        """Until the process ends or is to be ended; returns why."""
        now = self.world.now()
        for probe in self.probes.values():
            probe.reset(now)
        if "startupProbe" not in self.probes:
            self.has_started()
        while not self.stopping:
            if self.current.poll() is not None:
                return "Completed" if self.current.poll() == 0 else "Error"
            for kind, probe in self.probes.items():
                if (kind == "startupProbe") == self.started.is_set() or self.world.now() < probe.due:
                    continue
                probe.due = self.world.now() + probe.period
                ok = probe.run(self.current, self.ports)
                if self.current.poll() is None and self.judge(kind, probe, ok):
                    return f"{kind} failed"
            time.sleep(0.01)
        return "stopped"

    def has_started(self):
        self.started.set()
        self.ready = "readinessProbe" not in self.probes

    def judge(self, kind, probe, ok):
        """Draws the consequences; True when the container is to be killed."""
        if kind == "readinessProbe":
            ready = self.ready
            if probe.passed >= probe.successes_wanted:
                ready = True
            elif probe.failed >= probe.failures_wanted:
                ready = False
            if ready != self.ready:
                self.ready = ready
                self.tell("ready" if ready else f"not ready: {probe.output.decode(errors='replace')}")
            return False
        if not ok:
            self.tell(f"{kind} failed: {probe.output.decode(errors='replace')}")
        elif kind == "startupProbe":
            self.tell("startup passed")
            self.has_started()
        return probe.failed >= probe.failures_wanted

    def said(self, what):
        """Seconds at which an event that begins with `what` came first, or None."""
        return next((at for at, text in self.events if text.startswith(what)), None)

    def count(self, what):
        return sum(text.startswith(what) for _, text in self.events)

    def crash(self):
        """Ends the process behind the platform's back."""
        self.current.popen.kill() if not self.world.runtime.podman else self.current.kill(0)

    def stop(self):
        self.stopping = True
        if self.is_alive():
            self.join(20)
