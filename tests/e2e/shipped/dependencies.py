"""An auth service, and what PostgreSQL and Redis say first."""

import socket
import threading

from lib.raw import READ, answer, play

AUTH = [READ, answer(b'{"status":"healthy"}', b"content-type: application/json\r\n")]


def postgres(connection):
    """A startup packet (length, protocol 3.0, parameters) is answered by a request to log in."""
    head = connection.recv(4096)
    if len(head) >= 8 and int.from_bytes(head[:4], "big") == len(head) and head[4:8] == b"\0\3\0\0":
        connection.sendall(b"R\0\0\0\x08\0\0\0\x03")
        connection.recv(4096)


def redis(connection):
    head = connection.recv(4096)
    connection.sendall(b"+PONG\r\n" if head == b"PING\r\n" else b"-ERR unknown command\r\n")


listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]


def serve(listener, script):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=play, args=[connection, script], daemon=True).start()


for listener, script in zip(listeners, (AUTH, [postgres], [redis])):
    threading.Thread(target=serve, args=[listener, script], daemon=True).start()
print(*[listener.getsockname()[1] for listener in listeners], flush=True)
threading.Event().wait()
