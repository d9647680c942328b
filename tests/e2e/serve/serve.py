#!/usr/bin/python3
"""Starts `goldprobe serve` beside a backend that can be told to fail, and holds it to its word.

    serve.py BINARY CASE        prints ok, or fails with what was wrong
"""

import asyncio
import base64
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

from watch import Backend, Serve, until


def code(serve, path):
    return lambda wanted: until(lambda: serve.get(path)[0] == wanted, f"{path} never was {wanted}")


def promtool(text):
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True)
        assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


# ---- cases ----


def endpoints(backend):
    backend.up = False
    serve = Serve(backend.scenario())
    until(lambda: len(serve.runs()) > 1, "no runs")
    for path in "/startupz", "/readyz":
        status, body, _ = serve.get(path)
        assert status == 503 and "is ready" in body and "wanted 200, saw 503" in body, body
    assert serve.get("/livez")[0] == 200
    backend.up = True
    code(serve, "/startupz")(200)
    code(serve, "/readyz")(200)
    backend.up = False
    code(serve, "/readyz")(503)
    assert serve.get("/startupz")[0] == 200, "started once is started"
    metrics = serve.get("/metrics")[1]
    promtool(metrics)
    for line in ('goldprobe_golden_path{scenario="golden",state="broken"} 1',
                 'goldprobe_step_success{scenario="golden",step="is ready",capability="service"} 0',
                 'goldprobe_findings{scenario="golden",priority="P0",cause='):
        assert line in metrics, line
    for name in ("goldprobe_step_duration_seconds{", 'phase="total"', "goldprobe_runs_total{",
                 "goldprobe_last_run_timestamp_seconds{", "goldprobe_build_info{"):
        assert name in metrics, name
    run = serve.runs(1)[0]
    document = json.loads(serve.get(f"/api/v1/runs/{run['id']}")[1])
    assert document["schema"] == "goldprobe.run/v1" and document["run"]["id"] == run["id"]
    assert serve.status()["golden_path"] == "broken"
    for path in "/nope", "/api/v1/runs/nope", "/api/v1/nope":
        assert serve.get(path)[0] == 404, path
    assert serve.get("/api/v1/runs?limit=x")[0] == 400
    for path in "/", "/readyz", "/metrics":
        status, body, headers = serve.get(path, "HEAD")
        assert body == "" and int(headers["content-length"]) > 0, path
        assert headers["x-content-type-options"] == "nosniff"
    for method in "POST", "PUT", "DELETE", "OPTIONS":
        status, _, headers = serve.get("/readyz", method)
        assert status == 405 and headers["allow"] == "GET, HEAD", method
    asked = len(backend.asked["/health"])
    began = time.monotonic()
    for _ in range(200):
        serve.get("/readyz")
    allowed = (time.monotonic() - began) / 0.2 + 2
    assert len(backend.asked["/health"]) - asked <= allowed, "requests started runs"


def page(backend):
    backend.up = False
    serve = Serve(backend.scenario(), backend.scenario("second one"))
    until(lambda: len(serve.runs()) > 3, "no runs")
    status, html, headers = serve.get("/")
    assert status == 200 and "default-src 'none'" in headers["content-security-policy"]
    for text in ("golden: ", "90 days", "Capabilities", "Latest run", "Findings", "is ready",
                 "Last 40 results", "All 2", "second one", 'lang="en"', "<main"):
        assert text in html, text
    assert "<script>alert" not in html
    assert not re.search(r'(src|href)="https?:', html), "outside request"
    assert "second one: " in serve.get("/?scenario=second%20one")[1]
    assert serve.get("/?scenario=third")[0] == 404
    for path in re.findall(r'(?:src|href)="(/[^"]*)"', html):
        assert serve.get(path.replace("&amp;", "&"))[0] == 200, path


HOSTILE = """name: {name}
target: http://127.0.0.1:{port}
steps:
  - name: "<img src=x onerror=alert(1)>"
    capability: "\\"><script>alert(2)</script>"
    http: GET /health
    expect: {{status: 200, json: {{$.status: ready}}}}
  - name: answers with a name that is far too long for a narrow screen_and_has_no_place_to_break_it_anywhere
    http: "GET /x?q=</script>"
  - name: third
    http: GET /x
    optional: true
monitor: {{every: 300ms}}
"""


