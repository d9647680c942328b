"""A WebSocket and a gRPC server that give back the credentials they were sent, in every form.

Ports: the WebSocket server, the gRPC server. /refuse answers the handshake so, /close closes with
them, everything else sends them as messages.
"""

import asyncio
import base64
import concurrent.futures
import http
import json
import signal
import urllib.parse

import grpc
from websockets.legacy import server as legacy


def forms(seen):
    """The text as servers echo it: raw, JSON, percent in either case, base64 at each alignment."""
    raw = seen.encode()
    quoted = urllib.parse.quote(seen, safe="")
    texts = [seen, json.dumps(seen), json.dumps({"you": {"sent": [seen]}}), quoted, quoted.lower(),
             urllib.parse.quote_plus(seen), urllib.parse.quote(seen)]
    for shift in range(3):
        text = b"-" * shift + raw + b"--"
        texts += [base64.b64encode(text).decode(), base64.urlsafe_b64encode(text).decode()]
    return texts


def tokens(path, headers):
    """What the client is known by, without what stands around it."""
    found = [headers.get("authorization", "").partition(" ")[2], headers.get("x-api-key", ""),
             headers.get("cookie", "").partition("=")[2]]
    found += [v for _, v in urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query)]
    for name in headers.get("sec-websocket-protocol", "").split(", "):
        if name.startswith("jwt."):
            text = name[4:]
            found += [text, base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()]
    found += [base64.b64decode(found[0]).decode()] if headers.get(
        "authorization", "").startswith("Basic ") else []
    return [urllib.parse.unquote(t) for t in found if t]


async def guard(path, headers):
    if path.startswith("/refuse"):
        all_forms = [f for t in tokens(path, headers) for f in forms(t)]
        return (http.HTTPStatus.FORBIDDEN,
                [("x-echo", urllib.parse.quote(t, safe="")) for t in tokens(path, headers)] +
                [("www-authenticate", "Bearer error=\"" + urllib.parse.quote(t) + "\"")
                 for t in tokens(path, headers)] + [("set-cookie", "sid=cookie-secret-99")],
                "\n".join(all_forms).encode())
    return None


async def handle(ws):
    known = tokens(ws.path, ws.request_headers)
    if ws.path.startswith("/close"):
        await ws.close(4401, f"no such token {known[0]}"[:100])
        return
    if ws.path.startswith("/cut"):
        # Whatever is shown of it ends somewhere in the middle of one.
        for size in range(150, 201):
            await ws.send("." * size + known[0] + "." * 200)
        await ws.send("." * 190 + known[0])
        await ws.wait_closed()
        return
    for token in known:
        for form in forms(token):
            await ws.send(form)
            await ws.send(form.encode())
    async for message in ws:
        await ws.send(json.dumps({"echo": message if isinstance(message, str) else ""}))


class Health(grpc.GenericRpcHandler):
    def service(self, call):
        def check(request, context):
            sent = dict((m.key, m.value) for m in context.invocation_metadata())
            token = sent["authorization"].partition(" ")[2]
            context.set_trailing_metadata((("x-echo", token), ("x-echo64", forms(token)[-1])))
            context.abort(grpc.StatusCode.UNAUTHENTICATED, " ".join(forms(token)))
        return grpc.unary_unary_rpc_method_handler(check)


async def main():
    health = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[Health()])
    grpc_port = health.add_insecure_port("127.0.0.1:0")
    health.start()
    server = await legacy.serve(handle, "127.0.0.1", 0, process_request=guard,
                                    subprotocols=["jwt-auth"])
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(server.sockets[0].getsockname()[1], grpc_port, flush=True)
    await stop
    health.stop(None)


asyncio.run(main())
