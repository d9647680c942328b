"""Peers that break RFC 6455, one by one; the name of the case is what they do."""

from lib.raw import FOREVER, READ, RESET, answer, drip, read_head, repeat, serve
from lib.websocket import BINARY, PING, close, fields_of, frame, read_frame, text, upgrade
from lib.websocket import answer as answer_101


def reads_until_close(connection):
    """Answers pings and the close as it should; everything else is echoed."""
    while True:
        got = read_frame(connection)
        if not got or got[0] == 8:
            connection.sendall(frame(8, got[1] if got else b""))
            return
        connection.sendall(frame(10 if got[0] == PING else got[0], got[1]))


def tells_the_request(connection):
    """Sends the head of the request as the first message, the first subprotocol being selected."""
    head = read_head(connection)
    offered = fields_of(head).get("sec-websocket-protocol", "").split(", ")[0]
    connection.sendall(answer_101(head, f"sec-websocket-protocol: {offered}\r\n" if offered else "") +
                       text(head.decode().replace("\r\n", "|")))
    reads_until_close(connection)


def flood(data, seconds=FOREVER):
    return [repeat(data * 512, seconds * 1000)]


def after(*steps, **how):
    """The steps once the socket is open, which then stays as it is."""
    return [upgrade(**how), *steps, FOREVER]


def refusal(status, body=b"", headers=b""):
    return [READ, answer(body, headers, status)]


JSON = b"content-type: application/json\r\n"