def browser(backend):
    """Headless Chromium under Playwright; page.js has what is looked at."""
    for file, name in ("one.yaml", "golden"), ("two.yaml", "'second & <b>\"two\"</b>'"):
        with open(file, "w") as f:
            f.write(HOSTILE.format(name=name, port=backend.port))
    serve = Serve("one.yaml", "two.yaml")
    code(serve, "/readyz")(200)
    done = subprocess.run(["node", "page.js", str(serve.port), str(backend.port)], capture_output=True,
                          text=True, timeout=180)
    assert done.returncode == 0 and done.stdout == "ok\n", done.stdout + done.stderr


def live(backend):
    import websockets
    serve = Serve(backend.scenario())

    async def listen():
        url = f"ws://127.0.0.1:{serve.port}/live"
        async with websockets.connect(url) as socket_:
            for _ in range(3):
                event = json.loads(await asyncio.wait_for(socket_.recv(), 5))
                assert event["scenario"] == "golden" and event["golden_path"] == "healthy"
        for where, origin in ((url, "http://evil.example"), (url + "x", None)):
            try:
                await websockets.connect(where, origin=origin)
            except (websockets.exceptions.InvalidHandshake, OSError):
                continue
            raise AssertionError(f"{where} from {origin} was let in")

    asyncio.run(listen())


def token(backend):
    with open("token", "w") as f:
        f.write("s3cret-token\n")
    serve = Serve(backend.scenario(), "--token-file", "token")
    good = {"Authorization": "Bearer s3cret-token"}
    basic = {"Authorization": "Basic " + base64.b64encode(b"me:s3cret-token").decode()}
    for path in "/", "/metrics", "/api/v1/status", "/api/v1/runs", "/probe?target=x":
        assert serve.get(path)[0] == 401, path
        assert serve.get(path, headers={"Authorization": "Bearer s3cret-tokem"})[0] == 401
        assert serve.get(path, headers={"Authorization": "Bearer "})[0] == 401
        for headers in good, basic:
            assert serve.get(path, headers=headers)[0] != 401, path
    for path in "/livez", "/readyz", "/startupz":
        assert serve.get(path)[0] in (200, 503), path


def probe(backend):
    serve = Serve(backend.scenario())
    target = f"127.0.0.1:{backend.port}"
    status, text, _ = serve.get(f"/probe?target={target}/x&module=http_2xx")
    assert status == 200, text
    promtool(text)
    for line in ("probe_success 1", "probe_http_status_code 200", "probe_http_version 1.1",
                 'probe_http_duration_seconds{phase="processing"}', "probe_ip_protocol 4",
                 "probe_http_redirects 0", "probe_dns_lookup_time_seconds"):
        assert line in text, line
    backend.up = False
    text = serve.get(f"/probe?target=http://{target}/health")[1]
    assert "probe_success 0" in text and "probe_http_status_code 503" in text, text
    assert "probe_success 1" in serve.get(f"/probe?target={target}&module=tcp_connect")[1]
    text = serve.get(f"/probe?target={target}/x&module=websocket")[1]
    assert "probe_websocket_connection_upgraded 0" in text, text
    assert serve.get("/probe?target=127.0.0.1:1")[0] == 403
    assert serve.get("/probe")[0] == 400
    assert serve.get(f"/probe?target={target}&module=nope")[0] == 400
    # What looks like a reference in a target is none.
    os.environ["PROBE_SECRET"] = "leaked-value"
    serve.stop()
    serve = Serve(backend.scenario(), "--probe-allow", "127.0.0.*")
    serve.get(f"/probe?target={target}/${{env.PROBE_SECRET}}")
    assert not any("leaked" in path for path in backend.asked), "environment leaked"
    free = socket.create_server(("127.0.0.1", 0))
    text = serve.get(f"/probe?target=127.0.0.1:{free.getsockname()[1]}&module=http_2xx",
                     headers={"X-Prometheus-Scrape-Timeout-Seconds": "1.5"})[1]
    assert "probe_success 0" in text, text


