"""Plays two origins and judges what each was asked; the case's name is the argument."""

import gzip
import sys

from lib import web

case = sys.argv[1]


def other():
    return f"http://127.0.0.1:{web.ports[1]}"


def handle(r):
    path = r.path
    if path == "/login":
        return 200, {"set-cookie": ["sid=abc123; Path=/; HttpOnly", "theme=dark; Path=/"]}, {
            "access_token": "tok-7f3a9c", "user": {"id": 42, "tags": ["a", "b"], "admin": False}}
    if path == "/headers":
        return 200, {"x-one": ["1", "2"], "X-App": "chat/1.4"}, "build 1234 ready"
    if path == "/gzip":
        return 200, {"content-encoding": "gzip", "content-type": "application/json"}, gzip.compress(
            b'{"packed": true}')
    if path == "/to-same":
        return 302, {"location": "/end"}, ""
    if path == "/to-other":
        return 307, {"location": other() + "/end"}, ""
    if path == "/see-other":
        return 303, {"location": "/end"}, ""
    if path.startswith("/hops/"):
        n = int(path.split("/")[2])
        return (302, {"location": f"/hops/{n - 1}"}, "") if n else (200, {}, "there")
    if path == "/clear-cookie":
        return 200, {"set-cookie": "sid=; Max-Age=0; Path=/"}, ""
    return 200, {}, {"path": path, "method": r.method}


def at(requests, path):
    return [r for r in requests if r.path == path]


def check(requests):
    end = at(requests, "/end")
    if case == "captures":
        use = at(requests, "/use/42/a")[0]
        assert use.headers["authorization"] == "Bearer tok-7f3a9c"
        assert use.json() == {"id": 42, "admin": False, "text": "id=42", "tags": ["a", "b"],
                              "app": "1.4", "build": "1234", "sid": "abc123", "status": 200}
    elif case == "cookies":
        first, second = at(requests, "/me")
        assert first.headers["cookie"] in ("sid=abc123; theme=dark", "theme=dark; sid=abc123")
        assert second.headers["cookie"] == "theme=dark", second.headers["cookie"]
    elif case == "cookies_off":
        assert at(requests, "/me")[0].headers["cookie"] is None
    elif case == "redirect_same":
        assert end[0].headers["authorization"] == "Bearer tok"
    elif case == "redirect_other":
        assert end[0].port == web.ports[1]
        for name in ("authorization", "cookie", "x-api-key"):
            assert end[0].headers[name] is None, name
        assert end[0].method == "POST" and end[0].body == b'{"a":1}'
    elif case == "redirect_see_other":
        assert end[0].method == "GET" and not end[0].body
    elif case == "query":
        assert at(requests, "/q")[0].params() == {"a": "1", "b": "x y&z", "c": "ü"}
    elif case == "form":
        r = at(requests, "/f")[0]
        assert r.method == "POST"
        assert r.headers["content-type"] == "application/x-www-form-urlencoded"
        assert r.form() == {"name": "A & B", "text": "100% ü"}
    elif case == "multipart":
        r = at(requests, "/m")[0]
        assert r.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="note"' in r.body and b"hello" in r.body
        assert b'filename="up.txt"' in r.body and b"file text" in r.body
    elif case == "body_file":
        r = at(requests, "/b")[0]
        assert r.method == "PUT" and r.body == b"file text\n"
    elif case == "basic":
        assert at(requests, "/x")[0].headers["authorization"] == "Basic dXNlcjpwYTpzcw=="
    elif case == "headers":
        r = at(requests, "/h")[0]
        assert r.headers["x-a"] == "1" and r.headers["x-b"] == "step" and r.headers["x-c"] == "flag"
        assert r.headers["user-agent"].startswith("goldprobe/")
    elif case == "base_path":
        assert [r.path for r in requests] == ["/base/x", "/base/y"]
    elif case == "oauth2":
        tokens = at(requests, "/token")
        assert len(tokens) == 1, "one fetch for many steps"
        assert tokens[0].form() == {"grant_type": "client_credentials", "scope": "read"}
        assert tokens[0].headers["authorization"].startswith("Basic ")


if case == "oauth2":
    plain = handle
    handle = lambda r: (200, {}, {"access_token": "fetched", "token_type": "Bearer",  # noqa: E731
                                  "expires_in": 3600}) if r.path == "/token" else plain(r)
web.serve(handle, check, servers=2)
