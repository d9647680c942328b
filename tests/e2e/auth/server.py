"""A resource server, a token endpoint and a metadata server, which judge what they are asked.

The argument is the name of the case; what was asked is judged at the end.
"""

import base64
import json
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from lib import web

case = sys.argv[1]
SECRET = "a shared secret of 64 bytes, so that no library finds it too short for HS512"
keys = {"rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(), "ed448": ed448.Ed448PrivateKey.generate()}
ALGS = {"HS256": None, "HS384": None, "HS512": None, "RS256": "rsa", "RS384": "rsa", "RS512": "rsa",
        "PS256": "rsa", "PS384": "rsa", "PS512": "rsa", "ES256": "p256", "ES384": "p384",
        "ES512": "p521", "EdDSA": "ed25519", "EdDSA448": "ed448"}
BASIC = "Basic " + base64.b64encode(b"the%20client:s%3Acret%2F88").decode()


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(n, size=None):
    return b64(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def jwk(name, key):
    """Written by hand: PyJWT's own helpers know fewer curves in some versions."""
    public = key.public_key()
    if name == "rsa":
        n = public.public_numbers()
        return {"kty": "RSA", "kid": name, "n": number(n.n), "e": number(n.e), "use": "sig"}
    if name.startswith("p"):
        n, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        return {"kty": "EC", "kid": name, "crv": "P-" + name[1:], "x": number(n.x, size),
                "y": number(n.y, size), "key_ops": ["verify"]}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "kid": name, "crv": name.capitalize(), "x": b64(raw)}


def write_keys():
    for name, key in keys.items():
        with open(f"{name}.pem", "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
        with open(f"{name}.pub", "wb") as f:
            f.write(key.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo))
    with open("jwks.json", "w") as f:
        json.dump(key_set(), f)
    with open("secret", "w") as f:
        f.write(SECRET)


def key_set():
    return {"keys": [jwk(*k) for k in keys.items()] + [{"kty": "future", "kid": "x"}]}


def write_tokens():
    now = int(time.time())
    claims = {"iss": "issuer", "aud": ["x", "api"], "sub": "a", "iat": now, "exp": now + 600}
    for name, key in ALGS.items():
        token = jwt.encode(claims, keys[key] if key else SECRET, algorithm=name.replace("448", ""),
                           headers={"kid": key} if key else None)
        with open(f"token-{name}", "w") as f:
            f.write(token)


def verify(r):
    """A token that goldprobe minted, by the rules of PyJWT."""
    name = r.params()["alg"]
    key = ALGS[name]
    token = r.headers["authorization"].removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, keys[key].public_key() if key else SECRET, audience="api",
                            issuer="smoke", algorithms=[name.replace("448", "")],
                            options={"require": ["exp", "iat"]})
    except Exception as e:
        return 401, {}, {"error": repr(e)}
    return 200, {}, {"header": jwt.get_unverified_header(token), "claims": claims}


issued = []


def token_answer(**more):
    issued.append(f"issued-token-{len(issued) + 1}-of-many")
    return 200, {}, {"access_token": issued[-1], "token_type": "Bearer", "expires_in": 3600, **more}


def token(r):
    form = r.form()
    if case.startswith("error"):
        return 400, {}, {"error": "invalid_client", "error_description":
                         f"no client '{form.get('client_id')}' with {form.get('client_secret')}"}
    if case == "html":
        return 502, {"content-type": "text/html"}, "<h1>Bad \x1b[31mgateway</h1>"
    if case == "silent":
        time.sleep(5)
    if case == "no_token":
        return 200, {}, {"token_type": "Bearer"}
    if case == "line_break":
        return 200, {}, {"access_token": "a-token\r\nX-Injected: 1", "token_type": "Bearer"}
    if case == "one_fetch":
        time.sleep(0.3)
    if case == "refreshed":
        return token_answer(expires_in=61, refresh_token=f"refresh-token-{len(issued) + 1}")
    if case == "refresh_refused":
        if form["grant_type"] == "refresh_token":
            return 400, {}, {"error": "invalid_grant"}
        return token_answer(expires_in=61, refresh_token="refresh-token-old")
    if case == "renewed":
        return token_answer(expires_in="61")
    return token_answer()


