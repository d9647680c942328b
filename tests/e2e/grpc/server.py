"""grpc.health.v1 on grpcio, its two small messages written by hand, so that no generator is needed.

Ports: plain, TLS, TLS with client certificates, a server that has no health service. What a service
answers is its name, see `check`.
"""

import concurrent.futures
import signal
import subprocess
import sys
import threading
import time

import grpc

STATUS = {"unknown": 0, "serving": 1, "": 1, "not.serving": 2, "service.unknown": 3, "future": 9}
ASKED = []


def service_of(request):
    """The field `service` of a HealthCheckRequest."""
    if not request:
        return ""
    assert request[0] == 0x0A, request
    size, at = request[1], 2
    if size & 0x80:
        size, at = size & 0x7F | request[2] << 7, 3
    assert len(request) == at + size, request
    return request[at:].decode()


def check(request, context):
    service = service_of(request)
    metadata = {m.key: m.value for m in context.invocation_metadata()}
    ASKED.append(metadata)
    if service in STATUS:
        return bytes([8, STATUS[service]]) if STATUS[service] else b""
    if service == "slow":
        time.sleep(3)
    elif service == "trailers":
        context.set_trailing_metadata((("x-note", "after all"),))
        return bytes([8, 1])
    elif service == "unavailable":
        context.abort(grpc.StatusCode.UNAVAILABLE, "no database: r\u00e9seau\n50% down")
    elif service == "denied":
        if metadata.get("authorization") != "Bearer token-of-grpc":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"saw {metadata.get('authorization')}")
        return bytes([8, 1])
    elif service == "echo":
        context.abort(grpc.StatusCode.INTERNAL, " ".join(f"{k}={v}" for k, v in metadata.items()))
    elif service == "authority":
        context.abort(grpc.StatusCode.INTERNAL, "")
    elif service == "oversize":
        return bytes([8, 1]) + b"\x12\xff\xff\x07" + b"x" * 131071
    elif service == "extra":
        # Fields of a later version, of every wire type, around the one that counts.
        return (b"\x10\x96\x01" b"\x19" + b"\0" * 8 + b"\x22\x03abc" b"\x08\x01" b"\x2d" + b"\0" * 4)
    elif service == "nonsense":
        return b"\xff\xff\xff"
    elif service.startswith("x" * 200):
        return bytes([8, 1])
    context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")


class Health(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method != "/grpc.health.v1.Health/Check":
            return None
        return grpc.unary_unary_rpc_method_handler(check)


def start(handlers, credentials=None):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=handlers)
    port = (server.add_secure_port("127.0.0.1:0", credentials) if credentials
            else server.add_insecure_port("127.0.0.1:0"))
    server.start()
    return server, port


def read(name):
    with open(name, "rb") as f:
        return f.read()


subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "10", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
               check=True, capture_output=True)
pair = [(read("key.pem"), read("cert.pem"))]
servers = [start([Health()]), start([Health()], grpc.ssl_server_credentials(pair)),
           start([Health()], grpc.ssl_server_credentials(pair, read("cert.pem"), True)), start([])]
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
print(*[port for _, port in servers], flush=True)
done.wait()
for server, _ in servers:
    server.stop(None)
for metadata in ASKED:
    if "goldprobe" not in metadata.get("user-agent", ""):
        sys.exit(f"the user agent is not told: {metadata}")
