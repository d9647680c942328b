"""A real PostgreSQL, a real Redis, and an auth service; with `password` the Redis wants one."""

import signal
import socket
import sys
import threading

from lib.local import Server, free_port
from lib.postgres import Postgres
from lib.raw import READ, answer, play

AUTH = [READ, answer(b'{"status":"healthy"}', b"content-type: application/json\r\n")]


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=play, args=[connection, AUTH], daemon=True).start()


done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
auth = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=[auth], daemon=True).start()
port = free_port()
secret = ["--requirepass", "correct horse"] if "password" in sys.argv else []
redis = Server(
    ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly",
     "no", "--daemonize", "no", *secret], port)
try:
    with Postgres() as database:
        print(auth.getsockname()[1], database.port, port, flush=True)
        done.wait()
finally:
    redis.stop()
