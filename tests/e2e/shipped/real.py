"""A real PostgreSQL, a real Redis, and an auth service; with `password` the Redis wants one."""

import signal
import socket
import subprocess
import sys
import threading
import time

from lib.postgres import Postgres
from lib.raw import READ, answer, play

AUTH = [READ, answer(b'{"status":"healthy"}', b"content-type: application/json\r\n")]


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=play, args=[connection, AUTH], daemon=True).start()


done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
auth = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=[auth], daemon=True).start()
port = free()
secret = ["--requirepass", "correct horse"] if "password" in sys.argv else []
redis = subprocess.Popen(
    ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly",
     "no", "--daemonize", "no", *secret],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.05)
try:
    with Postgres() as database:
        print(auth.getsockname()[1], database.port, port, flush=True)
        done.wait()
finally:
    redis.terminate()
    redis.wait()
