"""Serializers that refuse members they do not know, so that a misspelt name is never silently left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

T = TypeVar("T")
M = TypeVar("M", bound=Model)


def unknown_name(name: str, allowed: Collection[str]) -> str:
    """What to say of a name that is not allowed: the nearest that is, or all of them."""
    near = get_close_matches(name, allowed, n=1)
    if near:
        return f"There is no {name[:60]!r} here. Did you mean {near[0]!r}?"
    return f"There is no {name[:60]!r} here. Allowed: {', '.join(sorted(allowed)) or 'none'}."


class KnownMembers:
    """Members that only answers have may be sent back as they came; they change nothing."""

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            errors = {
                str(name): [unknown_name(str(name), list(self.fields))]
                for name in data
                if name not in self.fields
            }
            if errors:
                raise serializers.ValidationError(errors, code="unknown_member")
        return super().to_internal_value(data)  # type: ignore[misc]


class Serializer(KnownMembers, serializers.Serializer[T]):
    """The base of every serializer of the API that stands for no table."""


class ModelSerializer(KnownMembers, serializers.ModelSerializer[M]):
    """The base of every serializer of the API that stands for a table's rows."""

    @classmethod
    def omitted_columns(cls) -> set[str]:
        """The columns that the serializer it derives from shows, and it does not."""
        columns = {field.name for field in cls.Meta.model._meta.concrete_fields}
        whole = next(base for base in cls.__mro__[1:] if hasattr(base, "Meta"))
        return columns.intersection(whole.Meta.fields).difference(cls.Meta.fields)


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"})
class ClockField(serializers.TimeField):
    """An hour and minute by somebody's clock, such as 08:00; JSON Schema's own format would ask for an offset."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)


def without(whole: type[ModelSerializer[Any]], *names: str) -> list[str]:
    """`Meta.fields` of a serializer for lists: those of an object without what is long, or costs a query."""
    fields: list[str] = whole.Meta.fields
    missing = set(names).difference(fields)
    assert not missing, f"{whole.__name__} has no {sorted(missing)}"
    return [name for name in fields if name not in names]
