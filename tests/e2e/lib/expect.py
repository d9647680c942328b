"""Comparing what came with what was wanted."""

import base64
import difflib
import json
import os
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree


class Mismatch(Exception):
    pass


# What differs from run to run, in the order in which it is masked.
MASKS = [
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?", "<when>"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "<clock>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{16,32}\b", "<id>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"\bport \d+\b", "port <port>"),
    (r"(?<![\w.])\d+(\.\d+)? ?(ns|us|µs|ms|s)\b", "<time>"),
    (r'time="[\d.]+"', 'time="<time>"'),
    (r"/tmp/goldprobe-e2e-\w+", "<tmp>"),
]


def mask(text):
    for pattern, by in MASKS:
        text = re.sub(pattern, by, text)
    # Columns padded for times of other widths.
    return re.sub(r"[ \t]+$", "", re.sub(r" {2,}", "  ", text), flags=re.M)


def _special(wanted, got, at):
    """{$any: ...} {$none: ...} {$starts: [...]} {$len: n} {$matches: re} {$contains: text} {$lt: n}
    {$gt: n}"""
    for op, value in wanted.items():
        if op == "$any":
            for item in got or []:
                try:
                    subset(value, item, at)
                    break
                except Mismatch:
                    pass
            else:
                raise Mismatch(f"{at}: none of {json.dumps(got)[:800]} is {json.dumps(value)}")
        elif op == "$none":
            for item in got or []:
                try:
                    subset(value, item, at)
                except Mismatch:
                    continue
                raise Mismatch(f"{at}: {json.dumps(item)[:300]} must not be there")
        elif op == "$starts":
            subset(value, (got or [])[:len(value)], at)
        else:
            good = {"$len": lambda: len(got) == value,
                    "$matches": lambda: re.search(value, str(got)) is not None,
                    "$contains": lambda: str(value) in str(got),
                    "$lacks": lambda: str(value) not in str(got),
                    "$in": lambda: got in value,
                    "$lt": lambda: got is not None and got < value,
                    "$gt": lambda: got is not None and got > value}[op]()
            if not good:
                raise Mismatch(f"{at}: {json.dumps(got)[:500]}, wanted {op} {value!r}")


def subset(wanted, got, at="$"):
    """Members of wanted must be in got; arrays must match item by item."""
    if isinstance(wanted, dict) and wanted and all(k.startswith("$") for k in wanted):
        _special(wanted, got, at)
    elif isinstance(wanted, dict):
        if not isinstance(got, dict):
            raise Mismatch(f"{at}: {json.dumps(got)[:300]}, wanted an object")
        for key, value in wanted.items():
            if key not in got:
                raise Mismatch(f"{at}.{key}: missing")
            subset(value, got[key], f"{at}.{key}")
    elif isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            raise Mismatch(f"{at}: {json.dumps(got)[:800]}, wanted {len(wanted)} items: "
                           f"{json.dumps(wanted)[:500]}")
        for i, (w, g) in enumerate(zip(wanted, got)):
            subset(w, g, f"{at}[{i}]")
    elif wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
        raise Mismatch(f"{at}: {json.dumps(got)[:500]}, wanted {json.dumps(wanted)}")


