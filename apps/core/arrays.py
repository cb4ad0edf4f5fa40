"""Arrays as PostgreSQL reads them, for statements that take thousands of values.

The driver looks at each value to find its type, quotes and escapes it: for ten thousand of them that takes longer than
the statement. Cast what these give: `%s::bigint[]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal


def integers(values: Iterable[int | None]) -> str:
    """As bigint[], integer[] or smallint[]; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def decimals(values: Iterable[Decimal | None]) -> str:
    """As numeric[], to the last place; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def booleans(values: Iterable[bool]) -> str:
    """As boolean[]."""
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"


def moments(values: Iterable[datetime | None]) -> str:
    """As timestamptz[]; None is NULL. The times are aware."""
    written: dict[tuple[datetime, int], str] = {}  # as a rule all are the same few
    found = []
    for value in values:
        if value is None:
            found.append("NULL")
            continue
        key = (value, value.fold)  # the two of an hour that comes twice are equal
        text = written.get(key)
        if text is None:
            text = written[key] = value.isoformat()
        found.append(text)
    return "{" + ",".join(found) + "}"


def texts(values: Iterable[str]) -> str:
    """As text[], or jsonb[] where each value is JSON."""
    found = list(values)
    if not found:
        return "{}"
    whole = '","'.join(found)
    if "\\" in whole or whole.count('"') != 2 * (len(found) - 1):
        whole = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in found])
    return '{"' + whole + '"}'


def maybe_texts(values: Iterable[str | None]) -> str:
    """As `texts`; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else texts([value])[1:-1] for value in values]) + "}"
