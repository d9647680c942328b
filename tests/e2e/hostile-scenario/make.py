"""Prints a scenario that nobody should send."""

import os
import sys

STEP = "steps:\n  - http: GET /\n"


def alias_bomb():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for i in range(1, 12):
        text += f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]\n"
    return text + STEP


def merge_bomb():
    text = "vars:\n  v0: &v0 {a: 1, b: 2}\n"
    for i in range(1, 30):
        text += f"  v{i}: &v{i} {{x: *v{i - 1}, y: *v{i - 1}}}\n"
    return text + STEP


KINDS = {
    "too_big": lambda: "# " + "x" * (1 << 20) + "\n" + STEP,
    "big_string": lambda: "name: " + "y" * (1 << 20) + "\n" + STEP,
    "alias_bomb": alias_bomb,
    "merge_bomb": merge_bomb,
    "deep": lambda: "vars: {v: " + "[" * 20000 + "]" * 20000 + "}\n" + STEP,
    "deep_open": lambda: "vars: " + "[" * 20000,
    "deep_block": lambda: "vars:\n" + "".join(" " * i + "k:\n" for i in range(1, 700)) + STEP,
    "deep_json": lambda: '{"vars": {"v": ' + "[" * 20000 + "]" * 20000 + '}, "steps": []}',
    "many_nodes": lambda: "vars:\n" + "".join(f"  v{i}: {i}\n" for i in range(11000)) + STEP,
    "many_errors": lambda: "steps:\n" + "".join(f"  - {{http: GET /{i}, key{i}: 1}}\n"
                                                for i in range(500)),
    "nul": lambda: "steps:\n  - http: GET /\0\n",
    "tag_python": lambda: "name: !!python/object/apply:os.system ['touch owned']\n" + STEP,
}

name = sys.argv[1]
if name == "junk":
    sys.stdout.buffer.write(bytes((i * 131 + (i >> 8) * 17) % 256 for i in range(65536)))
elif name == "elf":
    sys.stdout.buffer.write(open("/bin/true", "rb").read())
elif name == "random":
    sys.stdout.buffer.write(os.urandom(100000))
elif name == "bad_utf8":
    sys.stdout.buffer.write(b"name: \xff\xfe\xc0\x80\n" + STEP.encode())
else:
    sys.stdout.write(KINDS[name]())
