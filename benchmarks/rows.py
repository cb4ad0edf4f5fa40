"""Many rows like those there are: copies with names and numbers of their own where the table wants them unique."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.db.models import F, Field, Model, UniqueConstraint

# Also apart from the copies of an earlier call.
_serial = itertools.count()
_numbers = itertools.count(1)


def multiply(rows: Iterable[Model], count: int, parts: tuple[type[Model], ...] = ()) -> int:
    """Store `count` copies of each row, parents before their children; how many in all.

    Of the copies of a row that belongs to another of these rows, every second one belongs to its parent's own copy and
    the others to the parent itself: so both a list of parents and the page of one parent find many. `parts` are kinds
    of which a parent has as many as its own row says: their copies belong to its copies alone.
    """
    numbers = range(first := next(_numbers), first + count)
    for _ in range(count):
        next(_numbers)
    copied: dict[tuple[type[Model], Any], list[Any]] = {}
    total = 0
    for row in rows:
        made = type(row)._base_manager.bulk_create(
            _copies(row, numbers, copied, isinstance(row, parts)), batch_size=1_000
        )
        copied[type(row), row.pk] = [each.pk for each in made]
        total += len(made)
    return total


def _copies(
    row: Model, numbers: range, copied: dict[tuple[type[Model], Any], list[Any]], is_part: bool
) -> Iterable[Model]:
    fields = [field for field in row._meta.concrete_fields if not field.primary_key and not field.generated]
    unique = _unique_names(type(row))
    for place, number in enumerate(numbers):
        values: dict[str, Any] = {}
        for field in fields:
            value = getattr(row, field.attname)
            if field.is_relation:
                copies = copied.get((field.related_model, value))  # type: ignore[arg-type]
                if copies and (field.unique or is_part or place % 2):
                    value = copies[place]
            elif field.name in unique and not field.choices:
                value = _other(field, value, number)
            values[field.attname] = value
        yield type(row)(**values)


def _unique_names(model: type[Model]) -> set[str]:
    names = {field.name for field in model._meta.concrete_fields if field.unique}
    for together in model._meta.unique_together:
        names |= set(together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            names |= set(constraint.fields)
            for expression in constraint.expressions:
                names |= {part.name for part in expression.flatten() if isinstance(part, F)}
    return names


def _other(field: Field[Any, Any], value: Any, number: int) -> Any:
    """A value of the field's kind that no other copy has; None stays None."""
    match value:
        case None | bool():
            return value
        case int():
            return value + number
        case str() if len(value) == field.max_length:  # a hash or a key
            return sha256(f"{value}~{next(_serial)}".encode()).hexdigest()[: len(value)]
        case str():
            end = f"~{next(_serial)}"
            return value[: (field.max_length or 1_000) - len(end)] + end
        case bytes() | memoryview():
            return os.urandom(len(value))
        case _ if field.get_internal_type() == "UUIDField":
            return uuid4()
        case _ if field.get_internal_type() == "DateTimeField":
            return value + timedelta(seconds=number)
    raise TypeError(f"{field}: no copy of a unique {type(value).__name__} can be made")
