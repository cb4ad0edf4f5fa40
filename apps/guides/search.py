"""Words of the documents, functions and terms, held in memory: they change with the code alone.

Every word of a question has to occur, at least as the beginning of a word; a word that begins none is taken for the
nearest one there is. A title counts most, a heading less, the text least. Each language has an index of its own, in
which titles are found by their English words as well.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext, override

from apps.core.languages import ENGLISH, folded, reading
from apps.formulas.reference import names, page
from apps.guides.documents import documents
from apps.guides.glossary import terms

# Devanagari has vowels that are signs beside a letter, which \w does not take for parts of words
_LETTER = r"\w\u0900-\u0963\u0966-\u097f"
_WORD = re.compile(rf"[{_LETTER}.]*[{_LETTER}]")
_PLURAL = re.compile(r"(?<=ch|sh|ss)es$|(?<=..[^s])s$")
_TITLE, _HEADING, _TEXT = 8.0, 4.0, 1.0
_MOST = 4.0  # what a word weighs that a text repeats without end
_BEGINNING = 0.6  # of a word's weight, where only its beginning was asked for
_EXCERPT = 160


class Found(NamedTuple):
    """`excerpt` is plain text around what was found, in this language."""

    title: str
    url: str
    excerpt: str
    language: str


@dataclass(frozen=True)
class _Place:
    title: str
    url: str
    group: str  # places of one page: the best of them is shown
    text: str
    language: str


@dataclass
class _Index:
    places: list[_Place] = field(default_factory=list)
    weights: dict[str, dict[int, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    words: list[str] = field(default_factory=list)

    def add(self, place: _Place, *, titles: str, headings: str = "") -> None:
        number = len(self.places)
        self.places.append(place)
        in_title = _TITLE * 4 / (3 + len(_words(titles)))  # a word says more in a short title
        for text, weight in ((titles, in_title), (headings, _HEADING), (place.text, _TEXT)):
            counted: dict[str, float] = defaultdict(float)
            for word in _words(text):
                counted[word] += weight
            for word, total in counted.items():
                self.weights[word][number] += min(total, weight * _MOST)

    def matching(self, word: str) -> dict[int, float]:
        """The places with a word that begins so, by weight."""
        found: dict[int, float] = defaultdict(float)
        for at in range(bisect_left(self.words, word), len(self.words)):
            if not self.words[at].startswith(word):
                break
            share = 1.0 if self.words[at] == word else _BEGINNING
            for number, weight in self.weights[self.words[at]].items():
                found[number] = max(found[number], weight * share)
        return found


def search_docs(words: str, limit: int = 8) -> list[Found]:
    """The pages that hold all of the words, best first, each with the place where it says most of them."""
    index = _index(reading())
    asked = _words(words)[:12]
    scores: dict[int, float] = {}
    for at, word in enumerate(asked):
        found = index.matching(word)
        if not found:
            near = get_close_matches(word, index.words, n=1, cutoff=0.8)
            found = index.matching(near[0]) if near else {}
        scores = {
            number: scores.get(number, 0.0) + weight
            for number, weight in found.items()
            if at == 0 or number in scores
        }
    best: dict[str, tuple[float, int]] = {}
    for number, score in scores.items():
        group = index.places[number].group
        best[group] = max(best.get(group, (0.0, 0)), (score, -number))
    ranked = sorted(best.values(), reverse=True)[:limit]
    places = [index.places[-number] for _, number in ranked]
    return [Found(place.title, place.url, _excerpt(place.text, asked), place.language) for place in places]


@cache
def _index(language: str) -> _Index:
    index = _Index()
    with override(ENGLISH):
        english = documents()
        english_titles = {name: str(page(name).title) for name in names()}
    for document in documents().values():
        titles = _both(document.title, english[document.slug].title)
        for part in document.parts:
            title = f"{document.title}: {part.heading}" if part.heading else document.title
            url = document.url + (f"#{part.anchor}" if part.anchor else "")
            place = _Place(title, url, document.url, part.text, document.language)
            index.add(place, titles="" if part.heading else titles, headings=part.heading)
    for name in names():
        function = page(name)
        url = reverse("guides:function-detail", args=[name])
        text = re.sub(r"```.*?```|\]\([^)]*\)|!?\[|[`*|#]", " ", function.body, flags=re.DOTALL)
        place = _Place(f"{name}: {function.title}", url, url, f"{function.summary} {text}", language)
        index.add(place, titles=f"{name} {_both(str(function.title), english_titles[name])}")
    for term in terms():
        url = f"{reverse('guides:glossary')}#{term.anchor}"
        index.add(
            _Place(
                gettext("{name}, in the glossary").format(name=term.name), url, url, term.meaning, language
            ),
            titles=_both(term.name, term.english),
        )
    index.words = sorted(index.weights)
    return index


def _both(title: str, english: str) -> str:
    return title if title == english else f"{title} {english}"


def _words(text: str) -> list[str]:
    """In small letters, without accents and the s of a plural."""
    return [_PLURAL.sub("", word) for word in _WORD.findall(folded(text))]


def _excerpt(text: str, asked: list[str]) -> str:
    """The text from a little before the first word that was asked for."""
    small = folded(text)
    hits = [at for word in asked for at in (re.search(rf"(?<![{_LETTER}]){re.escape(word)}", small),) if at]
    begin = max(min((hit.start() for hit in hits), default=0) - 40, 0)
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    piece = text[begin : begin + _EXCERPT]
    if begin + _EXCERPT < len(text):
        piece = piece.rsplit(" ", 1)[0] + " …"
    return ("… " if begin else "") + re.sub(r"\s+", " ", piece).strip()
