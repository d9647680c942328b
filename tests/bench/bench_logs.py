"""Finding the errors of an export of Cloud Logging, beside jq, which only picks them out; and input that is hard on
memory or on what is kept of a line. The export is 200 MB of tools/gen_gcp.py where the shared folder lies beside
the repository, else entries of one kind."""

import json
import random
import subprocess
import sys

from harness import HERE, Case, program

BYTES = 200_000_000
RSS_KIB = 100_000_000 // 1024
GENERATOR = HERE.parents[2] / "shared/tools/gen_gcp.py"


def entry(number):
    bad = number % 50 == 0
    text = f"order {number} failed: connection to db-{number % 7} refused" if bad else f"order {number} shipped " + "x" * 60
    return {
        "insertId": f"i{number:08}", "timestamp": f"2026-01-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "severity": "ERROR" if bad else "INFO", "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
        "labels": {"instanceId": f"instance-{number % 5}"}, "textPayload": text,
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop", "revision_name": "shop-00007"}},
    }


def write_export(path):
    if GENERATOR.exists():
        subprocess.run([sys.executable, GENERATOR, "--bytes", str(BYTES), "--out", path], check=True)
        return
    with open(path, "w", encoding="utf-8") as out:
        for number in range(0, 10**9, 1000):
            if out.tell() >= BYTES:
                break
            out.writelines(json.dumps(entry(n)) + "\n" for n in range(number, number + 1000))


def write_array(path, export):
    """The same entries as one array on one line."""
    with open(export, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            out.write(("," if number else "[") + line.rstrip("\n"))
        out.write("]\n")


def write_distinct(path, count):
    """Lines that have nothing in common."""
    letters, pick = "abcdefghijklmnopqrstuvwxyz", random.Random(1)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            out.write(" ".join("".join(pick.choices(letters, k=7)) for _ in range(8)) + "\n")


def cases(world):
    export, array, half, whole, same, long = (
        world.scratch / name for name in ("export.ndjson", "array.json", "half.log", "whole.log", "same.log", "long.ndjson")
    )

    def found(path):
        """Errors that were found end in 1."""
        return ["sh", "-c", '"$1" logs -r json "$2" >/dev/null; [ $? -le 1 ]', "sh", world.binary, path]

    write_export(export)
    write_array(array, export)
    picked = ["sh", "-c", '"$1" -c \'select(.severity=="ERROR")\' "$2" >/dev/null', "sh", program("jq"), export]
    limits = {"wall": 1 / 15, "ms": BYTES / 1e6, "rss": RSS_KIB}
    yield Case("200 MB of logs", {"jq": picked, "ndjson": found(export), "array": found(array)}, "jq",
               {"ndjson": limits, "array": {"wall": 1 / 15, "rss": RSS_KIB}}, 3)
    write_distinct(half, 150_000)
    write_distinct(whole, 300_000)
    yield Case("300,000 different lines", {"half of them": found(half), "all": found(whole)}, "half of them",
               {"all": {"wall": 2.4, "rss": RSS_KIB}}, 3)
    same.write_text("ERROR connection to the database refused\n" * 1_000_000)
    fields = '"severity":"ERROR","timestamp":"2026-01-02T03:04:05Z"'
    long.write_text('{"insertId":"a",%s,"textPayload":"%s"}\n' % (fields, "disk full " * 5_000_000))
    two_seconds = {"ms": 2000, "rss": RSS_KIB}
    yield Case("large at once", {"1 M equal lines": found(same), "a line of 50 MB": found(long)}, "1 M equal lines",
               {"1 M equal lines": two_seconds, "a line of 50 MB": two_seconds}, 3)
