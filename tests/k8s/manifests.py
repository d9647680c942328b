"""What kustomize makes of k8s/, and what must hold for all of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
OVERLAYS = sorted(p.name for p in (K8S / "overlays").iterdir())
POD_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "AnalysisTemplate": ("spec", "metrics", 0, "provider", "job", "spec", "template"),
}


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def has_kustomize():
    """kubectl 1.21 and later: those before had a kustomize without components."""
    if not shutil.which("kubectl"):
        return False
    text = subprocess.run(["kubectl", "version", "--client", "-o", "json"], stdout=subprocess.PIPE, text=True).stdout
    minor = re.search(r'"minor": "(\d+)', text)
    return bool(minor) and int(minor.group(1)) >= 21


_built = {}


def overlay(name):
    """All objects of one overlay."""
    if name not in _built:
        done = subprocess.run(["kubectl", "kustomize", str(K8S / "overlays" / name)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        need(done.returncode == 0, f"kubectl kustomize k8s/overlays/{name}: {done.stderr}")
        need(not done.stderr, f"kubectl kustomize k8s/overlays/{name} warns: {done.stderr}")
        _built[name] = list(yaml.safe_load_all(done.stdout))
    return json.loads(json.dumps(_built[name], default=str))


def find(objects, kind, name=None):
    for item in objects:
        if item["kind"] == kind and name in (None, item["metadata"]["name"]):
            return item
    raise Wrong(f"there is no {kind} {name or ''}")


def cloud_run(name):
    return list(yaml.safe_load_all((K8S / "cloud-run" / name).read_text()))


def pod_template(item):
    for key in POD_TEMPLATES[item["kind"]]:
        item = item[key]
    return item


def pod_templates():
    """(where, pod template) of everything that becomes a pod."""
    for name in OVERLAYS:
        for item in overlay(name):
            if item["kind"] in POD_TEMPLATES:
                yield f"{name}: {item['kind']} {item['metadata']['name']}", pod_template(item)


def not_restricted(template):
    """What the Pod Security Standard "restricted" refuses in a pod, as its documentation lists it."""
    spec, wrong = template["spec"], []
    context = spec.get("securityContext", {})
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            wrong.append(key)
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        wrong.append("seccompProfile")
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
               "secret", "name"}
    wrong += [f"volume {v['name']}" for v in spec.get("volumes", []) if set(v) - allowed]
    for container in spec.get("initContainers", []) + spec["containers"]:
        name, own = container["name"], container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False:
            wrong.append(f"{name}: allowPrivilegeEscalation")
        if own.get("privileged"):
            wrong.append(f"{name}: privileged")
        capabilities = own.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            wrong.append(f"{name}: capabilities")
        if not own.get("runAsNonRoot", context.get("runAsNonRoot")):
            wrong.append(f"{name}: runAsNonRoot")
        if own.get("runAsUser", context.get("runAsUser", 1)) == 0:
            wrong.append(f"{name}: runAsUser")
        if any("hostPort" in port for port in container.get("ports", [])):
            wrong.append(f"{name}: hostPort")
        # Not part of the standard, but of this project.
        if own.get("readOnlyRootFilesystem") is not True:
            wrong.append(f"{name}: readOnlyRootFilesystem")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            wrong.append(f"{name}: no memory limit")
    return wrong


def test_comments():
    """Every file begins with a comment that says when it is used."""
    for path in sorted(K8S.rglob("*")):
        if path.is_file():
            text = path.read_text()
            need(text.startswith("# "), f"{path.relative_to(ROOT)} does not begin with a comment")
            if path.name == "kustomization.yaml" and path.parent.parent.name == "overlays" or \
                    path.parent.name == "cloud-run":
                need(text.startswith("# Use it "), f"{path.relative_to(ROOT)} does not say when to use it")


def test_kustomize():
    for name in OVERLAYS:
        objects = overlay(name)
        need(objects, f"{name} is empty")
        for item in objects:
            where = f"{name}: {item['kind']} {item['metadata']['name']}"
            need(item["metadata"].get("namespace") == "backend", f"{where} is in no namespace")
            for image in re.findall(r'"image": "([^"]*)"', json.dumps(item)):
                need(image.startswith("registry.example.com/"), f"{where}: nothing says where '{image}' is from")


def test_restricted():
    count = 0
    for where, template in pod_templates():
        wrong = not_restricted(template)
        need(not wrong, f"{where}: {', '.join(wrong)}")
        count += 1
    need(count >= 7, f"only {count} pods were looked at")
    broken = dict(template, spec=dict(template["spec"], hostNetwork=True, securityContext={}))
    need(len(not_restricted(broken)) >= 3, "a pod that is not restricted passes")


def test_permissions():
    """Reads pods, their logs and events, in one namespace, and nothing else."""
    for name in OVERLAYS:
        for item in overlay(name):
            need(not item["kind"].startswith("Cluster"), f"{name} has a {item['kind']}")
            if item["kind"] == "Role":
                rules = {(group, what, verb) for rule in item["rules"] for group in rule["apiGroups"]
                         for what in rule["resources"] for verb in rule["verbs"]}
                need(rules == {("", "pods", "list"), ("", "events", "list"), ("", "pods/log", "get")},
                     f"{name} may do {sorted(rules)}")
            if item["kind"] == "RoleBinding":
                need(item["subjects"] == [{"kind": "ServiceAccount", "name": "goldprobe", "namespace": "backend"}]
                     and item["roleRef"]["name"] == "goldprobe", f"{name} binds {item['subjects']}")
            if item["kind"] == "ServiceAccount":
                need(item["automountServiceAccountToken"] is False, f"{name} gives its token to every pod")
    for where, template in pod_templates():
        uses = "--logs=k8s:" in json.dumps(template)
        need(template["spec"].get("automountServiceAccountToken") is uses, f"{where}: token without need, or the reverse")


def test_references():
    """What one object says of another is there: ports, labels, volumes, ConfigMaps."""
    for name in OVERLAYS:
        objects = overlay(name)
        maps = {item["metadata"]["name"]: set(item["data"]) for item in objects if item["kind"] == "ConfigMap"}
        claims = {item["metadata"]["name"] for item in objects if item["kind"] == "PersistentVolumeClaim"}
        for item in objects:
            if item["kind"] not in POD_TEMPLATES:
                continue
            spec = pod_template(item)["spec"]
            volumes = {v["name"]: v for v in spec.get("volumes", [])}
            for volume in volumes.values():
                if "configMap" in volume:
                    need(volume["configMap"]["name"] in maps, f"{name}: no ConfigMap for {volume}")
                if "persistentVolumeClaim" in volume:
                    need(volume["persistentVolumeClaim"]["claimName"] in claims, f"{name}: no claim for {volume}")
            for container in spec.get("initContainers", []) + spec["containers"]:
                mounts = {m["mountPath"]: volumes[m["name"]] for m in container.get("volumeMounts", [])}
                for argument in container.get("args", []):
                    if argument.startswith("/scenario/"):
                        held = maps[mounts["/scenario"]["configMap"]["name"]]
                        need(argument[len("/scenario/"):] in held, f"{name}: '{argument}' is in no ConfigMap")
                named = {port["name"] for port in container.get("ports", [])}
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    port = container.get(probe, {}).get("httpGet", {}).get("port")
                    need(port is None or port in named, f"{name}: {probe} asks port {port}")
    monitor = overlay("monitor")
    service, pods = find(monitor, "Service"), pod_template(find(monitor, "Deployment"))
    labels = pods["metadata"]["labels"]
    need(service["spec"]["selector"].items() <= labels.items(), "the monitor's Service selects nothing")
    need(find(monitor, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels.items(),
         "the NetworkPolicy is for nobody")
    scrape = find(monitor, "ServiceMonitor")["spec"]
    need(scrape["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items(),
         "the ServiceMonitor selects nothing")
    need(scrape["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"] == "http", "the ServiceMonitor's port")


def test_wrappings():
    """The Helm test and the analysis are the smoke Job, wrapped."""
    job = find(overlay("smoke-job"), "Job")
    helm = find(overlay("helm-test"), "Job")
    need(helm["metadata"]["annotations"]["helm.sh/hook"] == "test", "the Helm test is no hook")
    need(helm["spec"] == job["spec"], "the Helm test is not the smoke Job")
    need("{{" not in json.dumps(helm), "Helm would read a template in it")
    analysis = find(overlay("argo-rollouts"), "AnalysisTemplate")["spec"]
    text = json.dumps(analysis["metrics"][0]["provider"]["job"]["spec"], sort_keys=True)
    need(text.replace("{{args.target}}", analysis["args"][0]["value"]) == json.dumps(job["spec"], sort_keys=True),
         "the analysis is not the smoke Job")


TESTS = [test_comments, test_kustomize, test_restricted, test_permissions, test_references, test_wrappings]
