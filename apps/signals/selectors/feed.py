"""Reads of signals; each starts from a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.signals.models import Signal


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """What of the feed to show; empty values show everything."""

    symbol: str = ""
    action: str = ""
    source: UUID | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Signals, newest first. `older` is the cursor of the next page, None on the last."""

    signals: list[Signal]
    older: UUID | None


def signals_of(workspace: Workspace, chosen: SignalFilter | None = None) -> QuerySet[Signal]:
    """Newest first."""
    signals = Signal.objects.filter(workspace=workspace).select_related("source").order_by("-id")
    if chosen is None:
        return signals
    if chosen.symbol:
        signals = signals.filter(symbol=chosen.symbol.upper())
    if chosen.action:
        signals = signals.filter(action=chosen.action)
    if chosen.source:
        signals = signals.filter(source__uuid=chosen.source)
    return signals


def feed_page(
    workspace: Workspace, chosen: SignalFilter, *, before: UUID | None = None, size: int = 50
) -> FeedPage:
    """A page of the feed; `before` is the last signal of the page above it."""
    signals = signals_of(workspace, chosen)
    if before:
        signals = signals.filter(pk__lt=_key_of(workspace, before))
    rows = list(signals[: size + 1])
    return FeedPage(rows[:size], rows[size - 1].uuid if len(rows) > size else None)


def _key_of(workspace: Workspace, uuid: UUID) -> QuerySet[Signal, int]:
    """The primary key behind a cursor, as a subquery; a foreign cursor matches nothing."""
    return Signal.objects.filter(workspace=workspace, uuid=uuid).values_list("pk", flat=True)
