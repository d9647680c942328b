"""What every benchmark shares: building the C helpers, measuring commands side by side, an nginx.

A benchmark is a file bench_NAME.py with a function cases(world) that yields Case objects. All commands
of a case run in turn, round after round, so that whatever else the machine does hits them alike; the
figures are medians, and what counts is their ratio to the case's baseline.
"""

import shutil
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Case:
    """Commands that do the same job. `limits`: what the project promises of a command against the
    baseline, as {command: {"wall": ratio, "cpu": ratio, "rss": KiB, "ms": wall time}}; shown, never enforced."""

    name: str
    commands: dict
    baseline: str
    limits: dict = field(default_factory=dict)
    rounds: int = 0  # 0: as many as asked for on the command line


class World:
    """The binary under test, a scratch folder, the helpers, and servers that end with it."""

    def __init__(self, binary, scratch):
        self.binary, self.scratch = str(Path(binary).resolve()), Path(scratch)
        self.processes = []
        self.measure = self.compile("measure")

    def compile(self, name):
        program = self.scratch / name
        subprocess.run(["cc", "-O2", "-static", "-s", "-o", program, HERE / f"{name}.c"], check=True)
        return str(program)

    def start(self, argv, port):
        """Starts a server and waits until it accepts on the port."""
        process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.processes.append(process)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"bench: '{argv[0]}' does not listen on {port}")

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()

    def once(self, argv):
        """(wall ms, cpu ms, rss KiB) of one run; a command that fails ends the benchmark."""
        out = subprocess.run([self.measure, *argv], capture_output=True, text=True, check=True).stdout.split()
        if out[3] != "0":
            raise SystemExit(f"bench: exit {out[3]} of {' '.join(argv)}")
        return int(out[0]) / 1e6, int(out[1]) / 1e3, int(out[2])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(*names):
    """The first of the programs that is installed, also in sbin and among the monitoring plugins; or None."""
    for name in names:
        found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/usr/lib/nagios/plugins")
        if found:
            return found
    return None


def certificate(folder):
    """A CA and a certificate of localhost below it: (ca.pem, server.pem, server.key)."""
    ca, ca_key, pem, key, request = (folder / n for n in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr"))

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *ec, "-keyout", ca_key, "-out", ca, "-days", 2, "-subj", "/CN=bench CA")
    openssl("req", *ec, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-days", 2, "-extfile", names, "-out", pem)
    return ca, pem, key


def nginx(world, locations):
    """Starts an nginx with these locations; (http port, https port, ca.pem)."""
    folder = world.scratch / "nginx"
    folder.mkdir()
    ca, pem, key = certificate(folder)
    http, https = free_port(), free_port()
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; default_type application/json;
  server {{
    listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;
    ssl_certificate {pem}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    {locations}
  }}
}}
"""
    )
    world.start([program("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], http)
    return http, https, ca


def compare(world, case, rounds):
    """{command: {"wall": ms, "cpu": ms, "rss": KiB}}, medians over the rounds; the first is thrown away."""
    seen = {name: [] for name in case.commands}
    for number in range((case.rounds or rounds) + 1):
        for name, argv in case.commands.items():
            figures = world.once([str(a) for a in argv])
            if number:
                seen[name].append(figures)
    return {
        name: dict(zip(("wall", "cpu", "rss"), (statistics.median(column) for column in zip(*rows))))
        for name, rows in seen.items()
    }
