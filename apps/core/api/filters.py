"""Filters of lists by query parameters, beyond django-filter's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django_filters.fields import IsoDateTimeField


class MomentField(IsoDateTimeField):
    """In UTC: ISO 8601 allows offsets that PostgreSQL does not read."""

    def to_python(self, value: Any) -> Any:
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
        except OverflowError:
            raise ValidationError("This is no moment of the years 1 to 9999.") from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A moment in ISO 8601."""

    field_class = MomentField
