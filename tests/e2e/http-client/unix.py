"""HTTP on a socket of the file system, s.sock in the working directory."""

import socket
import threading

from lib.raw import READ, answer, play

listener = socket.socket(socket.AF_UNIX)
listener.bind("s.sock")
listener.listen()
print(0, flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=play, args=[connection, [READ, answer(b"over a socket")]],
                     daemon=True).start()
