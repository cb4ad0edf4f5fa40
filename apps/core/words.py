"""Texts for people, marked for the catalogues of locale/."""

from __future__ import annotations

import re
from typing import Any, cast

from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _lazy

from apps.core.languages import ENGLISH, reading
from apps.core.manner import figure_in_words, is_read
from apps.engine.said import Figure, Said

_SPELT = {"api": "API", "email": "e-mail", "ip": "IP", "pdf": "PDF", "url": "URL", "uuid": "UUID"}
_MISSPELT = re.compile(rf"\b({'|'.join(_SPELT)})\b")
_COUNT = re.compile(r"\d{1,3}(,\d{3})+")


def gettext_lazy(message: str) -> str:
    """Django's `gettext_lazy`, typed as the text it becomes: written in the language of whoever reads it, when it is
    read. For what is named while a module loads; inside a function `gettext` gives the text itself."""
    return cast(str, _lazy(message))


def _spell(text: object) -> str:
    if get_language() != ENGLISH:
        return str(text)
    return _MISSPELT.sub(lambda found: _SPELT[found[0]], str(text))


_lazily_spelt = lazy(_spell, str)


def spelt(text: Any) -> Any:
    """Words of code and of libraries as they are written for people who read English: an "api key" is an API key, an
    "email" an e-mail. What is read in no language (by the journal, by migrations) stays as it is."""
    return _lazily_spelt(text) if text else text


def gettext_noop(message: str) -> str:
    """Marks a text that is kept in English and put in its reader's words when it is shown. Needs no settings."""
    return message


def said_in_words(text: str) -> str:
    """A sentence of the engine in the reader's language. What is only a text (a name, a piece of a formula) is given
    back, also inside of a sentence."""
    if not isinstance(text, Said):
        return str(text)
    told: dict[int, str] = {}
    work = [text]
    while work:  # not by recursion: a sentence may hold a thousand others within one another
        sentence = work[-1]
        inside = [value for value in sentence.values.values() if isinstance(value, Said)]
        if untold := [value for value in inside if id(value) not in told]:
            work += untold
            continue
        work.pop()
        pattern = gettext(sentence.pattern)
        values = {
            name: told[id(value)] if id(value) in told else _written(value)
            for name, value in sentence.values.items()
        }
        told[id(sentence)] = pattern.format(**values) if values else pattern
    return told[id(text)]


def _written(value: str) -> str:
    """What was put into a sentence: a figure is written as its reader does. In English they differ in the thousands
    alone, and what nobody reads stays as it is."""
    if reading() == ENGLISH:
        return figure_in_words(value) if is_read() and _COUNT.fullmatch(value) else value
    return figure_in_words(value) if isinstance(value, Figure) or _COUNT.fullmatch(value) else value


# Values of rows that templates write with {% translate value %}.
VALUES = [
    gettext_noop("buy"),
    gettext_noop("sell"),
    gettext_noop("long"),
    gettext_noop("short"),
    gettext_noop("flat"),
    gettext_noop("exit"),
    gettext_noop("close"),
    gettext_noop("entry"),
    gettext_noop("alert"),
    gettext_noop("info"),
    gettext_noop("exit long"),
    gettext_noop("exit short"),
    # why a position was opened or closed
    gettext_noop("exit after"),
    gettext_noop("reverse"),
    gettext_noop("stop loss"),
    gettext_noop("take profit"),
    gettext_noop("trailing stop"),
    gettext_noop("account at zero"),
    # how a message ended
    gettext_noop("waiting"),
    gettext_noop("sending"),
    gettext_noop("delivered"),
    gettext_noop("failed"),
    gettext_noop("cancelled"),
    gettext_noop("unknown"),
    gettext_noop("dry run"),
    gettext_noop("bundled"),
    # where the data of a market has a fault, and what an order was decided by
    gettext_noop("after"),
    gettext_noop("before"),
    gettext_noop("missing"),
    gettext_noop("time"),
    gettext_noop("change"),
    gettext_noop("ratio"),
    gettext_noop("by"),
    gettext_noop("a person"),
    gettext_noop("conditions"),
    # what the first plans say of themselves
    gettext_noop("For trying ideas: write formulas, test them on real prices, run one bot on paper."),
    gettext_noop("For one trader or a small team with money in the market."),
    gettext_noop("For teams that run many bots, with priority and larger limits."),
]