SCRIPTS = {
    # The handshake.
    "no_answer": [READ, FOREVER],
    "half_an_answer": [READ, b"HTTP/1.1 101 Switching", FOREVER],
    "slow_answer": [READ, *drip(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n", 0.1)],
    "answer_without_end": [READ, b"HTTP/1.1 101 Switching Protocols\r\n", repeat(b"x: y\r\n" * 200, 4000)],
    "closed_without_answer": [READ],
    "closed_within_answer": [READ, b"HTTP/1.1 101 Switching Protocols\r\nupgr"],
    "reset_without_answer": [READ, RESET],
    "not_http": [READ, b"SSH-2.0-OpenSSH_9.2p1\r\n", FOREVER],
    "wrong_accept": [upgrade(accept="dGhlIHNhbXBsZSBub25jZQ=="), FOREVER],
    "accept_of_another_case": [lambda c: upgrade(accept="DGHLIHNHBXBSZSBUB25JZQ==")(c), FOREVER],
    "missing_accept": [upgrade(accept=""), FOREVER],
    "missing_upgrade": [upgrade(upgrade=""), FOREVER],
    "other_upgrade": [upgrade(upgrade="upgrade: h2c\r\n"), FOREVER],
    "missing_connection": [upgrade(connection=""), FOREVER],
    "connection_close": [upgrade(connection="connection: close\r\n"), FOREVER],
    "unrequested_subprotocol": [upgrade(extra="sec-websocket-protocol: other\r\n"), FOREVER],
    "two_subprotocols": [upgrade(extra="sec-websocket-protocol: a\r\nsec-websocket-protocol: b\r\n"),
                         FOREVER],
    "insists_on_deflate": [upgrade(extra="sec-websocket-extensions: permessage-deflate; "
                                   "client_no_context_takeover\r\n"), FOREVER],
    "names_in_any_case": [upgrade(upgrade="UPGRADE: WebSocket\r\n",
                                  connection="connection: keep-alive, UPGRADE\r\n"), reads_until_close],
    "no_subprotocol_selected": [upgrade(), reads_until_close],
    "early_hints": [READ, b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
                          b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno", FOREVER],
    # Refusals.
    "refused_400": refusal(b"400 Bad Request", b"permessage-deflate is required"),
    "refused_401": refusal(b"401 Unauthorized", b'{"detail":"token expired"}',
                           JSON + b"www-authenticate: Bearer error=\"invalid_token\"\r\n"),
    "refused_403": refusal(b"403 Forbidden", b"origin not allowed"),
    "refused_404": refusal(b"404 Not Found", b'{"detail":"Not Found"}', JSON),
    "refused_426": refusal(b"426 Upgrade Required", b"", b"sec-websocket-version: 8\r\n"),
    "refused_503": refusal(b"503 Service Unavailable", b"<h1>no backend</h1>",
                           b"content-type: text/html\r\nretry-after: 5\r\n"),
    "redirect": refusal(b"302 Found", b"", b"location: https://login.example/?next=/ws\r\n"),
    "html_200": refusal(b"200 OK", b"<!doctype html><title>App</title>", b"content-type: text/html\r\n"),
    "body_without_end": [READ, b"HTTP/1.1 403 Forbidden\r\n\r\nno reason", FOREVER],
    "body_too_long": [READ, b"HTTP/1.1 403 Forbidden\r\n\r\n", repeat(b"x" * 65536, 2000)],
    # Frames.
    "masked_frame": after(text("hi", mask=b"abcd")),
    "rsv1": after(frame(1, b"hi", rsv=0x40)),
    "rsv2": after(frame(1, b"hi", rsv=0x20)),
    "rsv3": after(frame(2, b"hi", rsv=0x10)),
    "rsv_on_close": after(frame(8, b"\x03\xe8", rsv=0x40)),
    "reserved_opcode": after(frame(3, b"hi")),
    "reserved_control_opcode": after(frame(11, b"hi")),
    "bad_utf8": after(frame(1, b"\xff")),
    "bad_utf8_across_fragments": after(frame(1, b"ok \xe2\x82", fin=False), frame(0, b"(")),
    "utf8_cut_short": after(frame(1, b"ok \xe2\x82", fin=False), frame(0, b"")),
    "overlong_utf8": after(frame(1, b"\xc0\xaf")),
    "good_utf8_across_fragments": [upgrade(), frame(1, b"pri\xc3", fin=False), frame(9, b"in between"),
                                   frame(0, b"\xa8re \xe2", fin=False), frame(0, b"\x82\xac"),
                                   reads_until_close],
    "long_control_frame": after(frame(PING, b"x" * 126)),
    "long_close": after(frame(8, b"\x03\xe8" + b"x" * 124)),
    "fragmented_control_frame": after(frame(PING, b"x", fin=False)),
    "length_2_62": after(frame(BINARY, b"x", length=1 << 62)),
    "length_2_63": after(frame(BINARY, b"x", length=1 << 63)),
    "text_length_2_62": after(frame(1, b"x", length=1 << 62)),
    "fragments_without_end": after(frame(1, b"x" * 60000, fin=False), *flood(frame(0, b"x" * 60000, fin=False))),
    "messages_without_end": after(*flood(text("tick"))),
    "pings_without_end": after(*flood(frame(PING, b"x" * 100))),
    "continuation_of_nothing": after(frame(0, b"x")),
    "message_in_a_message": after(frame(1, b"a", fin=False), text("b")),
    "over_the_maximum": after(frame(1, b"x" * 1001)),
    "violation_after_a_message": after(text("welcome"), frame(3)),
    # Silence and ends.
    "silence": after(),
    "silence_after_messages": after(text("one"), text("two")),
    "half_a_message": after(frame(1, b"half", length=4096)),
    "dripping_message": [upgrade(), *drip(text("x" * 100), 0.05)],
    "reset": [upgrade(), 0.1, RESET],
    "reset_with_the_answer": [upgrade(), RESET],
    "lost": [upgrade()],
    "lost_in_a_message": [upgrade(), frame(1, b"half", length=4096)],
    "lost_between_fragments": [upgrade(), frame(1, b"half", fin=False)],
    "does_not_read": after(text("ready")),
    "no_pong": after(text("ready")),
    # Closes.
    **{f"close_{code}": after(text("hello"), close(code)) for code in
       (0, 999, 1000, 1001, 1004, 1005, 1006, 1008, 1011, 1012, 1013, 1014, 1015, 1016, 2999, 3000,
        4999, 5000)},
    "close_empty": after(text("hello"), close()),
    "close_one_byte": after(text("hello"), frame(8, b"\x03")),
    "close_bad_reason": after(text("hello"), frame(8, b"\x03\xe8\xff\xfe")),
    "close_with_reason": after(text("hello"), close(4401, "token \u00ab expired \u00bb")),
    "close_with_the_answer": [upgrade(close(1008, "policy")), FOREVER],
    "close_not_answered": after(text("hello")),
    "close_answered_late": [upgrade(), text("hello"), 0.3, close(1000), FOREVER],
    "close_answered_by_end": [upgrade(), text("hello"), lambda c: read_frame(c) and None],
    "violation_after_our_close": [upgrade(), lambda c: read_frame(c) and None, frame(3), FOREVER],
    # Dialogs with good peers.
    "request": [tells_the_request],
    "echo": [upgrade(), reads_until_close],
    "story": [upgrade(text('{"type":"connection_established","id":7}')), text('{"type":"noise"}'),
              frame(BINARY, b"\x00\x01\xfe\xff"), text('{"type":"done","items":[{"n":1},{"n":2}]}'),
              reads_until_close],
}

if __name__ == "__main__":
    serve(SCRIPTS)
