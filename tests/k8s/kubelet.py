"""The kubelet for one pod of a manifest: volumes, init containers, native sidecars, containers, readiness."""

import os
import threading
import time

from container import Container, Ports


class Pod(threading.Thread):
    def __init__(self, world, objects, template, name="pod"):
        super().__init__(daemon=True)
        self.world, self.objects, self.spec, self.name_in_cluster = world, objects, template["spec"], name
        self.labels = template["metadata"].get("labels", {})
        self.namespace = "backend"
        self.stopping = False
        self.policy = self.spec.get("restartPolicy", "Always")
        everything = self.spec.get("initContainers", []) + self.spec["containers"]
        self.ports = Ports(everything)
        self.volumes = {v["name"]: self.volume(v) for v in self.spec.get("volumes", [])}
        self.init = [self.container(c, c.get("restartPolicy", "OnFailure" if self.policy == "Always" else self.policy))
                     for c in self.spec.get("initContainers", [])]
        self.main = [self.container(c, self.policy) for c in self.spec["containers"]]
        world.pods.append(self)

    def volume(self, volume):
        folder = self.world.runtime.new_folder(volume["name"])
        if "configMap" in volume:
            data = next(o["data"] for o in self.objects
                        if o["kind"] == "ConfigMap" and o["metadata"]["name"] == volume["configMap"]["name"])
            for name, text in data.items():
                (folder / name).write_text(text)
                os.chmod(folder / name, 0o644)
        return folder

    def container(self, manifest, policy):
        env = {}
        for item in manifest.get("env", []):
            source = item.get("valueFrom", {})
            if "secretKeyRef" in source:
                env[item["name"]] = self.world.secrets[source["secretKeyRef"]["name"], source["secretKeyRef"]["key"]]
            elif "fieldRef" in source:
                env[item["name"]] = {"metadata.namespace": self.namespace}[source["fieldRef"]["fieldPath"]]
            else:
                env[item["name"]] = item["value"]
        mounts = [(self.volumes[m["name"]], m["mountPath"], m.get("readOnly", False))
                  for m in manifest.get("volumeMounts", [])]
        return Container(self.world, manifest, self.ports, mounts, env, policy)

    def run(self):
        for container in self.init:
            container.start()
            gate = container.started if container.policy == "Always" else container.done
            while not gate.wait(0.01):
                if self.stopping:
                    return
            if container.policy != "Always" and container.ends[-1]["exitCode"] != 0:
                return
        for container in self.main:
            if not self.stopping:
                container.start()

    def get(self, name):
        return next(c for c in self.init + self.main if c.name == name)

    def ready(self):
        parts = self.main + [c for c in self.init if c.policy == "Always"]
        return all(c.started.is_set() and c.ready for c in parts)

    def until(self, condition, seconds, what):
        """Waits for `condition`, at most so many real seconds."""
        end = time.monotonic() + seconds * self.world.runtime.slowness
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s; {self.story()}")
            time.sleep(0.02)

    def story(self):
        out = []
        for container in self.init + self.main:
            out.append(f"{container.name}: " + "; ".join(f"{at:.0f}s {text}" for at, text in container.events[-6:]))
            if container.current:
                out.append(container.current.log().decode(errors="replace")[-800:])
        return "\n".join(out)

    def stop(self):
        self.stopping = True
        for container in self.main + self.init[::-1]:
            container.stop()
        for container in self.main + self.init:
            if container.current:
                container.current.kill(0)
