"""Several alerts in one body: a JSON array, each member kept as it was written."""

from __future__ import annotations

import codecs
import json

MOST = 100
_decoder = json.JSONDecoder()
_SPACE = " \t\r\n"


class BatchTooLong(Exception):
    """An array of more than `MOST` members."""


def split(body: bytes) -> list[bytes] | None:
    """The members of the JSON array in `body`, byte for byte; None when it is no array, an empty or a broken one.

    Raises `BatchTooLong`.
    """
    if not body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        return None
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
        return _members(text, text.index("[") + 1) or None
    except (ValueError, RecursionError):  # also what json and the decoding raise
        return None


def _members(text: str, at: int) -> list[bytes]:
    members: list[bytes] = []
    at = _skip(text, at)
    if text[at : at + 1] == "]":
        return members
    while True:
        _, end = _decoder.raw_decode(text, at)
        members.append(text[at:end].encode())
        if len(members) > MOST:
            raise BatchTooLong
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    if text[at : at + 1] != "]" or text[at + 1 :].strip():
        raise ValueError("no end, or something after it")
    return members


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
