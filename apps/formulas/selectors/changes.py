"""What changed between two texts of a formula: in sentences, and in the signals of chosen bars."""

from __future__ import annotations

from typing import Any

from apps.core.kept import kept_in_words
from apps.core.languages import ENGLISH, reading
from apps.engine.bars import Bars
from apps.engine.lang import EvaluationError, FormulaError, compile_formula
from apps.engine.lang.diff import diff, summary
from apps.engine.lang.signal_diff import signal_diff
from apps.formulas.errors import CannotEvaluate
from apps.formulas.in_words import error_in_words, in_words
from apps.formulas.selectors.data import Settings, affordable, recent_bars
from apps.formulas.selectors.texts import refuse

MAX_SIGNALS = 500  # of those added, and of those removed, that are listed


def changes_between(old: str, new: str) -> dict[str, Any]:
    """`changes` in the order of the new text (none where both mean the same), and their `summary` in one line.

    Raises InvalidFormula where the syntax of either is wrong.
    """
    try:
        changes = [change.as_dict() for change in diff(old, new)]
        return {
            "changes": [change | {"sentence": in_words(change["sentence"])} for change in changes],
            "summary": in_words(summary(old, new)),
        }
    except FormulaError as error:
        raise refuse(error.errors) from None


def change_note(old: str, new: str, most: int) -> str:
    """What changed, as the note of a version of at most `most` characters. Both texts are right."""
    note = "; ".join(change.sentence for change in diff(old, new))
    return note if len(note) <= most else note[: most - 1] + "…"


def note_in_words(note: str, old: str, new: str) -> str:
    """The note of a version in the reader's language where it is only what changed; somebody's own words stay."""
    if reading() == ENGLISH or not note:
        return note
    changes = diff(old, new) if old else []
    own = "; ".join(change.sentence for change in changes)
    if changes and (note == own or (note.endswith("…") and own.startswith(note[:-1]))):
        return "; ".join(in_words(change.sentence) for change in changes)
    return kept_in_words(note)


def signal_changes(
    old: str, new: str, bars: Bars, *, old_settings: Settings = None, new_settings: Settings = None
) -> dict[str, Any]:
    """Signals that the new text adds on `bars` and those it removes (the last 500 of each are listed, all are counted),
    and how many both give; `evaluated` says on how many bars, the last ones.

    Raises InvalidFormula and CannotEvaluate.
    """
    try:
        bars = recent_bars(bars)
        for text, settings in ((old, old_settings), (new, new_settings)):
            bars = affordable(compile_formula(text, settings), bars)
        found = signal_diff(old, new, bars, old_settings, new_settings)
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None
    listed = found.as_dict()
    return {
        "evaluated": len(bars),
        "added": listed["added"][-MAX_SIGNALS:],
        "added_count": len(found.added),
        "removed": listed["removed"][-MAX_SIGNALS:],
        "removed_count": len(found.removed),
        "kept_count": found.kept,
    }