def google_token(r):
    form = r.form()
    if form["grant_type"] == "refresh_token":
        assert form["refresh_token"] == "user-refresh-token"
        return token_answer(id_token="user-id-token")
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", form
    url = f"http://127.0.0.1:{r.port}/google/token"
    claims = jwt.decode(form["assertion"], keys["rsa"].public_key(), algorithms=["RS256"],
                        audience=url, issuer="smoke@project.iam")
    assert jwt.get_unverified_header(form["assertion"])["kid"] == "key-id"
    if "target_audience" in claims:
        assert claims["target_audience"] == "https://service.example"
        issued.append("google-id-token-by-key")
        return 200, {}, {"id_token": issued[-1]}
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    return token_answer()


def metadata(r):
    if r.headers.get("metadata-flavor") != "Google":
        return 403, {}, "no Metadata-Flavor"
    if r.path.endswith("/default/token"):
        return token_answer()
    if r.path.endswith("/default/identity"):
        assert r.params()["audience"] == "https://service.example"
        issued.append(jwt.encode({"aud": "https://service.example", "exp": time.time() + 3600},
                                 keys["rsa"], algorithm="RS256"))
        return 200, {}, issued[-1] + "\n"
    return 404, {}, "no such account"


def handle(r):
    if r.path == "/jwks":
        return 200, {}, key_set()
    if r.path == "/jwks-html":
        return 200, {}, "<html>"
    if r.path == "/verify":
        return verify(r)
    if r.path == "/token":
        return token(r)
    if r.path == "/google/token":
        return google_token(r)
    if r.path.startswith("/computeMetadata/"):
        return metadata(r)
    seen = [r.headers.get(n, "") for n in ("authorization", "cookie", "x-token", "x-api-key")]
    echo = {"echo": seen + [r.query, ""]}
    good = any(t in " ".join(seen) + r.query for t in issued + ["the-known-token", "the-api-key"])
    good = good or seen[0] == "Basic " + base64.b64encode("jürgen:pä:ss".encode()).decode()
    return (200 if good else 401), {"x-echo": base64.b64encode(seen[0].encode()).decode()}, echo


def check(requests):
    asked = [r for r in requests if r.path == "/token"]
    forms = [r.form() for r in asked]
    if case == "one_fetch":
        assert len(asked) == 1, len(asked)
        assert len([r for r in requests if r.path == "/"]) == 40
    elif case == "client_basic":
        assert [r.headers["authorization"] for r in asked] == [BASIC]
        assert forms == [{"grant_type": "client_credentials", "scope": "a b", "audience": "api"}]
    elif case == "client_post":
        assert asked[0].headers["authorization"] is None
        assert forms == [{"grant_type": "client_credentials", "client_id": "the client",
                          "client_secret": "s:cret/88"}], forms
        assert asked[0].headers["content-type"] == "application/x-www-form-urlencoded"
    elif case == "password":
        assert forms == [{"grant_type": "password", "username": "jürgen", "password": "pä&ss+word"}]
        assert asked[0].headers["authorization"] == BASIC
    elif case == "refresh":
        assert forms == [{"grant_type": "refresh_token", "refresh_token": "the-refresh-token"}]
    elif case == "refreshed":
        assert [f["grant_type"] for f in forms] == ["client_credentials", "refresh_token"], forms
        assert forms[1]["refresh_token"] == "refresh-token-1"
        assert asked[1].headers["authorization"] == BASIC
    elif case == "refresh_refused":
        assert [f["grant_type"] for f in forms] == \
            ["client_credentials", "refresh_token", "client_credentials"], forms
    elif case == "renewed":
        assert len(forms) == 2, forms
    elif case == "places":
        seen = {r.path: r for r in requests}
        assert seen["/header"].headers["authorization"] == "Bearer the-known-token"
        assert seen["/named"].headers["x-token"] == "the-known-token"
        assert seen["/query"].params() == {"a": "1", "t": "the-known-token"}
        assert seen["/cookie"].headers["cookie"] == "session=the-known-token"
    elif case == "line_break":
        assert not [r for r in requests if r.path == "/"]


if case.startswith(("jwt", "minted", "google")):
    write_keys()
    write_tokens()
web.serve(handle, check)
