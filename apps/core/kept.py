"""Sentences that are kept in English, said in their reader's language.

What a worker writes into a row (why a run failed, why a bot was paused) is read by several people and by programs: it
is stored in English. When a page shows it, the patterns of the catalogue tell what it was made of, and the same
pattern in the reader's language says it anew. What no pattern knows (a name, somebody's own words) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from apps.core.languages import ENGLISH, reading
from apps.core.manner import figure_in_words, is_read, neutrally_written
from apps.core.words import said_in_words
from apps.engine.said import Said

LONGEST = 4_000  # characters of a text that is looked at
ENOUGH = 8  # letters that a pattern has beside its places; with fewer it would know too much
JOINTS = (re.compile(r"(?<=; )"), re.compile(r"(?<=\. )"))  # from the widest
SENTENCES = re.compile(r"(?<=[.!?]) (?=\S)")
DEEPEST = 5  # of sentences within one another
_WRITTEN = re.compile(r"\d[,.]\d|\d%")  # what readers of English write in several ways
_PLACE = re.compile(r"\{(\w+)[^{}]*\}")


class Pattern(NamedTuple):
    """A text of the catalogue with places; `pieces` stand around these, `weight` is how many letters they have."""

    text: str
    pieces: tuple[str, ...]
    places: tuple[str, ...]
    weight: int


@contextmanager
def in_english() -> Iterator[None]:
    """What is made in this block is to be kept: its words are English and its figures neutral, whoever asked for it."""
    with translation.override(ENGLISH), neutrally_written():
        yield


def kept_in_words(text: str) -> str:
    """A kept sentence, or several that were joined, in the reader's language; in English, with figures as the reader
    writes them."""
    language = reading()
    if not text:
        return str(text)
    if isinstance(text, Said):
        return said_in_words(text)
    if language == ENGLISH and not (is_read() and _WRITTEN.search(text)):
        return str(text)
    return _told(str(text), language, 0) if len(text) <= LONGEST else text


@lru_cache(maxsize=4096)
def _known(text: str, language: str) -> tuple[Pattern, tuple[str, ...]] | None:
    """The pattern that made the text, the one with the most words of its own, and what was put into it."""
    for pattern in patterns_of(language):
        found = _match(pattern, text)
        if found is not None and (pattern.weight >= ENOUGH or all(map(_is_figure, found))):
            return pattern, found
    return None


def _told(text: str, language: str, depth: int) -> str:
    if depth > DEEPEST or not any(map(str.isalpha, text)):
        return figure_in_words(text)
    sentences = _all_known(SENTENCES.split(text), " ", language, depth)
    whole = sentences or _whole(text, language, depth) or _all_known(text.split(", "), ", ", language, depth)
    if whole is not None:
        return whole
    for colon in re.finditer(": ", text):  # a name, then what is said of it
        tail = _whole(text[colon.end() :], language, depth)
        if tail is not None:
            return f"{_told(text[: colon.start()], language, depth + 1)}: {tail}"
    for joint in JOINTS:
        parts = [(part.rstrip("; "), part[len(part.rstrip("; ")) :]) for part in joint.split(text)]
        if len(parts) > 1:
            told = "".join(_told(part, language, depth + 1) + end for part, end in parts)
            if told != text:
                return told
    return text


def _all_known(parts: list[str], joint: str, language: str, depth: int) -> str | None:
    """Several that were joined, each of which is known by itself: a place would take in all behind the first."""
    told = [_whole(part, language, depth) for part in parts] if len(parts) > 1 else []
    return joint.join(filter(None, told)) if told and None not in told else None


def _whole(text: str, language: str, depth: int) -> str | None:
    """The text as one sentence. A stop at its end and a capital at its beginning may have been added to it."""
    bodies = [(text, "")] + ([(text[:-1], ".")] if text.endswith(".") and text != "." else [])
    best: tuple[Pattern, tuple[str, ...], str, str, str] | None = None
    for body, stop in bodies:
        for start in (body, body[:1].lower() + body[1:], body[:1].upper() + body[1:]):
            if start in _texts(language)[0]:
                return _cased(translation.gettext(start), start, body) + stop
            known = _known(start, language)
            if known is not None and (best is None or known[0].weight > best[0].weight):
                best = (*known, start, body, stop)
    if best is None:
        return None
    pattern, values, start, body, stop = best
    told = {
        name: _Value(_told(value, language, depth + 1))
        for name, value in zip(pattern.places, values, strict=True)
    }
    return _cased(translation.gettext(pattern.text).format(**told), start, body) + stop


def _cased(told: str, start: str, body: str) -> str:
    """With a first letter like that of `body`, where it was another to find the pattern."""
    if start[:1] == body[:1]:
        return told
    return (told[:1].upper() if body[:1].isupper() else told[:1].lower()) + told[1:]


class _Value(str):
    """What stands in a place; how the pattern would have formatted it is settled already."""

    def __format__(self, form: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def patterns_of(language: str) -> tuple[Pattern, ...]:
    """The catalogue's texts with places, those with the most words first."""
    return _texts(language)[1]


@lru_cache(maxsize=8)
def _texts(language: str) -> tuple[frozenset[str], tuple[Pattern, ...]]:
    """The catalogue's texts without places, and those with some."""
    # English has no catalogue: the texts are the keys of any other one
    other = (
        next(code for code, _ in settings.LANGUAGES if code != ENGLISH) if language == ENGLISH else language
    )
    # Django keeps a catalogue in `_catalog` alone, which its type stubs leave out
    catalogue: dict[Any, str] = dict(trans_real.translation(other)._catalog.items())  # type: ignore[attr-defined]
    plain, patterns = set(), []
    for text in catalogue:
        if not isinstance(text, str) or not text or "%(" in text:
            continue
        pieces = _PLACE.split(text)
        if len(pieces) == 1:
            plain.add(text)
            continue
        around = tuple(piece.replace("{{", "{").replace("}}", "}") for piece in pieces[::2])
        weight = sum(map(str.isalpha, "".join(around)))
        if weight:
            patterns.append(Pattern(text, around, tuple(pieces[1::2]), weight))
    return frozenset(plain), tuple(sorted(patterns, key=lambda pattern: -pattern.weight))


def _match(pattern: Pattern, text: str) -> tuple[str, ...] | None:
    """What stands in the places: each as short as can be, none empty; in one pass over the text."""
    first, last = pattern.pieces[0], pattern.pieces[-1]
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end <= len(first):
        return None
    at, values = len(first), []
    for piece in pattern.pieces[1:-1]:
        found = text.find(piece, at + 1, end)
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(piece)
    if at >= end:
        return None
    return (*values, text[at:end])


def _is_figure(text: str) -> bool:
    return figure_in_words(text) != "" and not any(map(str.isalpha, text))
