"""The server's side of RFC 6455 as bytes, for peers that break it on purpose.

    serve({"pong only": [upgrade(), frame(10, b"x"), 5]})
"""

import base64
import hashlib
import struct

from lib import raw

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_of(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def fields_of(head):
    return {n.strip().lower(): v.strip() for n, _, v in
            (line.partition(":") for line in head.decode().split("\r\n")[1:])}


def answer(head, extra="", accept=None, upgrade="upgrade: websocket\r\n",
           connection="connection: Upgrade\r\n", status="HTTP/1.1 101 Switching Protocols"):
    """The bytes of a 101."""
    if accept is None:
        accept = accept_of(fields_of(head)["sec-websocket-key"])
    accept = f"sec-websocket-accept: {accept}\r\n" if accept else ""
    return f"{status}\r\n{upgrade}{connection}{accept}{extra}\r\n".encode()


def upgrade(then=b"", **how):
    """A step of a script: reads the request, sends the 101 and, in the same segment, `then`."""
    return lambda connection: connection.sendall(answer(raw.read_head(connection), **how) + then)


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, length=None):
    """Any frame, also one that may not be."""
    size = len(payload) if length is None else length
    first = (0x80 if fin else 0) | rsv | opcode
    masked = 0x80 if mask else 0
    if size < 126:
        head = bytes([first, masked | size])
    elif size < 65536:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    if mask:
        payload = mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + payload


def text(message, **how):
    return frame(TEXT, message.encode(), **how)


def close(code=None, reason=""):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())


def read_frame(connection):
    """(opcode, payload) of the client's next frame, which has to be masked; None at the end."""
    def exactly(n):
        data = b""
        while len(data) < n:
            more = connection.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    try:
        first, second = exactly(2)
        assert second & 0x80, "the client's frame is not masked"
        size = second & 127
        if size > 125:
            size = int.from_bytes(exactly(2 if size == 126 else 8), "big")
        mask = exactly(4)
        payload = exactly(size)
        return first & 15, bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
    except (EOFError, OSError):
        return None
