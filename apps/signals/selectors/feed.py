"""Reads of sources, alerts and signals; each starts from a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.signals.choices import AlertStatus
from apps.signals.models import Alert, AlertSource, SecurityEvent, Signal


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


def sources_of(workspace: Workspace) -> QuerySet[AlertSource]:
    return AlertSource.objects.filter(workspace=workspace).order_by("-id")


def sources_with_activity(workspace: Workspace) -> QuerySet[AlertSource]:
    """Adds `last_received_at` and `to_review`."""
    last = Alert.objects.filter(source=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    return sources_of(workspace).annotate(
        last_received_at=Subquery(last),
        to_review=Count("alerts", filter=Q(alerts__status=AlertStatus.REJECTED)),
    )


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


def delivery_log(source: AlertSource, *, status: str = "", most: int = 50) -> list[Alert]:
    """The latest raw requests of a source, with `repeat_count` and `last_repeat_at`."""
    alerts = Alert.objects.filter(source=source)
    if status:
        alerts = alerts.filter(status=status)
    newest = alerts.order_by("-id").values("pk")[:most]
    return list(
        Alert.objects.filter(pk__in=newest)
        .annotate(repeat_count=Count("repeats"), last_repeat_at=Max("repeats__received_at"))
        .select_related("signal")
        .order_by("-id")
    )


def security_events_of(source: AlertSource, *, most: int = 20) -> list[SecurityEvent]:
    return list(SecurityEvent.objects.filter(source=source).order_by("-id")[:most])


def replaced_token_expires_at(source: AlertSource) -> datetime | None:
    """Until when the token before the present one still works; None when it does not."""
    expires = source.previous_token_expires_at
    return expires if expires and expires > timezone.now() else None
