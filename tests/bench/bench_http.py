"""One check over HTTP, HTTPS and WebSocket, and a scenario of five steps, beside what people use today."""

import sys

from harness import HERE, Case, free_port, nginx, program

SCENARIO = """name: five steps
steps:
{}"""
STEP = "  - {{name: step {0}, http: GET /health, expect: {{status: 200, json: {{$.status: ready}}}}}}\n"


def cases(world):
    http, https, ca = nginx(world, "location = /health { return 200 '{\"status\":\"ready\"}'; }")
    plain, secure = f"http://127.0.0.1:{http}/health", f"https://localhost:{https}/health"
    check_http = program("check_http")
    curl = [program("curl"), "-sf", "-o", "/dev/null"]

    commands = {"curl": [*curl, plain], "goldprobe": [world.binary, "check", plain]}
    if check_http:
        commands["check_http"] = [check_http, "-I", "127.0.0.1", "-p", http, "-u", "/health"]
    commands["floor"] = [world.compile("floor"), http, "/health"]
    yield Case("check http", commands, "curl", {"goldprobe": {"wall": 0.25, "cpu": 0.3, "rss": 4608}})

    commands = {"curl": [*curl, "--cacert", ca, secure], "goldprobe": [world.binary, "check", secure, "--cacert", ca]}
    if check_http:
        commands["check_http"] = [check_http, "-S", "-H", "localhost", "-p", https, "-u", "/health"]
    yield Case("check https", commands, "curl", {"goldprobe": {"wall": 0.5}})

    # curl's plain GET is the yardstick here too.
    port = free_port()
    world.start([sys.executable, "-B", HERE / "wsserver.py", port], port)
    commands = {"curl": [*curl, plain], "goldprobe": [world.binary, "check", f"ws://127.0.0.1:{port}/ws"]}
    yield Case("check ws", commands, "curl", {"goldprobe": {"wall": 0.4}})

    scenario = world.scratch / "five.yaml"
    scenario.write_text(SCENARIO.format("".join(STEP.format(n) for n in range(1, 6))))
    yield Case(
        "run of five steps",
        {
            "five curls": ["sh", "-c", "; ".join([" ".join([*curl, plain])] * 5)],
            "goldprobe": [world.binary, "run", scenario, "--target", f"http://127.0.0.1:{http}"],
        },
        "five curls",
        {"goldprobe": {"wall": 0.5}},
    )
