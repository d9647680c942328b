"""An HTTP, a WebSocket and a gRPC server that keep the traceparent of each request; at the end each
must have a trace of its own step. The trace id stands in the answer, so that the probe can check it."""

import asyncio
import http.server
import signal
import sys
import threading
from concurrent import futures

import grpc
from websockets.legacy import server as legacy

seen = {"http": [], "websocket": [], "grpc": []}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen["http"].append(self.headers.get("traceparent"))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def health(request, context):
    seen["grpc"].append(dict(context.invocation_metadata()).get("traceparent"))
    return b"\x08\x01"  # HealthCheckResponse{status: SERVING}


async def chat(connection):
    seen["websocket"].append(connection.request_headers.get("traceparent"))
    await connection.wait_closed()


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=web.serve_forever, daemon=True).start()
rpc = grpc.server(futures.ThreadPoolExecutor(2))
rpc.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(
    "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(health)})])
rpc_port = rpc.add_insecure_port("127.0.0.1:0")
rpc.start()


async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    async with legacy.serve(chat, "127.0.0.1", 0) as sockets:
        port = sockets.sockets[0].getsockname()[1]
        print(web.server_port, port, rpc_port, flush=True)
        await done.wait()


asyncio.run(main())
rpc.stop(None)
traces = set()
for kind, parents in seen.items():
    fields = [(p or "").split("-") for p in parents]
    if not fields or any(len(f) != 4 or f[0] != "00" or len(f[1]) != 32 or len(f[2]) != 16
                         for f in fields):
        sys.exit(f"{kind}: {parents}")
    traces.add(fields[0][1])
if len(traces) != 3:
    sys.exit(f"not a trace for each step: {seen}")
