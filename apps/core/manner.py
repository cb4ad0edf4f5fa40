"""How the reader of this request writes numbers, dates and times; what makes no request writes the neutral way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import NamedTuple, SupportsFloat

from django.utils.dateformat import format as format_date

THIN_SPACE = "\u202f"
NO_BREAK = "\u00a0"
SIGNS = ("+", "-", "\u2212")
_FIGURE = re.compile(r"[+\-\u2212]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?%?")


class Numbers(NamedTuple):
    """`thousands` stands between groups, `decimal` before the fraction; `indian` groups are two digits above the
    thousands: 12,34,567."""

    thousands: str
    decimal: str
    indian: bool = False


# By the names that preferences store and the page's scripts read.
NUMBERS = {
    "space": Numbers(THIN_SPACE, "."),
    "comma": Numbers(",", "."),
    "dot": Numbers(".", ","),
    "spaced": Numbers(THIN_SPACE, ","),
    "indian": Numbers(",", ".", indian=True),
}


@dataclass(frozen=True)
class Manner:
    """`numbers` is one of NUMBERS, `date` is in the letters of Django's date filter; `percent_first`: %5, not 5 %."""

    numbers: str = "space"
    date: str = "Y-m-d"
    zone: tzinfo = UTC
    percent_first: bool = False

    @property
    def thousands(self) -> str:
        return NUMBERS[self.numbers].thousands

    def figure(self, text: str) -> str:
        """Python's `1,234,567.5` as this reader writes it."""
        form = NUMBERS[self.numbers]
        whole, point, fraction = text.partition(".")
        if form.indian:
            whole = _in_twos(whole.replace(",", ""))
        return whole.replace(",", form.thousands) + (form.decimal if point else "") + fraction

    def percent(self, figure: str) -> str:
        """A figure, which may have a sign, with the sign for percent where this reader looks for it."""
        if not self.percent_first:
            return f"{figure}{THIN_SPACE}%"
        sign = figure[:1] if figure[:1] in SIGNS else ""
        return f"{sign}%{figure[len(sign) :]}"


def together(code: str, figure: str) -> str:
    """An amount with its currency, "USD 29.00"; no line that somebody reads ends within it."""
    return f"{code}{NO_BREAK if is_read() else ' '}{figure}"


class Written:
    """A number of a sentence: "{bars:,} bars" is formatted as its reader writes figures, as Python does without one."""

    def __init__(self, value: SupportsFloat) -> None:
        self.value = value

    def __format__(self, form: str) -> str:
        text = format(self.value, form)
        if _reader.get() is None:
            return text
        figure = manner().figure(text.removesuffix("%"))
        return manner().percent(figure) if text.endswith("%") else figure


def written(value: SupportsFloat) -> Written:
    return Written(value)


def figure_in_words(text: str) -> str:
    """A figure as an English sentence holds it (-1,234.5 or 12.4%) as the reader writes it; other texts as they are."""
    if not _FIGURE.fullmatch(text):
        return text
    sign = text[:1] if text[:1] in SIGNS else ""
    figure = manner().figure(text.removesuffix("%").removeprefix(sign))
    return manner().percent(sign + figure) if text.endswith("%") else sign + figure


def _in_twos(digits: str) -> str:
    """Digits (a sign before them may stay) with commas as in India: 1234567 is 12,34,567."""
    sign, digits = (digits[0], digits[1:]) if digits[:1] in "+-" and digits else ("", digits)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)]
    return sign + ",".join([*reversed(pairs), tail])


NEUTRAL = Manner()
_reader: ContextVar[Callable[[], Manner] | None] = ContextVar("manner", default=None)


def manner() -> Manner:
    """The present reader's."""
    found = _reader.get()
    return found() if found else NEUTRAL


def is_read() -> bool:
    """Whether somebody reads what is written now; what a program asked for is written as Python does."""
    return _reader.get() is not None


@contextmanager
def written_for(reader: Callable[[], Manner]) -> Iterator[None]:
    """Ask `reader` for what is written in this block, in place of whoever reads around it; not before something is."""
    before = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(before)


@contextmanager
def neutrally_written() -> Iterator[None]:
    """Write figures of this block as Python does, whoever reads around it."""
    before = _reader.set(None)
    try:
        yield
    finally:
        _reader.reset(before)


def day_words(day: date, *, year: bool = True) -> str:
    """A day for a sentence, in the present language: 21 November 2026."""
    return format_date(day, "j F Y" if year else "j F")
