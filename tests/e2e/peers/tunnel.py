"""An HTTP proxy (CONNECT) before a WebSocket server; its name says what it makes of requests.

Ports: the WebSocket server, the proxy. What the proxy was asked is judged at the end.
"""

import asyncio
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import python  # noqa: E402

how = sys.argv[1]
asked = []


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def proxy(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    asked.append(head)
    method, target, _ = head.split("\r\n")[0].split(" ")
    if how == "silent":
        await asyncio.sleep(60)
    if how == "refuses":
        writer.write(b"HTTP/1.1 403 Forbidden by policy\r\ncontent-length: 3\r\n\r\nno\n")
    elif how == "wants_login" and "Proxy-Authorization: Basic bWU6cGE6c3MtNzc=" not in head:
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n"
                     b"content-length: 0\r\n\r\n")
    elif method != "CONNECT":
        writer.write(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n")
    else:
        host, _, port = target.rpartition(":")
        # The name is for the proxy to look up: the probe's own resolver does not know it.
        up_reader, up_writer = await asyncio.open_connection(
            "127.0.0.1" if host == "chat.internal" else host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
        return
    await writer.drain()
    writer.close()


async def main():
    _, port = await python.start()
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(port, server.sockets[0].getsockname()[1], flush=True)
    await stop
    if how == "unused":
        assert not asked, asked
    else:
        assert asked and all(a.startswith("CONNECT ") for a in asked), asked


asyncio.run(main())
