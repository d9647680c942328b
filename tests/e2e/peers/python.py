"""A server on python's websockets, with what a test asks of any WebSocket library:

    /echo      gives back what it gets, text as text and binary as binary
    /size      gets {"size", "parts", "binary"}, sends a message of that size in so many fragments
    /measure   gets messages, says how many bytes and which digest each has
    /rate      gets {"rate", "seconds"}, sends so many messages a second, then {"type": "end"}
    /close     gets {"code", "reason"} and closes so
    /token     wants the bearer token `sesame`, before the upgrade
    /deflate   takes only clients that offer permessage-deflate
"""

import asyncio
import hashlib
import http
import json
import signal
import sys
import time

from websockets.legacy import server as legacy


def alphabet(size):
    text = "abcdefghijklmnopqrstuvwxyz"
    return (text * (size // 26 + 1))[:size]


async def size(ws):
    async for message in ws:
        wanted = json.loads(message)
        text = alphabet(wanted["size"])
        data = text.encode() if wanted.get("binary") else text
        parts = wanted.get("parts", 1)
        if parts == 1:
            await ws.send(data)
        else:
            step = -(-len(data) // parts)
            await ws.send([data[i:i + step] for i in range(0, len(data), step)])


async def measure(ws):
    async for message in ws:
        data = message.encode() if isinstance(message, str) else message
        await ws.send(json.dumps({"bytes": len(data), "text": isinstance(message, str),
                                  "sha256": hashlib.sha256(data).hexdigest()}))


async def rate(ws):
    wanted = json.loads(await ws.recv())
    began = time.monotonic()
    total = wanted["rate"] * wanted["seconds"]
    sent = 0
    while sent < total:
        due = min(total, int((time.monotonic() - began + 0.01) * wanted["rate"]))
        for n in range(sent, due):
            await ws.send('{"type":"event","n":%d}' % n)
        sent = max(sent, due)
        await asyncio.sleep(0.01)
    await ws.send(json.dumps({"type": "end", "sent": sent}))
    await ws.wait_closed()


async def handle(ws):
    path = ws.path.split("?")[0]
    if path == "/size":
        await size(ws)
    elif path == "/measure":
        await measure(ws)
    elif path == "/rate":
        await rate(ws)
    elif path == "/close":
        wanted = json.loads(await ws.recv())
        await ws.close(wanted["code"], wanted.get("reason", ""))
    else:
        async for message in ws:
            await ws.send(message)


async def guard(path, headers):
    if path.startswith("/token") and headers.get("authorization") != "Bearer sesame":
        return (http.HTTPStatus.UNAUTHORIZED, [("www-authenticate", "Bearer realm=\"chat\"")],
                b"who are you?\n")
    if path.startswith("/deflate") and "permessage-deflate" not in headers.get(
            "sec-websocket-extensions", ""):
        return http.HTTPStatus.BAD_REQUEST, [], b"this server requires permessage-deflate\n"
    if path == "/elsewhere":
        return http.HTTPStatus.MOVED_PERMANENTLY, [("location", "/echo")], b""
    return None


OPTIONS = dict(max_size=None, process_request=guard, subprotocols=["v2.chat", "v1.chat"],
               ping_interval=0.2)


async def start(port=0, path=None):
    """The server, and its port."""
    if path:
        return await legacy.unix_serve(handle, path, **OPTIONS), 0
    server = await legacy.serve(handle, "127.0.0.1", port, **OPTIONS)
    return server, server.sockets[0].getsockname()[1]


async def main():
    server, port = await start()
    unix, _ = await start(path="chat.sock")
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(port, flush=True)
    await stop
    for one in (server, unix):
        one.close()


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(0)
