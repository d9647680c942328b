"""Gives back whatever it was sent, in every encoding that a server may choose."""

import base64
import json
import urllib.parse

from lib import web


def handle(r):
    seen = " ".join([r.headers.get("authorization", ""), r.headers.get("cookie", ""),
                     r.headers.get("x-api-key", ""), r.query, r.body.decode(errors="replace")])
    secret = "p&ss/w\u00f6rd \"qu\u00f6te\"+1"
    forms = [seen, json.dumps(seen), urllib.parse.quote(secret, safe=""),
             urllib.parse.quote(secret, safe="").lower(), urllib.parse.quote_plus(secret)]
    for shift in range(3):
        text = b"-" * shift + secret.encode() + b"--"
        forms += [base64.b64encode(text).decode(), base64.urlsafe_b64encode(text).decode()]
    body = "\n".join(forms)
    headers = {"x-echo": urllib.parse.quote(secret), "set-cookie": "sid=cookie-secret-99; Path=/"}
    if r.path == "/token":
        return 200, {}, {"access_token": "fetched-token-77", "token_type": "Bearer",
                         "expires_in": 3600, "echo": seen}
    if r.path == "/refuse":
        return 401, headers, {"error": "invalid", "you_sent": seen, "forms": forms}
    if r.path == "/redirect":
        return 302, {"location": "/?password=" + urllib.parse.quote(secret, safe="")}, body
    return (500 if r.path == "/fail" else 200), headers, body


web.serve(handle)
