"""Runs a PostgreSQL with the table `users` (or without it: `empty`), and prints its port."""

import signal
import sys
import threading

from lib.postgres import Postgres

done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
with Postgres() as database:
    if "empty" not in sys.argv:
        database.sql("CREATE TABLE users (email text, password text)")
        database.sql("GRANT SELECT ON users TO app")
        database.sql("INSERT INTO users VALUES ('smoke@example.com', "
                     "'correct horse battery staple')")
    print(database.port, flush=True)
    done.wait()
