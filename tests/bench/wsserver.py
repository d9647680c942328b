#!/usr/bin/python3 -B
"""wsserver.py PORT: the least a WebSocket server can do: handshake, and a close frame for the peer's.

One connection after the other, so that what is measured is the client.
"""

import base64
import hashlib
import re
import socket
import sys

KEY = re.compile(rb"sec-websocket-key: *(\S+)", re.IGNORECASE)


def answer(peer):
    head = b""
    while b"\r\n\r\n" not in head:
        more = peer.recv(4096)
        if not more:
            return
        head += more
    key = KEY.search(head).group(1) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key).digest())
    peer.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    if peer.recv(4096):
        peer.sendall(b"\x88\x02\x03\xe8")


with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(64)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer(connection)
