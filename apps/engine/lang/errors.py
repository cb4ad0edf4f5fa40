"""What is wrong with a formula, where, and what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from apps.engine.said import said


@dataclass(frozen=True, order=True)
class Problem:
    """One error or warning: place (line and column count from 1), what is wrong, and what would help.

    `node`: what it is about in the tree's JSON form (`canonical.formula_json`), a node or one of its fields, as a
    JSON Pointer; empty for errors of syntax and for those of the formula as a whole."""

    line: int
    column: int
    message: str
    hint: str = ""
    node: str = ""

    def as_dict(self) -> dict[str, int | str]:
        return {
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
            "node": self.node,
        }

    def __str__(self) -> str:
        text = f"line {self.line}, column {self.column}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


class FormulaError(Exception):
    """The formula, or the settings given for its inputs, cannot be used. `errors` lists every reason."""

    def __init__(self, errors: Iterable[Problem]) -> None:
        self.errors: list[Problem] = sorted(errors)
        super().__init__("\n".join(str(problem) for problem in self.errors))


def nearest(word: str, known: Iterable[str]) -> str:
    """'did you mean `x`?' for the known name nearest to `word`, or an empty text."""
    if len(word) < 2:
        return ""
    names = list(known)
    by_lower = {name.lower(): name for name in names}
    if word.lower() in by_lower:
        return said("did you mean `{word}`?", word=by_lower[word.lower()])
    found = difflib.get_close_matches(word[:60], names, n=1, cutoff=0.6)
    return said("did you mean `{word}`?", word=found[0]) if found else ""
