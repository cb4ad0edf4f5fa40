"""Lines of the launcher itself, in the shape of the process logs that follow them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """One line on standard error: standard output stays for values that a shell reads (`env`, `servers`)."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} setup  | {text}\n")
    sys.stderr.flush()


@contextmanager
def timed(text: str) -> Iterator[None]:
    """Say the text when the block has ended, with the seconds it took."""
    started = time.monotonic()
    yield
    say(f"{text} ({time.monotonic() - started:.1f} s)")
