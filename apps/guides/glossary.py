"""Every term that a hint of the application explains, and those of docs/guides/glossary.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from django.utils.translation import override

from apps.backtests.figures import FIGURES
from apps.core.languages import ENGLISH, alphabetical, reading, translation_of
from apps.guides.documents import FOLDER, anchor_of

_FILE = FOLDER / "guides" / "glossary.toml"


@dataclass(frozen=True)
class Term:
    """`page` is the slug of the document that says more; of a report's figure it is the page of all figures.

    `english` is the name in English, of which the anchor is made: it is the same in all languages.
    """

    name: str
    meaning: str
    english: str
    page: str = ""

    @property
    def anchor(self) -> str:
        return anchor_of(self.english)


def terms() -> tuple[Term, ...]:
    """In the order of the alphabet. A figure of the reports is told in the words of its hint."""
    return _terms(reading())


@cache
def _terms(language: str) -> tuple[Term, ...]:
    own = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    file = translation_of(_FILE, language)
    words = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    found = {}
    for english, told in own.items():
        said = words.get(english, {"name": english, "means": told["means"]})
        found[english] = Term(said["name"], said["means"], english, told.get("page", ""))
    for figure in FIGURES.values():
        with override(ENGLISH):
            english = str(figure.label)
        found.setdefault(english, Term(str(figure.label), str(figure.meaning), english, "metrics"))
    return tuple(sorted(found.values(), key=lambda term: alphabetical(term.name)))


def by_letter() -> list[tuple[str, list[Term]]]:
    """The terms below the first letter of their names."""
    letters: dict[str, list[Term]] = {}
    for term in terms():
        letters.setdefault(term.name[0].upper(), []).append(term)
    return list(letters.items())
