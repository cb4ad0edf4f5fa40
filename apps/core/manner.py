"""How the reader of this request writes numbers, dates and times; what makes no request writes the neutral way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import NamedTuple

from django.utils.dateformat import format as format_date

THIN_SPACE = "\u202f"


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
    """`numbers` is one of NUMBERS, `date` is in the letters of Django's date filter."""

    numbers: str = "space"
    date: str = "Y-m-d"
    zone: tzinfo = UTC

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


def read_by(reader: Callable[[], Manner]) -> None:
    """Ask `reader` when something is written in this request; who it is need not be known before."""
    _reader.set(reader)


@contextmanager
def written_for(reader: Callable[[], Manner]) -> Iterator[None]:
    """Ask `reader` for what is written in this block, in place of whoever reads around it."""
    before = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(before)


def day_words(day: date, *, year: bool = True) -> str:
    """A day for a sentence, in the present language: 21 November 2026."""
    return format_date(day, "j F Y" if year else "j F")
