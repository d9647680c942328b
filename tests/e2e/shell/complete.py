#!/usr/bin/python3
"""Asks a real shell what it would complete.

    complete.py SHELL       prints ok, or fails with what was offered
"""

import os
import pty
import select
import subprocess
import sys
import time

SHELL = sys.argv[1]

# A line, and words of which each must be offered, or (with a minus) must not.
CASES = [
    ("goldprobe ", ["run", "check", "logs", "serve", "validate", "report", "help"]),
    ("goldprobe val", ["validate", "-run"]),
    ("goldprobe run --col", ["--color"]),
    ("goldprobe run --color a", ["auto", "always", "-never"]),
    ("goldprobe check --wa", ["--wait"]),
    ("goldprobe run --wa", ["---wait"]),
    ("goldprobe run -r j", ["json", "junit", "-tap"]),
    ("goldprobe help web", ["websocket"]),
    ("goldprobe help exit", ["exit-codes"]),
    ("goldprobe serve sc", ["scenario-one.yaml"]),
    ("goldprobe serve --store sc", ["scenario-one.yaml"]),
]

BASH = """source ./script
COMP_WORDS=({words}) COMP_CWORD={last}
[[ {line!r} == *' ' ]] && COMP_WORDS+=('')
_goldprobe
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash(line):
    words = line.split()
    last = len(words) - (0 if line.endswith(" ") else 1)
    text = BASH.format(words=" ".join(words), last=last, line=line)
    return subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True).stdout.split()


def fish(line):
    done = subprocess.run(["fish", "-N", "-c", f"source script; complete -C {line!r}"],
                          capture_output=True, text=True, env=dict(os.environ, HOME=os.getcwd()))
    assert not done.stderr, done.stderr
    return [entry.split("\t")[0] for entry in done.stdout.splitlines()]


class Zsh:
    """An interactive one on a terminal of its own: what it completes only shows there."""

    def __init__(self):
        pid, self.fd = pty.fork()
        if not pid:
            os.environ.update(TERM="dumb", PS1="> ", HOME=os.getcwd(), COLUMNS="400", LINES="100")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.say("unsetopt zle_bracketed_paste; stty columns 400; autoload -U compinit; compinit -u -D; "
                 "source ./script; LISTMAX=1000; setopt no_list_beep; bindkey '^I' list-choices; echo rea''dy\n", "ready")

    def say(self, text, wanted=None, quiet=0.5):
        os.write(self.fd, text.encode())
        seen, end, last = "", time.monotonic() + 15, time.monotonic()
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
                last = time.monotonic()
            elif (wanted is None or wanted in seen) and time.monotonic() - last > quiet:
                break
        return seen

    def ask(self, line):
        seen = self.say(line + "\t")
        self.say("\x15", quiet=0.1)
        return seen.replace("\r", " ").split()


def main():
    with open("script", "w") as f:
        f.write(subprocess.run(["goldprobe", "help", "completion", SHELL], check=True,
                               capture_output=True, text=True).stdout)
    open("scenario-one.yaml", "w").close()
    ask = Zsh().ask if SHELL == "zsh" else globals()[SHELL]
    for line, words in CASES:
        offered = ask(line)
        for word in words:
            if word.startswith("-") and not line.rstrip().endswith(word[:4]):
                assert word[1:] not in offered, f"{line!r} offers {word[1:]!r}: {offered}"
            else:
                found = any(word in o for o in offered) if SHELL == "zsh" else word in offered
                assert found, f"{line!r} does not offer {word!r}: {offered}"
    print("ok")


main()
