#!/usr/bin/python3
"""Ends in 0 when the page on stdin is well nested, holds no script and fetches nothing."""

import sys
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "a", "iframe", "link", "object", "form"):
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


page = Page()
page.feed(sys.stdin.read())
page.close()
sys.exit(f"wrong: {page.wrong} open: {page.open}" if page.wrong or page.open else 0)
