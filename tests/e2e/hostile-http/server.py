"""Answers that break HTTP, or bury whoever reads them."""

import gzip
import sys
import zlib

from lib.raw import FOREVER, READ, RESET, answer, drip, repeat, serve

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
JSON = b"content-type: application/json\r\n"


def bomb(megabytes):
    """Zeros that gzip to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes))
    return out + packer.flush()


SCRIPTS = {
    "big_body": lambda: [READ, OK + b"content-length: 209715200\r\n\r\n", repeat(b"x" * 65536, 3200)],
    "gzip_bomb": lambda: [READ, answer(bomb(500), b"content-encoding: gzip\r\n")],
    "endless_chunks": lambda: [READ, CHUNKED, repeat(b"4000\r\n" + b"y" * 16384 + b"\r\n", 1 << 30)],
    "tiny_chunks": lambda: [READ, CHUNKED, repeat(b"1\r\nz\r\n" * 2000, 1 << 30)],
    "header_flood": lambda: [READ, OK, repeat(b"x-flood: " + b"f" * 1000 + b"\r\n", 1 << 30)],
    "one_long_header": lambda: [READ, OK + b"x-long: ", repeat(b"h" * 65536, 1 << 30)],
    "one_byte_a_second": lambda: [READ, *drip(OK + b"content-length: 2\r\n\r\nok", 1)],
    "slow_body": lambda: [READ, OK + b"content-length: 100\r\n\r\n", *drip(b"s" * 100, 0.5)],
    "silence": lambda: [READ, FOREVER],
    "silence_after_head": lambda: [READ, OK + b"content-length: 10\r\n\r\n", FOREVER],
    "reset": lambda: [READ, RESET],
    "reset_in_body": lambda: [READ, OK + b"content-length: 100\r\n\r\nhalf", 0.1, RESET],
    "nothing": lambda: [READ],
    "length_too_long": lambda: [READ, OK + b"content-length: 100\r\nconnection: close\r\n\r\nshort"],
    "length_negative": lambda: [READ, OK + b"content-length: -5\r\n\r\nx"],
    "length_huge": lambda: [READ, OK + b"content-length: 99999999999999999999999\r\n\r\nx"],
    "lengths_differ": lambda: [READ, OK + b"content-length: 3\r\ncontent-length: 30\r\n\r\nabc", 0.2],
    "bad_chunk": lambda: [READ, CHUNKED + b"zz\r\nnope\r\n0\r\n\r\n"],
    "chunks_cut": lambda: [READ, CHUNKED + b"5\r\nhello\r\n"],
    "bad_gzip": lambda: [READ, answer(gzip.compress(b"x" * 500)[:-20] + b"\0" * 20,
                                      b"content-encoding: gzip\r\n")],
    "nul_in_header": lambda: [READ, answer(b"ok", b"x-bad: a\0b\r\n")],
    "nul_in_body": lambda: [READ, answer(b'{"a":"x"}\0after', JSON)],
    "ansi": lambda: [READ, answer(b"\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m\r\n::error::owned",
                                  b"x-ansi: \x1b[31mred\r\n")],
    "invalid_utf8": lambda: [READ, answer(b'{"name":"\xff\xfe\xc0\x80"}', JSON)],
    "deep_json": lambda: [READ, answer(b"[" * 100000 + b"]" * 100000, JSON)],
    "not_http": lambda: [READ, b"SSH-2.0-OpenSSH_9.2p1\r\n"],
    "http_09": lambda: [READ, b"hello, no head\n"],
    "status_junk": lambda: [READ, b"HTTP/1.1 abc OK\r\ncontent-length: 0\r\n\r\n"],
    "endless_continue": lambda: [READ, repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 1 << 30)],
    "huge_number": lambda: [READ, answer(b'{"n":1e999999,"m":' + b"9" * 5000 + b"}", JSON)],
    "hostile_text": lambda: [READ, answer(
        b'</failure>]]><script>alert(1)</script> | **bold** `x` \x00 \x1b[31m not ok 1 - fake\n1..9\n',
        status=b"500 <b>&amp;\x1b[31m")],
}

serve({name: make() for name, make in SCRIPTS.items() if name == sys.argv[1]})
