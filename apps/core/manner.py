"""How the reader of this request writes numbers, dates and times; what makes no request writes the neutral way."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo

THIN_SPACE = "\u202f"


@dataclass(frozen=True)
class Manner:
    """`thousands` stands between groups of three digits, `date` is in the letters of Django's date filter."""

    thousands: str = THIN_SPACE
    date: str = "Y-m-d"
    zone: tzinfo = UTC


NEUTRAL = Manner()
_reader: ContextVar[Callable[[], Manner]] = ContextVar("manner")


def manner() -> Manner:
    """The present reader's."""
    found = _reader.get(None)
    return found() if found else NEUTRAL


def read_by(reader: Callable[[], Manner]) -> None:
    """Ask `reader` when something is written in this request; who it is need not be known before."""
    _reader.set(reader)
