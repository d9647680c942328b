"""Peers that are no gRPC servers, as bytes of HTTP/2 where it comes so far."""

from lib.raw import FOREVER, READ, RESET, repeat, serve


def frame(kind, flags, stream, payload):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") +
            payload)


def literal(name, value):
    """A header field without indexing, without Huffman (RFC 7541, section 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def call(*frames):
    """The preface and the request are read; settings go first."""
    return [0.05, lambda c: c.recv(65536), frame(4, 0, 0, b""), *frames, FOREVER]


HEAD = b"\x88" + literal(b"content-type", b"application/grpc")
SERVING = b"\0\0\0\0\x02\x08\x01"
OK = literal(b"grpc-status", b"0")

serve({
    "silence": [FOREVER],
    "silence_after_settings": call(),
    "silence_after_headers": call(frame(1, 4, 1, HEAD)),
    "silence_after_message": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, SERVING)),
    "reset": [0.05, RESET],
    "closed": [0.05],
    "http1": [READ, b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-length: 0\r\n\r\n", 1],
    "good": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, SERVING), frame(1, 5, 1, OK)),
    "trailers_only": call(frame(1, 5, 1, HEAD + literal(b"grpc-status", b"14") +
                                literal(b"grpc-message", b"r%C3%A9seau 100%25 %zz%"))),
    "no_status": call(frame(1, 4, 1, HEAD), frame(0, 1, 1, SERVING)),
    "status_no_number": call(frame(1, 5, 1, HEAD + literal(b"grpc-status", b"fine"))),
    "status_unknown": call(frame(1, 5, 1, HEAD + literal(b"grpc-status", b"77"))),
    "no_message": call(frame(1, 4, 1, HEAD), frame(1, 5, 1, OK)),
    "half_a_message": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, SERVING[:6]), frame(1, 5, 1, OK)),
    "two_messages": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, SERVING + SERVING), frame(1, 5, 1, OK)),
    "compressed": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, b"\1" + SERVING[1:]), frame(1, 5, 1, OK)),
    "length_of_4_gib": call(frame(1, 4, 1, HEAD), frame(0, 0, 1, b"\0\xff\xff\xff\xff\x08\x01"),
                            frame(1, 5, 1, OK)),
    "without_end": call(frame(1, 4, 1, HEAD), repeat(frame(0, 0, 1, b"x" * 16000), 100)),
    "goaway": call(frame(7, 0, 0, b"\0\0\0\0\0\0\0\x02busy")),
    "rst_stream": call(frame(3, 0, 1, b"\0\0\0\x07")),
    "html": call(frame(1, 4, 1, b"\x08\x03502" + literal(b"content-type", b"text/html")),
                 frame(0, 1, 1, b"<h1>Bad Gateway</h1>")),
})
