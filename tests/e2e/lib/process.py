"""Programs that a case starts: each in its own session, ended as a group."""

import os
import re
import select
import signal
import subprocess
import threading
import time

from lib.expect import Mismatch


def fill(text, values):
    """Fills ${port} and the like; other ${...} belong to the scenario and stay."""
    return re.sub(r"\$\{(\w+)\}", lambda m: values.get(m.group(1), m.group(0)), text)


class Ended:
    def __init__(self, code, stdout, stderr, seconds, rss_mb, left_behind):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.seconds, self.rss_mb, self.left_behind = seconds, rss_mb, left_behind


class Process:
    def __init__(self, argv, cwd, env, stdout="pipe", stderr=None, stdin=None):
        self.name = os.path.basename(argv[1] if "python" in argv[0] else argv[0])
        self.error_file = stderr if stderr != "pipe" else None
        self.expected_end = False
        self.began = time.monotonic()
        self.input = stdin
        self.popen = subprocess.Popen(
            argv, cwd=cwd, env=env, start_new_session=True,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stderr == "pipe" else open(stderr, "ab"))

    def ports(self):
        """The numbers on the first line of standard output."""
        ready, _, _ = select.select([self.popen.stdout], [], [], 20)
        line = self.popen.stdout.readline().decode() if ready else ""
        if not line.strip():
            raise Mismatch(f"{self.name} printed no port: {self.errors()[-1500:]}")
        # What else it prints is read and dropped, so that it never blocks.
        threading.Thread(target=self._drain, daemon=True).start()
        return [int(word) for word in line.split()]

    def _drain(self):
        try:
            while self.popen.stdout.read(65536):
                pass
        except (OSError, ValueError):
            pass

    def errors(self):
        try:
            with open(self.error_file, errors="replace") as f:
                return f.read()
        except (OSError, TypeError):
            return ""

    def signal(self, number):
        """To the program itself, as a platform does, and not to its group."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def _group_alive(self):
        try:
            os.killpg(self.popen.pid, 0)
            return True
        except (ProcessLookupError, PermissionError):
            return False

    def _kill_group(self):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def finish(self, limit):
        """Waits for the end and returns it, with what was printed."""
        chunks = {"stdout": [], "stderr": []}

        def read(stream, into):
            while True:
                data = stream.read1(65536)
                if not data:
                    return
                into.append(data)

        readers = [threading.Thread(target=read, args=[getattr(self.popen, n), chunks[n]],
                                    daemon=True) for n in chunks]
        for r in readers:
            r.start()
        if self.input is not None:
            try:
                self.popen.stdin.write(self.input.encode())
                self.popen.stdin.close()
            except BrokenPipeError:
                pass
        code, rss = self._wait(limit)
        seconds = time.monotonic() - self.began
        # A grandchild that still holds the pipes is one left behind.
        for r in readers:
            r.join(0.5)
        left = self._group_alive()
        self._kill_group()
        for r in readers:
            r.join(5)
        text = {n: b"".join(c).decode(errors="surrogateescape") for n, c in chunks.items()}
        return Ended(code, text["stdout"], text["stderr"], seconds, rss, left and code is not None)

    def _wait(self, limit):
        until = time.monotonic() + limit
        pause = 0.001
        while True:
            pid, status, usage = os.wait4(self.popen.pid, os.WNOHANG)
            if pid:
                self.popen.returncode = os.waitstatus_to_exitcode(status)
                return self.popen.returncode, usage.ru_maxrss / 1024
            if time.monotonic() > until:
                self._kill_group()
                os.wait4(self.popen.pid, 0)
                self.popen.returncode = -9
                return None, 0
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)

    def stop(self):
        """Ends a server. Its exit code, when it had something to say with it."""
        if self.popen.poll() is not None:
            # It ended by itself: a backend that crashes is meant to.
            self.expected_end = self.name in ("demo", "serve")
        self.signal(signal.SIGTERM)
        try:
            code = self.popen.wait(5)
        except subprocess.TimeoutExpired:
            code = None
        self._kill_group()
        self.popen.wait()
        return code
