"""An API that checks tokens, with one hole: its first argument names it.

RS256 tokens by the key of key.pem, made anew at every start; GET /login gives one, GET /jwks the
public key, GET /me wants one, also in a query parameter and a cookie; the second port is a
WebSocket.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import threading
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lib import web

hole = sys.argv[1] if len(sys.argv) > 1 else "correct"
private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private_pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
public_pem = private.public_key().public_bytes(serialization.Encoding.PEM,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)
with open("key.pem", "wb") as f:
    f.write(private_pem)
jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
jwk.update(kid="k1", use="sig", alg="RS256")


def new_token():
    now = int(time.time())
    return jwt.encode({"sub": "smoke", "iss": "auth-service", "aud": "api", "iat": now,
                       "exp": now + 900}, private_pem, algorithm="RS256", headers={"kid": "k1"})


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sound(token):
    """Whether the token is let in."""
    if token is None:
        return hole == "missing"
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
        if hole == "alg_none" and header["alg"].lower() == "none":
            return header.get("kid") == "k1"
        if hole == "key_confusion" and header["alg"] == "HS256":
            wanted = hmac.new(public_pem, f"{head}.{body}".encode(), hashlib.sha256).digest()
            return hmac.compare_digest(wanted, decode(signature))
        if hole == "bad_signature" and header["alg"] == "RS256":
            return claims["exp"] > time.time() >= claims.get("nbf", 0) and \
                (claims["iss"], claims["aud"]) == ("auth-service", "api")
        options = {"verify_exp": hole != "expired", "verify_nbf": hole != "not_yet_valid",
                   "verify_iat": False, "verify_aud": hole != "wrong_audience",
                   "verify_iss": hole != "wrong_issuer"}
        extra = {} if hole == "wrong_audience" else {"audience": "api"}
        if hole != "wrong_issuer":
            extra["issuer"] = "auth-service"
        jwt.decode(token, public_pem, algorithms=["RS256"], options=options, **extra)
        return True
    except Exception:
        return hole in ("everything", "malformed" if token.startswith("not.a") else "",
                        "empty" if not token else "")


def bearer(r):
    value = r.headers.get("authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    return token if scheme.lower() == "bearer" or hole == "wrong_scheme" else "wrong"


def cookie(r):
    for part in (r.headers.get("cookie") or "").split("; "):
        name, _, value = part.partition("=")
        if name == "session":
            return value
    return None


def handle(r):
    if r.path == "/login":
        return 200, {}, {"access_token": new_token()}
    if r.path == "/jwks":
        return 200, {}, {"keys": [jwk]}
    if r.path == "/basic":
        good = r.headers.get("authorization") == "Basic " + base64.b64encode(b"me:pa:ss").decode()
    elif r.path == "/key":
        good = r.headers.get("x-api-key") == "the-api-key"
    elif r.path == "/query":
        good = sound(r.params().get("t") if "t" in r.params() else None)
    elif r.path == "/cookie":
        good = sound(cookie(r))
    else:
        good = sound(bearer(r))
    if good or hole == "everything":
        return 200, {}, {"user": "smoke"}
    if hole == "error":
        return 500, {}, {"error": "no"}
    if hole == "streams":
        # A body that does not end in time.
        return 200, {"content-length": "1000000"}, {"user": "smoke"}
    if hole == "drops" or hole == "drops_missing" and bearer(r) is None:
        raise ConnectionResetError
    if hole == "redirect":
        return 302, {"location": "/login"}, ""
    return (403 if hole == "forbids" else 401), {}, {"error": "no"}


async def websocket(reader, writer):
    """Upgrades whoever comes, as many frameworks do, and judges afterwards."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = {n.strip().lower(): v.strip() for n, _, v in
              (line.partition(":") for line in head.split("\r\n")[1:])}
    value = fields.get("authorization")
    good = sound(None if value is None else value.partition(" ")[2])
    for protocol in fields.get("sec-websocket-protocol", "").split(", "):
        if protocol.startswith("jwt."):
            good = sound(decode(protocol[4:]).decode())
    accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-"
                                            "C5AB0DC85B11").encode()).digest()).decode()
    if hole == "refuses_upgrade" and not good:
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        return
    if hole in ("drops", "drops_missing") and not good:
        if hole == "drops" or value is None:
            writer.close()
            return
    chosen = "sec-websocket-protocol: jwt-auth\r\n" if "jwt-auth" in head else ""
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                 f"sec-websocket-accept: {accept}\r\n{chosen}\r\n".encode())

    def send(opcode, data):
        writer.write(bytes([0x80 | opcode, len(data)]) + data)

    if hole == "breaks" and not good:
        writer.write(b"\x83\x00")
    elif good:
        send(1, b'{"type":"connection_established"}')
    else:
        send(1, b'{"type":"error","message":"bad token"}')
        await asyncio.sleep(0.1)
        code = {"normal_close": 1000, "internal_close": 1011, "private_close": 4401,
                "unauthorized_close": 3000}.get(hole, 1008)
        if hole not in ("stays_open", "drops_missing"):
            send(8, code.to_bytes(2, "big"))
    await writer.drain()
    try:
        while True:
            first, second = await reader.readexactly(2)
            mask_and_data = await reader.readexactly(4 + (second & 127))
            if first & 15 == 8:
                if good:
                    send(8, (1000).to_bytes(2, "big"))
                break
            del mask_and_data
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


def websocket_port():
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(websocket, "127.0.0.1", 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return server.sockets[0].getsockname()[1]


web.serve(handle, ports_more=[websocket_port()])
