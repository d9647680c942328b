"""nginx before the gRPC server, by h2c and by TLS, and before nothing.

Ports: the gateway, the gateway with TLS, a gateway to nowhere (502 in HTML over HTTP/2), HTTP/1.1
alone, HTTP/1.1 alone with TLS.
"""

import os
import signal
import socket
import subprocess
import sys
import time

CONF = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  ssl_certificate cert.pem; ssl_certificate_key key.pem;
  server {{
    listen 127.0.0.1:{0} http2; listen 127.0.0.1:{1} ssl http2;
    location / {{ grpc_pass grpc://127.0.0.1:{5}; }}
  }}
  server {{ listen 127.0.0.1:{2} http2; location / {{ grpc_pass grpc://127.0.0.1:1; }} }}
  server {{ listen 127.0.0.1:{3}; listen 127.0.0.1:{4} ssl; location / {{ return 200 hello; }} }}
}}
"""


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


here = os.path.dirname(os.path.abspath(__file__))
backend = subprocess.Popen([sys.executable, f"{here}/server.py"], stdout=subprocess.PIPE)
upstream = backend.stdout.readline().split()[0].decode()
ports = [free() for _ in range(5)]
with open("nginx.conf", "w") as f:
    f.write(CONF.format(*ports, upstream))
nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", ".", "-e", "error.log", "-c", "nginx.conf"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def stop(*_):
    for process in (nginx, backend):
        process.terminate()
        process.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", ports[4]), 1).close()
        break
    except OSError:
        time.sleep(0.05)
print(*ports, flush=True)
signal.pause()
