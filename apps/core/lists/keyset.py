"""One page of rows from where another one ended: no OFFSET, so that neither depth nor new rows move what is read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F, IntegerField, Q, QuerySet

from apps.core.lists.listing import Sort

KEY = "list_key"  # the annotation that rows are sorted by


@dataclass(frozen=True)
class Page:
    """`newer` and `older` are marks of the pages before and after, None where there is none."""

    rows: list[Any]
    newer: str | None
    older: str | None


def page_of(
    rows: QuerySet[Any], sort: Sort, *, down: bool, size: int, after: str = "", before: str = ""
) -> Page:
    """The `size` rows after (or before) a mark; the first ones without, or with one that cannot be read."""
    keyed = rows.annotate(**{KEY: sort.expression})
    kind = keyed.query.annotations[KEY].output_field
    back = bool(before)
    mark = _read(before or after, kind)
    found = keyed.order_by(*_order(sort, down=down != back, nulls_first=back))
    if mark is None:
        back = False
        found = keyed.order_by(*_order(sort, down=down, nulls_first=False))
    else:
        found = found.filter(_beyond(sort, mark, down=down, back=back))
    taken = list(found[: size + 1])
    more, taken = len(taken) > size, taken[:size]
    if back:
        if not more:  # the front is reached: it is shown full
            return page_of(rows, sort, down=down, size=size)
        taken.reverse()
        return Page(taken, _mark(taken[0]), _mark(taken[-1]))
    newer = _mark(taken[0]) if mark is not None and taken else None
    if mark is not None and not taken:  # everything behind the mark is gone
        return page_of(rows, sort, down=down, size=size)
    return Page(taken, newer, _mark(taken[-1]) if more else None)


def ordered(rows: QuerySet[Any], sort: Sort, *, down: bool) -> QuerySet[Any]:
    """All rows in the order of the pages."""
    return rows.annotate(**{KEY: sort.expression}).order_by(*_order(sort, down=down, nulls_first=False))


def page_of_kept(
    rows: Sequence[Any], sort: Sort, *, down: bool, size: int, after: str = "", before: str = ""
) -> Page:
    """As `page_of` of rows in memory, by their attribute `sort.by`; a mark names one by its `pk`."""
    found = ordered_kept(rows, sort, down=down)
    mark = _read(before or after, IntegerField())
    place = next((place for place, row in enumerate(found) if mark and row.pk == mark[1]), None)
    if place is None:
        start = 0
    elif before:
        start = max(place - size, 0)
    else:
        start = place + 1 if place + 1 < len(found) else 0
    taken = found[start : start + size]
    return Page(
        taken,
        _name(None, taken[0].pk) if start else None,
        _name(None, taken[-1].pk) if start + size < len(found) else None,
    )


def ordered_kept(rows: Sequence[Any], sort: Sort, *, down: bool) -> list[Any]:
    """All rows in the order of the pages."""
    return sorted(rows, key=lambda row: (getattr(row, str(sort.by)), row.pk), reverse=down)


def _order(sort: Sort, *, down: bool, nulls_first: bool) -> list[Any]:
    nulls: dict[str, Any] = {}
    if sort.nullable:
        nulls = {"nulls_first": True} if nulls_first else {"nulls_last": True}
    first = F(KEY).desc(**nulls) if down else F(KEY).asc(**nulls)
    return [first] if sort.unique else [first, "-pk" if down else "pk"]


def _beyond(sort: Sort, mark: tuple[Any, int], *, down: bool, back: bool) -> Q:
    """Rows after the mark in the order of the pages (`back`: before it); those without a value stand last."""
    value, pk = mark
    side = "lt" if down != back else "gt"
    if sort.unique:
        return Q(**{f"{KEY}__{side}": value})
    if value is None:
        nulls = Q(**{f"{KEY}__isnull": True, f"pk__{side}": pk})
        return nulls | Q(**{f"{KEY}__isnull": False}) if back else nulls
    found = Q(**{f"{KEY}__{side}": value}) | Q(**{KEY: value, f"pk__{side}": pk})
    return found | Q(**{f"{KEY}__isnull": True}) if sort.nullable and not back else found


def _mark(row: Any) -> str:
    value = getattr(row, KEY)
    if isinstance(value, datetime | date):
        value = value.isoformat()
    elif isinstance(value, Decimal | UUID):
        value = str(value)
    return _name(value, row.pk)


def _name(value: Any, pk: int) -> str:
    text = json.dumps([value, pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(mark: str, kind: Any) -> tuple[Any, int] | None:
    """The value and the key of a mark; None for what is no mark of this order."""
    if not mark or len(mark) > 2_000:
        return None
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        if type(pk) is not int or not 0 <= pk < 2**63:
            return None
        value = None if value is None else kind.to_python(value)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return None
        return None if isinstance(value, str) and "\x00" in value else (value, pk)
    except (ValueError, TypeError, binascii.Error, ValidationError, RecursionError):
        return None
