"""nginx before a WebSocket server: /ws/ upgrades, /plain/ is the same without the Upgrade headers."""

import asyncio
import os
import signal
import sys

from lib.local import certificate, free_port, nginx

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import python  # noqa: E402

CONF = """
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
"""


async def main():
    _, upstream = await python.start()
    ports = [free_port(), free_port()]
    certificate()
    server = nginx(CONF.format(*ports, upstream), ports[1])
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(*ports, flush=True)
    await stop
    server.stop()


asyncio.run(main())
