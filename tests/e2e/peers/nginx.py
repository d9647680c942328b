"""nginx before a WebSocket server: /ws/ upgrades, /plain/ is the same without the Upgrade headers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import python  # noqa: E402

CONF = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server {{
    listen 127.0.0.1:{0}; listen 127.0.0.1:{1} ssl http2; server_name localhost;
    ssl_certificate cert.pem; ssl_certificate_key key.pem;
    location /ws/ {{
      proxy_pass http://127.0.0.1:{2}/; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
    }}
    location /plain/ {{ proxy_pass http://127.0.0.1:{2}/; }}
    location /impatient/ {{
      proxy_pass http://127.0.0.1:{2}/; proxy_http_version 1.1; proxy_read_timeout 100ms;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    }}
    location /down/ {{
      proxy_pass http://127.0.0.1:1/; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    }}
    location /moved {{ return 301 /ws/echo; }}
    location / {{ default_type text/html; return 200 "<!doctype html><title>App</title>"; }}
  }}
}}
"""


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


async def main():
    _, upstream = await python.start()
    ports = [free(), free()]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                    "-days", "10", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    with open("nginx.conf", "w") as f:
        f.write(CONF.format(*ports, upstream))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", ".", "-e", "error.log", "-c", "nginx.conf"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", ports[1]), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(*ports, flush=True)
    await stop
    nginx.terminate()
    nginx.wait()


asyncio.run(main())
