"""Every term that a hint of the application explains, and those of docs/guides/glossary.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from apps.backtests.figures import FIGURES
from apps.guides.documents import FOLDER, anchor_of


@dataclass(frozen=True)
class Term:
    """`page` is the slug of the document that says more; of a report's figure it is the page of all figures."""

    name: str
    meaning: str
    page: str = ""

    @property
    def anchor(self) -> str:
        return anchor_of(self.name)


@cache
def terms() -> tuple[Term, ...]:
    """In the order of the alphabet. A figure of the reports is told in the words of its hint."""
    own = tomllib.loads((FOLDER / "guides" / "glossary.toml").read_text(encoding="utf-8"))
    found = {name: Term(name, told["means"], told.get("page", "")) for name, told in own.items()}
    for figure in FIGURES.values():
        found.setdefault(figure.label, Term(figure.label, figure.meaning, "metrics"))
    return tuple(sorted(found.values(), key=lambda term: term.name.lower()))


def by_letter() -> list[tuple[str, list[Term]]]:
    """The terms below the first letter of their names."""
    letters: dict[str, list[Term]] = {}
    for term in terms():
        letters.setdefault(term.name[0].upper(), []).append(term)
    return list(letters.items())
