"""Dates: `time` compared with a timestamp, as the windows of strategies have it.

A formula has no moments, but year, month, day_of_month, hour and minute of the bar's opening in the instrument's zone,
which is also the zone of Pine's timestamp(). So both sides are written as numbers such as 20240131.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer.report import Cannot
from apps.engine.pine.importer.values import Value, binary, name, number
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

BAR = Value("moment", name="bar")  # `time`
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d", "%d %b %Y %H:%M", "%d %b %Y", "%d %B %Y %H:%M", "%d %B %Y")
_ZONE = said("the date is read in the instrument's time zone")


def timestamp(expressions: Expressions, node: pine.Call) -> Value:
    """timestamp(2024, 1, 31, 9, 30) or timestamp("31 Jan 2024")."""
    values = [expressions.value(argument.value) for argument in node.arguments]
    if values and values[0].fixed_text is not None:
        text = values[0].fixed_text
        if len(values) == 1:
            return _from_text(expressions, text)
        expressions.state.record.note("imported", _ZONE)
        values = values[1:]
    if not 3 <= len(values) <= 6:
        raise Cannot(said("`timestamp` needs a year, a month and a day, or a text such as 2024-01-31"))
    items = [Value("number", expressions.number_of(value), integer=True) for value in values[:5]]
    items += [Value("number", number(0), integer=True)] * (5 - len(items))
    return Value("moment", items=tuple(items))


def _from_text(expressions: Expressions, text: str) -> Value:
    plain = re.sub(r"\s*(?:[+-]\d\d:?\d\d|Z|UTC|GMT)$", "", re.sub(r"(\d)T(\d)", r"\1 \2", text.strip()))
    plain = re.sub(r"(\d\d:\d\d):\d\d$", r"\1", plain)
    for form in _FORMS:
        try:
            found = datetime.strptime(plain, form)  # noqa: DTZ007  the instrument's zone
        except ValueError:
            continue
        expressions.state.record.note("imported", _ZONE)
        parts = (found.year, found.month, found.day, found.hour, found.minute)
        return Value("moment", items=tuple(Value("number", number(part), integer=True) for part in parts))
    raise Cannot(said('"{text}" is no date such as 2024-01-31', text=text[:40]))


def compare(operator: str, left: Value, right: Value) -> Value:
    """`time` against a timestamp."""
    if left.kind != right.kind or (left.name == "bar") == (right.name == "bar"):
        raise Cannot(said("`time` can be compared with a timestamp only"))
    stamp = right if left.name == "bar" else left
    clock = any(not (isinstance(part.expr, tree.Number) and part.expr.value == 0) for part in stamp.items[3:])
    words = ["year", "month", "day_of_month", "hour", "minute"][: 5 if clock else 3]
    bar = _joined([name(word) for word in words])
    fixed = _joined([part.expr for part in stamp.items[: len(words)] if part.expr is not None])
    first, second = (bar, fixed) if left.name == "bar" else (fixed, bar)
    return Value("truth", binary(operator, first, second))


def _joined(parts: list[tree.Expr]) -> tree.Expr:
    """2024, 1, 31 as 20240131: each but the first has two digits."""
    weight = 100 ** (len(parts) - 1)
    if all(isinstance(part, tree.Number) for part in parts):
        total = sum(
            int(part.value) * 100**place
            for place, part in enumerate(reversed(parts))
            if isinstance(part, tree.Number)
        )
        return number(total)
    result: tree.Expr | None = None
    for part in parts:
        weighted = binary("*", part, number(weight)) if weight > 1 else part
        result = weighted if result is None else binary("+", result, weighted)
        weight //= 100
    assert result is not None
    return result