def reload(backend):
    file = backend.scenario()
    serve = Serve(file)
    until(lambda: backend.asked["/health"], "never asked")
    with open(file, "a") as f:
        f.write("oops: 1\n")
    until(lambda: "runs on as it was" in serve.said(), "not told")
    assert "unknown key 'oops'" in serve.said(), serve.said()
    assert 'goldprobe_scenario_valid{scenario="golden"} 0' in serve.get("/metrics")[1]
    asked = len(backend.asked["/health"])
    until(lambda: len(backend.asked["/health"]) > asked + 2, "the old one does not run on")
    backend.scenario(path="/health2")
    until(lambda: backend.asked["/health2"], "not read anew")
    time.sleep(0.3)
    asked = len(backend.asked["/health"])
    until(lambda: len(backend.asked["/health2"]) > 3, "not every 200 ms")
    assert len(backend.asked["/health"]) == asked, "both run"
    said = serve.said().count("read anew")
    serve.popen.send_signal(signal.SIGHUP)
    until(lambda: serve.said().count("read anew") > said, "SIGHUP does nothing", 1.5)


def include(backend):
    """An included file that changes, breaks, goes and comes back is read anew like the file itself."""
    def write(name, text):
        with open(name + ".new", "w") as f:
            f.write(text)
        os.rename(name + ".new", name)

    write("inner.yaml", "steps: [{name: asks, http: GET /one}]\n")
    write("outer.yaml", "steps: [{include: inner.yaml}]\n"
                        f"target: http://127.0.0.1:{backend.port}\nmonitor: {{every: 200ms}}\n")
    serve = Serve("outer.yaml")
    until(lambda: backend.asked["/one"], "never asked")
    write("inner.yaml", "steps: [{name: asks, http: GET /two}]\n")
    until(lambda: backend.asked["/two"], "the included file is not watched")
    write("inner.yaml", "steps: [{name: asks, htp: GET /three}]\n")
    until(lambda: "inner.yaml:1:" in serve.said() and "runs on as it was" in serve.said(), "not told")
    os.remove("inner.yaml")
    until(lambda: "cannot open 'inner.yaml'" in serve.said(), "not told that it is gone")
    asked = len(backend.asked["/two"])
    until(lambda: len(backend.asked["/two"]) > asked + 2, "the old one does not run on")
    write("inner.yaml", "steps: [{name: asks, http: GET /four}]\n")
    until(lambda: backend.asked["/four"], "the file that came back is not read")


def fresh(backend):
    """Values that differ from run to run do so here too; what else a file gives is read anew."""
    with open("token", "w") as f:
        f.write("first\n")
    with open("fresh.yaml", "w") as f:
        f.write(f"""target: http://127.0.0.1:{backend.port}
vars: {{id: "${{run.id}}", u: "${{uuid}}", n: "${{now}}", token: {{file: token}}}}
steps:
  - http: "GET /a?id=${{id}}&uuid=${{u}}&now=${{n}}&token=${{token}}"
  - http: "GET /b?id=${{run.id}}&of=${{uuid}}"
monitor: {{every: 100ms}}
""")
    serve = Serve("fresh.yaml")

    def asked(path):
        return [dict(p.split("=") for p in line.split("?")[1].split("&"))
                for line in list(backend.asked) if line.startswith(path)]

    until(lambda: len(asked("/b")) > 5, "no runs")
    for key in "id", "uuid", "now":
        values = [a[key] for a in asked("/a")]
        assert len(set(values)) == len(values), f"'{key}' has a value twice: {values}"
    assert {b["id"] for b in asked("/b")} <= {a["id"] for a in asked("/a")}, "two ids of one run"
    assert {run["id"] for run in serve.runs()} <= {a["id"] for a in asked("/a")}, "not the run's id"
    with open("token", "w") as f:
        f.write("second\n")
    until(lambda: asked("/a")[-1]["token"] == "second", "the file is not read anew")
    os.remove("token")
    until(lambda: "cannot read 'token'" in serve.said(), "a file that is gone is not told")
    count = len(serve.runs())
    until(lambda: len(serve.runs()) > count + 3, "it stopped")
    assert serve.said().count("with the values of before") == 1, serve.said()


