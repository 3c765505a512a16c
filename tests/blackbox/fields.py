"""fields.py - structured fields (RFC 9651), read as strictly as the standard reads them.

As much of them as lists of strings with parameters need. What is not exactly that is a ValueError.
"""
import base64
import re

STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):")


def read_bare(text, at):
    if found := STRING.match(text, at):
        return re.sub(r"\\(.)", r"\1", found.group(1)), found.end()
    if found := INTEGER.match(text, at):
        return int(found.group()), found.end()
    if found := BYTES.match(text, at):
        return base64.b64decode(found.group(1), validate=True), found.end()
    raise ValueError(f"no item at {at}: {text!r}")


def read_parameters(text, at):
    parameters = {}
    while at < len(text) and text[at] == ";":
        at += 1
        while at < len(text) and text[at] == " ":
            at += 1
        found = KEY.match(text, at)
        if not found:
            raise ValueError(f"no key at {at}: {text!r}")
        at = found.end()
        value = True
        if at < len(text) and text[at] == "=":
            value, at = read_bare(text, at + 1)
        parameters[found.group()] = value
    return parameters, at


def read_list(text):
    """[(value, {key: value})] of a list of items."""
    items, at = [], 0
    text = text.strip(" ")
    while at < len(text):
        value, at = read_bare(text, at)
        parameters, at = read_parameters(text, at)
        items.append((value, parameters))
        rest = re.compile(r"[ \t]*").match(text, at).end()
        if rest == len(text):
            return items
        if text[rest] != ",":
            raise ValueError(f"no comma at {rest}: {text!r}")
        at = re.compile(r"[ \t]*").match(text, rest + 1).end()
        if at == len(text):
            raise ValueError(f"nothing behind the last comma: {text!r}")
    raise ValueError("an empty list")
