"""A PostgreSQL of its own for a test, on a free port of the loopback.

    with Postgres() as database:
        database.sql("CREATE TABLE users (email text, password text)")
        database.url            # postgresql://app:secret@127.0.0.1:PORT/app
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from lib.local import free_port


def programs():
    """The folder of initdb, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    password = "secret"

    def __enter__(self):
        self.bin = programs()
        self.dir = tempfile.mkdtemp(prefix="goldprobe-pg-")
        # PostgreSQL does not run as root.
        self.user = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.dir, entry.pw_uid, entry.pw_gid)
        self.port = free_port()
        self.run([f"{self.bin}/initdb", "-D", f"{self.dir}/data", "-A", "trust", "-U", "owner",
                  "-N", "--no-instructions"])
        with open(f"{self.dir}/data/pg_hba.conf", "w") as f:
            f.write("local all owner trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        self.server = subprocess.Popen(
            [f"{self.bin}/postgres", "-D", f"{self.dir}/data", "-p", str(self.port), "-k", self.dir,
             "-c", "listen_addresses=127.0.0.1", "-F"], **self.user, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        self.run([f"{self.bin}/pg_isready", "-h", self.dir, "-p", str(self.port), "-t", "10"],
                 tries=50)
        self.sql(f"CREATE ROLE app LOGIN PASSWORD '{self.password}'", "postgres")
        self.sql("CREATE DATABASE app OWNER app", "postgres")
        self.url = f"postgresql://app:{self.password}@127.0.0.1:{self.port}/app"
        return self

    def run(self, argv, tries=1):
        for left in range(tries, 0, -1):
            done = subprocess.run(argv, **self.user, capture_output=True, text=True, cwd="/")
            if done.returncode == 0:
                return done.stdout
            if left > 1:
                time.sleep(0.1)
        raise RuntimeError(f"{argv[0]}: {done.stderr}")

    def sql(self, text, database="app"):
        return self.run([f"{self.bin}/psql", "-h", self.dir, "-p", str(self.port), "-U", "owner",
                         "-d", database, "-v", "ON_ERROR_STOP=1", "-Atc", text])

    def __exit__(self, *args):
        self.server.send_signal(signal.SIGINT)
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
