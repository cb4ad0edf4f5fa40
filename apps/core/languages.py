"""Where long texts stand in other languages: docs/guides/tr/editor.md is docs/guides/editor.md in Turkish.

A translation begins with the mark of the English text that it was made of, so that a test finds those left behind.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language

ENGLISH = "en"
_HEAD = re.compile(r"\A---\nsource: (?P<source>[0-9a-f]{12})\n---\n")
_AFTER = {
    "ç": "c",
    "ğ": "g",
    "ı": "h",
    "ö": "o",
    "ş": "s",
    "ü": "u",
}  # the letter each follows; ı stands before i


def reading() -> str:
    """The code of the language that is read now, one of LANGUAGES."""
    asked = get_language()
    return asked if asked in dict(settings.LANGUAGES) else ENGLISH


def translation_of(file: Path, language: str) -> Path:
    """Where the translation of an English file stands, or would stand."""
    return file.parent / language / file.name


def mark_of(file: Path) -> str:
    """What a translation of this file says of its source: the first 12 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def read_translation(file: Path, language: str) -> tuple[str, str] | None:
    """The Markdown and its mark of the source; None where there is none. ValueError for a file that has no mark."""
    path = translation_of(file, language)
    if language == ENGLISH or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{path} begins without its mark, three lines: ---, source: {mark_of(file)}, ---")
    return text[head.end() :], head["source"]


def folded(text: str) -> str:
    """In small letters without accents and as long as before, so that words are found however they are typed."""
    return "".join(_plain_letter(letter) for letter in text)


def alphabetical(text: str) -> str:
    """A key by which names stand in the order of the alphabet, the Turkish one too."""
    small = text.replace("I", "ı").replace("İ", "i").lower() if reading() == "tr" else text.lower()
    return "".join(f"{_AFTER[letter]}~" if letter in _AFTER else letter for letter in small)


def _plain_letter(letter: str) -> str:
    if letter == "ı":
        return "i"
    parts = unicodedata.normalize("NFKD", letter)
    accented = len(parts) > 1 and all("\u0300" <= part <= "\u036f" for part in parts[1:])
    small = (parts[0] if accented else letter).lower()
    return small if len(small) == 1 else letter
