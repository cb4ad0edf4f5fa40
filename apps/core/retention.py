"""What is kept for a time only: a room registers it in its `privacy.py`, a daily job takes away what is older.

Staff may change the days within the bounds given here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class Kept:
    """Rows of `label` whose `moment` is older than some days are deleted, or their `clear` columns emptied.

    `sooner` names rows whose time is over before that, as a plan may say; `taking` is told, in the same transaction,
    which rows go.
    """

    kind: str
    words: str
    label: str
    moment: str
    days: int
    least: int
    most: int = 3650
    only: Q = field(default_factory=Q)
    clear: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    sooner: Callable[[], Q] | None = None
    taking: Callable[[Sequence[Any]], None] | None = None

    @cached_property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    def due(self, before: datetime) -> QuerySet[Any]:
        """The rows whose time is over."""
        over = Q(**{f"{self.moment}__lt": before})
        if self.sooner is not None:
            over |= self.sooner()
        rows = self.model._base_manager.filter(self.only & over)
        return rows.exclude(**self.clear) if self.clear else rows

    def purge(self, before: datetime, *, batch: int = 1000) -> int:
        """Take them away, a short transaction a batch. Returns how many; killed, it can be run again."""
        gone = 0
        while rows := list(self.due(before).order_by("pk")[:batch]):
            keys = [row.pk for row in rows]
            # Files first: a row without its file is found again by the next run, a file without a row never.
            for row in rows:
                for column in self.files:
                    if path := getattr(row, column):
                        default_storage.delete(path)
            with transaction.atomic():
                taken = self.due(before).filter(pk__in=keys)
                if self.taking is not None:
                    self.taking(rows)
                gone += (
                    taken.update(**self.clear) if self.clear else taken.delete()[1][self.model._meta.label]
                )
        return gone


_kinds: dict[str, Kept] = {}


def keep(kind: str, words: str, **rule: Any) -> None:
    """Register something that is kept for a time only (see Kept)."""
    _kinds[kind] = Kept(kind, words, **rule)


def kept_kinds() -> dict[str, Kept]:
    """Everything that is kept for a time only, by kind."""
    autodiscover_modules("privacy")
    return _kinds
