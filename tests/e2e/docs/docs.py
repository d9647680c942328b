#!/usr/bin/python3
"""Holds the files of docs/ to what the program really has.

    docs.py DOCS BINARY CASE       prints ok, or fails with what is wrong
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request

import yaml

DOCS, BINARY, CASE = sys.argv[1:]


def metrics():
    """{metric: labels} of a monitor whose backend is not there, and labels that need more than that."""
    with open("s.yaml", "w") as f:
        f.write("target: http://127.0.0.1:1\nsteps: [{name: s, http: GET /}]\nmonitor: {every: 100ms, "
                "alerts: [{webhook: 'http://127.0.0.1:1/', after: 1}]}\n")
    serve = subprocess.Popen([BINARY, "serve", "s.yaml", "--listen", "127.0.0.1:0"],
                             stderr=subprocess.PIPE, text=True)
    try:
        port = re.search(r":(\d+)$", serve.stderr.readline().strip()).group(1)
        end = time.monotonic() + 10
        while True:
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
            if "goldprobe_findings{" in text and "goldprobe_alerts_total{" in text:
                break
            assert time.monotonic() < end, text
            time.sleep(0.2)
    finally:
        serve.terminate()
        serve.wait(10)
    known = {name: set() for name in re.findall(r"^# TYPE (\w+)", text, re.M)}
    for name, labels in re.findall(r"^(\w+)\{(.*)\} ", text, re.M):
        known[name] |= set(re.findall(r'(\w+)="', labels))
    known["goldprobe_tls_cert_expiry_timestamp_seconds"] |= {"scenario", "step"}
    return known


def check_expression(known, expression, where):
    names = re.findall(r"\bgoldprobe_\w+", expression)
    assert names, f"{where}: no metric in {expression}"
    for name, matchers in re.findall(r"\b(goldprobe_\w+)(?:\{([^}]*)\})?", expression):
        assert name in known, f"{where}: there is no metric '{name}'"
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            assert label in known[name], f"{where}: '{name}' has no label '{label}'"


def dashboard():
    known = metrics()
    board = json.load(open(f"{DOCS}/grafana-dashboard.json"))
    seen, places, rules = set(), [], []
    for panel in board["panels"]:
        assert panel["title"] and panel["targets"] and panel["id"] not in places
        places.append(panel["id"])
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for target in panel["targets"]:
            check_expression(known, target["expr"], panel["title"])
            seen |= set(re.findall(r"goldprobe_\w+", target["expr"]))
            rules.append({"record": f"r{len(rules)}", "expr": target["expr"].replace(
                "$__rate_interval", "5m").replace("$__range", "1d")})
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                name = re.search(r"goldprobe_\w+", target["expr"]).group()
                assert label in known[name], f"{panel['title']}: '{name}' has no label '{label}'"
    if shutil.which("promtool"):
        with open("rules.yaml", "w") as f:
            yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}, f)
        subprocess.run(["promtool", "check", "rules", "rules.yaml"], check=True, stdout=subprocess.DEVNULL)
    missing = set(known) - seen - {"goldprobe_build_info"}
    assert not missing, f"no panel shows {missing}"


def alerts():
    known = metrics()
    for group in yaml.safe_load(open(f"{DOCS}/alerts.yaml"))["groups"]:
        for rule in group["rules"]:
            check_expression(known, rule["expr"], rule["alert"])
            assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]


def commands(script):
    """The goldprobe commands of a shell script, as lists of words."""
    for line in script.replace("\\\n", " ").splitlines():
        if line.strip().startswith("goldprobe "):
            yield shlex.split(line.strip().split(" -- ")[0])[1:]


def workflow():
    flags = {}
    for command in "run", "validate", "check":
        text = subprocess.run([BINARY, "help", command], capture_output=True, text=True).stdout
        flags[command] = set(re.findall(r"--[a-z0-9-]+|(?<=\s)-[a-zA-Z0-9](?=,)", text))
    reports = subprocess.run([BINARY, "help", "reports"], capture_output=True, text=True).stdout
    flow = yaml.safe_load(open(f"{DOCS}/github-actions.yml"))
    assert set(flow[True]) <= {"pull_request", "workflow_dispatch", "deployment_status", "push"}
    found = 0
    for job in flow["jobs"].values():
        assert job["runs-on"] and job["timeout-minutes"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert set(step) <= {"uses", "with", "name", "run", "env", "if", "id"}, step
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), step
            if "run" not in step:
                continue
            assert "${{" not in step["run"], "expressions belong into env: they are filled in unquoted"
            subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
            for words in commands(step["run"]):
                found += 1
                for i, word in enumerate(words[1:]):
                    if word.startswith("-"):
                        assert word in flags[words[0]], f"{words[0]} has no flag {word}"
                    if words[i] == "-r":
                        assert re.search(rf"^  {word.split('=')[0]}\b", reports, re.M), word
    assert found >= 3


globals()[CASE]()
print("ok")
