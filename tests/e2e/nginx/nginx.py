"""Debian's nginx with a configuration of its own: HTTP, HTTPS with HTTP/2, a proxy to nowhere."""

import signal
import socket
import subprocess
import sys
import time

CONF = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; types {{ application/json json; }} default_type application/json;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  gzip on; gzip_types application/json; gzip_min_length 1;
  server {{
    listen 127.0.0.1:{0}; listen 127.0.0.1:{1} ssl http2; server_name localhost;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate cert.pem; ssl_certificate_key key.pem;
    location = /health {{ return 200 '{{"status":"ok","by":"nginx"}}'; }}
    location = /old {{ return 301 /health; }}
    location = /secure {{ return 301 https://localhost:{1}/health; }}
    location = /down {{ proxy_pass http://127.0.0.1:1/; }}
    location = /closed {{ return 444; }}
  }}
}}
"""


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


ports = [free(), free()]
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "10", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               check=True, capture_output=True)
with open("nginx.conf", "w") as f:
    f.write(CONF.format(*ports))
nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", ".", "-e", "error.log", "-c", "nginx.conf"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def stop(*_):
    nginx.terminate()
    nginx.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", ports[1]), 1).close()
        break
    except OSError:
        time.sleep(0.05)
print(*ports, flush=True)
signal.pause()
