"""Says `all here` to everyone once so many sockets are open at the same time."""

import asyncio
import signal
import sys

from websockets.legacy import server as legacy

wanted = int(sys.argv[1])
inside = 0
full = None


async def handle(ws):
    global inside
    inside += 1
    if inside == wanted:
        full.set()
    try:
        await full.wait()
        await ws.send("all here")
        await ws.wait_closed()
    finally:
        inside -= 1


async def main():
    global full
    full = asyncio.Event()
    server = await legacy.serve(handle, "127.0.0.1", 0, backlog=1024, ping_interval=None)
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop


asyncio.run(main())
