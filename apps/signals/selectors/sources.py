"""Reads of sources and of what came to them; each starts from a workspace or a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.signals.choices import AlertStatus, SourceKind
from apps.signals.models import Alert, AlertRepeat, AlertSource, Replay, SecurityEvent


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries of a source to show; empty values show every one. Days are in UTC, the last one included."""

    status: str = ""
    symbol: str = ""
    since: date | None = None
    until: date | None = None


def sources_of(workspace: Workspace) -> QuerySet[AlertSource]:
    return AlertSource.objects.filter(workspace=workspace).order_by("-id")


def posted_sources_of(workspace: Workspace) -> QuerySet[AlertSource]:
    """Those that people made for something to post to: all but the bots' own."""
    return sources_of(workspace).exclude(kind=SourceKind.BOT)


def sources_with_activity(workspace: Workspace) -> QuerySet[AlertSource]:
    """Adds `last_received_at` and `to_review`, each by an index on its alerts."""
    # a range, not "equals": by that the planner reads all alerts from the newest on, where a source has none
    own = Alert.objects.filter(source_id__gte=OuterRef("pk"), source_id__lte=OuterRef("pk"))
    rejected = Alert.objects.filter(source=OuterRef("pk"), status=AlertStatus.REJECTED)
    counted = rejected.order_by().values("source_id").annotate(count=Count("pk"))
    return sources_of(workspace).annotate(
        last_received_at=Subquery(own.order_by("source_id", "-id").values("received_at")[:1]),
        to_review=Coalesce(Subquery(counted.values("count")), 0),
    )


def alerts_of(workspace: Workspace) -> QuerySet[Alert]:
    """Newest first."""
    return (
        Alert.objects.filter(source__workspace=workspace).select_related("source", "signal").order_by("-id")
    )


def deliveries_of(source: AlertSource, chosen: DeliveryFilter | None = None) -> QuerySet[Alert]:
    """The chosen requests of a source, each with `repeat_count`, how often it came again."""
    again = AlertRepeat.objects.filter(alert=OuterRef("pk")).order_by().values("alert")
    alerts = Alert.objects.filter(source=source).select_related("signal")
    alerts = alerts.annotate(repeat_count=Coalesce(Subquery(again.annotate(n=Count("pk")).values("n")), 0))
    if chosen is None:
        return alerts
    if chosen.status:
        alerts = alerts.filter(status=chosen.status)
    if chosen.symbol:
        alerts = alerts.filter(signal__symbol=chosen.symbol.upper())
    if chosen.since:
        alerts = alerts.filter(received_at__gte=datetime.combine(chosen.since, time.min, UTC))
    if chosen.until:
        alerts = alerts.filter(received_at__lte=datetime.combine(chosen.until, time.max, UTC))
    return alerts


def security_events_of(source: AlertSource) -> QuerySet[SecurityEvent]:
    """Newest first."""
    return SecurityEvent.objects.filter(source=source).order_by("-id")


def replays_of(source: AlertSource) -> QuerySet[Replay]:
    """Newest first."""
    return Replay.objects.filter(source=source).select_related("actor").order_by("-id")


def replaced_token_expires_at(source: AlertSource) -> datetime | None:
    """Until when the token before the present one still works; None when it does not."""
    expires = source.previous_token_expires_at
    return expires if expires and expires > timezone.now() else None
