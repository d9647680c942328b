"""Servers that send scripted bytes, for peers that HTTP and WebSocket never meant.

    serve({"silence": [READ, FOREVER], "slow": [READ, *drip(b"HTTP/1.1 200 OK\\r\\n", 1)]})

A script is a list: bytes are sent, numbers are seconds of sleep, functions are called with the
connection, READ waits for the head of a request, RESET ends with a TCP reset, CLOSE at once. At its
end the connection is closed. Each connection plays the script from its start, in its own thread.
"""

import signal
import socket
import struct
import sys
import threading
import time

READ, RESET, CLOSE = object(), object(), object()
FOREVER = 3600


def drip(data, every, size=1):
    """The bytes, `size` at a time, with a pause before each."""
    script = []
    for i in range(0, len(data), size):
        script += [every, data[i:i + size]]
    return script


def repeat(data, times):
    """Sends the bytes many times without keeping them all."""
    def send(connection):
        for _ in range(times):
            connection.sendall(data)
    return send


def answer(body, headers=b"", status=b"200 OK"):
    """A whole HTTP answer."""
    return (b"HTTP/1.1 " + status + b"\r\ncontent-length: " + str(len(body)).encode() +
            b"\r\nconnection: close\r\n" + headers + b"\r\n" + body)


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data


def play(connection, script):
    try:
        for step in script:
            if step is READ:
                read_head(connection)
            elif step is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
                return
            elif step is CLOSE:
                return
            elif isinstance(step, (int, float)):
                time.sleep(step)
            elif callable(step):
                step(connection)
            else:
                connection.sendall(step)
        # The peer shall see the end, not a reset because of bytes nobody read.
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        while connection.recv(65536):
            pass
    except OSError:
        pass
    finally:
        connection.close()


def serve(scripts, name=None):
    """Plays the script of that name (the first argument) until it is ended."""
    script = scripts[name or sys.argv[1]]
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=play, args=[connection, script], daemon=True).start()
