"""Every object of k8s/ against the types of its kind (npm's kubernetes-models): the TypeScript compiler reads
each as a literal, and a field that is unknown, missing or of another type is an error."""

import copy
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from manifests import K8S, OVERLAYS, ROOT, cloud_run, need, overlay

HERE = Path(__file__).resolve().parent / "types"
BUILD = ROOT / "build/k8s"
GOOGLE = {"run.googleapis.com/v1 Job": "IRunJob", "deploy.cloud.google.com/v1 DeliveryPipeline": "IDeliveryPipeline",
          "deploy.cloud.google.com/v1 Target": "ITarget"}
PACKAGES = {"argoproj.io": "@kubernetes-models/argo-rollouts", "serving.knative.dev": "@kubernetes-models/knative",
            "monitoring.coreos.com": "@kubernetes-models/prometheus-operator"}
NO_NETWORK = re.compile(r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|E40[13]|network")


class Skipped(Exception):
    pass


def install():
    """node_modules of the lock file, in build/k8s."""
    if not shutil.which("npm"):
        raise Skipped("npm is not here")
    BUILD.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = BUILD / "node_modules/.goldprobe"
    if mark.exists() and mark.read_text() == key:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, BUILD / name)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=BUILD,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode and NO_NETWORK.search(done.stdout):
        raise Skipped("npm reaches no registry")
    need(done.returncode == 0, f"npm ci: {done.stdout[-2000:]}")
    mark.write_text(key)


def type_of(item):
    """(module, interface) that an object is checked against."""
    version, kind = item.get("apiVersion"), item.get("kind")
    if version is None:
        return "./google", "IScheduler"
    if f"{version} {kind}" in GOOGLE:
        return "./google", GOOGLE[f"{version} {kind}"]
    if version.startswith("skaffold/"):
        return "./google", "IConfig"
    group = version.split("/")[0] if "/" in version else ""
    package = PACKAGES.get(group, "kubernetes-models")
    return f"{package}/{version}/{kind}", f"I{kind}"


def everything():
    """(where, object)"""
    for name in OVERLAYS:
        for item in overlay(name):
            yield f"k8s/overlays/{name}: {item['kind']} {item['metadata']['name']}", item
    for path in sorted((K8S / "cloud-run").glob("*.yaml")):
        for item in cloud_run(path.name):
            yield f"k8s/cloud-run/{path.name}", item


def compile_all(objects):
    """The compiler's errors: {index of the object: [messages]}."""
    lines, imports = [], {}
    for index, (_, item) in enumerate(objects):
        module, name = type_of(item)
        alias = imports.setdefault((module, name), f"T{len(imports)}")
        lines.append(f"export const c{index}: {alias} = {json.dumps(item)};")
    heads = [f'import type {{ {name} as {alias} }} from "{module}";' for (module, name), alias in imports.items()]
    BUILD.joinpath("manifests.ts").write_text("\n".join(heads + lines) + "\n")
    shutil.copy(HERE / "google.d.ts", BUILD / "google.d.ts")
    BUILD.joinpath("tsconfig.json").write_text(json.dumps({
        "compilerOptions": {"strict": True, "noEmit": True, "skipLibCheck": True, "module": "nodenext",
                            "moduleResolution": "nodenext", "target": "es2022", "types": []},
        "files": ["manifests.ts"]}))
    done = subprocess.run(["node", "node_modules/typescript/lib/tsc.js", "-p", ".", "--pretty", "false"], cwd=BUILD,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    errors = {}
    for line in done.stdout.splitlines():
        place = re.match(r"manifests\.ts\((\d+),\d+\): error (.*)", line)
        if place:
            errors.setdefault(int(place.group(1)) - 1 - len(heads), []).append(place.group(2))
        elif re.match(r"\S.*: error |error ", line):
            errors.setdefault(-1, []).append(line)
    need(done.returncode == 0 or errors, f"tsc: {done.stdout[-2000:]}")
    return errors


def mistakes():
    """Objects with one mistake each: one unknown field in each kind, and a few that happen."""
    seen = set()
    for where, item in everything():
        if type_of(item) in seen:
            continue
        seen.add(type_of(item))
        wrong = copy.deepcopy(item)
        body = next((wrong[key] for key in ("spec", "subjects", "rules", "serialPipeline", "run", "verify")
                     if key in wrong), wrong)
        (body[0] if isinstance(body, list) else body)["unknownField"] = 1
        yield f"{where}: an unknown field", wrong

    def change(name, kind, what, edit):
        wrong = next(copy.deepcopy(o) for o in overlay(name) if o["kind"] == kind)
        edit(wrong["spec"])
        return f"{name}: {what}", wrong

    yield change("sidecar", "Deployment", "a misspelt probe", lambda s: s["template"]["spec"]["initContainers"][0].update(
        {"startUpProbe": s["template"]["spec"]["initContainers"][0].pop("startupProbe")}))
    yield change("sidecar", "Deployment", "a port as text", lambda s: s["template"]["spec"]["containers"][0]["ports"][0]
                 .update(containerPort="8080"))
    yield change("smoke-job", "Job", "a number as text", lambda s: s.update(backoffLimit="0"))
    yield change("smoke-job", "Job", "no containers", lambda s: s["template"]["spec"].pop("containers"))
    yield change("cronjob", "CronJob", "no schedule", lambda s: s.pop("schedule"))
    yield change("monitor", "ServiceMonitor", "a misspelt interval", lambda s: s["endpoints"][0].update(intervall="30s"))
    yield change("monitor", "NetworkPolicy", "a list that is none", lambda s: s.update(policyTypes="Ingress"))
    yield change("argo-rollouts", "AnalysisTemplate", "a misspelt provider", lambda s: s["metrics"][0]["provider"].update(
        {"jobs": s["metrics"][0]["provider"].pop("job")}))
    service = copy.deepcopy(cloud_run("service.yaml")[0])
    service["spec"]["template"]["spec"]["containers"][0]["startupProbe"]["httpGet"]["url"] = "/"
    yield "cloud-run: a probe's unknown field", service


def test_types():
    install()
    good, bad = list(everything()), list(mistakes())
    errors = compile_all(good + bad)
    need(-1 not in errors, f"tsc: {errors.get(-1)}")
    wrong = [f"{good[i][0]}: {'; '.join(errors[i])[:600]}" for i in range(len(good)) if i in errors]
    need(not wrong, "\n".join(wrong))
    missed = [where for i, (where, _) in enumerate(bad, len(good)) if i not in errors]
    need(not missed, f"these mistakes are not found: {missed}")


TESTS = [test_types]
