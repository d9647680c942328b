"""nginx before the gRPC server, by h2c and by TLS, and before nothing.

Ports: the gateway, the gateway with TLS, a gateway to nowhere (502 in HTML over HTTP/2), HTTP/1.1
alone, HTTP/1.1 alone with TLS.
"""

import os
import signal
import subprocess
import sys

from lib.local import free_port, nginx

CONF = """
  ssl_certificate cert.pem; ssl_certificate_key key.pem;
  server {{
    listen 127.0.0.1:{0} http2; listen 127.0.0.1:{1} ssl http2;
    location / {{ grpc_pass grpc://127.0.0.1:{5}; }}
  }}
  server {{ listen 127.0.0.1:{2} http2; location / {{ grpc_pass grpc://127.0.0.1:1; }} }}
  server {{ listen 127.0.0.1:{3}; listen 127.0.0.1:{4} ssl; location / {{ return 200 hello; }} }}
"""


here = os.path.dirname(os.path.abspath(__file__))
backend = subprocess.Popen([sys.executable, f"{here}/server.py"], stdout=subprocess.PIPE)
upstream = backend.stdout.readline().split()[0].decode()
ports = [free_port() for _ in range(5)]
server = nginx(CONF.format(*ports, upstream), ports[4])


def stop(*_):
    server.stop()
    backend.terminate()
    backend.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print(*ports, flush=True)
signal.pause()
