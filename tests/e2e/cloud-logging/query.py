"""Enough of the Logging query language to answer what a client asks: NOT binds before OR, OR before AND."""

import re

SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"]
TOKEN = re.compile(r'\s*(\(|\)|AND\b|OR\b|NOT\b|([\w.]+)\s*(>=|<=|=|:)\s*("(?:[^"\\]|\\.)*"|\w+))')


def tokens(text):
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        assert found, f"not understood: {text[at:at + 40]!r}"
        at = found.end()
        yield found


def value_of(entry, path):
    for name in path.split("."):
        entry = entry.get(name, {}) if isinstance(entry, dict) else {}
    return entry if isinstance(entry, str) else ""


def comparison(path, operator, text):
    wanted = text[1:-1].replace('\\"', '"') if text.startswith('"') else text
    if path == "severity":
        level = SEVERITIES.index(wanted)
        return lambda e: SEVERITIES.index(e.get("severity", "DEFAULT")) >= level
    if operator == ":":
        return lambda e: wanted in value_of(e, path)
    if operator == "=":
        return lambda e: value_of(e, path) == wanted
    if operator == ">=":
        return lambda e: value_of(e, path) >= wanted
    return lambda e: value_of(e, path) <= wanted


def compile_query(text):
    """A predicate over entries."""
    if not text:
        return lambda e: True
    rest = list(tokens(text))

    def peek():
        return rest[0].group(1) if rest else ""

    def unary():
        token = rest.pop(0)
        if token.group(1) == "NOT":
            inner = unary()
            return lambda e: not inner(e)
        if token.group(1) == "(":
            inner = conjunction()
            assert rest.pop(0).group(1) == ")", text
            return inner
        assert token.group(2), text
        return comparison(*token.group(2, 3, 4))

    def disjunction():
        parts = [unary()]
        while peek() == "OR":
            rest.pop(0)
            parts.append(unary())
        return lambda e: any(p(e) for p in parts)

    def conjunction():
        parts = [disjunction()]
        while rest and peek() != ")":
            if peek() == "AND":
                rest.pop(0)
            parts.append(disjunction())
        return lambda e: all(p(e) for p in parts)

    whole = conjunction()
    assert not rest, text
    return whole
