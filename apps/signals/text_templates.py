"""Forms of alerts that are plain text: `{{action}} {{symbol}} @ {{price}} on {{timeframe}}`. Pure.

A line is fixed text with fields between. A field reaches up to the next place where the fixed text after it stands, the
last one to the end. So a text is read once from left to right, nothing is tried twice, and there is no pattern that
takes long. Runs of spaces and line breaks count as one space, in the form and in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.signals.errors import AlertRefused, FieldProblem, SourceRefused

MOST_LINES = 10
MOST_FIELDS = 20
LONGEST = 2000
ANYTHING = "_"

_FIELD = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,39})\s*(?:=([^{}]{0,200}))?\}\}")
_NEEDED = (("symbol", "ticker"), ("action",))


@dataclass(frozen=True, slots=True)
class Line:
    """`words[0] field[0] words[1] field[1] … words[n]`, and what it says without being told."""

    words: tuple[str, ...]
    fields: tuple[str, ...]
    fixed: tuple[tuple[str, str], ...]

    def read(self, text: str) -> dict[str, str] | str:
        """The fields of a text of this form, else where it stops fitting, in words."""
        first, *between = self.words
        if not between:
            return dict(self.fixed) if text == first else f"expected “{_short(first)}”"
        if not text.startswith(first):
            return f"expected “{_short(first)}” at the beginning"
        last = between.pop()
        end = len(text) - len(last)
        if last and not text.endswith(last):
            return f"expected “{_short(last)}” at the end"
        values = dict(self.fixed)
        at = len(first)
        for name, words in zip(self.fields, (*between, None), strict=True):
            here = end if words is None else text.find(words, at, end)
            if here < 0:
                return f"expected “{_short(words or '')}” after {name}"
            value = text[at:here].strip() if here > at else ""
            if not value:
                return f"nothing stands for {name}"
            if name != ANYTHING:
                values[name] = value
            at = here + len(words or "")
        return values


@lru_cache(maxsize=2048)
def compile_template(template: str) -> tuple[Line, ...]:
    """The lines of a template; none for an empty one. Raises `SourceRefused` for one that could not be read by."""
    if len(template) > LONGEST:
        raise _refused(f"has more than {LONGEST} characters")
    lines = tuple(_line(number, text) for number, text in _numbered(template))
    if len(lines) > MOST_LINES:
        raise _refused(f"has more than {MOST_LINES} lines")
    return lines


def match_text(lines: Sequence[Line], text: str) -> dict[str, str]:
    """The fields by the first line that fits, with the whole text as `text`.

    Raises `AlertRefused`, which says of each line where it stops fitting.
    """
    text = squeeze(text)
    problems = []
    for number, line in enumerate(lines, start=1):
        values = line.read(text)
        if isinstance(values, dict):
            return {"text": text, **values}
        problems.append(FieldProblem(f"template line {number}", values))
    message = "The text has none of the forms that the source's template gives."
    raise AlertRefused(message, problems=tuple(problems), code="no_template_fits")


def squeeze(text: str) -> str:
    """One space for each run of spaces and line breaks, none at the ends."""
    return " ".join(text.split())


def _numbered(template: str) -> list[tuple[int, str]]:
    return [(number, text) for number, text in enumerate(template.splitlines(), start=1) if text.strip()]


def _line(number: int, text: str) -> Line:
    where = f"line {number}"
    words, fields, fixed = [""], [], {}
    at = 0
    for found in _FIELD.finditer(text):
        words[-1] += text[at : found.start()]
        at = found.end()
        name, value = found[1], found[2]
        if value is not None:
            if not value.strip() or name == ANYTHING:
                raise _refused(f"{where}: {{{{{name}=…}}}} needs a name and a value")
            fixed[name] = value.strip()
        else:
            fields.append(name)
            words.append("")
    words[-1] += text[at:]
    if any("{{" in part or "}}" in part for part in words):
        raise _refused(
            f"{where}: a field is written {{{{name}}}} or {{{{name=value}}}}, of letters, digits and _"
        )
    named = [name for name in fields if name != ANYTHING] + list(fixed)
    if len(fields) > MOST_FIELDS or len(named) > MOST_FIELDS:
        raise _refused(f"{where}: has more than {MOST_FIELDS} fields")
    for name in named:
        if named.count(name) > 1:
            raise _refused(f"{where}: {name} is there twice")
    for names in _NEEDED:
        if not set(names) & set(named):
            raise _refused(
                f"{where}: needs {{{{{names[0]}}}}}, or {{{{{names[0]}=…}}}} where it is always the same"
            )
    words = _squeezed(words)
    for before, between, after in zip(fields, words[1:-1], fields[1:], strict=False):
        if not between:
            raise _refused(f"{where}: fixed text must stand between {before} and {after}, at least a space")
    return Line(tuple(words), tuple(fields), tuple(fixed.items()))


def _squeezed(words: list[str]) -> list[str]:
    """Runs of spaces as one, none at the two ends of the line."""
    words = [re.sub(r"\s+", " ", part) for part in words]
    words[0] = words[0].lstrip()
    words[-1] = words[-1].rstrip()
    return words


def _refused(message: str) -> SourceRefused:
    words = f"L{message[1:]}." if message.startswith("line") else f"The template {message}."
    return SourceRefused(words, field="template")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
