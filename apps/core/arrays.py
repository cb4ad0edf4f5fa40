"""Arrays as PostgreSQL reads them, for statements that take thousands of values.

The driver looks at each value to find its type, quotes and escapes it: for ten thousand of them that takes longer than
the statement. Cast what these give: `%s::bigint[]`.
"""

from __future__ import annotations

from collections.abc import Iterable


def integers(values: Iterable[int | None]) -> str:
    """As bigint[], integer[] or smallint[]; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str]) -> str:
    """As text[]."""
    found = list(values)
    if not found:
        return "{}"
    whole = '","'.join(found)
    if "\\" in whole or whole.count('"') != 2 * (len(found) - 1):
        whole = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in found])
    return '{"' + whole + '"}'