def alerts(backend):
    url = f"http://127.0.0.1:{backend.port}"
    backend.scenario(monitor=f"{{every: 100ms, alerts: [{{webhook: '{url}/hook', after: 3}}, "
                             f"{{slack: '{url}/slack', on_recovery: false}}]}}")
    serve = Serve("golden.yaml")
    code(serve, "/readyz")(200)
    assert not backend.alerts
    for incident in 1, 2:
        backend.up = False
        until(lambda: len(backend.alerts) == 3 * incident - 1, f"alerts {backend.alerts}")
        runs = len(serve.runs())
        until(lambda: len(serve.runs()) > runs + 5, "stopped")
        assert len(backend.alerts) == 3 * incident - 1, "told twice"
        backend.up = True
        until(lambda: len(backend.alerts) == 3 * incident, "recovery not told")
        code(serve, "/readyz")(200)
    events = [a["event"] for a in backend.alerts if "event" in a]
    assert events == ["broken", "recovered"] * 2, events
    assert "goldprobe_alerts_total" in serve.get("/metrics")[1]


def dead_webhook(backend):
    silent = socket.create_server(("127.0.0.1", 0), backlog=8)
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
    serve = Serve(backend.scenario(monitor=f"{{every: 100ms, alerts: [{{webhook: '{url}'}}]}}"))
    backend.up = False
    code(serve, "/readyz")(503)
    runs = len(serve.runs())
    began = time.monotonic()
    until(lambda: len(serve.runs()) > runs + 20, "runs wait for the webhook", 6)
    assert time.monotonic() - began < 5
    assert serve.stop() == 0


def kill(backend):
    """At any moment: what was told to be finished is in the store afterwards. KILLS says how often."""
    file = backend.scenario(monitor="{every: 100ms}")
    seen = 0
    for i in range(int(os.environ.get("KILLS", "20"))):
        serve = Serve(file, "--store", "history.db")
        known = set()
        end = time.monotonic() + 0.25 + i * 0.017 % 0.34
        while time.monotonic() < end:
            known |= {run["id"] for run in serve.runs(20)}
        serve.stop(signal.SIGKILL)
        with sqlite3.connect("history.db") as db:
            stored = {row[0] for row in db.execute("SELECT id FROM runs")}
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert known <= stored, f"lost {known - stored}"
        seen += len(known)
    assert seen > 20, "hardly any run was finished"


def full_disk(backend):
    """A store that cannot grow: runs go on, wait in memory, and it is said once."""
    size = 300 * 1024

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    serve = Serve(backend.scenario(monitor="{every: 100ms}"), "--store", "history.db", limit=limit)
    until(lambda: "the store: " in serve.said(), "the full disk is not told", 30)
    status = until(lambda: serve.status() if serve.status()["store"]["waiting"] > 5 else None,
                   "nothing waits")
    assert status["store"]["problem"], status["store"]
    asked = len(backend.asked["/health"])
    until(lambda: len(backend.asked["/health"]) > asked + 5, "it stopped probing")
    assert "goldprobe_store_ok 0" in serve.get("/metrics")[1]
    assert serve.said().count("the store: ") <= 3, serve.said()
    assert "The history cannot be written" in serve.get("/")[1]


