"""The passphrase in the body of an alert, for senders that cannot sign: found, compared, and cut out. Pure.

It is looked for in the raw bytes: a body that cannot be read otherwise still says who sent it, and nothing that is
stored or logged ever holds it. JSON: `"passphrase": "…"`. Text: `passphrase=…` or `passphrase: …`.
"""

from __future__ import annotations

import hmac
import re

NAME = "passphrase"
CUT = "[cut]"
FORM = re.compile(r"[!#-\[\]-~]{8,100}")  # no space, quote or backslash: it looks the same wherever it stands

_FOUND = re.compile(
    rb'"passphrase"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*)"?'
    rb'|"passphrase"\s*:\s*(?P<bare>[^\s",}\]]+)'
    rb'|\bpassphrase\s*[=:]\s*"?(?P<plain>[^\s"]+)',
    re.DOTALL,
)
_PLAIN = re.compile(r'\bpassphrase\s*[=:]\s*"?[^\s"]+"?')


def is_right(body: bytes, passphrase: str) -> bool:
    """Whether the body holds it, compared in a time that does not tell how much of a wrong one was right."""
    good = passphrase.encode()
    found = [hmac.compare_digest(_value(match), good) for match in _FOUND.finditer(body)]
    return any(found)


def cut(body: bytes) -> bytes:
    """The body with `[cut]` in the place of every passphrase, right or wrong."""
    return _FOUND.sub(_cut, body) if b"passphrase" in body else body


def without(text: str) -> str:
    """A plain text without its passphrase, right, wrong or cut, for reading by a template."""
    return _PLAIN.sub("", text) if NAME in text else text


def _value(match: re.Match[bytes]) -> bytes:
    return match["text"] if match["text"] is not None else match["bare"] or match["plain"] or b""


def _cut(match: re.Match[bytes]) -> bytes:
    whole, start = match[0], match.start()
    if match["plain"] is not None:
        return whole[: match.start("plain") - start] + CUT.encode()
    name = "text" if match["text"] is not None else "bare"
    head = whole[: match.start(name) - start].removesuffix(b'"')
    return head + b'"' + CUT.encode() + b'"'
