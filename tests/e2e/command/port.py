"""Prints a port that is free."""

import signal
import socket

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1], flush=True)
signal.sigwait({signal.SIGTERM})