def locked_store(backend):
    serve = Serve(backend.scenario(monitor="{every: 100ms}"), "--store", "history.db")
    until(lambda: len(serve.runs()) > 2, "no runs")
    other = sqlite3.connect("history.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: serve.status()["store"]["waiting"] > 3, "nothing waits")
    assert "locked" in serve.said(), serve.said()
    other.execute("ROLLBACK")
    until(lambda: serve.status()["store"]["waiting"] == 0, "does not recover")
    until(lambda: "works again" in serve.said(), "recovery not told")
    runs = int(re.search(r'verdict="healthy"} (\d+)', serve.get("/metrics")[1]).group(1))
    until(lambda: other.execute("SELECT count(*) FROM runs").fetchone()[0] >= runs, "runs lost")


def corrupt_store(backend):
    with open("history.db", "w") as f:
        f.write("this is no database, and somebody may want it\n" * 100)
    before = os.stat("history.db").st_size
    serve = Serve(backend.scenario(), "--store", "history.db")
    assert "history.db" in serve.said() and "kept in memory" in serve.said(), serve.said()
    until(lambda: len(serve.runs()) > 2, "no runs")
    serve.stop()
    assert os.stat("history.db").st_size == before, "touched"
    # Damage while it is open.
    os.remove("history.db")
    serve = Serve(backend.scenario(), "--store", "history.db")
    until(lambda: len(serve.runs()) > 2, "no runs")
    for name in "history.db", "history.db-wal":
        with open(name, "r+b") as f:
            f.truncate(0)
            f.write(b"garbage " * 4096)
    asked = len(backend.asked["/health"])
    until(lambda: len(backend.asked["/health"]) > asked + 5, "it stopped probing")
    assert serve.alive() and serve.get("/livez")[0] == 200


def slow_clients(backend):
    serve = Serve(backend.scenario(monitor="{every: 200ms}"))
    code(serve, "/readyz")(200)
    hanging = []
    for i in range(1000):
        client = socket.create_connection(("127.0.0.1", serve.port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20 if i % 2 else b"GET /rea")
        hanging.append(client)
    until(lambda: len(backend.asked["/health"]) > 5, "no runs")
    began = time.monotonic()
    assert serve.get("/livez", timeout=3)[0] == 200
    assert time.monotonic() - began < 1, "others wait for slow clients"
    gaps = [b - a for a, b in zip(backend.asked["/health"], backend.asked["/health"][1:])]
    assert max(gaps) < 1, f"runs wait for slow clients: {max(gaps)}"
    assert len(os.listdir(f"/proc/{serve.popen.pid}/fd")) < 700, "clients are not bounded"
    until(lambda: len(os.listdir(f"/proc/{serve.popen.pid}/fd")) < 60,
          "slow clients are not dropped", 30)


def schedule(backend):
    """200 scenarios every 2 s: none is missed, none drifts."""
    files = [backend.scenario(f"s{i}", "{}", f"/health{i}") for i in range(200)]
    serve = Serve("--every", "2s", *files)
    until(lambda: all(len(backend.asked[f"/health{i}"]) >= 5 for i in range(200)), "too slow", 25)
    status = serve.status()
    late = sum(s["runs"]["late"] + s["runs"]["skipped"] for s in status["scenarios"])
    assert late == 0, f"{late} late or skipped"
    for i in range(200):
        times = backend.asked[f"/health{i}"]
        for n, at in enumerate(times):
            assert abs(at - times[0] - 2 * n) < 0.5, f"s{i}: run {n} at {at - times[0]:.3f}"


def terminate(backend):
    serve = Serve(backend.scenario(), "--store", "history.db")
    until(lambda: len(serve.runs()) > 1, "no runs")
    backend.delay = 5
    asked = len(backend.asked["/health"])
    until(lambda: len(backend.asked["/health"]) > asked, "no run under way")
    began = time.monotonic()
    assert serve.stop() == 0
    assert time.monotonic() - began < 2, "does not end"
    with sqlite3.connect("history.db") as db:
        verdicts = [r[0] for r in db.execute("SELECT verdict FROM runs ORDER BY started_at")]
    assert verdicts[-1] == 3 and 2 not in verdicts, verdicts


def wrong(backend):
    with open("bad.yaml", "w") as f:
        f.write("steps:\n  - htp: GET /\n")
    for args, said in ((["bad.yaml"], "unknown kind 'htp'"),
                       ([backend.scenario(), backend.scenario(file="twin.yaml")], "called 'golden' too"),
                       ([backend.scenario(monitor="{every: 10s, alerts: [{after: 2}]}", file="alerts.yaml")],
                        "exactly one of"),
                       (["missing.yaml"], "missing.yaml"),
                       ([backend.scenario(), "--rules", "none.yaml"], "--rules: "),
                       ([backend.scenario(), "--listen", "127.0.0.1"], "an address and a port"),
                       ([backend.scenario(), "--token-file", "none"], "--token-file")):
        serve = Serve(*args, wait=False)
        assert serve.popen.wait(10) in (2, 3), serve.said()
        assert said in serve.said(), serve.said()
    taken = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{taken.getsockname()[1]}"
    serve = Serve(backend.scenario(), "--listen", address, wait=False)
    assert serve.popen.wait(10) == 3 and f"cannot listen on '{address}'" in serve.said()


def main():
    try:
        globals()[sys.argv[2]](Backend())
    finally:
        for serve in Serve.started:
            if serve.alive():
                serve.popen.terminate()
                try:
                    serve.popen.wait(10)
                except subprocess.TimeoutExpired:
                    serve.popen.kill()
    for serve in Serve.started:
        assert serve.popen.returncode in (0, 2, 3, -signal.SIGKILL), (serve.popen.returncode, serve.said())
    print("ok")


main()
