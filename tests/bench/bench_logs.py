"""Finding the errors of an export of Cloud Logging, beside jq, which only picks them out."""

import json

from harness import Case, program

MEGABYTES = 40


def entry(number):
    bad = number % 50 == 0
    text = f"order {number} failed: connection to db-{number % 7} refused" if bad else f"order {number} shipped " + "x" * 60
    return {
        "insertId": f"i{number:08}", "timestamp": f"2026-01-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "severity": "ERROR" if bad else "INFO", "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
        "labels": {"instanceId": f"instance-{number % 5}"}, "textPayload": text,
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop", "revision_name": "shop-00007"}},
    }


def cases(world):
    export, number = world.scratch / "export.ndjson", 0
    with open(export, "w", encoding="utf-8") as out:
        while out.tell() < MEGABYTES << 20:
            out.writelines(json.dumps(entry(n)) + "\n" for n in range(number, number + 1000))
            number += 1000
    # Errors that were found end in 1.
    found = ["sh", "-c", '"$1" logs -r json "$2" >/dev/null; [ $? -le 1 ]', "sh", world.binary, export]
    picked = ["sh", "-c", '"$1" -c \'select(.severity=="ERROR")\' "$2" >/dev/null', "sh", program("jq"), export]
    yield Case("40 MB of logs", {"jq": picked, "goldprobe": found}, "jq", {"goldprobe": {"wall": 0.067, "rss": 102400}}, 3)
