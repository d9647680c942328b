"""A backend whose login fails, its metadata server, and the Cloud Logging API with what it logged."""

import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, __file__.rsplit("/", 2)[0])
from lib.web import serve  # noqa: E402
from query import compile_query  # noqa: E402

MODE = sys.argv[1]
NOISE = 10_000 if MODE == "ten_thousand_entries" else 300
AFTER = 1_500 if MODE == "ten_thousand_entries" else 5
TRACE = """Traceback (most recent call last):
  File "/app/auth/tokens.py", line 31, in verify
    return jwt.decode(token, KEY, algorithms=["HS256"])
  File "/usr/local/lib/python3.12/site-packages/jwt/api_jws.py", line 314, in _verify_signature
    raise InvalidSignatureError("Signature verification failed")
jwt.exceptions.InvalidSignatureError: Signature verification failed"""
PAGE = 1000
entries, failed_at = [], []


def stamp(ns):
    return datetime.fromtimestamp(ns // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 10**9:09}Z"


def entry(ns, number, severity=None, log="stdout", service="shop", **more):
    revision = f"{service}-0000{1 + number * 3 // (NOISE + 1)}-abc"
    made = {"insertId": f"i{number}", "timestamp": stamp(ns), "logName": f"projects/my-project/logs/run.googleapis.com%2F{log}",
            "resource": {"type": "cloud_run_revision", "labels": {
                "project_id": "my-project", "service_name": service, "revision_name": revision}},
            "labels": {"instanceId": revision + "1"}, **more}
    if severity:
        made["severity"] = severity
    entries.append(made)


def login(request):
    """Its own trace, in the middle of what else is logged at that time."""
    now = time.time_ns()
    trace = request.headers["traceparent"].split("-")[1]
    for i in range(NOISE - AFTER):
        entry(now - (NOISE - i) * 50_000_000, i, "INFO", service="auth" if i % 7 else "shop",
              textPayload=f"GET /items/{i} 200 in {i % 90} ms")
    entry(now, NOISE, None, "stderr", "auth", textPayload=TRACE, trace=f"projects/my-project/traces/{trace}")
    for i in range(AFTER):
        entry(now + i, NOISE - AFTER + i, "INFO", service="auth", textPayload=f"GET /items/{i} 200 in 3 ms")
    failed_at.append(now)
    return 500, {}, {"detail": "internal"}


def answer(request, asked):
    body = request.json()
    assert body["resourceNames"] == ["projects/my-project"], body
    assert body["orderBy"] == "timestamp desc" and body["pageSize"] == PAGE and len(body["filter"]) < 20000, body
    assert request.headers["authorization"] == "Bearer ya29.token"
    fits = compile_query(body["filter"])
    found = sorted((e for e in entries if fits(e)), key=lambda e: e["timestamp"], reverse=True)
    if MODE == "an_empty_page" and asked == 1:
        return 200, {}, {"nextPageToken": "0"}
    start = int(body.get("pageToken", 0))
    size = 80 if MODE == "short_pages" else PAGE
    page = {"entries": found[start:start + size]}
    if start + size < len(found):
        page["nextPageToken"] = str(start + size)
    return 200, {}, page


def error(status, name):
    return status, {}, {"error": {"code": status, "status": name, "message": f"the caller: {name.lower()}"}}


asked = []


def handle(request):
    if request.path.endswith("/token"):
        assert request.headers["metadata-flavor"] == "Google"
        return 200, {}, {"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"}
    if request.path == "/login":
        return login(request)
    assert request.path == "/v2/entries:list", request.path
    asked.append(request)
    if MODE == "denied":
        return error(403, "PERMISSION_DENIED")
    if MODE == "unauthorized":
        return error(401, "UNAUTHENTICATED")
    if MODE == "broken_for_a_moment" and len(asked) == 1:
        return 503, {"content-type": "text/html"}, "<html>try again</html>"
    return answer(request, len(asked))


def check(requests):
    wanted = {"ten_thousand_entries": 2, "an_empty_page": 2, "broken_for_a_moment": 2, "short_pages": 4}.get(MODE, 1)
    assert len(asked) == wanted, [r.body for r in asked]
    both = asked[0].json()["filter"]
    assert '"shop"' in both and '"auth"' in both, both
    if MODE == "broken_for_a_moment":
        return
    if MODE == "ten_thousand_entries":
        rest = asked[1].json()["filter"]
        assert "severity>=WARNING" in rest and "trace:" in rest and "pageToken" not in asked[1].json(), rest


serve(handle, check)