def junit(text):
    """Well formed, and the counts of its suites are those of their cases."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as e:
        raise Mismatch(f"JUnit: not XML: {e}")
    suites = [root] if root.tag == "testsuite" else list(root)
    if root.tag not in ("testsuite", "testsuites") or any(s.tag != "testsuite" for s in suites):
        raise Mismatch(f"JUnit: root is {root.tag}")
    for suite in suites:
        cases = suite.findall("testcase")
        for name, tag in (("tests", None), ("failures", "failure"), ("skipped", "skipped"),
                          ("errors", "error")):
            there = len([c for c in cases if tag is None or c.find(tag) is not None])
            if int(suite.get(name, "0")) != there:
                raise Mismatch(f"JUnit: {name}={suite.get(name)}, but there are {there}")
        if any(not c.get("name") or c.get("time") is None for c in cases):
            raise Mismatch("JUnit: a testcase without name or time")


def tap(text):
    """A plan, and a line for each number of it (TAP 13 and 14)."""
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    numbers = [int(n) for n in re.findall(r"^(?:not )?ok (\d+)", text, re.M)]
    if not plan or not text.startswith("TAP version 1"):
        raise Mismatch("TAP: no version line or plan")
    if numbers != list(range(1, int(plan.group(1)) + 1)):
        raise Mismatch(f"TAP: plan 1..{plan.group(1)}, numbers {numbers}")


class Expect:
    def __init__(self, folder, values, update):
        self.folder, self.values, self.update = folder, values, update

    def fill(self, value):
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda m: self.values.get(m.group(1), m.group(0)), value)
        if isinstance(value, dict):
            return {k: self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        return value

    def golden(self, name, text):
        path = os.path.join(self.folder, name)
        masked = mask(text)
        if self.update:
            with open(path, "w") as f:
                f.write(masked)
            return
        try:
            with open(path) as f:
                wanted = f.read()
        except FileNotFoundError:
            raise Mismatch(f"{name}: no such golden file; --update writes it")
        if wanted != masked:
            raise Mismatch("\n".join(difflib.unified_diff(
                wanted.splitlines(), masked.splitlines(), name, "seen", lineterm="", n=1)))

    def compare(self, where, text, wanted):
        if wanted is True or wanted is None:
            return
        wanted = self.fill(wanted)
        if isinstance(wanted, str):
            if text != wanted:
                raise Mismatch("\n".join(difflib.unified_diff(
                    wanted.splitlines(), text.splitlines(), "wanted", where, lineterm="", n=1)))
            return
        for op, value in (wanted or {}).items():
            try:
                self.one(op, value, text)
            except Mismatch as e:
                raise Mismatch(f"{where}: {e}")

    def one(self, op, value, text):
        several = value if isinstance(value, list) else [value]
        if op == "contains":
            for item in several:
                if str(item) not in text:
                    raise Mismatch(f"{item!r} is not in:\n{text[:1500]}")
        elif op == "lacks":
            for item in several:
                if str(item) in text:
                    raise Mismatch(f"{item!r} must not be in:\n{text[:1500]}")
        elif op == "outside_code_lacks":
            # In fences and code spans Markdown shows text as it is (CommonMark 4.5 and 6.1).
            prose = re.sub(r"^(\s*)(`{3,}).*?^\1\2`*$", "", text, flags=re.M | re.S)
            prose = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", prose)
            self.one("lacks", value, prose)
        elif op == "matches":
            for item in several:
                if not re.search(item, text, re.M | re.S):
                    raise Mismatch(f"/{item}/ does not match:\n{text[:1500]}")
        elif op == "golden":
            self.golden(value, text)
        elif op == "json":
            documents = [json.loads(line) for line in text.splitlines()]
            if isinstance(value, list):
                subset(value, documents)
            elif len(documents) != 1:
                raise Mismatch(f"{len(documents)} documents, wanted 1: {text[:300]}")
            else:
                subset(value, documents[0])
        elif op == "empty":
            if (text == "") != value:
                raise Mismatch(f"wanted {'nothing' if value else 'something'}: {text[:500]}")
        elif op == "lines":
            if len(text.splitlines()) != value:
                raise Mismatch(f"{len(text.splitlines())} lines, wanted {value}:\n{text[:1500]}")
        elif op == "junit":
            junit(text)
        elif op == "tap":
            tap(text)
        else:
            raise Mismatch(f"the case asks for '{op}', which nobody knows")


def encodings(secret):
    """Every form in which a secret may travel."""
    raw = secret.encode()
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret).replace("/", "\\/")[1:-1],
             urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
             urllib.parse.quote_plus(secret)}
    forms.update({re.sub("%[0-9A-F]{2}", lambda m: m.group(0).lower(), f) for f in set(forms)})
    for shift in range(3):
        # What base64 makes of it wherever it begins, without the characters its neighbours touch.
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * 3).decode()
        first = {0: 0, 1: 2, 2: 3}[shift]
        last = (shift + len(raw)) * 8 // 6
        for text in (whole[first:last],):
            forms.update({text, text.replace("+", "-").replace("/", "_")})
    return {f for f in forms if len(f) >= 4}


def leaks(secrets, tmp, stdout, stderr, skip):
    """No secret in any output or file."""
    texts = {"stdout": stdout, "stderr": stderr}
    for name in os.listdir(tmp) if secrets else []:
        if name not in skip and not name.endswith(".py") and os.path.isfile(f"{tmp}/{name}"):
            with open(f"{tmp}/{name}", errors="replace") as f:
                texts[name] = f.read()
    for secret in secrets:
        for form in encodings(secret):
            for name, text in texts.items():
                if form in text:
                    at = text.index(form)
                    raise Mismatch(f"{name}: leaks {secret!r} as {form!r}: "
                                   f"...{text[max(0, at - 80):at + 80]!r}")
