"""A row by the UUID that an address holds, which may be none."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def by_uuid(rows: QuerySet[M], uuid: UUID | str) -> M | None:
    """The row; None also for what is no UUID at all."""
    try:
        return rows.filter(uuid=uuid).first()
    except ValidationError:
        return None
