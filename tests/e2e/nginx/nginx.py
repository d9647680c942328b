"""Debian's nginx with a configuration of its own: HTTP, HTTPS with HTTP/2, a proxy to nowhere."""

import signal
import sys

from lib.local import certificate, free_port, nginx

CONF = """
  types {{ application/json json; }} default_type application/json;
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
"""


ports = [free_port(), free_port()]
certificate()
server = nginx(CONF.format(*ports), ports[1])


def stop(*_):
    server.stop()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print(*ports, flush=True)
signal.pause()
