"""Starts what the manifests call containers: with podman from their images, or, where there is none, the same
commands as processes of this machine. Both listen on loopback, on free ports in the place of the manifests'.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = "/dev/termination-log"
QUICK = 0.5  # seconds that the demo backend takes to start on an idle machine, and some more


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def starting_time(demo):
    """Seconds until the demo backend answers on this machine as it is now."""
    port, began = free_port(), time.monotonic()
    with subprocess.Popen([str(demo), "--port", str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        while time.monotonic() - began < 10:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.01)
        process.terminate()
    return time.monotonic() - began


class Spec:
    """One container as it is to be started: everything of the manifest resolved."""

    def __init__(self, image, command, args, env, mounts, message):
        self.image, self.command, self.args, self.env = image, command, args, env
        self.mounts, self.message = mounts, message  # [(folder here, path there, read-only)], file here


class Process:
    """A container as a process: paths below its mounts become those of this machine."""

    def __init__(self, runtime, spec):
        self.runtime, self.spec = runtime, spec
        self.log_file = tempfile.NamedTemporaryFile(dir=runtime.folder, suffix=".log", delete=False)
        argv = spec.command + spec.args if spec.command else runtime.entrypoint(spec.image) + spec.args
        self.popen = subprocess.Popen(
            self.translate(argv), env=dict(spec.env, PATH=os.environ["PATH"]), cwd="/",
            stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=subprocess.STDOUT, start_new_session=True)

    def translate(self, argv):
        out = []
        for word in argv:
            word = word.replace(MESSAGE, str(self.spec.message))
            for here, there, _ in self.spec.mounts:
                word = re.sub(f"(^|=){re.escape(there)}(?=/|$)", lambda m: m.group(1) + str(here), word)
            out.append(self.runtime.programs.get(word, word).replace("0.0.0.0:", "127.0.0.1:"))
        return out

    def poll(self):
        return self.popen.poll()

    def kill(self, grace=2):
        """TERM, and KILL when that is not heeded, as platforms do it."""
        for number, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 5)):
            if self.popen.poll() is not None:
                return
            self.popen.send_signal(number)
            try:
                self.popen.wait(wait)
            except subprocess.TimeoutExpired:
                pass

    def exec(self, argv, timeout):
        try:
            done = subprocess.run(self.translate(argv), env=dict(self.spec.env), cwd="/", timeout=timeout,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            return None, b"timed out"

    def log(self):
        return Path(self.log_file.name).read_bytes()


class Podman(Process):
    """A real container, as the restricted Pod Security Standard has it."""

    count = 0
    lock = threading.Lock()

    def __init__(self, runtime, spec):
        self.runtime, self.spec = runtime, spec
        with Podman.lock:
            Podman.count += 1
            self.name = f"goldprobe-test-{os.getpid()}-{Podman.count}"
        argv = ["podman", "run", "--name", self.name, "--network", "host", "--read-only", "--cap-drop", "ALL",
                "--security-opt", "no-new-privileges", "--user", "65532:65532", "--no-healthcheck",
                "--read-only-tmpfs=false", "-v", f"{spec.message}:{MESSAGE}"]
        for here, there, read_only in spec.mounts:
            argv += ["-v", f"{here}:{there}" + (":ro" if read_only else "")]
        for name, value in spec.env.items():
            argv += ["-e", f"{name}={value}"]
        if spec.command:
            argv += ["--entrypoint", spec.command[0]]
        started = runtime.folder / f"{self.name}.pid"
        argv += ["--pidfile", str(started), runtime.image(spec.image)] + spec.command[1:] + spec.args
        self.log_file = tempfile.NamedTemporaryFile(dir=runtime.folder, suffix=".log", delete=False)
        self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log_file,
                                      stderr=subprocess.STDOUT, start_new_session=True)
        while not started.exists() and self.popen.poll() is None:
            time.sleep(0.02)

    def kill(self, grace=2):
        if self.popen.poll() is None:
            subprocess.run(["podman", "stop", "-t", str(grace), self.name], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        subprocess.run(["podman", "rm", "-f", self.name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def exec(self, argv, timeout):
        try:
            done = subprocess.run(["podman", "exec", self.name] + argv, timeout=timeout, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            return None, b"timed out"


class Runtime:
    """Images by their names in the manifests: `goldprobe` and `golden-path` (which is goldprobe with a
    scenario inside) are what is tested, `backend` is the demo backend."""

    def __init__(self, binary, demo, podman=None):
        self.folder = Path(tempfile.mkdtemp(prefix="goldprobe-k8s-"))
        os.chmod(self.folder, 0o755)
        self.podman = podman
        # Of starting and asking a container. A clock as fast as on an idle machine would have what starts
        # on a busy one killed for being late.
        self.slowness = (3 if podman else 1) * min(8, max(1, round(starting_time(demo) / QUICK)))
        self.programs = {"/goldprobe": str(binary), "/demo": str(demo), "/carry": str(self.folder / "carry")}
        self.backend_image = None
        if podman:
            self.backend_image = f"localhost/goldprobe-test-backend-{os.getpid()}"
            layer = self.folder / "backend.tar"
            subprocess.run(["tar", "-C", str(Path(demo).parent), "-cf", str(layer), Path(demo).name], check=True)
            subprocess.run(["podman", "import", "--change", "ENTRYPOINT [\"/demo\"]", str(layer), self.backend_image],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            subprocess.run([os.environ.get("CC", "cc").split()[-1], "-o", str(self.folder / "carry"),
                            str(ROOT / "tools/carry.c")], check=True)

    def kind(self, image):
        return image.rsplit("/", 1)[-1].split(":")[0]

    def entrypoint(self, image):
        return ["/demo"] if self.kind(image) == "backend" else ["/goldprobe"]

    def image(self, image):
        return self.backend_image if self.kind(image) == "backend" else self.podman

    def start(self, spec):
        return Podman(self, spec) if self.podman else Process(self, spec)

    def new_folder(self, name):
        path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        os.chmod(path, 0o777)
        return path

    def close(self):
        if self.backend_image:
            subprocess.run(["podman", "rmi", "-f", self.backend_image], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)
