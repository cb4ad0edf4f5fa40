"""Serializers that refuse members they do not know, so that a misspelt name is never silently left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from django.db.models import Model
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
