"""What the checks of `make lint` share: finding files, reading C without its comments and strings."""

import re
import sys
from pathlib import Path

C_FOLDERS = ("probe", "include", "tests")


def root_of(argv):
    """The tree to look at: the first argument, or the repository that holds this script."""
    return Path(argv[1]) if len(argv) > 1 else Path(__file__).resolve().parents[2]


def c_files(root, folders=C_FOLDERS):
    return sorted(
        path for folder in folders for path in (root / folder).rglob("*") if path.suffix in (".c", ".h")
    )


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """The text with comments and literals blanked; every line keeps its number."""
    return TOKEN.sub(lambda m: " " + "\n" * m.group().count("\n"), text)


def allowed(lines, number, word):
    """Whether line `number` (from 1), or a comment right above it, says "WORD: why"."""
    said = re.compile(r"/\*.*\b" + re.escape(word) + r": \S")
    if said.search(lines[number - 1]):
        return True
    above = number - 2
    while above >= 0 and (lines[above].strip().startswith(("/*", "*")) or lines[above].rstrip().endswith("*/")):
        if said.search(lines[above]):
            return True
        above -= 1
    return False


def finish(findings):
    """Prints the findings and ends: 0 when there are none, else 1."""
    for line in findings:
        print(line)
    sys.exit(1 if findings else 0)
