"""Servers of others on the loopback: a port, a wait, a certificate, Debian's nginx."""

import socket
import subprocess
import time

HEAD = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    """Until something listens there."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def certificate():
    """cert.pem and key.pem in the working directory, of localhost."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                    "-days", "10", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)


class Server:
    """A program that listens on a port; stop() ends it."""

    def __init__(self, argv, port, **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **more}
        self.process = subprocess.Popen(argv, **more)
        wait_for(port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def nginx(http, port):
    """With `http` in its block of that name; it is up when it listens on the port."""
    with open("nginx.conf", "w") as f:
        f.write(HEAD + http + "}\n")
    return Server(["/usr/sbin/nginx", "-p", ".", "-e", "error.log", "-c", "nginx.conf"], port)
