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
